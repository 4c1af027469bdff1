"""The run's own rows, landed for dbt: what as_of is, what the registry says of sources, and the time zones.

    write_run_rows(paths, run=RunRow(as_of, run_no, ...), sources=[SourceRow(...), ...])

writes `lake/landed/run/<name>/current.parquet` (runs, sources, source_stages, settings, timezone_offsets), each
replaced atomically. They are the only rows of the lake that are replaced. What landed stays landed, so a source that
has left the registry keeps the settings it had last. What a registry entry *means* is read in dbt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.lake.paths import HomePaths
from orchestration.lake.private_files import write_table
from orchestration.lake.zones import offset_spans, tzdata_version, zone_names

SOURCE_STAGES = ("mql", "sql", "opportunity", "appointment", "consult", "disqualified")
_TIME = pa.timestamp("us")
_RUNS = pa.schema(
    [
        ("as_of", _TIME),
        ("run_no", pa.int64()),
        ("built_as_of", _TIME),
        ("built_run_no", pa.int64()),
        ("seed", pa.int64()),
    ]
)
_SOURCES = pa.schema(
    [
        ("source", pa.string()),
        ("id_space", pa.string()),
        ("connector", pa.string()),
        ("timezone", pa.string()),
        ("consent_required", pa.bool_()),
        ("stage_tolerance_seconds", pa.int64()),
        ("history_latest_only", pa.bool_()),
        ("has_work_events", pa.bool_()),
        ("observed_from_all", _TIME),
    ]
)
_STAGES = pa.schema(
    [("source", pa.string()), ("stage", pa.string()), ("is_crm_authority", pa.bool_()), ("observed_from", _TIME)]
)
_SETTINGS = pa.schema([(name, pa.string()) for name in ("source", "setting", "name", "value")])
_OFFSETS = pa.schema(
    [
        ("timezone", pa.string()),
        ("utc_from", _TIME),
        ("utc_to", _TIME),
        ("local_from", _TIME),
        ("local_to", _TIME),
        ("offset_seconds", pa.int64()),
    ]
)


@dataclass(frozen=True)
class RunRow:
    """One run: its as_of and number, and the last completed build's (None: build in full). Naive UTC."""

    as_of: datetime
    run_no: int
    built_as_of: datetime | None = None
    built_run_no: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Setting:
    """Something the registry says that staging must know: `name` is what it speaks of, empty for all of the source."""

    setting: str
    name: str
    value: str


@dataclass(frozen=True)
class SourceRow:
    """What dbt needs to know of one source of the registry.

    `observed_from` is by stage, `observed_from_all` for all of them; `crm_authority` names the stages whose labels
    decide; `settings` is for the staging of its connector alone.
    """

    source: str
    id_space: str
    connector: str
    timezone: str | None = None
    consent_required: bool = False
    stage_tolerance_seconds: int = 86_400
    history_latest_only: bool = False
    has_work_events: bool = False
    observed_from_all: datetime | None = None
    observed_from: Mapping[str, datetime] = field(default_factory=dict)
    crm_authority: frozenset[str] = frozenset()
    settings: tuple[Setting, ...] = ()


def write_run_rows(paths: HomePaths, *, run: RunRow, sources: Sequence[SourceRow]) -> None:
    """Replace the run's rows. A stage outside `SOURCE_STAGES` is the registry's to refuse."""
    registered = {row.source for row in sources}
    gone = [row for row in _earlier(paths, "sources") if row["source"] not in registered and _has_landed(paths, row)]
    kept = {row["source"] for row in gone}
    _write(paths, "runs", _RUNS, [{name: getattr(run, name) for name in _RUNS.names}])
    said: list[dict[str, object]] = [{name: getattr(row, name) for name in _SOURCES.names} for row in sources]
    stages: list[dict[str, object]] = [
        {
            "source": row.source,
            "stage": stage,
            "is_crm_authority": stage in row.crm_authority,
            "observed_from": row.observed_from.get(stage, row.observed_from_all),
        }
        for row in sources
        for stage in SOURCE_STAGES
    ]
    settings: list[dict[str, object]] = [
        {"source": row.source, **asdict(setting)} for row in sources for setting in row.settings
    ]
    # The sources come last: until they are replaced, a run that was killed here still knows whom it has to keep.
    for name, schema, rows in (("source_stages", _STAGES, stages), ("settings", _SETTINGS, settings)):
        _write(paths, name, schema, rows + [row for row in _earlier(paths, name) if row["source"] in kept])
    _write(paths, "sources", _SOURCES, said + gone)
    _write_timezone_offsets(paths)


def _earlier(paths: HomePaths, name: str) -> list[dict[str, object]]:
    place = paths.run / name / "current.parquet"
    return list(pq.ParquetFile(place).read().to_pylist()) if place.exists() else []


def _has_landed(paths: HomePaths, row: dict[str, object]) -> bool:
    return any(place.name == row["source"] for place in paths.landed.glob("*/*/*"))


def _write_timezone_offsets(paths: HomePaths) -> None:
    """All zones, worked out once for each version of tzdata."""
    place = paths.run / "timezone_offsets" / "current.parquet"
    version = f"{tzdata_version()} 1990-2045"
    if place.exists() and (pq.read_metadata(place).metadata or {}).get(b"tzdata") == version.encode():
        return
    rows = [
        {"timezone": zone, **{name: getattr(span, name) for name in _OFFSETS.names[1:]}}
        for zone in sorted(zone_names())
        for span in offset_spans(zone, 1990, 2045, 7)
    ]
    write_table(place, pa.Table.from_pylist(rows, schema=_OFFSETS), metadata={"tzdata": version})


def _write(paths: HomePaths, name: str, schema: pa.Schema, rows: list[dict[str, object]]) -> None:
    write_table(paths.run / name / "current.parquet", pa.Table.from_pylist(rows, schema=schema))
