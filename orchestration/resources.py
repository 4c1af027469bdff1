"""What assets hold: the run (lease, registry, criteria, as_of) and dbt.

A resource is opened once per run: every job runs in one process, since steps share one warehouse file.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation, DbtCliResource
from packaging.version import Version
from pydantic import PrivateAttr

from orchestration.assets.publication import publish_what_stands
from orchestration.dbt_warm import WarmDbt
from orchestration.runs import Run, open_run
from orchestration.settings import Settings


class QuietDbt(DbtCliResource):
    """dbt without asking the package index for its own version, or opening the warehouse, before every call.

    From the first call on a process with dbt loaded stands ready for the next ones of the run.
    """

    _warm: WarmDbt = PrivateAttr(default_factory=WarmDbt)

    def cli(self, *words: Any, **options: Any) -> DbtCliInvocation:
        """As the parent's."""
        self._warm.start()
        return super().cli(*words, **options)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """As the parent's, and dbt is needed no more."""
        self._warm.stop()
        super().teardown_after_execution(context)

    @property
    def _cli_version(self) -> Version:
        return Version(installed_version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]
        return None


def run_resource(settings: Settings) -> dg.ResourceDefinition:
    """The run as Dagster opens it: the lease is held from the first step to the last, and what stands is published."""

    def opened(context: dg.InitResourceContext) -> Iterator[Run]:
        with open_run(settings, who="a Dagster run") as run:
            yield run
            publish_what_stands(run, context.run.job_name if context.run else "")

    return dg.ResourceDefinition(opened, description="The run: lease, registry, criteria, as_of, run number.")


def dbt_resource(settings: Settings) -> QuietDbt:
    """dbt on the pipeline's own target, its files below the checkout read only."""
    executable = Path(sys.executable).with_name("handoff-dbt")
    return QuietDbt(
        project_dir=os.fspath(settings.dbt_project),
        profiles_dir=os.fspath(settings.dbt_project),
        target="pipeline",
        dbt_executable=os.fspath(executable if executable.exists() else "handoff-dbt"),
        global_config_flags=["--no-use-colors", "--no-send-anonymous-usage-stats", "--log-level-file", "none"],
    )
