"""The home's own memory of runs and builds: who came when, and what the warehouse was last built from.

    log = RunLog(paths)
    run_no = log.begin_run(as_of, seed=7)                       # monotone, also over killed runs
    reason = log.reason_for_full_build(as_of, hashes)           # None: incremental may go on
    log.record_build_started(run_no, as_of, hashes, is_full=reason is not None)
    log.record_build_completed(run_no)
    log.last_completed()                                        # Build | None: dbt's watermark

It speaks of the pipeline's warehouse only: an analyst's own target, and a build for an older as_of in a warehouse of
its own, are not recorded here. Times are naive datetimes meaning UTC. Not a place for results: those are landed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from orchestration.lake.paths import HomePaths
from orchestration.lake.private_files import make_folder

_TABLES = """
create table if not exists runs (
    run_no integer primary key autoincrement, as_of text not null, seed integer, begun_at text not null
);
create table if not exists builds (
    build_no integer primary key autoincrement, run_no integer not null, as_of text not null,
    code text not null, criteria text not null, registry text not null, reference text not null,
    is_full integer not null, started_at text not null, completed_at text
);
"""
_COLUMNS = "build_no, run_no, as_of, code, criteria, registry, reference, is_full, completed_at is not null"


@dataclass(frozen=True)
class BuildHashes:
    """What a build is a function of, beside the lake and as_of: any change means a full build."""

    code: str
    criteria: str
    registry: str
    reference: str = ""


@dataclass(frozen=True)
class Build:
    """One build of the warehouse. `run_no` and `as_of` of the last completed one are dbt's watermark."""

    build_no: int
    run_no: int
    as_of: datetime
    hashes: BuildHashes
    is_full: bool
    is_completed: bool


@dataclass(frozen=True)
class RunMoment:
    """The moment a run answered for, and the wall clock it began at; naive UTC."""

    as_of: datetime
    begun_at: datetime


class RunLog:
    """Runs and builds of one home, durable in SQLite. Written by the holder of the lease only."""

    def __init__(self, paths: HomePaths) -> None:
        make_folder(paths.home)
        if not paths.run_log.exists():
            os.close(os.open(paths.run_log, os.O_CREAT | os.O_WRONLY, 0o600))
        self._path = paths.run_log
        with self._connection() as connection:
            connection.executescript(_TABLES)

    def begin_run(self, as_of: datetime, *, seed: int | None = None) -> int:
        """Record a run and give its number, greater than every number given before."""
        with self._connection() as connection:
            done = connection.execute(
                "insert into runs (as_of, seed, begun_at) values (?, ?, ?)", (_text(as_of), seed, _now())
            )
            return int(done.lastrowid or 0)

    def latest(self) -> RunMoment | None:
        """The run with the latest as_of so far: where the home's clock stands. None before the first."""
        with self._connection() as connection:
            query = "select as_of, begun_at from runs order by as_of desc, run_no desc limit 1"
            row = connection.execute(query).fetchone()
        return RunMoment(*(datetime.fromisoformat(text) for text in row)) if row else None

    def record_build_started(self, run_no: int, as_of: datetime, hashes: BuildHashes, *, is_full: bool) -> None:
        """Record that the warehouse is about to change; call it before dbt does anything."""
        with self._connection() as connection:
            connection.execute(
                "insert into builds (run_no, as_of, code, criteria, registry, reference, is_full, started_at)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)",
                (run_no, _text(as_of), *astuple(hashes), int(is_full), _now()),
            )

    def record_build_completed(self, run_no: int) -> None:
        """Record that the last build this run started is whole."""
        with self._connection() as connection:
            connection.execute(
                "update builds set completed_at = ? where build_no ="
                " (select max(build_no) from builds where run_no = ?)",
                (_now(), run_no),
            )

    def last_completed(self) -> Build | None:
        """The last build that went through, or None."""
        found = self._builds("where completed_at is not null order by build_no desc limit 1")
        return found[0] if found else None

    def is_whole(self) -> bool:
        """Whether the last build that began went through: only then do all tables answer for one moment."""
        found = self._builds("order by build_no desc limit 1")
        return bool(found) and found[0].is_completed

    def reason_for_full_build(self, as_of: datetime, hashes: BuildHashes) -> str | None:
        """Why the warehouse must be built from scratch now, in words; None where incremental gives the same.

        A build that began after the last completed one and never ended left tables of its own moment behind: adding
        to these is right only if it was incremental, of the same hashes, and neither before that one nor after now.
        """
        last = self.last_completed()
        if last is None:
            return "nothing was built yet"
        changed = [
            name
            for name in ("code", "criteria", "registry", "reference")
            if getattr(last.hashes, name) != getattr(hashes, name)
        ]
        if changed:
            return f"changed since the last build: {', '.join(changed)}"
        if as_of < last.as_of:
            return "as_of is earlier than the last build's"
        for build in self._builds("where build_no > ? order by build_no", last.build_no):
            if build.is_full or build.hashes != hashes or not last.as_of <= build.as_of <= as_of:
                return "a build that cannot be added to was begun and not completed"
        return None

    def needs_full_build(self, as_of: datetime, hashes: BuildHashes) -> bool:
        """Whether `reason_for_full_build` has a reason."""
        return self.reason_for_full_build(as_of, hashes) is not None

    def _builds(self, where: str, *values: int) -> list[Build]:
        with self._connection() as connection:
            rows = connection.execute(f"select {_COLUMNS} from builds {where}", values).fetchall()
        return [
            Build(row[0], row[1], datetime.fromisoformat(row[2]), BuildHashes(*row[3:7]), bool(row[7]), bool(row[8]))
            for row in rows
        ]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=30)) as connection:
            connection.execute("pragma synchronous = full")
            with connection:
                yield connection


def _text(moment: datetime) -> str:
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds")


def _now() -> str:
    return _text(datetime.now(UTC))
