"""Reads again, under the registry of today, what earlier runs set aside.

Called by `handoff quarantine replay`, and by every run for what was judged by another word of the registry.
How rows are read again, and what makes that safe, is `lake/replay.py`. Nothing here knows Dagster.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from orchestration.lake.accounting import land_accounting
from orchestration.lake.extract import Extract
from orchestration.lake.landing import RunContext, prepare_home
from orchestration.lake.lease import hold_lease
from orchestration.lake.quarantine import WaitingBatch, Wanted, columns_of, waiting_batches
from orchestration.lake.refusal import FileRefused, LandingError
from orchestration.lake.replay import ReplayResult, replay
from orchestration.lake.rows import SUPERSEDED
from orchestration.lake.run_log import RunLog
from orchestration.lake.sightings import has_settled
from orchestration.lake.vault import Vault, load_key
from orchestration.runs import Run, WrongCall
from orchestration.settings import Settings
from orchestration.sources.connectors import Declaring, declaring
from orchestration.sources.registry import Registry, load_registry

_OWN_CLOCK = timedelta(hours=1)


@dataclass(frozen=True)
class Replayed:
    """What came of one batch, or why it could not be read again. Messages hold no values."""

    source: str
    object: str
    origin: str
    result: ReplayResult | None = None
    fault: str | None = None

    def __str__(self) -> str:
        place = f"{self.source}.{self.object}, {self.origin}"
        if self.result is None:
            return f"{place}: {self.fault}"
        said = self.result
        told = f"{place}: {said.rows_read} rows read again, {said.rows_landed} landed"
        if said.is_by_day:
            told = f"{place}: {said.rows_read} rows, which are read with all of their day or not at all"
        told += f" ({said.rows_backdated} backdated)" if said.rows_backdated else ""
        told += f", {said.rows_duplicate} were known" if said.rows_duplicate else ""
        if said.still:
            told += f", {sum(said.still.values())} wait on: "
            told += ", ".join(f"{reason} x {count}" for reason, count in said.still.items())
        if said.is_by_day and set(said.still) - {SUPERSEDED}:
            told += "; a run reads the day again where the registry reads it otherwise, or once it is delivered again"
        return told


def replay_changed(run: Run, vault: Vault, key: bytes, source: str) -> Iterator[Replayed]:
    """Read again what waits of a source and was judged by another word of the registry than today's."""
    moment = RunContext(run.run_no, run.as_of, _now())
    room = _Room(run.settings, run.registry, moment, vault, key)
    yield from room.replay(Wanted(source=source), only_changed=True)


def replay_all(settings: Settings, wanted: Wanted, *, is_dry: bool = False) -> list[Replayed]:
    """Read again what waits in a home and is wanted, as a run of its own that builds nothing.

    Raises
    ------
    WrongCall, RegistryRefused, VaultKeyError: nothing was read. LeaseHeld: a run holds the home.
    """
    if settings.sources is None:
        raise WrongCall("no sources: name the registry with --sources FILE or HANDOFF_SOURCES")
    registry = load_registry(settings.sources)
    paths = settings.paths
    if wanted.source not in (None, *registry.sources):
        raise WrongCall(f"the registry has no source {wanted.source}; it has {', '.join(sorted(registry.sources))}")
    if not paths.vault.exists():
        return []
    with hold_lease(paths, who="handoff quarantine replay"):
        paths.make()
        log = RunLog(paths)
        as_of = _moment(log, settings.as_of)
        key = load_key(paths, from_env=settings.vault_key)
        with closing(Vault.open(paths, key)) as vault:
            prepare_home(paths, vault)
            run = RunContext(log.begin_run(as_of, seed=settings.seed), as_of, _now())
            done = list(_Room(settings, registry, run, vault, key).replay(wanted, is_dry=is_dry))
        land_accounting(paths, run.run_no)
    return done


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _moment(log: RunLog, given: datetime | None) -> datetime:
    """As_of of a replay: as given; else now, or where the home's clock stands if its runs are told their moments."""
    latest, now = log.latest(), _now()
    has_own_clock = latest is not None and latest.begun_at - latest.as_of > _OWN_CLOCK
    as_of = given or (latest.as_of if latest is not None and has_own_clock else now)
    if as_of > now:
        raise WrongCall(f"as_of {as_of.isoformat()} lies in the future: nothing is known of it yet")
    if latest is not None and as_of < latest.as_of:
        raise WrongCall(f"as_of {as_of.isoformat()} is before the last run's: say {latest.as_of.isoformat()} or later")
    return as_of


@dataclass(frozen=True)
class _Room:
    settings: Settings
    registry: Registry
    moment: RunContext
    vault: Vault
    key: bytes
    _declaring: dict[str, Declaring] = field(default_factory=dict)

    def replay(self, wanted: Wanted, *, only_changed: bool = False, is_dry: bool = False) -> Iterator[Replayed]:
        """Batch by batch, oldest first: of two versions of one fact the earlier lands first."""
        for batch in waiting_batches(self.settings.paths, self.vault, wanted):
            extract = self._extract(batch)
            if only_changed and (extract is None or not self._is_news(batch, extract)):
                continue
            done = self._one(batch, extract, wanted, is_dry=is_dry)
            if done.result is None or done.result.rows_read:
                yield done

    def _is_news(self, batch: WaitingBatch, extract: Extract) -> bool:
        """Whether its rows may fare otherwise than when they were last judged."""
        if extract.reader is not None:
            return has_settled(self.vault, batch.note.batch_id, batch.last_read)
        return batch.reading not in (None, extract.reading_hash())

    def _extract(self, batch: WaitingBatch) -> Extract | None:
        source = self.registry.sources.get(batch.note.source)
        if source is None:
            return None
        if source.name not in self._declaring:
            self._declaring[source.name] = declaring(source)
        return self._declaring[source.name](batch.note.object, batch.note.origin, columns_of(self.vault, batch))

    def _one(self, batch: WaitingBatch, extract: Extract | None, wanted: Wanted, *, is_dry: bool) -> Replayed:
        place = (batch.note.source, batch.note.object, batch.note.origin)
        if extract is None:
            return Replayed(*place, fault="the registry no longer says how it is read: its rows wait on")
        try:
            result = replay(
                batch,
                extract,
                paths=self.settings.paths,
                run=self.moment,
                vault=self.vault,
                key=self.key,
                wanted=wanted,
                is_dry=is_dry,
            )
        except FileRefused as refused:
            return Replayed(*place, fault=f"its rows wait on ({refused.reason_code}): {refused.what_to_do}")
        except LandingError as error:
            return Replayed(*place, fault=str(error))
        return Replayed(*place, result)
