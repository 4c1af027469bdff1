"""HubSpot in the contract suite: our client against the strict stand-in, by a key property or by its own record ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestration.destinations.base import FIELDS
from orchestration.destinations.hubspot import HubSpotDestination
from orchestration.destinations.hubspot_plan import creation
from orchestration.destinations.hubspot_values import from_property, to_property
from tests.contract.destinations.standin_system import StandInSystem
from tests.standins.direct import DirectPool
from tests.standins.hubspot import HubSpotStandIn, Record

KEY = "clinic_lead_id"


class HubSpotSystem(StandInSystem[Record, HubSpotDestination]):
    """One account. Where `key` is `hs_object_id`, its records bear our lead ids as their own."""

    refused = {"handoff_band": "no such band"}
    paths = ("/batch/update", "/batch/read")

    def __init__(self, name: str, key: str = KEY, *, is_direct: bool = False, **behaviour: Any) -> None:
        super().__init__(HubSpotStandIn(**behaviour), is_direct=is_direct)
        self.name, self.key = name, key
        # A key property dies with the record merged away; what became of it can be told by record ids only.
        self.knows = frozenset({"archived", "merged"} if key == "hs_object_id" else {"archived"})

    def client(self, **options: Any) -> HubSpotDestination:
        """A client of the account."""
        opened = HubSpotDestination(**{"token": self.crm.token, "url": self.server.url, **options})
        if self.is_direct:
            calls = opened._calls
            for api in (calls._batches, calls._search, calls._properties, calls._groups):
                api.api_client.rest_client.pool_manager = DirectPool(self.server)
        return opened

    def make(self, lead_ids: Iterable[str]) -> None:
        """Records, and the properties as an administrator makes them; band is a choice of three."""
        self.crm.records.clear()
        self.crm.define(KEY, "string", "text", is_unique=True)
        for name in FIELDS:
            made = creation(name)
            bands = ("high", "medium", "low") if name == "handoff_band" else ()
            type_ = "enumeration" if bands else made["type"]
            self.crm.define(name, type_, made["fieldType"], options=bands, description=made["description"])
        for lead_id in lead_ids:
            is_own = self.key == "hs_object_id"
            self.crm.add({"owner": "kept", KEY: lead_id}, lead_id if is_own else None)

    def count(self) -> int:
        """Records of any state."""
        return len(self.crm.records)

    def text_of(self, record: Record, name: str) -> str | None:
        """One of our properties."""
        return from_property(record.properties.get(name), FIELDS[name], self.crm.properties[name]["type"])

    def staff_fields(self, lead_id: str) -> dict[str, Any]:
        """The others."""
        return {name: value for name, value in self.record(lead_id).properties.items() if name not in FIELDS}

    def change(self, lead_id: str, name: str, value: str | None) -> None:
        """As staff would."""
        record = self.record(lead_id)
        self.crm.settle(record.id)
        record.properties[name] = to_property(value, self.crm.properties[name]["type"])

    def remove(self, lead_id: str) -> None:
        """For good."""
        self.crm.purge(self.record(lead_id))

    def archive(self, lead_id: str) -> None:
        """To the recycle bin."""
        self.crm.archive(self.record(lead_id))

    def merge(self, lead_id: str, into: str) -> None:
        """Into another."""
        self.crm.merge(self.record(into), self.record(lead_id))
