"""What is dear and the same for everybody is made once a session, by whichever worker asks first; the others wait."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder of the session's, filled by `make`; all workers get the same one, so whoever changes it takes a copy.

    Where making it fails, the next one who asks tries again, in a folder of its own.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    told = shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            folder = factory.mktemp(name)
            make(folder)
            told.write_text(str(folder))
    return Path(told.read_text())


def value_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """What `make` returns, given a folder to work in; each worker gets a copy of its own."""

    def keep(folder: Path) -> None:
        (folder / "value.pickle").write_bytes(pickle.dumps(make(folder)))

    value: T = pickle.loads((made_once(factory, name, keep) / "value.pickle").read_bytes())
    return value
