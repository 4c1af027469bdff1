"""Destination `sql`: writes handoff fields into one table of a CRM's database, by key, over SQLAlchemy.

Updates the columns that exist there, never inserts a record and never touches a column that is not ours. How a batch
becomes one guarded statement is `sql_batches.py`, what a database's errors mean `sql_errors.py`, what `prepare` adds
`sql_plan.py`. Numbers and times are compared after a read-back in the column's own type.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from orchestration.destinations.base import FIELDS, Answer, BatchRefused, DestinationError, Held
from orchestration.destinations.sql_batches import Batch
from orchestration.destinations.sql_checks import fault_of
from orchestration.destinations.sql_errors import meaning
from orchestration.destinations.sql_plan import VIEW, Plan
from orchestration.destinations.sql_proof import TextProof
from orchestration.destinations.sql_values import held_text, to_column
from orchestration.lake.outbox import Write


class SqlDestination:
    """One table of a database. `key` is its column of lead ids."""

    is_guarding = True
    time_grain = timedelta.resolution

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
        self.batch_size = self.read_size = batch_size
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

    def fields(self) -> Collection[str]:
        """The handoff columns of the table."""
        return [c.name for c in self._table().columns if c.name in FIELDS]

    def schema_version(self) -> str:
        """Hash of the handoff columns, their types, and the rules the table has for its rows."""
        table = self._table()
        columns = [f"{c.name} {c.type!r} {c.nullable}" for c in table.columns if c.name in FIELDS]
        rules = sorted(str(c.sqltext) for c in table.constraints if isinstance(c, sa.CheckConstraint))
        return hashlib.sha256("|".join((*columns, *rules)).encode()).hexdigest()

    def missing_columns(self) -> list[str]:
        """Handoff columns the table lacks, in order. Raises DestinationError where the table cannot be read."""
        return self._plan().missing

    def plan(self) -> list[str]:
        """Statements that add the missing columns and the queue view, and the least rights our user needs."""
        plan = self._plan()
        return [f"{statement};" for statement in (*plan.columns(), *plan.view())] + plan.rights()

    def prepare(self) -> list[str]:
        """Add the missing columns, and the queue view where our user may; returns the statements that did it."""
        plan = self._plan()
        done, self._reflected = plan.columns(), None
        try:
            with self._engine.begin() as connection:
                _execute(connection, done)
        except SQLAlchemyError as error:
            raise self._error("could not add its handoff columns", error) from None
        try:
            with self._engine.begin() as connection:
                _execute(connection, views := plan.view())
        except SQLAlchemyError:
            return done
        return done + views

    def check(self) -> None:
        """Raise DestinationError where the table, its key, a column no run can do without or a right is missing."""
        table = self._table()
        try:
            with self._engine.connect() as connection:
                fault = fault_of(connection, table, self.key, self.name)
        except SQLAlchemyError as error:
            raise self._error("could not be read", error) from None
        if fault:
            raise DestinationError(f"destination {self.name}: {fault}")

    def highest_sequence(self) -> int:
        """The greatest handoff_sequence in the table; 0 where there is none."""
        query = sa.select(sa.func.max(self._table().c.handoff_sequence))
        try:
            with self._engine.connect() as connection:
                return int(connection.execute(query).scalar() or 0)
        except SQLAlchemyError as error:
            raise self._error("could not be read", error) from None

    def write(self, writes: Sequence[Write]) -> Mapping[str, Answer]:
        """Update a batch in one transaction, all or, where the database refuses a record, nothing of it."""
        if not writes:
            return {}
        try:
            with self._engine.begin() as connection:
                return Batch(connection, self._table(), self.key, writes).apply()
        except SQLAlchemyError as error:
            raise self._error("could not be written", error) from None
        except (OverflowError, ValueError):
            # A driver's own word for a value no column of that type takes; the transaction is rolled back.
            told = f"destination {self.name}: a value does not fit its column"
            raise BatchRefused(told, error_code="value_out_of_range") from None

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Held]:
        """Read the handoff fields of these records, as canonical text."""
        table = self._table()
        key = table.c[self.key]
        names = [name for name in FIELDS if name in table.columns]
        fields = [table.c[name] for name in names]
        asked = {to_column(lead_id, key.type, "text"): lead_id for lead_id in lead_ids}
        asked.pop(None, None)
        held: dict[str, Held] = {}
        values = list(asked)
        try:
            with self._engine.connect() as connection:
                for start in range(0, len(values), self.read_size):
                    query = sa.select(key, *fields).where(key.in_(values[start : start + self.read_size]))
                    for row in connection.execute(query):
                        found = {
                            name: held_text(value, table.c[name].type, FIELDS[name])
                            for name, value in zip(names, row[1:], strict=True)
                        }
                        sequence = found.pop("handoff_sequence")
                        lead_id = asked.get(row[0]) or asked.get(str(row[0]).rstrip())
                        if lead_id is not None:
                            held[lead_id] = Held(int(sequence) if sequence else None, found, lead_id)
        except SQLAlchemyError as error:
            raise self._error("could not be read", error) from None
        return held

    def proved(self, writes: Sequence[Write]) -> Collection[str]:
        """Of PostgreSQL, records that as text read exactly as written; of another database none."""
        proof = TextProof(self._engine.dialect, self._table(), self.key)
        if not proof.is_possible:
            return ()
        try:
            with self._engine.connect() as connection:
                return proof.holding(connection, writes)
        except SQLAlchemyError as error:
            raise self._error("could not be read", error) from None

    def _plan(self) -> Plan:
        table = self._table()
        table.info["database"] = self._engine.url.database or ""
        try:
            views = sa.inspect(self._engine).get_view_names(schema=self._schema)
        except SQLAlchemyError as error:
            raise self._error("could not be read", error) from None
        return Plan(self._engine.dialect, table, self.key, has_view=VIEW in views)

    def _table(self) -> sa.Table:
        if self._reflected is None:
            try:
                self._reflected = sa.Table(
                    self._table_name, sa.MetaData(), schema=self._schema, autoload_with=self._engine,
                    resolve_fks=False,
                )  # fmt: skip
            except SQLAlchemyError as error:
                what = f"has no table {self._table_name} that can be read; correct `table` and `schema` in the registry"
                raise self._error(what, error) from None
        return self._reflected

    def _error(self, what: str, error: SQLAlchemyError) -> DestinationError:
        told = meaning(error, name=self.name, what=what)
        if not isinstance(told, BatchRefused):
            # What the table was read to be may be what is wrong.
            self._reflected = None
        return told


def _execute(connection: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        connection.execute(sa.text(statement.replace(":", "\\:")))


def _engine(name: str, url: str) -> Engine:
    try:
        return sa.create_engine(url, hide_parameters=True)
    except (SQLAlchemyError, ImportError) as error:
        raise DestinationError(
            f"destination {name}: its url names no usable driver ({type(error).__name__}); see docs/how-to"
        ) from None
