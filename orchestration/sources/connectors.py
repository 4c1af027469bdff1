"""The connectors by name, and landing all of a source so that one bad file or table never stops the rest.

    landed = land_source(source, land=lambda extract: land(extract, ...), cursors=...)
    landed.results, landed.faults, landed.has_failed

What landing an extract means is the caller's `land`. Called by the landing assets and by `handoff doctor`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from orchestration.lake.extract import Extract
from orchestration.lake.joining import IsNew
from orchestration.lake.refusal import FileRefused, LandingError
from orchestration.lake.run_rows import SOURCE_STAGES, SourceRow
from orchestration.sources import contract_files, crm_sql, files, ga4_export, google_ads, meta_ads
from orchestration.sources.extracting import Cursors, ExtractionError, Found, SourceFault
from orchestration.sources.registry import Registry
from orchestration.sources.registry_ads import GoogleAdsSource, MetaAdsSource
from orchestration.sources.registry_ga4 import Ga4Source
from orchestration.sources.registry_schema import (
    BaseSource,
    ContractFilesSource,
    CrmSqlSource,
    FilesSource,
)

Result = TypeVar("Result")
Declaring = Callable[[str, str, Collection[str]], Extract | None]
"""Object, origin and the columns its rows have → how they are read; None where nothing says."""
_DECLARES_SOURCES = re.compile(r"^sources:", re.MULTILINE)


@dataclass(frozen=True)
class SourceLanding(Generic[Result]):
    """What became of one source: what `land` gave for each extract that landed, and what could not be read."""

    source: str
    results: tuple[Result, ...]
    faults: tuple[SourceFault, ...]

    @property
    def has_failed(self) -> bool:
        """True where something was lost; notices alone are no failure."""
        return any(not fault.is_notice for fault in self.faults)


def extracts(source: BaseSource, *, cursors: Cursors | None = None, is_new: IsNew | None = None) -> Found:
    """Everything a source has to give, by its connector. `cursors` tells how far an object was read before.

    With `is_new` (whether an extract would land) deliveries that are small may come joined.
    """
    if isinstance(source, ContractFilesSource):
        return contract_files.extracts(source, cursors=cursors)
    if isinstance(source, FilesSource):
        return files.extracts(source, cursors=cursors)
    if isinstance(source, CrmSqlSource):
        return crm_sql.extracts(source, cursors=cursors)
    if isinstance(source, GoogleAdsSource):
        return google_ads.extracts(source, cursors=cursors)
    if isinstance(source, MetaAdsSource):
        return meta_ads.extracts(source, cursors=cursors)
    if isinstance(source, Ga4Source):
        return ga4_export.extracts(source, cursors=cursors, is_new=is_new)
    raise TypeError(f"no connector for {type(source).__name__}")


def declaring(source: BaseSource) -> Declaring:
    """How rows of a source are read today, wherever they are: asked once for all that waits of it."""
    if isinstance(source, ContractFilesSource):
        return lambda name, origin, _: contract_files.declared(source, name, origin)
    if isinstance(source, FilesSource):
        return lambda name, origin, _: files.declared(source, name, origin)
    if isinstance(source, CrmSqlSource):
        return lambda name, origin, given: crm_sql.declared(source, name, origin, given)
    if isinstance(source, GoogleAdsSource):
        of_google = google_ads.declaring(source)
        return lambda name, origin, _: of_google(name, origin)
    if isinstance(source, MetaAdsSource):
        of_meta = meta_ads.declaring(source)
        return lambda name, origin, _: of_meta(name, origin)
    if isinstance(source, Ga4Source):
        return lambda name, origin, _: ga4_export.declared(source, name, origin)
    raise TypeError(f"no connector for {type(source).__name__}")


def land_source(
    source: BaseSource,
    *,
    land: Callable[[Extract], Result],
    cursors: Cursors | None = None,
    is_new: IsNew | None = None,
) -> SourceLanding[Result]:
    """Lands every extract of a source. Never raises for what the source holds: its faults come back in words.

    Deliveries that come joined (`extracts`, by `is_new`) land each by itself where that fails.
    """
    results: list[Result] = []
    faults: list[SourceFault] = []
    waiting = deque[Extract | SourceFault]()
    for each in _guarded(source, cursors, is_new):
        waiting.append(each)
        while waiting:
            next_one = waiting.popleft()
            if isinstance(next_one, SourceFault):
                faults.append(next_one)
                continue
            try:
                results.append(land(next_one))
            except Exception as error:
                waiting.extendleft(reversed(next_one.joined))
                if not next_one.joined:
                    faults.append(_fault(source, next_one.spec.name, next_one.origin, error))
    return SourceLanding(source.name, tuple(results), tuple(faults))


def staged_folders(dbt_project: Path) -> set[str]:
    """Staging folders of a dbt project that declare sources, whether dbt has parsed them yet or not."""
    return {
        file.parent.name
        for pattern in ("*/*.yml", "*/*.yaml")
        for file in (dbt_project / "models" / "staging").glob(pattern)
        if _DECLARES_SOURCES.search(file.read_text(encoding="utf-8"))
    }


def unstaged_sources(registry: Registry, folders: Collection[str]) -> list[SourceFault]:
    """Sources whose staging folder is not among those dbt has: what they bring would land and be read by nobody."""
    return [
        SourceFault(
            name,
            "",
            f"staging `{source.folder}`",
            f"no dbt_project/models/staging/{source.folder} with a sources yml, so nothing would read what lands: "
            "create it (docs/how-to), run `python -m orchestration.sources.generate`; or mend `staging`",
        )
        for name, source in registry.sources.items()
        if source.folder not in folders
    ]


def _guarded(source: BaseSource, cursors: Cursors | None, is_new: IsNew | None) -> Iterator[Extract | SourceFault]:
    try:
        yield from extracts(source, cursors=cursors, is_new=is_new)
    except Exception as error:
        yield _fault(source, "", "", error)


def _fault(source: BaseSource, name: str, origin: str, error: Exception) -> SourceFault:
    """An exception in words. Only our own errors are known to hold no values; of others the kind alone is told."""
    if isinstance(error, FileRefused):
        message = f"refused ({error.reason_code}): {error.what_to_do}"
        origin = error.file  # of several files of one extract, the one that is to blame
    elif isinstance(error, (LandingError, ExtractionError)):
        message = str(error)
    elif isinstance(error, PermissionError):
        message = "may not be read: give this user the right to read it"
    elif isinstance(error, OSError):
        message = f"cannot be read ({error.strerror or type(error).__name__})"
    else:
        message = f"failed in a way nobody foresaw ({type(error).__name__}): please report it"
    return SourceFault(source.name, name, origin, message)


def source_rows(registry: Registry, *, has_work_events: Callable[[BaseSource], bool] | None = None) -> list[SourceRow]:
    """What dbt must know of each source. `has_work_events` may say more than the registry and the folder do now."""
    return [_source_row(source, has_work_events or brings_work_events) for source in registry.sources.values()]


def brings_work_events(source: BaseSource) -> bool:
    """True where the source records work of staff: by its registry entry, or by the files it has now."""
    if isinstance(source, ContractFilesSource):
        return contract_files.brings(source, "work_events")
    return source.entities is not None and "work_events" in source.entities


def _source_row(source: BaseSource, has_work_events: Callable[[BaseSource], bool]) -> SourceRow:
    moments = {stage: source.seen_from(stage) for stage in SOURCE_STAGES}
    return SourceRow(
        source=source.name,
        id_space=source.id_space,
        connector=source.connector,
        timezone=source.timezone,
        consent_required=source.consent == "required",
        stage_tolerance_seconds=int(source.stage_tolerance.total_seconds()),
        history_latest_only=source.history == "latest_only",
        has_work_events=has_work_events(source),
        observed_from_all=source.seen_from(),
        observed_from={stage: moment for stage, moment in moments.items() if moment is not None},
        crm_authority=frozenset(stage for stage in SOURCE_STAGES if source.governs(stage)),
        settings=tuple(source.settings()),
    )
