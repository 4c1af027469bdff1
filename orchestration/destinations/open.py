"""Opens the destination a registry entry names, for the time of a `with`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from pydantic import SecretStr

from orchestration.destinations.sql import SqlDestination


class DestinationEntry(Protocol):
    """What the registry says of a destination of kind `sql`."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def url(self) -> SecretStr:
        """SQLAlchemy address of the database."""

    @property
    def source(self) -> str:
        """The source whose lead ids it knows."""

    @property
    def table(self) -> str:
        """Table of the records."""

    @property
    def key(self) -> str:
        """Column of the lead ids."""

    @property
    def db_schema(self) -> str | None:
        """Schema of the table, None for the default."""


@contextmanager
def open_destination(entry: DestinationEntry) -> Iterator[SqlDestination]:
    """The destination of a registry entry; closed on leaving."""
    destination = SqlDestination(
        name=entry.name,
        source=entry.source,
        url=entry.url.get_secret_value(),
        table=entry.table,
        schema=entry.db_schema,
        key=entry.key,
    )
    try:
        yield destination
    finally:
        destination.close()
