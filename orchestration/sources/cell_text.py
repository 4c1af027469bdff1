"""Values of database drivers as the text a file would hold: ISO 8601 times, plain numbers, `true` and `false`.

Landing reads this text by declaration like any file's. An error never shows the value.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal

WIDTH = 20


def as_text(value: object) -> str | None:
    """Text of one cell; None for SQL's null. Bytes that are UTF-8 are that text, others their hexadecimal digits."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _bytes_text(bytes(value))
    if isinstance(value, (list, tuple)):
        return "|".join(as_text(item) or "" for item in value)
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True, default=str)
    return str(value)


def _bytes_text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()


def as_cursor_text(value: object) -> str | None:
    """The same, in a form whose order as text is the order of the values: padded integers, times in UTC."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value).zfill(WIDTH)
    if isinstance(value, Decimal) and value >= 0 and value == value.to_integral_value():
        return str(int(value)).zfill(WIDTH)
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return moment.isoformat(timespec="microseconds")
    return as_text(value)
