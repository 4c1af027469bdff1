"""`handoff doctor`: what is missing or wrong in a set-up, each finding with what to do. Changes nothing."""

from __future__ import annotations

import re
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from orchestration.criteria_files import CriteriaError, load_criteria
from orchestration.dbt_manifest import is_manifest_current
from orchestration.destinations.base import DestinationError
from orchestration.destinations.open import open_destination
from orchestration.doctor_routing import unknown_names, unlicensed_members
from orchestration.lake.lease import lease_holder
from orchestration.lake.opening import undeclared_columns
from orchestration.settings import Settings
from orchestration.sources import generate
from orchestration.sources.ad_accounts import accounts_lacking
from orchestration.sources.ad_files import account_histories
from orchestration.sources.connectors import land_source, staged_folders, unstaged_sources
from orchestration.sources.contract_files import brings
from orchestration.sources.registry import Registry, RegistryRefused, load_registry
from orchestration.sources.registry_ads import AdsSource
from orchestration.sources.registry_ads_checks import OBJECTS
from orchestration.sources.registry_schema import BaseSource, ContractFilesSource, CrmSqlSource

_MUTABLE = re.compile(r"updat|modif|changed|last_|write_date|systemmodstamp", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: `wrong` keeps a run from being right, `look` deserves a look, `good` is in order."""

    level: Literal["good", "look", "wrong"]
    what: str
    to_do: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether a run would fail or mislead."""
        return self.level == "wrong"

    def __str__(self) -> str:
        return f"{self.level:<5}  {self.what}" + (f": {self.to_do}" if self.to_do else "")


def examine(settings: Settings) -> list[Finding]:
    """Look at everything a run needs, in the order a run needs it."""
    findings = [*_python(), *_dbt(settings), *_home(settings), *_criteria(settings)]
    registry = _registry(settings, findings)
    if registry is not None:
        looks: list[Callable[[Registry], Iterator[Finding]]] = [
            _contents,
            _accounts,
            _clocks,
            closings,
            _calendars,
            _destinations,
        ]
        findings += [finding for look in looks for finding in look(registry)]
        findings += _folders(registry, settings)
    return findings


def _python() -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < (3, 11):  # noqa: UP036 - a broken set-up is what this is for
        yield Finding("wrong", f"Python {version}", "3.11 or newer is needed: make setup PYTHON=python3.12")
    else:
        yield Finding("good", f"Python {version}")


def _dbt(settings: Settings) -> Iterator[Finding]:
    if not settings.dbt_manifest.exists():
        yield Finding("wrong", "dbt's manifest is missing", "make setup")
    elif not is_manifest_current(settings):
        yield Finding("look", "dbt's manifest is older than the project", "make setup; `handoff run` does it by itself")
    else:
        yield Finding("good", "dbt's manifest is current")


def _home(settings: Settings) -> Iterator[Finding]:
    paths = settings.paths
    if not paths.home.exists():
        yield Finding("good", f"home {paths.home} does not exist yet: the first run makes it")
        return
    kept = [place for place in (paths.home, paths.vault, paths.vault_key) if place.exists()]
    opened = [place for place in kept if stat.S_IMODE(place.stat().st_mode) & 0o077]
    yield from (Finding("wrong", f"{place} can be read by others", f"chmod go-rwx {place}") for place in opened)
    if not opened:
        yield Finding("good", f"for their owner alone: {', '.join(place.name for place in kept)}")
    if paths.vault.exists() and not paths.vault_key.exists() and settings.vault_key is None:
        yield Finding("wrong", "the vault is there, its key is not", "put vault.key back, or set HANDOFF_VAULT_KEY")
    holder = lease_holder(paths)
    yield Finding("look", str(holder)) if holder else Finding("good", f"home {paths.home}; no run holds it")


def _criteria(settings: Settings) -> Iterator[Finding]:
    if not settings.criteria.is_dir():
        yield Finding("wrong", f"criteria folder {settings.criteria} is missing", "name one with --criteria")
        return
    try:
        found = load_criteria(settings.criteria)
    except CriteriaError as error:
        yield from (Finding("wrong", str(fault)) for fault in error.faults)
        return
    yield from (Finding("look", str(warning)) for warning in found.warnings)
    published = settings.paths.published / "current"
    for look in (unknown_names, unlicensed_members):
        yield from (Finding("look", what, to_do) for what, to_do in look(found.routing, published))
    names = ", ".join(sorted(found.hashes()))
    yield (
        Finding("good", f"criteria: {names}") if names else Finding("look", "no criteria: only CRM labels will decide")
    )


def _registry(settings: Settings, findings: list[Finding]) -> Registry | None:
    if settings.sources is None:
        findings.append(Finding("wrong", "no sources", "name the registry with --sources FILE or HANDOFF_SOURCES"))
        return None
    try:
        registry = load_registry(settings.sources)
    except RegistryRefused as refused:
        findings += [Finding("wrong", str(fault)) for fault in refused.faults]
        return None
    findings.append(Finding("good", f"registry: {', '.join(registry.sources)}"))
    return registry


def _contents(registry: Registry) -> Iterator[Finding]:
    """What each source has to give now: its files by their beginnings, its tables by their columns."""
    for name, source in registry.sources.items():
        looked = land_source(source, land=undeclared_columns)
        for fault in looked.faults:
            yield Finding("look" if fault.is_notice else "wrong", f"source {fault}")
        if undeclared := list(dict.fromkeys(column for columns in looked.results for column in columns)):
            what = f"source {name}: columns nobody declared: {', '.join(undeclared)}"
            yield Finding("look", what, "they stay in the vault; mend their names if they are to be read")
        if looked.results:
            yield Finding("good", f"source {name}: files and tables that can be opened: {len(looked.results)}")
        elif not looked.faults:
            yield Finding("look", f"source {name} has nothing to read yet")


def _accounts(registry: Registry) -> Iterator[Finding]:
    """Advertising accounts whose spend would wait, as far as small files tell: the reports themselves stay closed."""
    for name, source in registry.sources.items():
        if not isinstance(source, AdsSource):
            continue
        histories = account_histories(source, OBJECTS[source.connector])
        for setting, accounts in accounts_lacking(source, histories).items():
            what = f"source {name}: no `{setting}` of the accounts {', '.join(accounts)}"
            to_do = "their spend waits and is added to nothing: name it in `accounts`, or bring account_history with it"
            yield Finding("look", what, to_do)


def _folders(registry: Registry, settings: Settings) -> Iterator[Finding]:
    for fault in unstaged_sources(registry, staged_folders(settings.dbt_project)):
        yield Finding("wrong", f"source {fault.source}: {fault.origin}", fault.message)
    if outdated := generate.stale():
        what = f"{len(outdated)} generated files are out of date, the first {outdated[0]}"
        yield Finding("wrong", what, "python -m orchestration.sources.generate")


def _clocks(registry: Registry) -> Iterator[Finding]:
    for name, source in registry.sources.items():
        if source.timezone is None:
            yield Finding("look", f"source {name} has no `timezone`", "times without an offset will be refused")
        for table, column in _known_at_columns(source):
            if _MUTABLE.search(column):
                yield Finding(
                    "wrong",
                    f"source {name}: known_at of {table} is mapped to {column}, which looks like a modification time",
                    "use it as `cursor`; map known_at to when the row became known, or leave it out",
                )


def _known_at_columns(source: BaseSource) -> Iterator[tuple[str, str]]:
    if not isinstance(source, CrmSqlSource):
        return
    for entity, tables in source.tables.items():
        for table in tables:
            mapped = (table.columns or {}).get("known_at")
            if mapped is not None and mapped.column and not table.append_only:
                yield entity, mapped.column


def closings(registry: Registry) -> Iterator[Finding]:
    """Labels by which staff close a lead, and which close none here."""
    for name, source in registry.sources.items():
        labels = [label for label, stage in source.stages.items() if stage == "disqualified"]
        if labels and not source.stage_authority.get("disqualified"):
            what = f"source {name}: whom staff label {' or '.join(labels)} stays queued until the criteria close it"
            yield Finding("look", what, "to let the label do it, say `stage_authority: {disqualified: crm}`")


def _calendars(registry: Registry) -> Iterator[Finding]:
    having = [name for name, source in registry.sources.items() if _has(source, "calendars")]
    if having:
        yield Finding("good", f"calendars: {', '.join(having)}")
    else:
        yield Finding("look", "no source brings calendars", "handoff minutes count all hours, day and night")


def _has(source: BaseSource, entity: str) -> bool:
    if isinstance(source, ContractFilesSource):
        return brings(source, entity)
    return source.entities is None or entity in source.entities


def _destinations(registry: Registry) -> Iterator[Finding]:
    for name, entry in registry.destinations.items():
        try:
            with open_destination(entry) as destination:
                destination.check()
                missing: list[str] = getattr(destination, "missing_columns", list)()
        except DestinationError as error:
            yield Finding("wrong", str(error))
            continue
        if missing:
            yield Finding("look", f"destination {name} lacks {', '.join(missing)}", f"handoff prepare {name}")
        else:
            yield Finding("good", f"destination {name} has every handoff column")
    if not registry.destinations:
        yield Finding("look", "no destination", "nothing will be written back")
