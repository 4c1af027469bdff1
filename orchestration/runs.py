"""One run: what it answers for, what it holds while it goes on, and what became of it.

Opened by the Dagster resource `run`, so that the command line, a schedule and the UI all run the same way: lease,
registry, criteria, run number. What a step does stands in the assets; nothing here knows Dagster.
"""

from __future__ import annotations

import glob
import hashlib
import hmac
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from orchestration.code_version import code_hash
from orchestration.criteria_files import Criteria, Recorded, load_criteria
from orchestration.example_check import refuse_unless_examples_hold
from orchestration.lake.lease import hold_lease
from orchestration.lake.outbox import Outbox
from orchestration.lake.outbox_types import SETTLED
from orchestration.lake.own_lake import lake_of_its_own
from orchestration.lake.paths import HomePaths
from orchestration.lake.publication import Publication, current_publication
from orchestration.lake.run_log import BuildHashes, RunLog
from orchestration.lake.vault import load_key
from orchestration.settings import Settings
from orchestration.sources.connectors import staged_folders, unstaged_sources
from orchestration.sources.registry import Registry, load_registry


class WrongCall(Exception):
    """The call itself is wrong and nothing ran; the message says what to do."""


@dataclass
class Run:
    """A run that holds the lease. Times are naive UTC.

    `paths` is where this run lands and builds: the home, or for an older as_of a folder of its own whose lake is the
    home's. `failures` are what the exit code and the publication speak of; `notices` what whoever waits should know;
    `built` the dbt models built so far; `say` shows a station and a detail to whoever waits.
    """

    settings: Settings
    registry: Registry
    criteria: Criteria
    as_of: datetime
    run_no: int
    paths: HomePaths
    before: Publication | None
    hashes: BuildHashes
    full_build_reason: str | None
    is_historic: bool = False
    failures: list[str] = field(default_factory=list)
    failed_steps: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    stale_sources: set[str] = field(default_factory=set)
    built: set[str] = field(default_factory=set)
    landed_batches: int = 0
    has_begun_build: bool = False
    published: Publication | None = None
    say: Callable[[str, str], None] = field(default=lambda station, detail: None, repr=False)

    @property
    def home(self) -> HomePaths:
        """The home readers know."""
        return self.settings.paths

    @cached_property
    def log(self) -> RunLog:
        """The home's record of runs and builds."""
        return RunLog(self.home)

    def batch_id(self, what: str) -> str:
        """Id of the batch this run lands of something Python produced."""
        return f"{self.run_no:08d}-{hashlib.sha256(what.encode()).hexdigest()[:12]}"

    def fail(self, message: str, *, source: str | None = None) -> None:
        """Note that something failed and the run went on; the run ends as failed."""
        self.failures.append(message)
        if source is not None:
            self.stale_sources.add(source)

    def begin_build(self) -> None:
        """Record, once and before dbt changes anything, that the warehouse is about to change."""
        if not self.has_begun_build and not self.is_historic:
            is_full = self.full_build_reason is not None
            self.log.record_build_started(self.run_no, self.as_of, self.hashes, is_full=is_full)
        self.has_begun_build = True

    def complete_build(self) -> None:
        """Record that the warehouse is whole for this as_of."""
        if self.has_begun_build and not self.is_historic:
            self.log.record_build_completed(self.run_no)

    @cached_property
    def is_unchanged(self) -> bool:
        """Whether the last publication answers for just what this run would build, with nothing left to send."""
        before = self.before
        return (
            before is not None
            and not self.is_historic
            and not self.failures
            and before.manifest.as_of == _iso(self.as_of)
            and not any(before.manifest.stale.values())
            and before.manifest.is_of_one_moment
            and before.manifest.code == self.hashes.code
            and before.manifest.criteria == self.hashes.criteria
            and dict(before.manifest.inputs) == self.inputs()
            and self._is_all_sent()
        )

    def inputs(self) -> dict[str, str]:
        """What a publication is built from beside as_of, code and criteria, as text."""
        return {
            "registry": self.registry.meaning_hash,
            "destinations": self._destinations_hash(),
            "lake": lake_fingerprint(self.home),
            "seed": str(self.settings.seed),
        }

    def write_states(self) -> dict[str, dict[str, int]]:
        """Destination → state → records of the outbox."""
        with closing(Outbox(self.settings.outbox)) as outbox:
            return {name: outbox.counts(name) for name in self.registry.destinations}

    @property
    def model_key(self) -> bytes:
        """What this home seals its models with."""
        return hmac.digest(load_key(self.home, from_env=self.settings.vault_key), b"models", "sha256")

    @property
    def about_model(self) -> dict[str, object]:
        """What a model stored by this run is told of how it came about."""
        return {"criteria": self.criteria.hashes(by=self.as_of), "code": code_hash(), "run_no": self.run_no}

    def _is_all_sent(self) -> bool:
        return all(set(counts) <= SETTLED for counts in self.write_states().values())

    def _destinations_hash(self) -> str:
        # Keyed: a publication is for readers, and an address may hold a password.
        said = "\n".join(
            f"{name} {entry.model_dump_json()} {sorted(entry.options().items())}"
            for name, entry in sorted(self.registry.destinations.items())
        )
        key = load_key(self.home, from_env=self.settings.vault_key)
        return hmac.digest(key, said.encode(), "sha256").hex()


@contextmanager
def open_run(settings: Settings, *, who: str = "a run") -> Iterator[Run]:
    """Hold the home and open a run on it.

    Raises
    ------
    WrongCall, RegistryRefused, CriteriaError, ManifestError: nothing ran. LeaseHeld: another run holds the home.
    """
    registry, criteria, as_of = check_call(settings)
    paths = settings.paths
    with hold_lease(paths, who=who):
        paths.make()
        before = current_publication(paths.published)
        is_historic = before is not None and _iso(as_of) < before.manifest.as_of
        if before is not None and not is_historic:
            published_as_of = datetime.fromisoformat(before.manifest.as_of).replace(tzinfo=None)
            criteria.refuse_unless_kept(Recorded(before.manifest.criteria_versions, published_as_of))
        refuse_unless_examples_hold(criteria, settings, remembered=paths.home / "examples.sha256")
        shutil.rmtree(paths.tmp, ignore_errors=True)
        paths.make()
        hashes = BuildHashes(code_hash(), criteria.content_hash, registry.meaning_hash)
        log = RunLog(paths)
        reason = "as_of is older than the last publication" if is_historic else log.reason_for_full_build(as_of, hashes)
        run = Run(
            settings=settings,
            registry=registry,
            criteria=criteria,
            as_of=as_of,
            run_no=log.begin_run(as_of, seed=settings.seed),
            paths=lake_of_its_own(paths) if is_historic else paths,
            before=before,
            hashes=hashes,
            full_build_reason=reason,
            is_historic=is_historic,
        )
        with environment(run):
            yield run


def check_call(settings: Settings) -> tuple[Registry, Criteria, datetime]:
    """Registry, criteria and as_of of a call, or the reason it is refused; touches no home."""
    if settings.sources is None:
        raise WrongCall("no sources: name the registry with --sources FILE or HANDOFF_SOURCES")
    if not settings.sources.is_file():
        raise WrongCall(f"--sources {settings.sources} is no file: write a registry there (docs/how-to)")
    if not settings.criteria.is_dir():
        raise WrongCall(f"--criteria {settings.criteria} is no folder: name one with criteria files")
    if glob.escape(str(settings.home)) != str(settings.home):
        raise WrongCall(f"--home {settings.home}: Dagster finds nothing below a name with * ? or [: name another")
    now = datetime.now(UTC).replace(tzinfo=None)
    as_of = settings.as_of or now
    if as_of > now:
        raise WrongCall(f"as_of {_iso(as_of)} lies in the future: nothing is known of it yet")
    registry = load_registry(settings.sources)
    if unread := unstaged_sources(registry, staged_folders(settings.dbt_project)):
        raise WrongCall("\n".join(str(fault) for fault in unread))
    return registry, load_criteria(settings.criteria), as_of


@contextmanager
def environment(run: Run) -> Iterator[None]:
    """What dbt's profile and macros read, for the time of the run."""
    wanted = {
        "HANDOFF_HOME": str(run.home.home),
        "HANDOFF_LAKE": str(run.paths.lake),
        "HANDOFF_WAREHOUSE": str(run.paths.warehouse),
        "DO_NOT_TRACK": "1",
        # dbt's own log repeats every query; what a run did is in Dagster's records.
        "DBT_LOG_LEVEL_FILE": "none",
        # The manifest is the same in every step and took as long as a few models; a benchmark reads the results.
        "DBT_WRITE_JSON": os.environ.get("DBT_WRITE_JSON", "false"),
    }
    earlier = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in earlier.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def lake_fingerprint(paths: HomePaths) -> str:
    """Hash over the names of all batches: nothing landed since, by anybody, leaves it as it is."""
    landed = paths.landed
    names = (path.relative_to(landed).as_posix() for path in landed.rglob("*.parquet") if path.stem != "current")
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds") + "Z"
