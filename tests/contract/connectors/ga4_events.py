"""Writes GA4 events as the export has them: nested, every value in one of four fields, micros as text or number."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

Event = dict[str, Any]
_FIELDS = ("string_value", "int_value", "float_value", "double_value")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAIRS = pa.list_(
    pa.struct([
        ("key", pa.string()),
        ("value", pa.struct([
            ("string_value", pa.string()), ("int_value", pa.int64()), ("float_value", pa.float64()),
            ("double_value", pa.float64()),
        ])),
    ])
)  # fmt: skip
_TYPES = {"event_params": _PAIRS, "user_properties": _PAIRS, "event_timestamp": pa.int64()}


def micros(moment: datetime) -> int:
    """Microseconds since 1970; naive means UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    passed = aware - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def event(
    visitor: str | None = "111.222",
    at: datetime = datetime(2026, 3, 1, 18),
    name: str = "page_view",
    *,
    params: Mapping[str, str | int | float | None] | None = None,
    session: int | None = 17,
    page: str | None = "https://www.clinic.example/orthopaedics/knee?x=1",
    zone: str = "America/Chicago",
    **columns: Any,
) -> Event:
    """One event; keyword columns replace or add what stands at its top."""
    given = {"ga_session_id": session, "page_location": page, **(params or {})}
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return {
        "event_date": aware.astimezone(ZoneInfo(zone)).strftime("%Y%m%d"),
        "event_timestamp": str(micros(at)),
        "event_name": name,
        "event_params": [pair(key, value) for key, value in given.items() if value is not None],
        "user_pseudo_id": visitor,
        "traffic_source": {"source": "first-touch.example", "medium": "cpc", "name": "first"},
        **columns,
    }


def pair(key: str, value: str | int | float) -> Event:
    """A parameter: text, whole and broken numbers each in a field of their own, whole ones as text."""
    kind = "string_value" if isinstance(value, str) else "double_value" if isinstance(value, float) else "int_value"
    return {"key": key, "value": {**dict.fromkeys(_FIELDS), kind: str(value) if kind == "int_value" else value}}


def lines(events: Iterable[Event]) -> bytes:
    """NDJSON."""
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)


def write_events(path: Path, events: Sequence[Event]) -> Path:
    """A file of the kind its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(_table(events), path)
    else:
        data = lines(events)
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def _table(events: Sequence[Event]) -> pa.Table:
    names = dict.fromkeys(name for each in events for name in each) or dict.fromkeys(event())
    columns = {}
    for name in names:
        cells = [_native(name, each.get(name)) for each in events]
        kind = _TYPES.get(name) if not any(isinstance(cell, str) for cell in cells) else None
        columns[name] = pa.array(cells, kind) if events else pa.array([], kind or pa.string())
    return pa.table(columns)


def _native(name: str, value: Any) -> Any:
    """Parquet holds whole numbers as such."""
    if name == "event_timestamp":
        return int(value) if str(value).isdigit() else value
    if name not in _TYPES or not isinstance(value, list):
        return value
    return [
        {"key": each["key"], "value": {**each["value"], "int_value": _whole(each["value"]["int_value"])}}
        for each in value
    ]


def _whole(value: str | None) -> int | None:
    return None if value is None else int(value)
