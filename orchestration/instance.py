"""The Dagster instance of a home: its configuration file, and the instance itself. Usage reporting is off."""

from pathlib import Path

import dagster as dg

_CONFIGURATION = """\
# Written by `handoff`; change it freely, it is not written again.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
retention:
  schedule: {purge_after_days: {skipped: 2, success: 14, failure: 30}}
  sensor: {purge_after_days: {skipped: 2, success: 14, failure: 30}}
"""


def prepare_dagster_home(home: Path) -> Path:
    """Make Dagster's folder with its configuration, and its databases: two processes on an empty one would race."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(_CONFIGURATION, encoding="utf-8")
    with open_instance(home) as instance:
        instance.get_runs_count()
    return home


def open_instance(home: Path) -> dg.DagsterInstance:
    """The instance of that folder; a context manager."""
    return dg.DagsterInstance.from_config(str(home))
