"""Reads the sources registry: which sources and destinations there are, or every fault of the file at once.

    registry = load_registry(Path("sources.yaml"))      # RegistryRefused: .faults, each with file, line, what to do
    registry.sources["clinic"].timezone
    registry.destinations["crm"].options()               # the one way to a secret: never in repr, errors or the hash
    registry.readiness.control_share                     # of newly scored MQLs, routed as if nobody had scored them
    registry.meaning_hash                                # changes with what the registry says of the sources

What an entry may say is `registry_schema.py`. Whether a path or database is there is a connector's question at the
moment of reading: one source that is away must not keep the others from landing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestration.sources.registry_checks import (
    Checks,
    check_destination,
    check_parts,
    check_source,
    check_written,
)
from orchestration.sources.registry_destinations import KINDS, Destination, SqlDestination
from orchestration.sources.registry_schema import (
    CONNECTORS,
    BaseSource,
    ReadinessSettings,
    Source,
)
from orchestration.sources.registry_values import NAME, did_you_mean
from orchestration.sources.yaml_lines import Document, Fault, Loc, load_document, read_as

_SECTIONS = ("sources", "destinations")
_READINESS = "readiness"
_NOT_MEANING = {"name", "path", "url", "batch_rows"}


class RegistryRefused(Exception):
    """The registry has faults; nothing of it may be used. `faults` are sorted by line."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(set(faults), key=lambda fault: (fault.line, fault.where, fault.message))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True)
class Registry:
    """A registry without faults. `lines` gives the line of each entry for messages."""

    file: Path
    sources: Mapping[str, Source]
    destinations: Mapping[str, Destination]
    lines: Mapping[Loc, int] = field(repr=False, compare=False)
    readiness: ReadinessSettings = ReadinessSettings()

    @cached_property
    def meaning_hash(self) -> str:
        """SHA-256 of what the registry says of the sources: no addresses, paths or secrets, no destinations."""
        said = {
            name: source.model_dump(mode="json", by_alias=True, exclude=_NOT_MEANING)
            for name, source in self.sources.items()
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def load_registry(file: Path, *, environ: Mapping[str, str] | None = None) -> Registry:
    """Reads and checks a registry file; relative paths inside it are relative to its folder.

    `env:NAME` is looked up in `environ`, the process's environment by default. Raises RegistryRefused with every fault.
    """
    file = Path(os.path.abspath(file))
    document = load_document(file)
    if document.data is None:
        raise RegistryRefused(document.faults)
    context = {"folder": file.parent, "environ": os.environ if environ is None else environ}
    sections = {name: dict(_section(document, name)) for name in _SECTIONS}
    for key in document.data if isinstance(document.data, dict) else ():
        if key not in (*_SECTIONS, _READINESS):
            document.add((key,), f"unknown key{did_you_mean(key, [*_SECTIONS, _READINESS])}")
    if not sections["sources"] and not document.faults:
        document.add((), "no source: write `sources:` and under it a name and its connector")
    sources = dict(_entries(document, "sources", sections["sources"], "connector", CONNECTORS, context))
    destinations = dict(_entries(document, "destinations", sections["destinations"], "kind", KINDS, context))
    readiness = _readiness(document)
    for section, entries in sections.items():
        for name, entry in entries.items():
            check_written(section, entry, sections["sources"], _checks(document, (section, name)))
    for source in sources.values():
        check_source(source, sources, _checks(document, ("sources", source.name)))
    for destination in destinations.values():
        check_destination(destination, _checks(document, ("destinations", destination.name)))
    if document.faults:
        raise RegistryRefused(document.faults)
    return Registry(file, sources, destinations, document.lines, readiness)


def _checks(document: Document, loc: Loc) -> Checks:
    return Checks(lambda part, message: document.add((*loc, *part), message))


def _section(document: Document, name: str) -> Iterator[tuple[str, Any]]:
    """Entries of `sources:` or `destinations:` that have a usable name and are mappings."""
    if not isinstance(document.data, dict):
        document.add((), "must be a mapping: write `sources:` and under it one entry per source")
        return
    section = document.data.get(name)
    if section is None:
        return
    if not isinstance(section, dict):
        document.add((name,), "must be a mapping of names to entries")
        return
    for key, entry in section.items():
        if not NAME.fullmatch(key):
            document.add((name, key), "a name is letters, digits, `_` and `-`, beginning with a letter, at most 63")
        elif not isinstance(entry, dict):
            document.add((name, key), "must be a mapping of settings")
        else:
            yield key, entry


def _readiness(document: Document) -> ReadinessSettings:
    """What `readiness:` says; where it is absent or has faults, the defaults."""
    said = document.data.get(_READINESS) if isinstance(document.data, dict) else None
    if said is not None and not isinstance(said, dict):
        document.add((_READINESS,), "must be a mapping of settings")
        return ReadinessSettings()
    try:
        return ReadinessSettings.model_validate(said or {})
    except ValidationError as error:
        _note(document, (_READINESS,), said, error, ReadinessSettings)
        return ReadinessSettings()


def _entries(
    document: Document, section: str, entries: Mapping[str, Any], kind: str, models: Mapping[str, Any], context: Any
) -> Iterator[tuple[str, Any]]:
    """Each entry as its class; faults go to the document."""
    for name, entry in entries.items():
        chosen = entry.get(kind)
        model = models.get(chosen, BaseSource if section == "sources" else SqlDestination)
        if chosen is None:
            document.add((section, name), f"`{kind}` is missing: add one of {', '.join(sorted(models))}")
        elif chosen not in models:
            document.add((section, name, kind), f"unknown {kind}{did_you_mean(str(chosen), list(models))}")
        if chosen not in models:
            known = {key: value for key, value in entry.items() if key in model.model_fields}
            entry = known | {kind: kind if section == "sources" else "sql"}
        try:
            found = model.model_validate(entry | {"@name": name}, context=context)
        except ValidationError as error:
            _note(document, (section, name), entry, error, model)
            check_parts(entry, _checks(document, (section, name)))
        else:
            if chosen in models:
                yield name, found


def _note(document: Document, prefix: Loc, entry: Any, error: ValidationError, model: Any) -> None:
    for detail in error.errors(include_input=False, include_url=False):
        parts = detail["loc"][:-1] if detail["loc"][-1:] == ("[key]",) else detail["loc"]
        loc = _written(prefix, entry, parts)
        if detail["loc"][-1:] == ("[key]",):
            document.add(loc, f"unknown key: it must be one of {detail.get('ctx', {}).get('expected', 'text')}")
        else:
            document.add(loc, _message(detail, _value(entry, loc[len(prefix) :]), model))


def _written(prefix: Loc, entry: Any, parts: Loc) -> Loc:
    """The place as written: steps of the error that are not in the document (union members, defaults) left out."""
    loc, here = prefix, entry
    for number, part in enumerate(parts):
        inside = (isinstance(here, dict) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        )
        if inside:
            loc, here = (*loc, part), here[part]
        elif number == len(parts) - 1 and isinstance(here, dict):
            loc = (*loc, part)
    return loc


def _value(entry: Any, loc: Loc) -> Any:
    for part in loc:
        if isinstance(entry, dict) and part not in entry:
            return None
        entry = entry[part]
    return entry


def _message(detail: ErrorDetails, value: Any, model: Any) -> str:
    """What to do, in the words of the registry; never the value."""
    kind, last = detail["type"], str(detail["loc"][-1])
    if kind == "missing":
        return "is missing: add it"
    if kind == "extra_forbidden":
        return f"unknown key{did_you_mean(last, _keys(model))}"
    if kind == "string_type" and not isinstance(value, (dict, list)):
        return f"is read by YAML as {read_as(value)}, and text is wanted: put it in quotes"
    if kind == "literal_error":
        quoting = "" if isinstance(value, str) else f" (it is read by YAML as {read_as(value)}: put it in quotes)"
        return f"must be one of {detail.get('ctx', {}).get('expected', '')}{quoting}"
    if kind in ("too_short", "string_too_short"):
        return "is empty: fill it or leave the key out"
    if kind == "string_pattern_mismatch":
        return "must be lower-case letters, digits and `_`, beginning with a letter"
    return detail["msg"].removeprefix("Value error, ")


def _keys(model: Any) -> list[str]:
    """Keys known anywhere in an entry of this class, for the nearest spelling."""
    schema = model.model_json_schema(by_alias=True)
    parts = [schema, *schema.get("$defs", {}).values()]
    names = {name for part in parts for name in part.get("properties", {})}
    return sorted(names - {"@name"})
