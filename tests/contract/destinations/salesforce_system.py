"""Salesforce in the contract suite: our client against the strict stand-in, by an external id field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestration.destinations.base import FIELDS
from orchestration.destinations.salesforce import SalesforceDestination
from orchestration.destinations.salesforce_plan import LONG_TEXTS
from orchestration.destinations.salesforce_values import FIELD_NAMES, from_field, to_field
from tests.contract.destinations.systems import Calls
from tests.standins.direct import DirectAdapter
from tests.standins.salesforce import Lead, SalesforceStandIn
from tests.standins.server import Server

KEY = "Clinic_Lead_Id__c"


def define_fields(crm: SalesforceStandIn) -> None:
    """Our fields and the key, as an administrator deploys them."""
    crm.define(KEY, "string", length=80, externalId=True, unique=True, caseSensitive=True)
    for name, kind in FIELDS.items():
        if kind == "text":
            is_long = name in LONG_TEXTS
            said: dict[str, Any] = {"length": 32_768 if is_long else 255}
            crm.define(FIELD_NAMES[name], "textarea" if is_long else "string", **said)
        elif kind == "time":
            crm.define(FIELD_NAMES[name], "datetime")
        else:
            crm.define(FIELD_NAMES[name], "double", precision=18, scale=6 if kind == "number" else 0)


class SalesforceSystem:
    """One org."""

    name = "salesforce"
    refused = {"handoff_band": "b" * 256}
    knows = frozenset({"archived", "merged"})

    def __init__(self, *, is_direct: bool = False, **behaviour: Any) -> None:
        self.crm = SalesforceStandIn(**behaviour)
        self.server = Server(self.crm)
        self._is_direct = is_direct
        if not is_direct:
            self.server.start()
        self._opened: list[SalesforceDestination] = []
        self._since = (0, 0)

    @property
    def calls(self) -> Any:
        """Calls since `reset`, as the server saw them."""
        told = Calls(*(now - then for now, then in zip(self._counts(), self._since, strict=True)))
        told.reset = self._reset
        return told

    def open(self, **options: Any) -> SalesforceDestination:
        """A client."""
        client_id, secret = self.crm.client
        said = {"client_id": client_id, "client_secret": secret, "instance_url": self.server.url, "key": KEY}
        opened = SalesforceDestination(**{"name": "crm", "source": "clinic", **said, **options})
        if self._is_direct:
            opened._calls._session.trust_env = False
            opened._calls._session.mount("http://", DirectAdapter(self.server))
        self._opened.append(opened)
        return opened

    def make(self, lead_ids: Iterable[str]) -> None:
        """Leads, and the fields."""
        self.crm.leads.clear()
        define_fields(self.crm)
        for lead_id in lead_ids:
            self.crm.add({"LastName": "kept", "Company": "kept", "OwnerId": "kept", KEY: lead_id})

    def count(self) -> int:
        """Leads of any state."""
        return len(self.crm.leads)

    def raw(self, lead_id: str) -> dict[str, str | None] | None:
        """Our fields as they stand."""
        lead, types = self._find(lead_id), {name: self.crm.fields[FIELD_NAMES[name]]["type"] for name in FIELDS}
        return lead and {n: from_field(lead.fields.get(FIELD_NAMES[n]), FIELDS[n], types[n]) for n in FIELDS}

    def staff_fields(self, lead_id: str) -> dict[str, Any]:
        """The others."""
        return {n: v for n, v in self._lead(lead_id).fields.items() if n not in FIELD_NAMES.values()}

    def change(self, lead_id: str, name: str, value: str | None) -> None:
        """As staff would."""
        said = to_field(value, self.crm.fields[FIELD_NAMES[name]]["type"])
        self.crm.settle(self._lead(lead_id).id)
        self._lead(lead_id).fields[FIELD_NAMES[name]] = said

    def remove(self, lead_id: str) -> None:
        """Out of the recycle bin."""
        del self.crm.leads[self._lead(lead_id).id]

    def archive(self, lead_id: str) -> None:
        """To the recycle bin."""
        self._lead(lead_id).is_deleted = True

    def merge(self, lead_id: str, into: str) -> None:
        """Into another."""
        self.crm.merge(self._lead(into), self._lead(lead_id))

    def close(self) -> None:
        """End."""
        for destination in self._opened:
            destination.close()
        self.server.stop(was_started=not self._is_direct)

    def _lead(self, lead_id: str) -> Lead:
        lead = self._find(lead_id)
        assert lead is not None
        return lead

    def _find(self, lead_id: str) -> Lead | None:
        return self.crm.find(KEY, lead_id)

    def _counts(self) -> tuple[int, int]:
        return self.server.count("/composite/sobjects"), self.server.count("/queryAll")

    def _reset(self) -> None:
        self._since = self._counts()
