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
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        moment = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return moment.isoformat() + "Z"
    if isinstance(value, (float, Decimal)):
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
        trimmed = format(exact, ".6f").rstrip("0").rstrip(".")
        return "0" if trimmed == "-0" else trimmed
    return str(value)
