"""Fixtures of the landing tests: a home, a vault and what lands in them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lake.batches import batch_files
from orchestration.lake.contract import ENTITIES
from orchestration.lake.extract import ColumnSpec, Extract, Format, ObjectSpec, SourceRules
from orchestration.lake.landing import LandingResult, RunContext, land
from orchestration.lake.paths import HomePaths
from orchestration.lake.vault import Vault, load_key

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "shared_data: reads the data sets kept beside the checkout")


@pytest.fixture
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared data sets are not beside this checkout (../shared/data)")
    return SHARED


def contract_spec(entity: str) -> ObjectSpec:
    """A contract table as the connector `contract_files` declares it."""
    found = ENTITIES[entity]
    columns = tuple(
        ColumnSpec(each.name, each.landed_name, each.type, each.required, not each.required, each.door, each.allowed)
        for each in found.columns
    )
    known_at = "known_at" if found.column("known_at") else None
    return ObjectSpec(
        "contract_files",
        entity,
        columns,
        found.key,
        event_time=found.event_time,
        known_at=known_at,
        entity=entity,
        is_reference=found.is_reference,
        one_of=found.one_of,
    )


@dataclass
class Home:
    """A home with an open vault, and short ways to land into it and look."""

    paths: HomePaths
    vault: Vault
    key: bytes
    folder: Path
    run_no: int = 0

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def extract(
        self,
        spec: ObjectSpec,
        content: str | bytes,
        *,
        name: str = "export.csv",
        rules: SourceRules | None = None,
        format: Format = "csv",
        header: tuple[str, ...] = (),
    ) -> Extract:
        rules = rules or SourceRules("clinic", "clinic", "America/Chicago")
        return Extract(rules, spec, name, self.write(name, content), format, header)

    def land(self, extract: Extract, as_of: str = "2026-03-01T00:00:00") -> LandingResult:
        self.run_no += 1
        moment = datetime.fromisoformat(as_of)
        run = RunContext(self.run_no, moment, moment)
        return land(extract, paths=self.paths, run=run, vault=self.vault, key=self.key)

    def land_csv(self, spec: ObjectSpec, content: str | bytes, as_of: str = "2026-03-01T00:00:00", **more: Any) -> Any:
        return self.land(self.extract(spec, content, **more), as_of)

    def rows(self, spec: ObjectSpec, columns: str = "*", source: str = "clinic") -> list[tuple[Any, ...]]:
        files = [str(path) for path in batch_files(self.paths, spec.folder, spec.name, source)]
        with closing(duckdb.connect()) as connection:
            order = "order by _batch_id, _row_no"
            return connection.execute(f"select {columns} from read_parquet(?) {order}", [files]).fetchall()


@contextmanager
def new_home() -> Iterator[Home]:
    """A home for one example of a property: fixtures last for all of them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = HomePaths(Path(folder) / "home").make()
        key = load_key(paths)
        with closing(Vault.open(paths, key)) as vault:
            yield Home(paths, vault, key, Path(folder))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    paths = HomePaths(tmp_path / "home").make()
    files = tmp_path / "files"
    files.mkdir()
    key = load_key(paths)
    with closing(Vault.open(paths, key)) as vault:
        yield Home(paths, vault, key, files)
