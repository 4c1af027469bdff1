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

from orchestration.lake.paths import HomePaths
from orchestration.lake.private_files import make_folder


class LeaseHeld(RuntimeError):
    """Another process writes this home. `who` and `since` (ISO 8601, UTC) are what it said of itself."""

    def __init__(self, who: str, since: str) -> None:
        self.who = who
        self.since = since
        super().__init__(f"another run holds this home: {who}, since {since}; wait for it to end, then start again")


@contextmanager
def hold_lease(paths: HomePaths, *, who: str) -> Iterator[None]:
    """Hold the home for the body of a `with`.

    Raises
    ------
    LeaseHeld
        If somebody else holds it, or looks at it; nothing is waited for.
    """
    make_folder(paths.home)
    with _locked(paths, fcntl.LOCK_EX, who):
        yield


@contextmanager
def share_lease(paths: HomePaths, *, who: str) -> Iterator[None]:
    """Keep runs out for the body of a `with`, beside others who only look.

    Raises
    ------
    LeaseHeld
        If a run holds the home; nothing is waited for.
    """
    with _locked(paths, fcntl.LOCK_SH, who):
        yield


@contextmanager
def _locked(paths: HomePaths, kind: int, who: str) -> Iterator[None]:
    handle = os.open(paths.lease, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except OSError:
            raise _held(handle) from None
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
        return _held(handle)
    finally:
        os.close(handle)
    return None


def _held(handle: int) -> LeaseHeld:
    try:
        note = json.loads(os.pread(handle, 4096, 0))
        return LeaseHeld(str(note["who"]), str(note["since"]))
    except (ValueError, KeyError, TypeError):
        return LeaseHeld("unknown", "a moment ago")
