"""A built home's records decided again in a scratch, under the criteria in force or with one line's file changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from orchestration.criteria_files import Criteria, ServiceLine
from orchestration.lake.paths import HomePaths
from orchestration.replay import home
from orchestration.replay.compiled import QualificationSql
from orchestration.replay.scratch import Scratch
from orchestration.replay.tried import trial_of, version_rows


@contextmanager
def replayed(
    place: Path,
    sql: QualificationSql,
    criteria: Criteria | None = None,
    line: ServiceLine | None = None,
    since: datetime | None = None,
) -> Iterator[Scratch]:
    """A scratch in which every record of the home at `place` was decided."""
    with Scratch(sql, threads=1) as scratch:
        home.attach_home(scratch, HomePaths(place))
        home.take_records(scratch, "select record_key from home.intermediate.int_records__current")
        parts = {part: home.criteria_rows(scratch, part) for part in ("versions", "rules", "exclusions")}
        if criteria is not None and line is not None and since is not None:
            decided = version_rows(parts["versions"], parts["rules"])
            trial = trial_of(decided, criteria, line, since, home.as_of(scratch))
            parts |= trial.tables(parts["versions"].schema, parts["rules"].schema)
        for part, table in parts.items():
            scratch.fill(f"input.input__criteria_{part}", table)
        scratch.decide()
        yield scratch
