"""Destination `sql`: writes handoff fields into one table of a CRM's database, by key, over SQLAlchemy.

Updates the columns that exist there, never inserts a record and never touches a column that is not ours. Numbers and
times are compared after a read-back in the column's own type. Adding missing columns is `prepare`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from orchestration.destinations.base import FIELDS, REQUIRED, Answer, DestinationError, Held
from orchestration.destinations.sql_values import column_type, from_column, to_column
from orchestration.lake.outbox import Write

_STAGED = "handoff_staged_writes"


class SqlDestination:
    """One table of a database. `key` is its column of lead ids."""

    is_guarding = True

    def __init__(
        self,
        *,
        name: str,
        source: str,
        url: str,
        table: str,
        key: str,
        schema: str | None = None,
        batch_size: int = 5_000,
    ) -> None:
        self.name = name
        self.source = source
        self.key = key
        self.batch_size = batch_size
        self._schema, self._table_name = schema, table
        self._engine = _engine(name, url)
        self._reflected: sa.Table | None = None

    def close(self) -> None:
        """Close its connections."""
        self._engine.dispose()

    @property
    def place(self) -> str:
        """Hash of database, table and key; who logs in there is no part of it."""
        url = self._engine.url.set(username=None, password=None)
        told = "|".join((url.render_as_string(), self._schema or "", self._table_name, self.key))
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def read_size(self) -> int:
        """As many as it writes."""
        return self.batch_size

    def schema_version(self) -> str:
        """Hash of the handoff columns and their types."""
        table = self._table()
        told = "|".join(f"{name} {table.columns[name].type!r}" for name in FIELDS if name in table.columns)
        return hashlib.sha256(told.encode()).hexdigest()

    def plan(self) -> list[str]:
        """The statements `prepare` would execute."""
        return [f"{statement};" for statement in self.statements()]

    def missing_columns(self) -> list[str]:
        """Handoff columns the table lacks, in order. Raises DestinationError where the table cannot be read."""
        present = self._table().columns.keys()
        return [name for name in FIELDS if name not in present]

    def statements(self) -> list[str]:
        """What adds the missing columns, in the database's own words."""
        prepare = self._engine.dialect.identifier_preparer
        table = prepare.format_table(self._table())
        return [
            f"ALTER TABLE {table} ADD COLUMN {prepare.quote(name)} "
            f"{column_type(FIELDS[name], self._engine.dialect.name).compile(dialect=self._engine.dialect)}"
            for name in self.missing_columns()
        ]

    def prepare(self) -> list[str]:
        """Add the missing columns; returns the statements that did it."""
        statements = self.statements()
        try:
            with self._engine.begin() as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement)
        except SQLAlchemyError as error:
            raise self._error("could not add its handoff columns", error) from None
        self._reflected = None
        return statements

    def check(self) -> None:
        """Raise DestinationError where the table, its key or a column no run can do without is missing."""
        table = self._table()
        if self.key not in table.columns:
            raise DestinationError(
                f"destination {self.name}: table {table.name} has no column {self.key}; correct `key` in the registry"
            )
        missing = [name for name in REQUIRED if name not in table.columns]
        if missing:
            raise DestinationError(
                f"destination {self.name}: table {table.name} lacks {', '.join(missing)}; "
                f"run `handoff prepare {self.name}` and have its statements executed"
            )

    def highest_sequence(self) -> int:
        """The greatest handoff_sequence in the table; 0 where there is none."""
        query = sa.select(sa.func.max(self._table().c.handoff_sequence))
        try:
            with self._engine.connect() as connection:
                return int(connection.execute(query).scalar() or 0)
        except SQLAlchemyError as error:
            raise self._error("could not be read", error) from None

    def write(self, writes: Sequence[Write]) -> Mapping[str, Answer]:
        """Update a batch in one transaction; where that fails, record by record, to name the ones at fault."""
        answers = {write.lead_id: Answer("acknowledged", remote_id=write.lead_id) for write in writes}
        try:
            with self._engine.begin() as connection:
                self._update(connection, writes)
            return answers
        except SQLAlchemyError as error:
            if _is_down(error):
                raise self._error("could not be written", error) from None
        for write in writes:
            try:
                with self._engine.begin() as connection:
                    self._update(connection, [write])
            except SQLAlchemyError as error:
                if _is_down(error):
                    raise self._error("could not be written", error) from None
                answers[write.lead_id] = Answer("rejected", type(error).__name__)
        return answers

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Held]:
        """Read the handoff fields of these records, as canonical text."""
        table = self._table()
        key = table.c[self.key]
        fields = [table.c[name] for name in FIELDS if name in table.columns]
        asked = {to_column(lead_id, key.type, "text"): lead_id for lead_id in lead_ids}
        asked.pop(None, None)
        held: dict[str, Held] = {}
        values = list(asked)
        try:
            with self._engine.connect() as connection:
                for start in range(0, len(values), 500):
                    query = sa.select(key, *fields).where(key.in_(values[start : start + 500]))
                    for row in connection.execute(query):
                        found = {c.name: from_column(v, FIELDS[c.name]) for c, v in zip(fields, row[1:], strict=True)}
                        sequence = found.pop("handoff_sequence")
                        lead_id = asked.get(row[0]) or asked.get(str(row[0]).rstrip())
                        if lead_id is not None:
                            held[lead_id] = Held(int(sequence) if sequence else None, found, lead_id)
        except SQLAlchemyError as error:
            raise self._error("could not be read", error) from None
        return held

    def _update(self, connection: Connection, writes: Sequence[Write]) -> None:
        table = self._table()
        names = [name for name in FIELDS if name in table.columns]
        rows = [row for write in writes if (row := self._row(write, names)) is not None]
        if not rows:
            return
        if connection.dialect.name == "postgresql":
            self._update_staged(connection, names, rows)
        else:
            connection.execute(_keyed_update(table, self.key, names), rows)

    def _row(self, write: Write, names: Sequence[str]) -> dict[str, Any] | None:
        table = self._table()
        key = to_column(write.lead_id, table.c[self.key].type, "text")
        if key is None:
            return None
        values = {**write.payload, "handoff_sequence": str(write.sequence)}
        row = {f"v_{name}": to_column(values.get(name), table.c[name].type, FIELDS[name]) for name in names}
        return {"k": key, **row}

    def _update_staged(self, connection: Connection, names: Sequence[str], rows: list[dict[str, Any]]) -> None:
        """One statement for the batch: a row at a time is twenty times slower on PostgreSQL."""
        table = self._table()
        columns = [sa.Column("k", table.c[self.key].type)] + [
            sa.Column(f"v_{name}", table.c[name].type) for name in names
        ]
        staged = sa.Table(_STAGED, sa.MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")
        staged.create(connection)
        connection.execute(staged.insert(), rows)
        connection.execute(
            sa.update(table)
            .values({table.c[name]: staged.c[f"v_{name}"] for name in names})
            .where(table.c[self.key] == staged.c.k)
            .where(_is_not_newer(table, staged.c.v_handoff_sequence))
        )

    def _table(self) -> sa.Table:
        if self._reflected is None:
            try:
                self._reflected = sa.Table(
                    self._table_name, sa.MetaData(), schema=self._schema, autoload_with=self._engine,
                    resolve_fks=False,
                )  # fmt: skip
            except SQLAlchemyError as error:
                raise self._error(f"has no table {self._table_name} that can be read", error) from None
        return self._reflected

    def _error(self, what: str, error: Exception) -> DestinationError:
        # The database's own message may hold values of rows; its class does not.
        return DestinationError(f"destination {self.name}: {what} ({type(error).__name__}); check its url and rights")


def _engine(name: str, url: str) -> Engine:
    try:
        return sa.create_engine(url, hide_parameters=True)
    except (SQLAlchemyError, ImportError) as error:
        raise DestinationError(
            f"destination {name}: its url names no usable driver ({type(error).__name__}); see docs/how-to"
        ) from None


def _keyed_update(table: sa.Table, key: str, names: Sequence[str]) -> sa.Update:
    return (
        sa.update(table)
        .values({table.c[name]: sa.bindparam(f"v_{name}", type_=table.c[name].type) for name in names})
        .where(table.c[key] == sa.bindparam("k", type_=table.c[key].type))
        .where(_is_not_newer(table, sa.bindparam("v_handoff_sequence", type_=table.c.handoff_sequence.type)))
    )


def _is_not_newer(table: sa.Table, sequence: Any) -> sa.ColumnElement[bool]:
    held = table.c.handoff_sequence
    return sa.or_(held.is_(None), held <= sequence)


def _is_down(error: SQLAlchemyError) -> bool:
    return isinstance(error, sa.exc.DBAPIError) and (
        error.connection_invalidated or isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError))
    )
