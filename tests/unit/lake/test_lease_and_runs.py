"""One writer at a time, and when a build must begin anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from orchestration.lake.lease import LeaseHeld, hold_lease, lease_holder
from orchestration.lake.paths import HomePaths, safe_name
from orchestration.lake.run_log import BuildHashes, RunLog

_HOLD = """
import sys, time
from orchestration.lake.lease import hold_lease
from orchestration.lake.paths import HomePaths
with hold_lease(HomePaths(sys.argv[1]), who="the other run"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_held_home_is_refused_with_who_and_since_and_free_after_a_kill(tmp_path: Path) -> None:
    paths = HomePaths(tmp_path)
    other = subprocess.Popen([sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(LeaseHeld) as caught, hold_lease(paths, who="this run"):
            pytest.fail("two hold the lease")
        assert caught.value.who == f"the other run (process {other.pid})"
        assert datetime.fromisoformat(caught.value.since)
        assert lease_holder(paths) is not None
    finally:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    assert lease_holder(paths) is None
    with hold_lease(paths, who="this run"):
        pass


NOW, LATER, EARLIER = (datetime(2026, 3, day) for day in (10, 20, 1))
HASHES = BuildHashes("c", "k", "r", "x")


def _built(log: RunLog, as_of: datetime, hashes: BuildHashes = HASHES, *, ends: bool = True, full: bool = False) -> int:
    run_no = log.begin_run(as_of, seed=7)
    log.record_build_started(run_no, as_of, hashes, is_full=full)
    if ends:
        log.record_build_completed(run_no)
    return run_no


def test_run_numbers_only_grow(tmp_path: Path) -> None:
    numbers = [RunLog(HomePaths(tmp_path)).begin_run(NOW) for _ in range(3)]
    assert numbers == sorted(set(numbers))


def test_the_first_build_and_what_changes_it_are_full(tmp_path: Path) -> None:
    log = RunLog(HomePaths(tmp_path))
    assert log.needs_full_build(NOW, HASHES)
    run_no = _built(log, NOW)
    last = log.last_completed()
    assert last is not None and (last.run_no, last.as_of, last.hashes) == (run_no, NOW, HASHES)
    assert not log.needs_full_build(NOW, HASHES) and not log.needs_full_build(LATER, HASHES)
    assert log.reason_for_full_build(EARLIER, HASHES) == "as_of is earlier than the last build's"
    for changed in ({"code": "d"}, {"criteria": "d"}, {"registry": "d"}, {"reference": "d"}):
        other = BuildHashes(**{**HASHES.__dict__, **changed})
        assert next(iter(changed)) in (log.reason_for_full_build(LATER, other) or "")


@pytest.mark.parametrize(
    ("as_of", "hashes", "full", "needs"),
    [
        (NOW, HASHES, False, False),
        (LATER, HASHES, False, True),
        (EARLIER, HASHES, False, True),
        (NOW, HASHES, True, True),
        (NOW, BuildHashes("d", "k", "r", "x"), False, True),
    ],
)
def test_a_build_begun_and_not_ended_is_added_to_only_if_that_is_right(
    tmp_path: Path, as_of: datetime, hashes: BuildHashes, full: bool, needs: bool
) -> None:
    log = RunLog(HomePaths(tmp_path))
    _built(log, NOW)
    _built(log, as_of, hashes, ends=False, full=full)
    assert log.needs_full_build(datetime(2026, 3, 15), HASHES) is needs
    _built(log, datetime(2026, 3, 15), full=True)
    assert not log.needs_full_build(datetime(2026, 3, 15), HASHES)


@pytest.mark.parametrize("name", ["", ".x", "_x", "a/b", "a*b", "..", "a\0"])
def test_a_name_that_is_no_folder_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a folder"):
        safe_name(name)
