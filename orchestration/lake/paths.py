"""Where things live in a home (`HANDOFF_HOME`): the one place that spells its folders and files.

`HomePaths(home)` only names; `make()` creates the folders, private to their owner, and narrows the umask so that
what libraries write (DuckDB, dbt, Dagster) is 0600 too. What stands in the files belongs to their own modules.
Everybody calls it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from orchestration.lake.private_files import make_folder

_UNSAFE = frozenset("/\\\0*?[]{}")


@dataclass(frozen=True)
class HomePaths:
    """Names of everything below `home`, an absolute path."""

    home: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "home", Path(os.path.abspath(self.home)))

    @property
    def lake(self) -> Path:
        """All that landed and what sends it on."""
        return self.home / "lake"

    @property
    def landed(self) -> Path:
        """Append-only batches: `<folder>/<object>/<source>/<batch_id>.parquet`."""
        return self.lake / "landed"

    @property
    def run(self) -> Path:
        """The run's own rows, replaced by each run: `<object>/current.parquet`."""
        return self.landed / "run"

    @property
    def vault(self) -> Path:
        """SQLite file that keeps identifiers and quarantined rows."""
        return self.home / "vault.sqlite"

    @property
    def vault_key(self) -> Path:
        """Key of the tokens, made on the first run."""
        return self.home / "vault.key"

    @property
    def run_log(self) -> Path:
        """SQLite file of runs and builds."""
        return self.home / "runs.sqlite"

    @property
    def lease(self) -> Path:
        """Lock file of the one writer."""
        return self.home / "lease.lock"

    @property
    def warehouse(self) -> Path:
        """The writer's DuckDB file."""
        return self.home / "warehouse.duckdb"

    @property
    def models(self) -> Path:
        """Stored readiness models."""
        return self.home / "models"

    @property
    def dagster(self) -> Path:
        """Dagster's own home."""
        return self.home / "dagster"

    @property
    def published(self) -> Path:
        """What readers read."""
        return self.home / "published"

    @property
    def tmp(self) -> Path:
        """Scratch on the same file system; emptied at the start of a run."""
        return self.home / "tmp"

    def objects(self, folder: str, name: str) -> Path:
        """Folder of one landed object, over all sources."""
        return self.landed / safe_name(folder) / safe_name(name)

    def batches(self, folder: str, name: str, source: str) -> Path:
        """Folder of the batches one source landed of one object."""
        return self.objects(folder, name) / safe_name(source)

    def make(self) -> HomePaths:
        """Create the folders (0700) and set the process's umask to 0077; returns itself."""
        os.umask(0o077)
        rooms = (self.landed, self.run, self.models, self.dagster, self.published, self.tmp)
        for folder in rooms:
            make_folder(folder)
        return self


def safe_name(name: str) -> str:
    """`name` if it can be one path segment and no glob pattern.

    Raises
    ------
    ValueError
        If it is empty, hidden, or holds a character that a path or a pattern would read otherwise.
    """
    if not name or name.startswith((".", "_")) or _UNSAFE & set(name):
        raise ValueError(f"{name!r} cannot be a folder of the lake: use letters, digits, '_' and '-'")
    return name
