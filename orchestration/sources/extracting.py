"""What the connectors share: faults, the rules of a source as landing wants them, the contract's columns as specs.

How a connector finds its rows stands in its own file; who calls them all is `connectors.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from orchestration.lake.contract import Column, Door, Entity
from orchestration.lake.extract import ColumnSpec, Extract, ObjectSpec, SourceRules
from orchestration.sources.registry_schema import BaseSource

Cursors = Callable[[ObjectSpec, str], str | None]
"""Greatest cursor read so far of an object from that origin (a table), as text; None: nothing yet."""


@dataclass(frozen=True)
class SourceFault:
    """Something of a source that cannot be read, with what to do; the rest of it goes on. Never shows a value.

    `is_notice`: nothing is lost and nothing failed, but someone should look (a file nobody asked for).
    """

    source: str
    object: str
    origin: str
    message: str
    is_notice: bool = False

    def __str__(self) -> str:
        place = ".".join(part for part in (self.source, self.object) if part)
        return f"{place}: {self.origin}: {self.message}" if self.origin else f"{place}: {self.message}"


Found = Iterator[Extract | SourceFault]


class ExtractionError(Exception):
    """Reading from a system failed half-way; the message holds no values and no secrets."""


def rules_of(source: BaseSource, *, aliases: Mapping[str, str] | None = None) -> SourceRules:
    """The registry's word on a source, for landing. A column named by its alias is meant by the contract's name too."""
    identifiers = set(source.identifiers)
    identifiers |= {name for name, alias in (aliases or {}).items() if alias in identifiers}
    return SourceRules(
        source=source.name,
        id_space=source.id_space,
        timezone=source.timezone,
        null_tokens=frozenset(source.null_tokens),
        delivery_lag=source.delivery_lag,
        identifiers=frozenset(identifiers),
        codes=frozenset(source.codes),
        stages=dict(source.stages),
    )


def contract_spec(
    source: BaseSource,
    entity: Entity,
    *,
    aliases: Mapping[str, str] | None = None,
    formats: Mapping[str, tuple[str, ...]] | None = None,
    cursor: ColumnSpec | None = None,
    known_at_given: bool = True,
) -> ObjectSpec:
    """A contract table as a source of that shape brings it: columns under the contract's own names.

    `aliases` are the source's names of columns where they differ (`codes` may use either); `known_at_given` False says
    that the source has no column for it.
    """
    other, written = aliases or {}, formats or {}
    columns = [_column(source, entity, column, other.get(column.name), written) for column in entity.columns]
    if cursor is not None:
        columns.append(cursor)
    return ObjectSpec(
        folder=source.folder,
        name=entity.name,
        columns=tuple(columns),
        key=entity.key,
        event_time=entity.event_time,
        known_at="known_at" if known_at_given else None,
        cursor=cursor.name if cursor else None,
        entity=entity.name,
        is_reference=entity.is_reference,
        one_of=entity.one_of,
    )


def _column(
    source: BaseSource, entity: Entity, column: Column, alias: str | None, formats: Mapping[str, tuple[str, ...]]
) -> ColumnSpec:
    names = {column.name, f"{entity.name}.{column.name}", alias}
    door: Door = column.door
    if door == "free_text" and names & set(source.codes):
        door = "pass"
    return ColumnSpec(
        name=column.name,
        landed=column.landed_name,
        type=column.type,
        required=column.required,
        optional=not column.required,
        door=door,
        allowed=column.allowed,
        formats=formats.get(column.name, ()),
    )
