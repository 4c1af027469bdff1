"""Between a payload's canonical text and a column's own type, both ways, and the types of columns we add.

The two directions are each other's inverse where the column can hold the value whole: a column that cannot (too
short, too coarse) reads back as something else, and the write is not verified.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from orchestration.destinations.base import Kind
from orchestration.lake.canonical_text import text_of


def column_type(kind: Kind, dialect: str) -> sa.types.TypeEngine[Any]:
    """The type of a column we add for values of this kind."""
    if kind == "number":
        # SQLite has no decimals: SQLAlchemy would warn at every read.
        return sa.Double() if dialect == "sqlite" else sa.Numeric(18, 6)
    if kind == "time" and dialect in ("mysql", "mariadb"):
        return mysql.DATETIME(fsp=6)
    kinds: dict[Kind, sa.types.TypeEngine[Any]] = {"text": sa.Text(), "time": sa.DateTime(), "integer": sa.BigInteger()}
    return kinds[kind]


def to_column(text: str | None, type_: sa.types.TypeEngine[Any], kind: Kind) -> Any:
    """Canonical text as the value this column's type takes; None where it takes no such value.

    A text that would not survive the column's type ("007" in an integer key) is None too: such a record is unknown.
    """
    if text is None:
        return None
    if isinstance(type_, sa.Uuid):
        return _uuid(text, bool(type_.as_uuid))
    if isinstance(type_, sa.Integer):
        return _whole(text)
    if isinstance(type_, (sa.Float, sa.Double)):
        return _float(text)
    if isinstance(type_, sa.Numeric):
        return _decimal(text, bool(type_.asdecimal))
    if isinstance(type_, sa.DateTime):
        return _moment(text, bool(type_.timezone)) if kind == "time" else None
    if isinstance(type_, sa.types.NullType) and kind != "text":
        return _float(text) if kind in ("number", "integer") else text
    return text


def emptied(text: str | None, column: sa.Column[Any], kind: Kind) -> str | None:
    """A text column that takes no NULL is emptied by an empty text; everything else stays."""
    return "" if text is None and kind == "text" and not column.nullable else text


def copy_line(texts: Sequence[str | None]) -> str:
    """One line of COPY's text format."""
    line = "\t".join(["\\N" if text is None else text for text in texts])
    # Most lines hold no mark but those put here: they are looked at as a whole, not value by value.
    is_plain = line.count("\t") == len(texts) - 1 and line.count("\\") == texts.count(None)
    if not is_plain or "\n" in line or "\r" in line:
        line = "\t".join(["\\N" if text is None else text.translate(_COPY_MARKS) for text in texts])
    return line + "\n"


_COPY_MARKS = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def from_column(value: Any, kind: Kind) -> str | None:
    """What a column held, as canonical text; an empty text is none."""
    if value is None or value == "":
        return None
    if kind == "time":
        return _time_text(value)
    if kind in ("number", "integer"):
        return _number_text(value)
    return str(value)


def held_text(value: Any, type_: sa.types.TypeEngine[Any], kind: Kind) -> str | None:
    """What a column of this type held, as canonical text: one of fixed width fills up with spaces."""
    return from_column(value.rstrip(" ") if isinstance(type_, sa.CHAR) and isinstance(value, str) else value, kind)


def _number_text(value: Any) -> str | None:
    try:
        return text_of(Decimal(str(value)))
    except InvalidOperation:
        return str(value)


def _time_text(value: Any) -> str | None:
    if isinstance(value, str):
        try:
            return text_of(datetime.fromisoformat(value))
        except ValueError:
            return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return text_of(datetime(value.year, value.month, value.day))
    return text_of(value) if isinstance(value, datetime) else str(value)


def _uuid(text: str, as_uuid: bool) -> Any:
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed if as_uuid else text


def _whole(text: str) -> int | None:
    try:
        number = int(text)
    except ValueError:
        return None
    # No database's whole numbers go further.
    return number if str(number) == text and -(2**63) <= number < 2**63 else None


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _decimal(text: str, as_decimal: bool) -> Any:
    try:
        return Decimal(text) if as_decimal else float(text)
    except (InvalidOperation, ValueError):
        return None


def _moment(text: str, has_timezone: bool) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if has_timezone else moment.astimezone(UTC).replace(tzinfo=None)
