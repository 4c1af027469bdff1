"""Between canonical text and a Salesforce field, and what our fields are called there.

`handoff_sla_due_at` is `Handoff_Sla_Due_At__c`: each word with a capital, and the ending of a custom field. Date-times
are kept to the second: a finer moment cannot be held whole, and is not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from orchestration.destinations.base import FIELDS, Kind
from orchestration.lake.canonical_text import text_of

SPACES = " \t\n\v\f\r"
_TEXTS = ("string", "textarea", "picklist")
TYPES: dict[Kind, tuple[str, ...]] = {
    "text": _TEXTS,
    "number": ("double", "percent", "string"),
    "integer": ("double", "int", "string"),
    "time": ("datetime", "string"),
}
"""Field types (as `describe` names them) that hold a kind whole."""


class CutError(ValueError):
    """A value the field would cut; `code` says how."""

    code = ""


class TooFineError(CutError):
    """A moment finer than a second."""

    code = "time_finer_than_a_second"


class TrimmedError(CutError):
    """A text with spaces around, which no text of Salesforce keeps."""

    code = "text_with_spaces_around"


def field_name(name: str) -> str:
    """Our field's API name in Salesforce."""
    return "_".join(word.capitalize() for word in name.split("_")) + "__c"


FIELD_NAMES: Mapping[str, str] = {name: field_name(name) for name in FIELDS}


def types_of(name: str) -> tuple[str, ...]:
    """Field types that hold this field; the greatest sequence is asked for, which a text cannot tell."""
    return ("double", "int") if name == "handoff_sequence" else TYPES[FIELDS[name]]


def to_field(text: str | None, type_: str) -> Any:
    """Canonical text as the JSON value this field takes. Raises CutError."""
    if text is None or text == "":
        return None
    if type_ == "datetime":
        moment = datetime.fromisoformat(text)
        if moment.microsecond:
            raise TooFineError
        return text
    if type_ in ("double", "percent", "int"):
        number = Decimal(text)
        return int(number) if number == number.to_integral_value() else float(number)
    if text != text.strip(SPACES):
        raise TrimmedError
    return text


def from_field(value: Any, kind: Kind, type_: str) -> str | None:
    """What a field held, as canonical text; what cannot be read so stays as it is."""
    if value is None or value == "":
        return None
    try:
        if kind in ("number", "integer"):
            return text_of(Decimal(str(value)))
        if type_ == "datetime":
            return text_of(datetime.fromisoformat(str(value)))
    except (InvalidOperation, ValueError):
        return str(value)
    return str(value)
