"""A real Tryton, its leads made and changed over its own JSON-RPC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from orchestration.destinations.base import FIELDS
from orchestration.destinations.sql_batches import GUARDED
from orchestration.destinations.sql_values import from_column, to_column
from orchestration.destinations.tryton import TrytonDestination
from orchestration.lake.canonical_text import Value
from tests.contract.destinations.systems import Calls, Counting
from tests.tryton.server import KEY, Tryton

_LEADS = "sale.opportunity"
_STAFF = ("reference", "description", "comment", "state", "amount", "number")


class TrytonSystem:
    """Leads with lead ids in `reference`. A readiness above 1 breaks Tryton's own rule for probabilities."""

    name = "tryton"
    refused: Mapping[str, Value] = {"handoff_readiness": 1.5}
    knows: frozenset[str] = frozenset()

    def __init__(self, tryton: Tryton) -> None:
        self.tryton, self.calls = tryton, Calls()
        self.rpc = tryton.rpc()
        self._engine = sa.create_engine(tryton.postgres_url)
        self._table = sa.Table("sale_opportunity", sa.MetaData(), autoload_with=self._engine)
        self._opened: list[TrytonDestination] = []
        (self._company,) = self.rpc.model("company.company", "search", [], 0, 1, None)
        (self._currency,) = self.rpc.model("currency.currency", "search", [], 0, 1, None)
        self.rpc.context = {"company": self._company}

    def open(self, **options: Any) -> TrytonDestination:
        """A client of it; its calls are counted."""
        standard = {"name": "crm", "source": "clinic", "url": self.tryton.url, "database": self.tryton.database}
        self._opened.append(TrytonDestination(**{**standard, "token": KEY, **options}))
        return Counting(self._opened[-1], self.calls)

    def make(self, lead_ids: Iterable[str]) -> None:
        """Leads anew."""
        with self._engine.begin() as connection:
            connection.exec_driver_sql("delete from sale_opportunity")
        rows = [
            {
                **{"reference": lead_id, "company": self._company},
                **{"currency": self._currency, "description": f"called {lead_id}", "comment": "theirs"},
            }
            for lead_id in lead_ids
        ]
        if rows:
            self.rpc.model(_LEADS, "create", rows)

    def count(self) -> int:
        """Leads of any state."""
        return int(self.rpc.model(_LEADS, "search_count", []))

    def raw(self, lead_id: str) -> dict[str, str | None] | None:
        """From Tryton's database."""
        columns = [self._table.c[name] for name in FIELDS]
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(*columns).where(self._table.c.reference == lead_id)).one_or_none()
        if row is None:
            return None
        return {c.name: from_column(value, FIELDS[c.name]) for c, value in zip(columns, row, strict=True)}

    def staff_fields(self, lead_id: str) -> dict[str, Any]:
        """Some of Tryton's own."""
        (found,) = self.rpc.model(_LEADS, "read", [self.id_of(lead_id)], list(_STAFF))
        return dict(found)

    def probability(self, lead_id: str) -> float:
        """The probability Tryton plans by."""
        (found,) = self.rpc.model(_LEADS, "read", [self.id_of(lead_id)], ["conversion_probability"])
        return float(found["conversion_probability"])

    def change(self, lead_id: str, name: str, value: str | None) -> None:
        """Staff change what Tryton lets them: team and member. The rest is for whoever gets at its database."""
        plain = to_column(value, self._table.c[name].type, FIELDS[name])
        if name in GUARDED:
            self.rpc.model(_LEADS, "write", [self.id_of(lead_id)], {name: plain})
            return
        with self._engine.begin() as connection:
            changed = sa.update(self._table).where(self._table.c.reference == lead_id).values({name: plain})
            connection.execute(changed)

    def remove(self, lead_id: str) -> None:
        """Tryton deletes cancelled ones alone."""
        number = self.id_of(lead_id)
        self.rpc.model(_LEADS, "cancel", [number])
        self.rpc.model(_LEADS, "delete", [number])

    def archive(self, lead_id: str) -> None:
        """Tryton archives no leads."""
        raise NotImplementedError

    def merge(self, lead_id: str, into: str) -> None:
        """Tryton merges no leads."""
        raise NotImplementedError

    def close(self) -> None:
        """Close every connection."""
        for destination in self._opened:
            destination.close()
        self._engine.dispose()

    def id_of(self, lead_id: str) -> int:
        """Tryton's own id of it."""
        (found,) = self.rpc.model(_LEADS, "search", [["reference", "=", lead_id]], 0, None, None)
        return int(found)
