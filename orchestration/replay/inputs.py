"""The relations the qualification models stand on, as a replay fills them from rows of its own.

Columns are those the models read; a replay over a home's history takes the home's relations instead (`home.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

Row = Mapping[str, Any]
_TEXT, _TIME = pa.string(), pa.timestamp("us")


def _schema(texts: str, times: str) -> pa.Schema:
    return pa.schema([(name, _TEXT) for name in texts.split()] + [(name, _TIME) for name in times.split()])


_SPAN = "valid_from valid_to"
SCHEMAS: dict[str, pa.Schema] = {
    "intermediate.int_records__current": _schema("record_key", "effective_at"),
    "intermediate.int_records__versioned": _schema("record_key service_line", _SPAN),
    "intermediate.int_records__touched": _schema("record_key", ""),
    "intermediate.int_attributes__versioned": _schema("record_key name value", _SPAN),
    "intermediate.int_touches__owned": _schema(
        "record_key source touch_id signal service_line topic offer_id form_id channel campaign_id landing_page",
        f"occurred_at known_at {_SPAN}",
    ),
    "intermediate.int_work_events__versioned": _schema(
        "record_key source event_id kind contact_channel outcome staff_id", f"occurred_at known_at {_SPAN}"
    ),
    "intermediate.int_appointments__versioned": _schema(
        "record_key source appointment_id booked_by status", f"booked_at known_at {_SPAN}"
    ),
    "input.input__run": _schema("", "as_of"),
    "input.input__sources": _schema("source id_space", ""),
    "input.input__staff": pa.schema(
        [(name, _TEXT) for name in ("staff_id", "role", "_source", "_file_sha256")]
        + [("_row_no", pa.int64())]
        + [(name, _TIME) for name in ("valid_from", "valid_to", "known_at", "_landed_as_of")]
    ),
}


def table_of(relation: str, rows: Sequence[Row]) -> pa.Table:
    """Rows (absent values null) as that relation; KeyError where it is none of those a replay fills."""
    schema = SCHEMAS[relation]
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)
