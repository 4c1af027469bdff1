"""Routing in a story: what the router says of the relations that were built, by the story's own rules.

    routing.yaml             rules of routing (optional)
    handoff/scores.csv       readiness given before: lead_id, readiness, band, is_control
    handoff/routes.csv       routes of earlier runs: lead_id, team_id, staff_id, routed_as_of, …
    handoff/conflicts.csv    what staff changed in the CRM: lead_id, field, ours, theirs, found_at
    expected/routes.csv      the routes that must come of it

Teams and members are known by their ids alone, so a story gives its own names to them.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from models_ml.routing import route_leads
from orchestration.criteria_files.companions import read_routing
from orchestration.criteria_files.marks import read_document
from tests.golden.builds import query
from tests.golden.lake_rows import parse_time, record_key

if TYPE_CHECKING:
    from tests.golden.harness import Story

RELATIONS = ("routing__open_leads", "routing__capacity", "routing__staff")
_TIME = pa.timestamp("us")
_TEXTS: dict[str, pa.DataType] = dict.fromkeys(("record_key", "lead_key", "_batch_id"), pa.string())
_COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "scores": {"became_mql_at": _TIME, "readiness": pa.float64(), "band": pa.string(), "is_control": pa.bool_(),
               "scored_as_of": _TIME},
    "routes": {"route_no": pa.int32(), "team_id": pa.string(), "staff_id": pa.string(), "queue": pa.string(),
               "deciding_constraint": pa.string(), "sla_due_at": _TIME, "routed_as_of": _TIME},
    "conflicts": {"destination": pa.string(), "source": pa.string(), "lead_id": pa.string(), "field": pa.string(),
                  "ours": pa.string(), "theirs": pa.string(), "resolution": pa.string(), "found_at": _TIME,
                  "found_as_of": _TIME},
}  # fmt: skip


def land_handoff(story: Story, home: Path) -> None:
    """What earlier runs said of the story's leads, into the lake."""
    for name, columns in _COLUMNS.items():
        place = story.folder / "handoff" / f"{name}.csv"
        if not place.exists():
            continue
        rows = []
        for given in csv.DictReader(place.open()):
            key = record_key(story.name, given["lead_id"])
            values = {column: _value(given.get(column), kind) for column, kind in columns.items()}
            rows.append({"record_key": key, "lead_key": key, "_batch_id": "00000001-story", **values})
        folder = home / "lake" / "landed" / "handoff" / name
        folder.mkdir(parents=True, exist_ok=True)
        schema = pa.schema([*({**_TEXTS, **columns}).items(), ("_landed_as_of", _TIME)])
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{story.name}.parquet")


def routes_of(story: Story, home: Path) -> pd.DataFrame:
    """The router's decisions for the story's leads, among the story's teams and members."""
    leads, teams, staff = (query(home, f"select * from routing.{name} order by all") for name in RELATIONS)
    document = read_document(story.folder / "routing.yaml") if (story.folder / "routing.yaml").exists() else None
    rules = read_routing(document) if document else None
    assert document is None or not document.faults, document
    return route_leads(
        leads[leads["record_key"].isin(list(story.keys))],
        teams[teams["team_id"].isin([row["team_id"] for row in story.rows("teams")])],
        staff[staff["staff_id"].isin([row["staff_id"] for row in story.rows("staff")])],
        rules.model_dump() if rules else {},
        as_of=pd.Timestamp(story.as_of),
    )


def _value(text: str | None, kind: pa.DataType) -> Any:
    if not text:
        return None
    if kind == _TIME:
        return parse_time(text)
    if kind == pa.bool_():
        return text == "true"
    return float(text) if kind == pa.float64() else int(text) if kind == pa.int32() else text
