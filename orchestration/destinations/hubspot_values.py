"""Between canonical text and a HubSpot property: every value goes and comes as a string, empty means empty.

Moments are sent as milliseconds since 1970, as the properties API wants them, and come back in ISO 8601. A moment finer
than a millisecond cannot be held whole: it is not sent.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from orchestration.destinations.base import FIELDS, Kind
from orchestration.lake.canonical_text import text_of

TYPES: dict[Kind, tuple[str, ...]] = {
    "text": ("string", "enumeration"),
    "number": ("number", "string"),
    "integer": ("number", "string"),
    "time": ("datetime", "string"),
}
"""Property types that hold a kind whole; the first is the one we make."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def types_of(name: str) -> tuple[str, ...]:
    """Property types that hold this field; sequences are compared as numbers by HubSpot's search."""
    return ("number",) if name == "handoff_sequence" else TYPES[FIELDS[name]]


class TooFineError(ValueError):
    """A moment the CRM's type would cut."""


def to_property(text: str | None, type_: str) -> str:
    """Canonical text as the string this property takes. Raises TooFineError."""
    if text is None:
        return ""
    if type_ != "datetime":
        return text
    since = datetime.fromisoformat(text) - _EPOCH
    if since % timedelta(milliseconds=1):
        raise TooFineError
    return str(since // timedelta(milliseconds=1))


def from_property(value: str | None, kind: Kind, type_: str) -> str | None:
    """What a property held, as canonical text; what cannot be read so stays as it is."""
    if value is None or value == "":
        return None
    try:
        if kind in ("number", "integer"):
            return text_of(Decimal(value))
        if type_ == "datetime":
            moment = _EPOCH + timedelta(milliseconds=int(value)) if value.isdigit() else datetime.fromisoformat(value)
            return text_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (InvalidOperation, ValueError):
        return value
    return value
