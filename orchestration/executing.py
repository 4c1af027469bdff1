"""Executes a job the way the command line does: in this process, on the home's own Dagster instance."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from orchestration.assets.publication import publish_what_stands
from orchestration.definitions import build_defs
from orchestration.instance import open_instance, prepare_dagster_home
from orchestration.runs import Run

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def execute(run: Run, job: str = "daily") -> bool:
    """Execute a job with an open run; True where every step went through.

    What steps print goes to `<home>/dagster/last_run.log`; steps that fail are noted on the run.
    """
    definitions = build_defs(run.settings, run=dg.ResourceDefinition.hardcoded_resource(run))
    home = prepare_dagster_home(run.home.dagster)
    # Told step by step elsewhere; on a run without news every skipped check would be a line.
    logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
    with open_instance(home) as instance, _printed_to(home / "last_run.log"):
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance, raise_on_error=False, run_config=_QUIET
        )
        for event in result.all_events:
            if event.is_step_failure:
                print(event.step_key, event.step_failure_data.error_display_string)
        publish_what_stands(run, job)
    return bool(result.success) and not run.failures


@contextlib.contextmanager
def _printed_to(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        yield
