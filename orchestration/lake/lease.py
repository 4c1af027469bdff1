"""One writer per home, or some who look: a lock file the kernel releases when its holder ends, however it ends.

    with hold_lease(paths, who="handoff run"):
        ...

`LeaseHeld` says who holds it and since when; the command line leaves with 75 on it, a scheduled tick skips.
Waiting does not belong here: nobody queues for a lease.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestration.lake.paths import HomePaths
from orchestration.lake.private_files import make_folder


class LeaseHeld(RuntimeError):
    """Another process is at it. `who` and `since` (ISO 8601, UTC) are what it said of itself."""

    def __init__(self, who: str, since: str, *, what: str = "another run holds this home") -> None:
        self.who = who
        self.since = since
        super().__init__(f"{what}: {who}, since {since}; wait for it to end, then start again")


@contextmanager
def hold_lease(paths: HomePaths, *, who: str) -> Iterator[None]:
    """Hold the home for the body of a `with`.

    Raises
    ------
    LeaseHeld
        If somebody else holds it, or looks at it; nothing is waited for.
    """
    make_folder(paths.home)
    with _locked(paths.lease, fcntl.LOCK_EX, who):
        yield


@contextmanager
def share_lease(paths: HomePaths, *, who: str) -> Iterator[None]:
    """Keep runs out for the body of a `with`, beside others who only look.

    Raises
    ------
    LeaseHeld
        If a run holds the home; nothing is waited for.
    """
    with _locked(paths.lease, fcntl.LOCK_SH, who):
        yield


@contextmanager
def hold_file(file: Path, *, who: str) -> Iterator[None]:
    """Hold what another lock file stands for, for the body of a `with`. Raises LeaseHeld if another process does."""
    with _locked(file, fcntl.LOCK_EX, who, what="another process is at it"):
        yield


@contextmanager
def _locked(file: Path, kind: int, who: str, *, what: str = "another run holds this home") -> Iterator[None]:
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except OSError:
            raise _held(handle, what) from None
        note = {"who": f"{who} (process {os.getpid()})", "since": datetime.now(UTC).isoformat(timespec="seconds")}
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(note).encode(), 0)
        yield
    finally:
        os.close(handle)


def lease_holder(paths: HomePaths) -> LeaseHeld | None:
    """Who holds the home right now, or None; takes nothing."""
    if not paths.lease.exists():
        return None
    handle = os.open(paths.lease, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return _held(handle, "another run holds this home")
    finally:
        os.close(handle)
    return None


def _held(handle: int, what: str) -> LeaseHeld:
    try:
        note = json.loads(os.pread(handle, 4096, 0))
        return LeaseHeld(str(note["who"]), str(note["since"]), what=what)
    except (ValueError, KeyError, TypeError):
        return LeaseHeld("unknown", "a moment ago", what=what)
