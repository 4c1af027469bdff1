"""Opens the destination a registry entry names, for the time of a `with`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Protocol, cast

from orchestration.destinations.base import Destination

# Kind → module and class: the client of a CRM that is not written to is not imported.
_CLIENTS = {
    "sql": ("sql", "SqlDestination"),
    "tryton": ("tryton", "TrytonDestination"),
    "hubspot": ("hubspot", "HubSpotDestination"),
    "salesforce": ("salesforce", "SalesforceDestination"),
}


class DestinationEntry(Protocol):
    """What the registry says of a destination."""

    kind: str

    def options(self) -> Mapping[str, Any]:
        """What its client is made with."""


@contextmanager
def open_destination(entry: DestinationEntry) -> Iterator[Destination]:
    """The destination of a registry entry; closed on leaving. Raises DestinationError where it cannot be made."""
    module, name = _CLIENTS[entry.kind]
    client = getattr(import_module(f"orchestration.destinations.{module}"), name)
    destination = client(**entry.options())
    try:
        yield cast(Destination, destination)
    finally:
        destination.close()
