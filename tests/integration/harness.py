"""Drives the pipeline as its users do: by `handoff` in a process of its own, reading only what is published.

Nothing of the project's inside is imported here, so these tests hold for any rewrite that keeps design section 3.
`handoff` is called by a process that has loaded it (`ready.py`), which is a quarter of a small run; `start` starts it
from nothing, as a user's shell does.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from tests.integration.ready import HANDOFF, Call, ready_handoff

ROOT = Path(__file__).resolve().parents[2]


def environment(**extra: str) -> dict[str, str]:
    """The test's environment without any HANDOFF_ setting of the person who runs it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HANDOFF_", "DAGSTER_"))}
    return {**kept, **extra}


def start(*arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """`handoff …` started in a process group of its own; standard error joins standard output."""
    return subprocess.Popen(
        [str(HANDOFF), *arguments],
        cwd=ROOT,
        env=env or environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@cache
def _ready() -> Call:
    """What calls `handoff`, one for all tests of this process."""
    opened = ready_handoff(environment())
    atexit.register(opened.__exit__, None, None, None)
    return opened.__enter__()


def handoff(*arguments: str, expect: int = 0, env: dict[str, str] | None = None) -> str:
    """Output of `handoff …`; fails showing it if the exit code is another than expected."""
    try:
        code, output = _ready()(arguments, env or environment())
    except BaseException:
        # Its answer may still come; the next call is another's.
        _ready.cache_clear()
        raise
    assert code == expect, f"handoff {' '.join(arguments)} left with {code}:\n{output[-6000:]}"
    return output


@dataclass(frozen=True)
class Home:
    """A HANDOFF_HOME with the registry it is fed from."""

    path: Path
    sources: Path
    options: Sequence[str] = field(default=())

    def arguments(self, as_of: str | None = None) -> list[str]:
        """The words of `handoff run` for this home."""
        words = ["run", "--sources", str(self.sources), "--home", str(self.path), *self.options]
        return [*words, "--as-of", as_of] if as_of else words

    def run(self, as_of: str | None = None, *, expect: int = 0) -> str:
        """One run, to its end."""
        return handoff(*self.arguments(as_of), expect=expect)

    def manifest(self) -> dict[str, Any]:
        """What the current publication says of itself."""
        text = (self.path / "published" / "current" / "manifest.json").read_text()
        return dict(json.loads(text))

    def derived(self) -> dict[str, tuple[int, str]]:
        """Derived table → (rows, hash)."""
        return {name: (entry["rows"], entry["sha256"]) for name, entry in self.manifest()["derived"].items()}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the published warehouse; `{table}` in marts by plain name."""
        link = (self.path / "published" / "current").resolve()
        with duckdb.connect(str(link / "warehouse.duckdb"), read_only=True) as connection:
            connection.execute("set schema 'marts'")
            return connection.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        """The first cell of a query."""
        return self.query(sql)[0][0]


def different_tables(left: Home, right: Home) -> list[str]:
    """Names of derived tables in which two homes differ, with what differs (for a readable failure)."""
    ours, theirs = left.derived(), right.derived()
    return [
        f"{name}: {ours.get(name)} != {theirs.get(name)}"
        for name in sorted({*ours, *theirs})
        if ours.get(name) != theirs.get(name)
    ]


def tree_hash(directory: Path) -> str:
    """One hash over all files below a directory: names and bytes."""
    digest = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.is_symlink():
            digest.update(str(path.relative_to(directory)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
