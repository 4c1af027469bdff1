"""The one text a value has, whoever wrote it: what was sent and what is read back are compared as this.

How a database's own types become text is the destination's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

Value = str | int | float | Decimal | datetime | None


def text_of(value: Value) -> str | None:
    """The one text a payload value has: times in UTC with Z, numbers without exponent or trailing zeros."""
    if value is None or value != value:
        return None
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return (
            moment.replace(tzinfo=None).isoformat(timespec="seconds" if not moment.microsecond else "microseconds")
            + "Z"
        )
    if isinstance(value, (float, Decimal)):
        number = format(round(Decimal(str(value)), 6), "f")
        trimmed = number.rstrip("0").rstrip(".") if "." in number else number
        return "0" if trimmed == "-0" else trimmed
    return str(value)
