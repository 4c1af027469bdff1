"""A CRM that is a table of a database: SQLite, PostgreSQL or MariaDB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from orchestration.destinations.base import FIELDS
from orchestration.destinations.sql import SqlDestination
from orchestration.destinations.sql_values import from_column, to_column
from orchestration.lake.canonical_text import Value
from tests.contract.destinations.systems import Calls, Counting

_REFUSAL = {
    "sqlite": "create trigger refusing before update on leads when new.handoff_band = 'refused' "
    "begin select raise(abort, 'refused'); end",
    "postgresql": "alter table leads add constraint refusing check (handoff_band <> 'refused')",
    "mysql": "alter table leads add constraint refusing check (handoff_band <> 'refused')",
}


class SqlSystem:
    """Table `leads` with key `lead_id` and staff's columns `owner`, `note`; a rule refuses the band `refused`."""

    refused: Mapping[str, Value] = {"handoff_band": "refused"}
    knows: frozenset[str] = frozenset()

    def __init__(self, name: str, url: str) -> None:
        self.name, self.url = name, url
        self.calls = Calls()
        self._engine = sa.create_engine(url)
        self._opened: list[SqlDestination] = []

    def open(self, **options: Any) -> SqlDestination:
        """A client of it; its calls are counted."""
        standard = {"name": "crm", "source": "clinic", "url": self.url, "table": "leads", "key": "lead_id"}
        self._opened.append(SqlDestination(**{**standard, **options}))
        return Counting(self._opened[-1], self.calls)

    def make(self, lead_ids: Iterable[str]) -> None:
        """A table anew."""
        self.execute(
            "drop table if exists leads",
            "create table leads (lead_id varchar(40) primary key, owner varchar(40), note text)",
        )
        client = self.open()
        client.prepare()
        self.execute(_REFUSAL[self._engine.dialect.name])
        rows = [{"id": lead_id, "note": f"called {lead_id}"} for lead_id in lead_ids]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(sa.text("insert into leads (lead_id, owner, note) values (:id, 'ann', :note)"), rows)

    def count(self) -> int:
        """Rows."""
        return int(self.execute("select count(*) from leads")[0][0])

    def raw(self, lead_id: str) -> dict[str, str | None] | None:
        """By a connection of its own."""
        table = self._table()
        columns = [table.c[name] for name in FIELDS if name in table.c]
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(*columns).where(table.c.lead_id == lead_id)).one_or_none()
        if row is None:
            return None
        return {c.name: from_column(value, FIELDS[c.name]) for c, value in zip(columns, row, strict=True)}

    def staff_fields(self, lead_id: str) -> dict[str, Any]:
        """Owner and note."""
        table = self._table()
        query = sa.select(table.c.owner, table.c.note).where(table.c.lead_id == lead_id)
        with self._engine.connect() as connection:
            return dict(connection.execute(query).mappings().one())

    def change(self, lead_id: str, name: str, value: str | None) -> None:
        """An update of that column alone."""
        table = self._table()
        plain = to_column(value, table.c[name].type, FIELDS[name])
        with self._engine.begin() as connection:
            connection.execute(sa.update(table).where(table.c.lead_id == lead_id).values({name: plain}))

    def remove(self, lead_id: str) -> None:
        """Its row."""
        table = self._table()
        with self._engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.lead_id == lead_id))

    def archive(self, lead_id: str) -> None:
        """A bare table knows no archive."""
        raise NotImplementedError

    def merge(self, lead_id: str, into: str) -> None:
        """A bare table knows no merge."""
        raise NotImplementedError

    def close(self) -> None:
        """Close every connection."""
        for destination in self._opened:
            destination.close()
        self._engine.dispose()

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the CRM's owner; rows of the last."""
        found: list[tuple[Any, ...]] = []
        with self._engine.begin() as connection:
            for statement in statements:
                rows = connection.execute(sa.text(statement.replace(":", "\\:")))
                found = [tuple(row) for row in rows] if rows.returns_rows else []
        return found

    def _table(self) -> sa.Table:
        return sa.Table("leads", sa.MetaData(), autoload_with=self._engine)
