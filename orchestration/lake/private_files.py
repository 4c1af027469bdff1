"""Files only their owner can read, written whole or not at all.

Every file of a home is 0600 and every folder 0700. What is replaced is written beside its place, flushed to disk and
renamed over it, so that a kill at any point leaves the old or the new, never a half. What a file *means* does not
belong here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_BLOCK = 1 << 20


def make_folder(folder: Path) -> Path:
    """Make `folder` and what is missing above it, each readable by its owner only."""
    missing = []
    at = folder
    while not at.exists():
        missing.append(at)
        at = at.parent
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
    return folder


def fsync_folder(folder: Path) -> None:
    """Make renames within `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fsync_file(path: Path) -> None:
    """Make the bytes of `path` durable and the file private."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fchmod(handle, 0o600)
        os.fsync(handle)
    finally:
        os.close(handle)


def move_into_place(written: Path, place: Path) -> None:
    """Rename a finished file to `place` in one durable step; both on one file system."""
    fsync_file(written)
    make_folder(place.parent)
    os.replace(written, place)
    fsync_folder(place.parent)


def write_bytes(place: Path, content: bytes) -> None:
    """Replace `place` by `content` atomically."""
    make_folder(place.parent)
    written = place.with_name(f".{place.name}.{os.getpid()}.part")
    handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    move_into_place(written, place)


def write_table(place: Path, table: pa.Table, *, metadata: dict[str, str] | None = None) -> None:
    """Replace `place` by `table` as Parquet atomically, with `metadata` in its footer."""
    make_folder(place.parent)
    written = place.with_name(f".{place.name}.{os.getpid()}.part")
    written.touch(mode=0o600)
    with pq.ParquetWriter(written, table.schema, compression="zstd") as writer:
        writer.write_table(table)
        if metadata:
            writer.add_key_value_metadata(metadata)
    move_into_place(written, place)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex; read once while nobody writes to it."""
    found = path.stat()
    return _hash_file(path, (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


@lru_cache(maxsize=65_536)
def _hash_file(path: Path, _state: tuple[int, ...]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def scratch_folder(parent: Path, name: str) -> Iterator[Path]:
    """A private folder below `parent` that is gone afterwards, whatever happens short of a kill."""
    folder = make_folder(parent) / f"{name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
