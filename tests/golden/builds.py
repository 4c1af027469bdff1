"""Runs dbt over a scratch home in this process: one parse, many builds.

`DbtBuilds(scratch).build(home, select=…)` builds into the home's `warehouse.duckdb` and closes it again. Reading what
was built is up to the caller (`query`). Lakes are filled by `lake_rows.py`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from orchestration.dbt_calls import parsed_project
from orchestration.dbt_manifest import ensure_manifest
from orchestration.settings import Settings

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"


@dataclass
class DbtBuilds:
    """dbt with its artefacts in `scratch`; the parsed project is kept between builds."""

    scratch: Path
    manifest: Manifest | None = None
    project: Path = PROJECT

    def build(self, home: Path, *, select: Sequence[str], full_refresh: bool = False, tests: bool = False) -> None:
        """Build the selected models (with their data tests if asked to).

        Raises
        ------
        AssertionError
            Naming every node that failed, with dbt's message.
        """
        arguments = ["build" if tests else "run", "--select", *select]
        if tests:
            arguments += ["--exclude-resource-type", "unit_test"]
        self._invoke(home, [*arguments, *(["--full-refresh"] if full_refresh else [])])

    def unit_test(self, home: Path, *, select: Sequence[str]) -> None:
        """Run dbt unit tests of the selected models; what they stand on must have been built."""
        self._invoke(home, ["test", "--select", *(f"{each},test_type:unit" for each in select)])

    def compile(self, home: Path, *, select: Sequence[str], full_refresh: bool = False) -> list[Any]:
        """The selected models' nodes with `compiled_code`, as a build of this home would run them now."""
        flags = ["--full-refresh"] if full_refresh else []
        models = [f"{each},resource_type:model" for each in select]
        result = self._invoke(home, ["compile", "--select", *models, *flags])
        return [each.node for each in result.results if each.node.resource_type == "model"]

    def _invoke(self, home: Path, arguments: list[str]) -> Any:
        os.environ["HANDOFF_HOME"] = str(home)
        os.environ["DO_NOT_TRACK"] = "1"
        common = [
            "--project-dir", str(self.project), "--profiles-dir", str(self.project), "--target", "pipeline",
            "--target-path", str(self.scratch / "target"), "--log-path", str(self.scratch / "logs"), "--quiet",
        ]  # fmt: skip
        if self.manifest is None:
            # Of the checkout's own project `make setup` keeps what parsing gives.
            self.manifest = _kept() if self.project == PROJECT else _parsed(common)
        try:
            outcome = dbtRunner(manifest=self.manifest).invoke([*arguments, *common])
        finally:
            _let_go()
        if not outcome.success:
            raise AssertionError(_failures(outcome.result) or str(outcome.exception))
        return outcome.result


def _kept() -> Manifest:
    ensure_manifest(Settings())
    manifest = parsed_project()
    assert manifest is not None, "the dbt project changed while it was read"
    return manifest


def _parsed(arguments: Sequence[str]) -> Manifest:
    parsed = dbtRunner().invoke(["parse", *arguments])
    if not parsed.success or not isinstance(parsed.result, Manifest):
        raise AssertionError(f"dbt cannot read the project: {parsed.exception}")
    return parsed.result


def query(home: Path, statement: str) -> pd.DataFrame:
    """Read from the home's warehouse."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(statement).df()


def _let_go() -> None:
    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
        DuckDBConnectionManager._ENV = None


def _failures(result: Any) -> str:
    failed = [each for each in getattr(result, "results", []) if str(each.status) in ("error", "fail", "runtime error")]
    return "\n".join(f"{each.node.name}: {each.message}" for each in failed)
