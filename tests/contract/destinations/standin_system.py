"""What the stand-ins of the contract suite share: a server in this process, clients of it, what staff do to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from orchestration.destinations.base import FIELDS, Destination
from orchestration.lake.canonical_text import Value
from tests.contract.destinations.systems import Calls
from tests.standins.server import Server

Record = TypeVar("Record")
Client = TypeVar("Client", bound=Destination)


class StandInSystem(Generic[Record, Client]):
    """One account of a stand-in. A kind says how its records are found, opened, read and changed."""

    name: str
    key: str
    refused: Mapping[str, Value]
    knows: frozenset[str]
    paths: tuple[str, str]
    """What the addresses of a write and of a read hold."""

    def __init__(self, crm: Any, *, is_direct: bool) -> None:
        self.crm, self.server = crm, Server(crm)
        self.is_direct = is_direct
        if not is_direct:
            self.server.start()
        self._opened: list[Client] = []
        self._since = (0, 0)

    @property
    def calls(self) -> Any:
        """Calls since `reset`, as the server saw them."""
        told = Calls(*(now - then for now, then in zip(self._counts(), self._since, strict=True)))
        told.reset = self._reset
        return told

    def open(self, **options: Any) -> Client:
        """A client."""
        opened = self.client(**{"name": "crm", "source": "clinic", "key": self.key, **options})
        self._opened.append(opened)
        return opened

    def raw(self, lead_id: str) -> dict[str, str | None] | None:
        """Our fields as they stand."""
        record = self.crm.find(self.key, lead_id)
        return None if record is None else {name: self.text_of(record, name) for name in FIELDS}

    def close(self) -> None:
        """End."""
        for destination in self._opened:
            destination.close()
        self.server.stop(was_started=not self.is_direct)

    def record(self, lead_id: str) -> Record:
        """The record of a lead that is there."""
        found = self.crm.find(self.key, lead_id)
        assert found is not None
        return found

    def client(self, **options: Any) -> Client:
        """A client of the server, in this process where `is_direct`."""
        raise NotImplementedError

    def text_of(self, record: Record, name: str) -> str | None:
        """One of our fields, as canonical text."""
        raise NotImplementedError

    def _counts(self) -> tuple[int, int]:
        writes_at, reads_at = self.paths
        return self.server.count(writes_at), self.server.count(reads_at)

    def _reset(self) -> None:
        self._since = self._counts()
