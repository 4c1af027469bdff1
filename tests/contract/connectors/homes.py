"""A home to land in, and what stands in its lake afterwards, for tests of connectors together with landing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lake.batches import last_cursor, list_all_batches
from orchestration.lake.landing import LandingResult, RunContext, is_new, land, prepare_home
from orchestration.lake.paths import HomePaths
from orchestration.lake.quarantine import Wanted, waiting
from orchestration.lake.run_log import RunLog
from orchestration.lake.vault import Vault
from orchestration.replaying import Replayed, replay_all
from orchestration.settings import Settings
from orchestration.sources.connectors import SourceLanding, land_source
from orchestration.sources.registry import Registry
from orchestration.sources.registry_schema import BaseSource

AS_OF = datetime(2026, 3, 1)
KEY = bytes(range(32))
COUNTS = ("rows_read", "rows_landed", "rows_duplicate", "rows_quarantined")


@dataclass
class LandingHome:
    """A home, its vault open, its runs counted; each run is a day later than the one before."""

    paths: HomePaths
    vault: Vault
    run_no: int = 0

    @classmethod
    def open(cls, folder: Path) -> LandingHome:
        """A fresh home in that folder."""
        paths = HomePaths(folder)
        paths.make()
        return cls(paths, Vault.open(paths, KEY))

    def land(self, source: BaseSource, *, joins: bool = True) -> SourceLanding[LandingResult]:
        """One run over one source, small deliveries joined as in a run; asserts that no row was lost."""
        self.run_no += 1
        moment = AS_OF + timedelta(days=self.run_no)
        run = RunContext(self.run_no, moment, moment)
        prepare_home(self.paths, self.vault)
        landed = land_source(
            source,
            land=lambda extract: land(extract, paths=self.paths, run=run, vault=self.vault, key=KEY),
            cursors=lambda spec, origin: last_cursor(
                self.paths, folder=spec.folder, name=spec.name, source=source.name, origin=origin
            ),
            is_new=partial(is_new, paths=self.paths) if joins else None,
        )
        for result in landed.results:
            result.accounting.assert_nothing_lost(source.name)
        return landed

    def rows(self, folder: str, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """Landed rows of an object, in order."""
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            place = f"{self.paths.landed}/{folder}/{name}/**/*.parquet"
            query = f"select {columns} from read_parquet('{place}', union_by_name = true, hive_partitioning = false)"
            return connection.execute(f"{query} order by all").fetchall()

    def bytes_outside_vault(self) -> bytes:
        """Everything readable outside the vault: bytes of all files, and the text of all landed rows."""
        files = [path for path in self.paths.home.rglob("*") if path.is_file() and not path.name.startswith("vault")]
        found = [path.read_bytes() for path in files]
        with duckdb.connect() as connection:
            for path in files:
                if path.suffix == ".parquet":
                    rows = connection.execute(f"select cast(t as varchar) from read_parquet('{path}') as t").fetchall()
                    found += [str(row[0]).encode() for row in rows]
        return b"\n".join(found)


class Runs:
    """A home whose runs are counted as real ones are, and are a day apart."""

    def __init__(self, place: Path) -> None:
        self.settings = Settings(home=place / "home", sources=place / "sources.yaml", vault_key=KEY.hex())
        self.paths = self.settings.paths.make()
        self.log = RunLog(self.paths)
        self.days = 0

    def land(self, registry: Registry) -> SourceLanding[LandingResult]:
        """Land the registry's one source as a run does."""
        (source,) = registry.sources.values()
        self.days += 1
        as_of = AS_OF + timedelta(days=self.days)
        run = RunContext(self.log.begin_run(as_of), as_of, datetime.now(UTC).replace(tzinfo=None))
        with closing(Vault.open(self.paths, KEY)) as vault:
            prepare_home(self.paths, vault)
            return land_source(
                source,
                land=lambda each: land(each, paths=self.paths, run=run, vault=vault, key=KEY),
                is_new=partial(is_new, paths=self.paths),
            )

    def replay(self) -> list[Replayed]:
        """`handoff quarantine replay` over all that waits."""
        return replay_all(self.settings, Wanted())

    def totals(self) -> tuple[int, ...]:
        """Rows read, landed, duplicate and quarantined over all batches, each balanced by itself."""
        said = [note.accounting for note in list_all_batches(self.paths)]
        for each in said:
            each.assert_nothing_lost("a batch")
        names = ("rows_read", "rows_landed", "rows_duplicate", "rows_quarantined")
        return tuple(sum(getattr(each, name) for each in said) for name in names)

    def reasons(self) -> list[tuple[str, int]]:
        """Rows that wait, by reason."""
        with closing(Vault.open(self.paths, KEY)) as vault:
            return [(each.reason, each.rows) for each in waiting(self.paths, vault)]

    def rows(self, folder: str, name: str, columns: str) -> list[tuple[Any, ...]]:
        """Landed rows of an object."""
        with closing(Vault.open(self.paths, KEY)) as vault:
            return LandingHome(self.paths, vault).rows(folder, name, columns)


def counts(landed: SourceLanding[LandingResult]) -> tuple[int, ...]:
    """Rows read, landed, duplicate and quarantined of one run."""
    return tuple(sum(getattr(result.accounting, name) for result in landed.results) for name in COUNTS)


def reasons(landed: SourceLanding[LandingResult]) -> dict[str, int]:
    """Reasons of quarantine of one run."""
    return {reason: number for result in landed.results for reason, number in result.accounting.reasons.items()}
