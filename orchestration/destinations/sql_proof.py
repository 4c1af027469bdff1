"""Which records of a PostgreSQL table hold exactly what was written, told from the table's own text of them.

After the commit the records are read by COPY, each as one line of text, and the line is compared with the one that was
meant. Equal lines prove the record; any other record, whatever the reason, is read again value by value (`sql.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from orchestration.destinations.base import FIELDS, Kind
from orchestration.destinations.sql_copy import copy_out
from orchestration.destinations.sql_values import copy_line, to_column
from orchestration.lake.outbox import Write

# What would have to be quoted in a list of ids; such a record is read the other way.
_QUOTED = re.compile(r"[\\\"'\x00]")
_ARRAYS = ((sa.Integer, "bigint[]"), (sa.String, "text[]"))
_SECOND = len("2026-01-02T03:04:05")

Told = Callable[[str], str]


class TextProof:
    """The lines of one table. `is_possible`: it is PostgreSQL's, and each column's text is known to tell its value."""

    def __init__(self, dialect: Dialect, table: sa.Table, key: str) -> None:
        quote = dialect.identifier_preparer.quote
        columns = [(quote(name), *_read_as(table.c[name], FIELDS[name])) for name in FIELDS if name in table.c]
        self._key_type = table.c[key].type
        arrays = [array for type_, array in _ARRAYS if isinstance(self._key_type, type_)]
        has_trim_scale = (getattr(dialect, "server_version_info", None) or (0,)) >= (13,)
        self.is_possible = (
            dialect.name == "postgresql" and has_trim_scale and bool(arrays) and all(form for _, form, _ in columns)
        )
        self._names = [name for name in FIELDS if name in table.c]
        self._told: list[tuple[str, Told]] = [
            (name, told) for name, (_, _, told) in zip(self._names, columns, strict=True) if told is not None
        ]
        told = ", ".join(f"{form}".format(name) for name, form, _ in columns)
        self._query = (
            f"copy (select {quote(key)}, {told} from {dialect.identifier_preparer.format_table(table)} "
            f"where {quote(key)} = any ('{{%s}}'::{arrays[0] if arrays else ''})) to stdout"
        )

    def holding(self, connection: Connection, writes: Sequence[Write]) -> set[str]:
        """Lead ids of the records that hold exactly these writes now."""
        asked = [write for write in writes if self._is_key(write.lead_id)]
        if not asked:
            return set()
        ids = ",".join(f'"{write.lead_id}"' for write in asked)
        lines = copy_out(connection, self._query.replace("%s", ids)).split("\n")[:-1]
        if len(lines) > len(asked):
            return set()
        held = set(lines)
        return {write.lead_id for write in asked if self._line(write) in held}

    def _is_key(self, lead_id: str) -> bool:
        if _QUOTED.search(lead_id):
            return False
        return isinstance(self._key_type, sa.String) or to_column(lead_id, self._key_type, "text") is not None

    def _line(self, write: Write) -> str:
        texts: Mapping[str, str | None] = {**write.payload, "handoff_sequence": str(write.sequence)}
        if self._told:
            texts = {**texts, **{name: text and told(text) for name, told in self._told if (text := texts.get(name))}}
        return copy_line([write.lead_id, *map(texts.get, self._names)])[:-1]


def _read_as(column: sa.Column[Any], kind: Kind) -> tuple[str, Told | None]:
    """How the column is read, and what PostgreSQL makes of canonical text; an empty form: nobody knows."""
    type_ = column.type
    if kind == "text" and isinstance(type_, sa.String) and not isinstance(type_, sa.Enum):
        return ("{}" if column.nullable else "nullif({}, '')"), None
    if kind in ("number", "integer") and isinstance(type_, (sa.Integer, sa.Float, sa.Double)):
        return "{}", None
    if kind in ("number", "integer") and isinstance(type_, sa.Numeric):
        return "trim_scale({})", None
    if kind == "time" and isinstance(type_, sa.DateTime):
        return ("{} at time zone 'UTC'" if type_.timezone else "{}"), _time
    return "", None


def _time(text: str) -> str:
    """Canonical text as PostgreSQL writes a time: no T, no Z, no zeros at the end of a fraction."""
    fraction = text[_SECOND:-1].rstrip("0") if len(text) > _SECOND + 1 else ""
    return f"{text[:10]} {text[11:_SECOND]}{fraction}"
