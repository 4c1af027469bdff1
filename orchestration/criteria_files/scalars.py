"""The kinds of scalar a criteria file may hold, as pydantic types.

What a field means is said in `shapes.py`; here only how its spelling becomes a value and when it is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from orchestration.criteria_files.marks import Unquoted

_MOST = Decimal(10) ** 9
# A million points of a million touches still fit into 64 bits as micro-points.
_MOST_POINTS = Decimal(10) ** 6
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)
_KINDS = {"int": "a number", "float": "a number", "bool": "true or false", "timestamp": "a date or time"}


def _text(value: Any) -> str:
    if isinstance(value, Unquoted):
        value = value.raw
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be text")
    return value.strip()


def _item(value: Any) -> str:
    if isinstance(value, Unquoted):
        kind = _KINDS.get(value.kind, "something else than text")
        raise ValueError(f'{value.raw} is read as {kind}: put it in quotes, "{value.raw}"')
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be text")
    return value.strip()


def _number(value: Any) -> Decimal:
    if not isinstance(value, Unquoted) or value.kind not in ("int", "float") or not _NUMBER.match(value.raw):
        raise ValueError("must be a number, written in plain decimal digits and without quotes")
    number = Decimal(value.raw)
    if abs(number) > _MOST:
        raise ValueError("is beyond a thousand million: no lead can need that")
    return number


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError("must be greater than 0")
    return value


def _points(value: Any) -> Decimal:
    points = _positive(_number(value))
    if points > _MOST_POINTS or micro(points) == 0:
        raise ValueError("must lie between a millionth and a million")
    return points


def _whole(value: Any) -> int:
    number = _positive(_number(value))
    if number != number.to_integral_value():
        raise ValueError("must be a whole number")
    return int(number)


def _not_negative(value: Any) -> Decimal:
    number = _number(value)
    if number < 0:
        raise ValueError("must not be negative")
    return number


def _flag(value: Any) -> bool:
    if not isinstance(value, Unquoted) or value.kind != "bool":
        raise ValueError("must be true or false, without quotes")
    return value.raw.lower() in ("true", "yes", "on")


def _moment(value: Any) -> datetime:
    raw = value.raw if isinstance(value, Unquoted) else value
    try:
        moment = datetime.fromisoformat(str(raw).strip())
    except ValueError:
        raise ValueError("must be a time like 2026-03-01T00:00:00-06:00") from None
    if moment.tzinfo is None:
        raise ValueError("needs its offset from UTC: write it like 2026-03-01T00:00:00-06:00")
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError("is a time no calendar here can hold") from None


def micro(value: Decimal) -> int:
    """Points as integer micro-points: floor(x × 1,000,000 + 0.5)."""
    return int((value * 1_000_000 + Decimal("0.5")).to_integral_value(rounding="ROUND_FLOOR"))


# What YAML makes of each: an unquoted 787 is a number to an editor, and text to who may write text unquoted.
_TEXT = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
_ITEM = {"type": "string", "pattern": r"\S"}
_MOMENT = {
    "type": "string",
    "pattern": r"^\s*[0-9W-]{7,10}[^0-9].*([Zz]|[+-][0-9]{2}(:?[0-9]{2}){0,2}([.,][0-9]+)?)\s*$",
    "examples": ["2026-03-01T00:00:00-06:00"],
}


def _number_schema(**bounds: float) -> WithJsonSchema:
    return WithJsonSchema({"type": "number", "maximum": float(_MOST), **bounds})


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema(_TEXT)]
Known = Annotated[
    str | None,
    BeforeValidator(lambda value: None if value is None else _text(value)),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
]
Item = Annotated[str, BeforeValidator(_item), WithJsonSchema(_ITEM)]
Items = Annotated[list[Item], Field(min_length=1)]
Number = Annotated[Decimal, BeforeValidator(_number), _number_schema(minimum=float(-_MOST))]
Threshold = Annotated[Decimal, BeforeValidator(_not_negative), _number_schema(minimum=0)]
Days = Annotated[Decimal, BeforeValidator(lambda value: _positive(_number(value))), _number_schema(exclusiveMinimum=0)]
Points = Annotated[Decimal, BeforeValidator(_points), _number_schema(exclusiveMinimum=0, maximum=float(_MOST_POINTS))]
Whole = Annotated[
    int, BeforeValidator(_whole), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": int(_MOST)})
]
Flag = Annotated[bool, BeforeValidator(_flag)]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema(_MOMENT)]
