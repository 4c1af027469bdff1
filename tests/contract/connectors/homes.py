"""A home to land in, and what stands in its lake afterwards, for tests of connectors together with landing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lake.batches import last_cursor
from orchestration.lake.landing import LandingResult, RunContext, is_new, land, prepare_home
from orchestration.lake.paths import HomePaths
from orchestration.lake.vault import Vault
from orchestration.sources.connectors import SourceLanding, land_source
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


def counts(landed: SourceLanding[LandingResult]) -> tuple[int, ...]:
    """Rows read, landed, duplicate and quarantined of one run."""
    return tuple(sum(getattr(result.accounting, name) for result in landed.results) for name in COUNTS)


def reasons(landed: SourceLanding[LandingResult]) -> dict[str, int]:
    """Reasons of quarantine of one run."""
    return {reason: number for result in landed.results for reason, number in result.accounting.reasons.items()}
