"""HubSpot in the contract suite: our client against the strict stand-in, by a key property or by its own record ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestration.destinations.base import FIELDS
from orchestration.destinations.hubspot import HubSpotDestination
from orchestration.destinations.hubspot_plan import creation
from orchestration.destinations.hubspot_values import from_property, to_property
from tests.contract.destinations.systems import Calls
from tests.standins.direct import DirectPool
from tests.standins.hubspot import HubSpotStandIn, Record
from tests.standins.server import Server

KEY = "clinic_lead_id"


class HubSpotSystem:
    """One account. Where `key` is `hs_object_id`, its records bear our lead ids as their own."""

    refused = {"handoff_band": "no such band"}

    def __init__(self, name: str, key: str = KEY, *, is_direct: bool = False, **behaviour: Any) -> None:
        self.name, self.key = name, key
        # A key property dies with the record merged away; what became of it can be told by record ids only.
        self.knows = frozenset({"archived", "merged"} if key == "hs_object_id" else {"archived"})
        self.crm = HubSpotStandIn(**behaviour)
        self.server = Server(self.crm)
        self._is_direct = is_direct
        if not is_direct:
            self.server.start()
        self._opened: list[HubSpotDestination] = []
        self._since = (0, 0)

    @property
    def calls(self) -> Any:
        """Calls since `reset`, as the server saw them."""
        told = Calls(*(now - then for now, then in zip(self._counts(), self._since, strict=True)))
        told.reset = self._reset
        return told

    def open(self, **options: Any) -> HubSpotDestination:
        """A client."""
        said = {"name": "crm", "source": "clinic", "token": self.crm.token, "key": self.key, "url": self.server.url}
        opened = HubSpotDestination(**{**said, **options})
        if self._is_direct:
            calls = opened._calls
            for api in (calls._batches, calls._search, calls._properties, calls._groups):
                api.api_client.rest_client.pool_manager = DirectPool(self.server)
        self._opened.append(opened)
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

    def raw(self, lead_id: str) -> dict[str, str | None] | None:
        """Our fields as they stand."""
        record = self._find(lead_id)
        types = {name: self.crm.properties[name]["type"] for name in FIELDS}
        return record and {n: from_property(record.properties.get(n), FIELDS[n], types[n]) for n in FIELDS}

    def staff_fields(self, lead_id: str) -> dict[str, Any]:
        """The others."""
        record = self._find(lead_id)
        assert record is not None
        return {name: value for name, value in record.properties.items() if name not in FIELDS}

    def change(self, lead_id: str, name: str, value: str | None) -> None:
        """As staff would."""
        record = self._find(lead_id)
        assert record is not None
        self.crm.settle(record.id)
        record.properties[name] = to_property(value, self.crm.properties[name]["type"])

    def remove(self, lead_id: str) -> None:
        """For good."""
        record = self._find(lead_id)
        assert record is not None
        self.crm.purge(record)

    def archive(self, lead_id: str) -> None:
        """To the recycle bin."""
        record = self._find(lead_id)
        assert record is not None
        self.crm.archive(record)

    def merge(self, lead_id: str, into: str) -> None:
        """Into another."""
        one, other = self._find(lead_id), self._find(into)
        assert one is not None and other is not None
        self.crm.merge(other, one)

    def close(self) -> None:
        """End."""
        for destination in self._opened:
            destination.close()
        self.server.stop(was_started=not self._is_direct)

    def _find(self, lead_id: str) -> Record | None:
        return self.crm.find(self.key, lead_id)

    def _counts(self) -> tuple[int, int]:
        return self.server.count("/batch/update"), self.server.count("/batch/read")

    def _reset(self) -> None:
        self._since = self._counts()
