"""A batch in a temporary table with the very types of the columns it goes to, for one statement that writes it guarded.

`k` is the key, `v_…` what is written, `e_…` what is expected there, `known` whether every field written is expected to
hold something: PostgreSQL takes the values by COPY, others by inserts. What is done with them is `sql_batches.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter, methodcaller, ne
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from orchestration.destinations.base import FIELDS, STAFFS_OWN
from orchestration.destinations.sql_copy import copy_in
from orchestration.destinations.sql_values import copy_line, emptied, to_column
from orchestration.lake.outbox_types import Write

STAGED = "handoff_staged_writes"
_OWN = (*STAFFS_OWN, "handoff_sequence")


class Staging:
    """The writes of one batch, key → write, and the columns of `table` they go to."""

    def __init__(
        self, connection: Connection, table: sa.Table, key: sa.Column[Any], writes: Mapping[Any, Write]
    ) -> None:
        self._connection, self._table, self._key, self._writes = connection, table, key, writes
        self._dialect = connection.dialect.name
        self.names = [name for name in FIELDS if name in table.c]
        self.guarded = [name for name in STAFFS_OWN if name in table.c]
        self.watched = [name for name in self.names if name not in _OWN]
        self.known = {value for value, write in writes.items() if self._is_known(write)}
        # Most fields stay as they are: what is expected there is what is written, and staged once.
        pairs = [(writes[value].expected or {}, writes[value].payload) for value in self.known]
        self.expected = [*self.guarded, *(name for name in self.watched if _moves(name, pairs))]
        self._never_null = [name for name in self.names if emptied(None, table.c[name], FIELDS[name]) is not None]

    def make(self) -> sa.Table:
        """The temporary table, filled."""
        origin = {f"v_{name}": name for name in self.names} | {f"e_{name}": name for name in self.expected}
        preparer = self._connection.dialect.identifier_preparer
        columns = ", ".join(
            f"{preparer.quote(old)} as {preparer.quote(new)}" for new, old in ({"k": self._key.name} | origin).items()
        )
        is_postgresql = self._dialect == "postgresql"
        self.drop()
        self._connection.exec_driver_sql(
            f"create temporary table {STAGED} {'on commit drop ' if is_postgresql else ''}as "
            f"select {columns}, 0 as known from {preparer.format_table(self._table)} where 1 = 0"
        )
        own = (sa.Column(new, self._table.c[old].type) for new, old in origin.items())
        staged = sa.Table(STAGED, sa.MetaData(), sa.Column("k", self._key.type), *own, sa.Column("known", sa.Integer()))
        if is_postgresql:
            copy_in(self._connection, STAGED, "".join(self._lines()))
        else:
            self._connection.execute(staged.insert(), list(self.rows()))
        return staged

    def drop(self) -> None:
        """It is not needed any more."""
        kind = "temporary table" if self._dialect in ("mysql", "mariadb") else "table"
        if self._dialect != "postgresql":
            self._connection.exec_driver_sql(f"drop {kind} if exists {STAGED}")

    def rows(self) -> Iterator[dict[str, Any]]:
        """The batch in the values of its columns' own types."""
        types = {name: self._table.c[name].type for name in self.names}
        for value, write in self._writes.items():
            texts, expected = self._texts(write), self._expected(write)
            row = {f"v_{name}": to_column(texts[name], types[name], FIELDS[name]) for name in self.names}
            row |= {f"e_{name}": to_column(expected[name], types[name], FIELDS[name]) for name in self.expected}
            yield {"k": value, **row, "known": int(value in self.known)}

    def _is_known(self, write: Write) -> bool:
        if write.expected is None or write.payload.keys() <= write.expected.keys():
            return write.expected is not None
        return all(name in write.expected for name in self.watched if name in write.payload)

    def _lines(self) -> Iterator[str]:
        """The batch as COPY takes it: canonical text is PostgreSQL's own way to write a value."""
        for value, write in self._writes.items():
            known = "1" if value in self.known else "0"
            yield copy_line([str(value), *self._texts(write).values(), *self._expected(write).values(), known])

    def _texts(self, write: Write) -> dict[str, str | None]:
        return self._filled({**write.payload, "handoff_sequence": str(write.sequence)}, self.names)

    def _expected(self, write: Write) -> dict[str, str | None]:
        return self._filled(write.expected or {}, self.expected)

    def _filled(self, texts: Mapping[str, str | None], names: Sequence[str]) -> dict[str, str | None]:
        told = {name: texts.get(name) for name in names}
        for name in self._never_null:
            if name in told:
                told[name] = emptied(told[name], self._table.c[name], FIELDS[name])
        return told


def _moves(name: str, pairs: Sequence[tuple[Mapping[str, str | None], Mapping[str, str | None]]]) -> bool:
    """Whether any of these mappings differ in this."""
    said = methodcaller("get", name)
    return any(map(ne, map(said, map(itemgetter(0), pairs)), map(said, map(itemgetter(1), pairs))))
