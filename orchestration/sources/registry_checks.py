"""Checks of registry entries that need more than one value: keys among columns, clocks of the right type.

Each check reports every fault it finds through `Checks`; shapes of single values are `registry_schema.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from orchestration.lake.contract import ENTITIES, LINEAGE, Entity
from orchestration.sources.registry_ads import AdsSource
from orchestration.sources.registry_ads_checks import check_ads
from orchestration.sources.registry_destinations import Destination, SalesforceDestination
from orchestration.sources.registry_schema import (
    BaseSource,
    CrmSqlSource,
    FileColumn,
    FileObject,
    FilesSource,
    SqlTable,
)
from orchestration.sources.registry_values import FOLDER, did_you_mean
from orchestration.sources.yaml_lines import Loc

RESERVED_FOLDERS = frozenset(
    {"run", "criteria", "handoff", "contract_files", "crm_sql", "google_ads", "meta_ads", "ga4_export"}
)
OURS = "handoff_"


@dataclass(frozen=True)
class Checks:
    """Where faults go: `fault(("columns", "id"), "what to do")`, relative to the entry."""

    fault: Callable[[Loc, str], None]

    def within(self, *loc: str | int) -> Checks:
        """The same, one place deeper."""
        return Checks(lambda part, message: self.fault((*loc, *part), message))


def check_written(section: str, entry: Mapping[str, Any], written: Mapping[str, Any], checks: Checks) -> None:
    """Names of other sources, looked up in the registry as written: also where one of the two has other faults."""
    key = "lead_ids_from" if section == "sources" else "source"
    named = entry.get(key)
    if not isinstance(named, str):
        return
    if named not in written:
        checks.fault((key,), f"is not a source of this registry{did_you_mean(named, list(written))}")
        return
    further = written[named].get("lead_ids_from", named)
    if section == "sources" and further != named:
        checks.fault((key,), f"takes its ids from another itself: name `{further}`")


def check_source(source: BaseSource, sources: Mapping[str, BaseSource], checks: Checks) -> None:
    """Whatever cannot be seen in one value of a source's entry."""
    if source.timezone is None and _has_naive_moment(source):
        checks.fault(("observed_from",), "has no offset and the source no `timezone`: add one of them")
    if source.stage_authority.get("opportunity") == "criteria":
        checks.fault(("stage_authority", "opportunity"), "the criteria decide no opportunity: leave this key out")
    if isinstance(source, FilesSource):
        _check_folder(source, sources, checks)
        for name, declared in source.objects.items():
            _check_object(declared, source.identifiers, checks.within("objects", name))
    elif isinstance(source, CrmSqlSource):
        for name, tables in source.tables.items():
            for number, table in enumerate(tables):
                at = checks.within("tables", name) if len(tables) == 1 else checks.within("tables", name, number)
                _check_table(ENTITIES[name], table, at)
    elif isinstance(source, AdsSource):
        check_ads(source, checks.fault)
    _check_contract_identifiers(source, checks)


def check_parts(entry: Mapping[str, Any], checks: Checks) -> None:
    """Objects and tables of an entry that cannot be read whole, so that its other faults are told in one go."""
    for name, raw in _mapping(entry.get("objects")).items():
        with suppress(ValidationError):
            _check_object(FileObject.model_validate(raw), (), checks.within("objects", name))
    for name, raw in _mapping(entry.get("tables")).items():
        for number, one in enumerate(raw if isinstance(raw, list) else [raw]):
            at = checks.within("tables", name, number) if isinstance(raw, list) else checks.within("tables", name)
            with suppress(ValidationError, KeyError):
                _check_table(ENTITIES[name], SqlTable.model_validate(one), at)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def check_destination(destination: Destination, checks: Checks) -> None:
    """A destination's key is the CRM's own; how it is live, and how it logs in, is said once."""
    if destination.key.lower().startswith(OURS):
        checks.fault(("key",), "names a column this project writes: name the column that holds the lead's id")
    if destination.live_teams and destination.mode != "live":
        checks.fault(("live_teams",), f"means nothing with `mode: {destination.mode}`: leave one of them out")
    if isinstance(destination, SalesforceDestination):
        pair = (destination.client_id, destination.client_secret)
        is_pair = all(part is not None for part in pair)
        if (destination.token is not None) == is_pair or (not is_pair and any(part is not None for part in pair)):
            checks.fault((), "needs either `token`, or `client_id` and `client_secret`")


def _has_naive_moment(source: BaseSource) -> bool:
    seen = source.observed_from
    moments = [seen] if isinstance(seen, datetime) else list((seen or {}).values())
    return any(moment.tzinfo is None for moment in moments)


def _check_contract_identifiers(source: BaseSource, checks: Checks) -> None:
    if isinstance(source, FilesSource):
        return
    keys = {key for entity in ENTITIES.values() for key in entity.key}
    for number, name in enumerate(source.identifiers):
        if name in keys and name not in ("id_value", "click_id"):
            checks.fault(("identifiers", number), f"`{name}` is a key of the contract and cannot be kept out")


def _check_folder(source: FilesSource, sources: Mapping[str, BaseSource], checks: Checks) -> None:
    if source.folder in RESERVED_FOLDERS or not FOLDER.fullmatch(source.folder):
        place: Loc = ("staging",) if source.staging else ()
        checks.fault(place, f"`{source.folder}` cannot be a staging folder: choose another `staging`, in lower case")
    for name, declared in source.objects.items():
        for other in sources.values():
            if not isinstance(other, FilesSource) or other.name <= source.name or other.folder != source.folder:
                continue
            if name in other.objects and _types(other.objects[name]) != _types(declared):
                message = f"shares staging `{source.folder}` with source `{other.name}`, whose columns have other types"
                checks.fault(("objects", name), message)


def _types(declared: FileObject) -> dict[str, str]:
    return {name: column.type for name, column in declared.columns.items()}


def _check_object(declared: FileObject, identifiers: tuple[str, ...], checks: Checks) -> None:
    columns = declared.columns
    for option in ("key", "one_of"):
        for number, name in enumerate(getattr(declared, option)):
            if name not in columns:
                checks.fault((option, number), f"`{name}` is not among the columns{did_you_mean(name, list(columns))}")
    for name in set(declared.key) & set(columns):
        _check_key(columns[name], name in identifiers, checks.within("columns", name))
    _check_clock(declared, "event_time", ("timestamp", "date"), checks)
    _check_clock(declared, "known_at", ("timestamp",), checks)
    if not declared.header and any(column.optional for column in columns.values()):
        checks.fault(("header",), "without a header no column can be optional: give every column in file order")
    tokens = [column.passes_as for column in columns.values() if column.passes_as not in (None, "path", "postal_area")]
    for twice in {token for token in tokens if tokens.count(token) > 1}:
        checks.fault(("columns",), f"two columns pass as {twice}: one of an object can")
    for number, pattern in enumerate(declared.files):
        if pattern.startswith(("/", "~")) or ".." in pattern.split("/"):
            checks.fault(("files", number), "must stay below `path`: write it relative to it")
    for name, column in columns.items():
        _check_column(name, column, checks.within("columns", name))


def _check_key(column: FileColumn, is_identifier: bool, checks: Checks) -> None:
    if column.identifier or column.type == "free_text" or is_identifier:
        checks.fault((), "is part of the key and cannot be kept out: use `passes_as`")
    if column.optional:
        checks.fault((), "is part of the key and cannot be optional")


def _check_clock(declared: FileObject, option: str, wanted: tuple[str, ...], checks: Checks) -> None:
    name, columns = getattr(declared, option), declared.columns
    if name is None:
        return
    if name not in columns:
        checks.fault((option,), f"`{name}` is not among the columns{did_you_mean(name, list(columns))}")
    elif columns[name].type not in wanted:
        checks.fault(("columns", name), f"is the {option} and must be declared as {' or '.join(wanted)}")


def _check_column(name: str, column: FileColumn, checks: Checks) -> None:
    if name in LINEAGE:
        checks.fault((), "is the name of a lineage column: rename it in the file")
    if column.formats and column.type not in ("timestamp", "date"):
        checks.fault(("formats",), "only dates and timestamps have formats")
    if column.values and column.type != "text":
        checks.fault(("values",), "only text has a list of allowed values")
    if column.passes_as and (column.identifier or column.type != "text"):
        checks.fault(("passes_as",), "is for text columns that are not `identifier`")
    _check_formats(column.formats, checks)


def _check_formats(formats: tuple[str, ...], checks: Checks) -> None:
    """A format must say day, month and year, or a moment could not be told from it."""
    for number, written in enumerate(formats):
        moment = datetime(2031, 10, 25, 13, 45, 59)
        try:
            read = datetime.strptime(moment.strftime(written), written)
        except ValueError:
            checks.fault(("formats", number), "is not a strptime format: write for example %d-%m-%Y")
            continue
        if read.date() != moment.date():
            checks.fault(("formats", number), "does not say day, month and year: write for example %d-%m-%Y")


def _check_table(entity: Entity, table: SqlTable, checks: Checks) -> None:
    names = {column.name for column in entity.columns}
    for name, source_column in (table.columns or {}).items():
        at = checks.within("columns", name)
        if name not in names:
            at.fault((), f"is not a column of {entity.name} in the contract{did_you_mean(name, list(names))}")
        if (source_column.column is None) == (source_column.value is None):
            at.fault((), "needs a `column` of the table or a fixed `value`, one of them")
        if (source_column.column or "").lower().startswith(OURS):
            at.fault((), "reads a column this project writes: it would come back as news")
        _check_formats(source_column.formats, at)
    if table.columns is not None:
        for column in entity.columns:
            if column.required and column.name not in table.columns:
                checks.fault(("columns",), f"`{column.name}` of {entity.name} is required: map it to a column")
    _check_cursor(table, checks)


def _check_cursor(table: SqlTable, checks: Checks) -> None:
    if table.cursor is None:
        if table.overlap is not None:
            checks.fault(("overlap",), "means nothing without `cursor`: name the column that grows with every change")
        return
    if table.cursor.lower().startswith(OURS):
        checks.fault(("cursor",), "is a column this project writes: what it wrote would come back as news")
    if table.overlap is None:
        message = "needs `overlap`: how far to read back for rows that commit late, PT15M or a number of ids"
        checks.fault(("cursor",), message)
    elif table.overlap in (0, timedelta(0)):
        checks.fault(("overlap",), "of nothing loses rows that commit late: give a margin")
    known_at = (table.columns or {}).get("known_at")
    reads = known_at.column if known_at else ("known_at" if table.columns is None else None)
    if reads == table.cursor and not table.append_only:
        checks.fault(
            ("cursor",),
            "is also known_at: a modification time is a cursor, never known_at. Leave known_at out, or say "
            "`append_only: true` if every change is a row of its own and rows are never changed",
        )
