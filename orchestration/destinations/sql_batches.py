"""One batch of writes as one guarded statement of a database, and what became of each of its records.

The batch is staged in a temporary table; one update joined to it carries both guards, so that no write lands over a
newer sequence or over a route that staff changed, whoever writes at the same time. PostgreSQL takes the values by
COPY and, like SQLite, says which records it updated; MariaDB locks the records first, so that what it is asked then
is what the update meets; a database of another kind is updated record by record in one transaction.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from orchestration.destinations.base import FIELDS, Answer
from orchestration.destinations.sql_values import copy_line, emptied, from_column, to_column
from orchestration.lake.outbox import Write

# What staff may change and keep.
GUARDED = ("handoff_team_id", "handoff_staff_id")
STAGED = "handoff_staged_writes"
_CHUNK = 5_000


class Batch:
    """Writes for the records of one table. A lead id its key's type cannot hold is no record of it."""

    def __init__(self, connection: Connection, table: sa.Table, key: str, writes: Sequence[Write]) -> None:
        self.connection, self.table, self.key = connection, table, table.c[key]
        self.dialect = connection.dialect.name
        self.names = [name for name in FIELDS if name in table.c]
        self.guarded = [name for name in GUARDED if name in table.c]
        keyed = [(to_column(write.lead_id, self.key.type, "text"), write) for write in writes]
        self.writes: dict[Any, Write] = {value: write for value, write in keyed if value is not None}
        self.answers = {write.lead_id: Answer("gone", "unknown_record") for value, write in keyed if value is None}

    def apply(self) -> dict[str, Answer]:
        """Write them; the caller's transaction commits. Returns lead id → answer, unknown fates left out."""
        if self.writes:
            if self.dialect in ("postgresql", "sqlite"):
                self._say(self._returned())
            elif self.dialect in ("mysql", "mariadb"):
                self._locked()
            else:
                self._say(self._one_by_one())
        return self.answers

    def _say(self, updated: set[Any]) -> None:
        for value in updated:
            self._acknowledge(value)
        self._judge([value for value in self.writes if value not in updated])

    def _acknowledge(self, value: Any) -> None:
        lead_id = self.writes[value].lead_id
        self.answers[lead_id] = Answer("acknowledged", remote_id=lead_id)

    def _judge(self, values: Sequence[Any], *, is_locked: bool = False) -> list[Any]:
        """Say why these were not written; returns those of which nothing forbids it."""
        held = {found: rest for found, *rest in self._held(values, is_locked=is_locked)}
        free = []
        for value in values:
            if value not in held:
                self.answers[self.writes[value].lead_id] = Answer("gone", "unknown_record")
            elif reason := self._refusal(self.writes[value], held[value]):
                self.answers[self.writes[value].lead_id] = reason
            else:
                free.append(value)
        return free

    def _refusal(self, write: Write, held: Sequence[Any]) -> Answer | None:
        sequence, *routes = held
        if sequence is not None and int(sequence) >= write.sequence:
            return Answer("newer", "newer_write_present", remote_id=write.lead_id)
        for name, value in zip(self.guarded, routes, strict=True):
            text = from_column(value, "text")
            if text not in (write.payload.get(name), (write.expected or {}).get(name)):
                return Answer("conflict", name, remote_id=write.lead_id)
        return None

    def _held(self, values: Sequence[Any], *, is_locked: bool) -> Iterable[Any]:
        columns = [self.table.c[name] for name in ("handoff_sequence", *self.guarded)]
        for start in range(0, len(values), _CHUNK):
            query = sa.select(self.key, *columns).where(self.key.in_(values[start : start + _CHUNK]))
            for found, *rest in self.connection.execute(query.with_for_update() if is_locked else query):
                yield self._own(found), *rest

    def _own(self, found: Any) -> Any:
        """The key as we know it: columns of fixed width pad theirs."""
        return found if found in self.writes or not isinstance(found, str) else found.rstrip()

    def _returned(self) -> set[Any]:
        staged = self._stage()
        statement = self._joined(staged).returning(self.key)
        updated = {self._own(found) for (found,) in self.connection.execute(statement)}
        self._drop()
        return updated & self.writes.keys()

    def _locked(self) -> None:
        free = self._judge(list(self.writes), is_locked=True)
        if free:
            self.writes = {value: self.writes[value] for value in free}
            updated = self.connection.execute(self._joined(self._stage())).rowcount
            self._drop()
            if updated == len(free):
                for value in free:
                    self._acknowledge(value)

    def _one_by_one(self) -> set[Any]:
        values = {name: sa.bindparam(f"v_{name}", type_=self.table.c[name].type) for name in self.names}
        expected = {name: sa.bindparam(f"e_{name}", type_=self.table.c[name].type) for name in self.guarded}
        statement = (
            sa.update(self.table)
            .values({self.table.c[name]: value for name, value in values.items()})
            .where(self.key == sa.bindparam("k", type_=self.key.type), *self._guards(values, expected))
        )
        rows = zip(self.writes, self._rows(), strict=True)
        return {value for value, row in rows if self.connection.execute(statement, row).rowcount == 1}

    def _joined(self, staged: sa.Table) -> sa.Update:
        values = {name: staged.c[f"v_{name}"] for name in self.names}
        is_same = [self.key == staged.c.k]
        if self.dialect in ("mysql", "mariadb") and isinstance(self.key.type, sa.String):
            # Its texts are equal without regard to case and trailing spaces; ids are not.
            is_same.append(sa.cast(self.key, sa.LargeBinary) == sa.cast(staged.c.k, sa.LargeBinary))
        return (
            sa.update(self.table)
            .values({self.table.c[name]: value for name, value in values.items()})
            .where(*is_same, *self._guards(values, {name: staged.c[f"e_{name}"] for name in self.guarded}))
        )

    def _guards(self, values: Mapping[str, Any], expected: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
        sequence = self.table.c.handoff_sequence
        routes = [
            sa.or_(
                _told(self.table.c[name]).is_not_distinct_from(_told(values[name])),
                _told(self.table.c[name]).is_not_distinct_from(_told(expected[name])),
            )
            for name in self.guarded
        ]
        return [sa.or_(sequence.is_(None), sequence < values["handoff_sequence"]), *routes]

    def _stage(self) -> sa.Table:
        """The batch in a temporary table with the very types of the columns it goes to."""
        origin = {"k": self.key.name}
        origin |= {f"v_{name}": name for name in self.names} | {f"e_{name}": name for name in self.guarded}
        preparer = self.connection.dialect.identifier_preparer
        columns = ", ".join(f"{preparer.quote(old)} as {preparer.quote(new)}" for new, old in origin.items())
        is_postgresql = self.dialect == "postgresql"
        self._drop()
        self.connection.exec_driver_sql(
            f"create temporary table {STAGED} {'on commit drop ' if is_postgresql else ''}as "
            f"select {columns} from {preparer.format_table(self.table)} where 1 = 0"
        )
        staged = sa.Table(
            STAGED, sa.MetaData(), *(sa.Column(new, self.table.c[old].type) for new, old in origin.items())
        )
        if is_postgresql:
            _copy(self.connection, self._lines())
        else:
            self.connection.execute(staged.insert(), list(self._rows()))
        return staged

    def _drop(self) -> None:
        kind = "temporary table" if self.dialect in ("mysql", "mariadb") else "table"
        if self.dialect != "postgresql":
            self.connection.exec_driver_sql(f"drop {kind} if exists {STAGED}")

    def _rows(self) -> Iterable[dict[str, Any]]:
        """The batch in the values of its columns' own types."""
        types = {name: self.table.c[name].type for name in self.names}
        for value, write in self.writes.items():
            texts = self._texts(write)
            row = {f"v_{name}": to_column(texts.get(name), types[name], FIELDS[name]) for name in self.names}
            expected = self._expected(write)
            row |= {f"e_{name}": to_column(expected[name], types[name], "text") for name in self.guarded}
            yield {"k": value, **row}

    def _lines(self) -> Iterable[str]:
        """The batch as COPY takes it: canonical text is PostgreSQL's own way to write a value."""
        for value, write in self.writes.items():
            told = [str(value), *self._texts(write).values(), *self._expected(write).values()]
            yield copy_line(told)

    def _texts(self, write: Write) -> dict[str, str | None]:
        texts = {**write.payload, "handoff_sequence": str(write.sequence)}
        return {name: emptied(texts.get(name), self.table.c[name], FIELDS[name]) for name in self.names}

    def _expected(self, write: Write) -> dict[str, str | None]:
        expected = write.expected or {}
        return {name: emptied(expected.get(name), self.table.c[name], "text") for name in self.guarded}


def _told(value: Any) -> Any:
    """A text as a guard compares it: an empty one is none."""
    is_text = isinstance(value.type, sa.String) and not isinstance(value.type, sa.Enum)
    return sa.func.nullif(value, "") if is_text else value


def _copy(connection: Connection, lines: Iterable[str]) -> None:
    text, told = f"copy {STAGED} from stdin", "".join(lines)
    driver: Any = connection.connection
    dialect = connection.dialect
    errors = dialect.loaded_dbapi.Error
    with driver.cursor() as cursor:
        try:
            if hasattr(cursor, "copy_expert"):
                cursor.copy_expert(text, io.StringIO(told))
            else:
                with cursor.copy(text) as copy:
                    copy.write(told)
        except errors as error:
            # As SQLAlchemy would wrap it, had the call gone through it.
            is_lost = dialect.is_disconnect(error, driver.dbapi_connection, cursor)
            raise DBAPIError.instance(text, None, error, errors, connection_invalidated=is_lost) from None
