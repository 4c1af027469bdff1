"""An analyst's own target: a file beside the pipeline's, built in full on the same lake, with all tests of the project.

It is also where each data test and unit test of the dbt project runs: a run itself checks only what enters and leaves.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.integration.harness import ROOT, Home, environment

DBT = Path(sys.executable).parent / "dbt"


@dataclass(frozen=True)
class DevBuild:
    """What `dbt build --target dev` left: its output, the verdict of each node, the warehouse it made."""

    exit_code: int
    output: str
    verdicts: Counter[tuple[str, str]]
    warehouse: Path


@pytest.fixture(scope="module")
def dev(undisturbed: Home, tmp_path_factory: pytest.TempPathFactory) -> DevBuild:
    """All models and all tests, built on a home whose warehouse somebody else holds for writing, as a run does."""
    target = tmp_path_factory.mktemp("dev")
    words = [
        str(DBT), "build", "--project-dir", "dbt_project", "--profiles-dir", "dbt_project", "--target", "dev",
        "--target-path", str(target), "--log-path", str(target),
    ]  # fmt: skip
    with duckdb.connect(str(undisturbed.path / "warehouse.duckdb")):
        done = subprocess.run(
            words, cwd=ROOT, env=environment(HANDOFF_HOME=str(undisturbed.path), DO_NOT_TRACK="1"),
            capture_output=True, text=True, timeout=800, check=False,
        )  # fmt: skip
    results = json.loads((target / "run_results.json").read_text())["results"]
    verdicts = Counter((result["unique_id"].split(".")[0], result["status"]) for result in results)
    return DevBuild(done.returncode, done.stdout, verdicts, undisturbed.path / "dev.duckdb")


def test_every_model_builds_and_every_test_holds(dev: DevBuild) -> None:
    assert dev.exit_code == 0, dev.output[-6000:]
    assert {status for kind, status in dev.verdicts if kind != "exposure"} == {"success", "pass"}
    assert dev.verdicts["unit_test", "pass"] > 0 and dev.verdicts["test", "pass"] > 0


def test_it_says_what_is_published(dev: DevBuild, undisturbed: Home) -> None:
    published = (undisturbed.path / "published" / "current").resolve() / "warehouse.duckdb"
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{dev.warehouse}' as dev (read_only); attach '{published}' as published (read_only)"
        )
        different = {
            table: rows for table in undisturbed.derived() if (rows := _different_rows(connection, table)) != 0
        }
    assert different == {}


def _different_rows(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Rows that only one of them has; published fractions are rounded to micro-units, an analyst's are not."""
    columns = connection.execute(f"select column_name, column_type from (describe published.marts.{table})").fetchall()
    chosen = ", ".join(f"round({name}, 6)" if kind == "DOUBLE" else name for name, kind in columns)
    ours, theirs = (f"(select {chosen} from {catalog}.marts.{table})" for catalog in ("dev", "published"))
    differing = f"({ours} except all {theirs}) union all ({theirs} except all {ours})"
    row = connection.execute(f"select count(*) from ({differing})").fetchone()
    return -1 if row is None else int(row[0])
