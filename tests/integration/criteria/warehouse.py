"""A scratch warehouse: the versioned int_ tables as given, and the qualification models dbt builds on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.criteria_files import land_criteria, load_criteria
from tests.integration.criteria.random_worlds import as_file
from tests.oracles.criteria import Criteria, Record

ROOT = Path(__file__).parents[3]
Row = dict[str, Any]
_TEXT, _TIME = pa.string(), pa.timestamp("us")
_SPAN = {"valid_from": _TIME, "valid_to": _TIME}
TABLES: dict[str, dict[str, pa.DataType]] = {
    "int_records__versioned": {"record_key": _TEXT, "service_line": _TEXT, **_SPAN},
    "int_records__current": {"record_key": _TEXT, "effective_at": _TIME},
    "int_attributes__versioned": {"record_key": _TEXT, "name": _TEXT, "value": _TEXT, **_SPAN},
    "int_touches__owned": {
        **dict.fromkeys(
            ["record_key", "source", "touch_id", "signal", "service_line", "topic", "offer_id", "form_id", "channel",
             "campaign_id", "landing_page"], _TEXT,
        ),
        "occurred_at": _TIME, "known_at": _TIME, **_SPAN,
    },
    "int_work_events__versioned": {
        **dict.fromkeys(["record_key", "source", "event_id", "kind", "contact_channel", "outcome", "staff_id"], _TEXT),
        "occurred_at": _TIME, "known_at": _TIME, **_SPAN,
    },
    "int_appointments__versioned": {
        **dict.fromkeys(["record_key", "source", "appointment_id", "booked_by", "status"], _TEXT),
        "booked_at": _TIME, "known_at": _TIME, **_SPAN,
    },
    "int_records__touched": {"record_key": _TEXT},
}  # fmt: skip


def build(home: Path, criteria: Criteria, records: Iterable[Record], as_of: datetime) -> None:
    """Lands the criteria, writes the tables and runs the qualification models on them, in full."""
    folder = home / "criteria"
    folder.mkdir(parents=True)
    for line, versions in criteria.files.items():
        (folder / f"{line}.json").write_text(json.dumps(as_file(line, versions), indent=1))
    land_criteria(load_criteria(folder), home / "lake" / "landed")
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    for record in records:
        key = {"record_key": record.key}
        rows["int_records__versioned"] += [key | row for row in record.lines]
        rows["int_records__current"].append(key | {"effective_at": record.effective_at})
        rows["int_attributes__versioned"] += [key | row for row in record.attributes]
        rows["int_touches__owned"] += [key | row for row in record.touches]
        rows["int_work_events__versioned"] += [key | row for row in record.work_events]
        rows["int_appointments__versioned"] += [
            key | row | {"booked_at": row["occurred_at"]} for row in record.appointments
        ]
    with duckdb.connect(str(home / "dev.duckdb")) as warehouse:
        warehouse.execute("create schema intermediate; create schema input")
        for name, columns in TABLES.items():
            schema = pa.schema(list(columns.items()))
            table = pa.Table.from_pylist([{c: row.get(c) for c in columns} for row in rows[name]], schema=schema)
            warehouse.register("given", table)
            warehouse.execute(f"create table intermediate.{name} as select * from given")
            warehouse.unregister("given")
        _write_inputs(warehouse, criteria, as_of)
    run_models(home)


def _write_inputs(warehouse: duckdb.DuckDBPyConnection, criteria: Criteria, as_of: datetime) -> None:
    warehouse.execute("create table input.input__run as select ?::timestamp as as_of", [as_of])
    warehouse.execute("create table input.input__sources as select unnest(['a', 'b']) as source, source as id_space")
    schema = pa.schema([("staff_id", _TEXT), ("role", _TEXT), ("valid_from", _TIME), ("valid_to", _TIME)])
    warehouse.register("given", pa.Table.from_pylist(criteria.staff, schema=schema))
    warehouse.execute(
        "create table input.input__staff as select *, null::timestamp as known_at, null::timestamp as _landed_as_of, "
        "'a' as _source, 'f' as _file_sha256, 1::bigint as _row_no from given"
    )
    warehouse.unregister("given")


def run_models(home: Path, *more: str) -> None:
    """Runs the qualification models in the home's dev target. Fails with what dbt said."""
    selection = [
        "path:models/staging/criteria",
        "path:models/input/input__criteria*",
        "path:models/intermediate/qualification",
    ]
    command = [
        str(Path(sys.executable).parent / "dbt"), "run", "--profiles-dir", ".", "--target", "dev",
        "--target-path", str(home / "target"), "--log-path", str(home / "logs"), "--select", *selection, *more,
    ]  # fmt: skip
    environment = os.environ | {"HANDOFF_HOME": str(home), "DO_NOT_TRACK": "1"}
    done = subprocess.run(
        command, cwd=ROOT / "dbt_project", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]


def fetch(home: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the home's dev warehouse."""
    with duckdb.connect(str(home / "dev.duckdb"), read_only=True) as warehouse:
        return warehouse.execute(query).fetchall()
