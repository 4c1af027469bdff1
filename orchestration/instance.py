"""The Dagster instance of a home: its configuration file, and the instance itself. Usage reporting is off."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

_CONFIGURATION = """\
# Written by `handoff`; change it freely, it is not written again.
telemetry:
  enabled: false
nux:
  enabled: false
event_log_storage:
  module: orchestration.event_log
  class: PooledEventLog
  config: {{base_dir: {base_dir}}}
concurrency:
  runs:
    max_concurrent_runs: 1
retention:
  schedule: {{purge_after_days: {{skipped: 2, success: 14, failure: 30}}}}
  sensor: {{purge_after_days: {{skipped: 2, success: 14, failure: 30}}}}
"""


def prepare_dagster_home(home: Path) -> Path:
    """Make Dagster's folder with its configuration, and its databases: two processes on an empty one would race."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        base_dir = json.dumps(str(home.resolve() / "history" / "runs"))
        configuration.write_text(_CONFIGURATION.format(base_dir=base_dir), encoding="utf-8")
    with open_instance(home) as instance:
        instance.get_runs_count()
    return home


@contextmanager
def open_instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """The instance of that folder.

    Its databases do not wait for the disk at every event: they are records of runs, nothing is decided by them, and a
    run plans some six hundred events.
    """

    def relax(connection: object, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            files = connection.execute("pragma database_list").fetchall()
            if any(Path(row[2]).is_relative_to(home) for row in files if row[2]):
                connection.execute("pragma synchronous = off")

    sa.event.listen(sa.Engine, "connect", relax)
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield instance
    finally:
        sa.event.remove(sa.Engine, "connect", relax)
