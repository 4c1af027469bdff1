"""Salesforce in the contract suite: our client against the strict stand-in, by an external id field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestration.destinations.base import FIELDS
from orchestration.destinations.salesforce import SalesforceDestination
from orchestration.destinations.salesforce_plan import LONG_TEXTS
from orchestration.destinations.salesforce_values import FIELD_NAMES, from_field, to_field
from tests.contract.destinations.standin_system import StandInSystem
from tests.standins.direct import DirectAdapter
from tests.standins.salesforce import Lead, SalesforceStandIn

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


class SalesforceSystem(StandInSystem[Lead, SalesforceDestination]):
    """One org."""

    name, key = "salesforce", KEY
    refused = {"handoff_band": "b" * 256}
    knows = frozenset({"archived", "merged"})
    paths = ("/composite/sobjects", "/queryAll")

    def __init__(self, *, is_direct: bool = False, **behaviour: Any) -> None:
        # Pages of a few records, as wide ones come.
        super().__init__(SalesforceStandIn(**{"page": 5, **behaviour}), is_direct=is_direct)

    def client(self, **options: Any) -> SalesforceDestination:
        """A client of the org."""
        client_id, secret = self.crm.client
        said = {"client_id": client_id, "client_secret": secret, "instance_url": self.server.url}
        opened = SalesforceDestination(**{**said, **options})
        if self.is_direct:
            opened._calls._session.trust_env = False
            opened._calls._session.mount("http://", DirectAdapter(self.server))
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

    def text_of(self, record: Lead, name: str) -> str | None:
        """One of our fields."""
        field = FIELD_NAMES[name]
        return from_field(record.fields.get(field), FIELDS[name], self.crm.fields[field]["type"])

    def staff_fields(self, lead_id: str) -> dict[str, Any]:
        """The others."""
        return {n: v for n, v in self.record(lead_id).fields.items() if n not in FIELD_NAMES.values()}

    def change(self, lead_id: str, name: str, value: str | None) -> None:
        """As staff would."""
        lead, field = self.record(lead_id), FIELD_NAMES[name]
        self.crm.settle(lead.id)
        lead.fields[field] = to_field(value, self.crm.fields[field]["type"])

    def remove(self, lead_id: str) -> None:
        """Out of the recycle bin."""
        del self.crm.leads[self.record(lead_id).id]

    def archive(self, lead_id: str) -> None:
        """To the recycle bin."""
        self.record(lead_id).is_deleted = True

    def merge(self, lead_id: str, into: str) -> None:
        """Into another."""
        self.crm.merge(self.record(into), self.record(lead_id))
