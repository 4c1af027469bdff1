"""The run's own rows: replaced by every run, but for sources that landed something and have left the registry."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from orchestration.lake.paths import HomePaths
from orchestration.lake.run_rows import SOURCE_STAGES, RunRow, SourceRow, write_run_rows

CLINIC = SourceRow("clinic", "clinic", "files", timezone="UTC")
GONE = SourceRow("gone", "clinic", "files", timezone="UTC", consent_required=True, crm_authority=frozenset({"mql"}))


@pytest.fixture
def paths(tmp_path: Path) -> HomePaths:
    """A home in which the source `gone` has landed something."""
    paths = HomePaths(tmp_path).make()
    (paths.landed / "files" / "leads" / "gone").mkdir(parents=True)
    return paths


def write(paths: HomePaths, run_no: int, *sources: SourceRow) -> None:
    write_run_rows(paths, run=RunRow(datetime(2026, 3, run_no), run_no), sources=sources)


def rows(paths: HomePaths, name: str) -> list[dict[str, Any]]:
    return list(pq.ParquetFile(paths.run / name / "current.parquet").read().to_pylist())


def test_a_source_that_left_the_registry_keeps_its_last_settings(paths: HomePaths) -> None:
    write(paths, 1, CLINIC, GONE)
    before = {name: rows(paths, name) for name in ("sources", "source_stages")}
    for run_no in (2, 3):
        write(paths, run_no, CLINIC)
        assert {name: rows(paths, name) for name in before} == before
    assert [row["run_no"] for row in rows(paths, "runs")] == [3]


def test_a_source_that_comes_back_is_what_the_registry_says_now(paths: HomePaths) -> None:
    write(paths, 1, CLINIC, GONE)
    write(paths, 2, CLINIC)
    write(paths, 3, SourceRow("gone", "gone", "files"), CLINIC)
    assert [(row["source"], row["id_space"], row["consent_required"]) for row in rows(paths, "sources")] == [
        ("gone", "gone", False),
        ("clinic", "clinic", False),
    ]
    assert len(rows(paths, "source_stages")) == 2 * len(SOURCE_STAGES)
    assert not any(row["is_crm_authority"] for row in rows(paths, "source_stages"))


def test_a_source_that_never_landed_anything_leaves_nothing(paths: HomePaths) -> None:
    write(paths, 1, CLINIC, SourceRow("typo", "typo", "files"))
    write(paths, 2, CLINIC)
    assert [row["source"] for row in rows(paths, "sources")] == ["clinic"]
