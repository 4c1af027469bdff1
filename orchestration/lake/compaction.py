"""Daily compaction: the same rows in fewer files.

Small batch files of one source and object become one, in the order of their batches; its footer holds their notes.
The new folder is made whole beside the old one and changes places with it in one step of the kernel, so that whoever
lists it sees all files of before or all of after. Rows, batch ids and accounting stay what they were.
"""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.lake.batches import footer, read_notes
from orchestration.lake.paths import HomePaths
from orchestration.lake.private_files import fsync_file, fsync_folder, make_folder, scratch_folder

SMALL_ROWS = 1_000_000
_GROUP_ROWS = 1 << 17
_AT_FDCWD = -100
_EXCHANGE = 2


def compact(paths: HomePaths, *, small_rows: int = SMALL_ROWS, at_least: int = 2) -> int:
    """Compact every object of every source; returns by how many files the lake became smaller.

    Files of `small_rows` or more stay as they are; folders with fewer than `at_least` small files too.
    """
    saved = 0
    for place in sorted(paths.landed.glob("*/*/*")):
        if place.is_dir() and place.parts[-3] not in ("run", "handoff", "criteria"):
            saved += _compact_folder(paths, place, small_rows, at_least)
    return saved


def _compact_folder(paths: HomePaths, place: Path, small_rows: int, at_least: int) -> int:
    files = sorted(place.glob("[!._]*.parquet"))
    small = [path for path in files if pq.read_metadata(path).num_rows < small_rows]
    if len(small) < max(at_least, 2):
        return 0
    with scratch_folder(paths.tmp, f"compact-{place.parent.name}-{place.name}") as scratch:
        fresh = make_folder(scratch / "fresh")
        for path in files:
            if path not in small:
                os.link(path, fresh / path.name)
        _merge(small, fresh / small[-1].name)
        fsync_folder(fresh)
        _change_places(fresh, place, scratch / "old")
        fsync_folder(place.parent)
    return len(small) - 1


def _merge(files: Sequence[Path], target: Path) -> None:
    """Stream the rows of `files` into `target`, their notes into its footer; columns by name, absent ones null."""
    schema = pa.unify_schemas([pq.read_schema(path).remove_metadata() for path in files], promote_options="permissive")
    target.touch(mode=0o600)
    with pq.ParquetWriter(target, schema, compression="zstd", compression_level=1) as writer:
        waiting: list[pa.Table] = []
        for path in files:
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    waiting.append(_fit(file.read_row_group(group), schema))
                    if sum(table.num_rows for table in waiting) >= _GROUP_ROWS:
                        writer.write_table(pa.concat_tables(waiting))
                        waiting.clear()
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
        writer.add_key_value_metadata(footer([note for path in files for note in read_notes(path)]))
    fsync_file(target)


def _fit(table: pa.Table, schema: pa.Schema) -> pa.Table:
    given = set(table.column_names)
    columns = [
        table.column(field.name).cast(field.type) if field.name in given else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _change_places(fresh: Path, place: Path, old: Path) -> None:
    """Exchange two folders in one step (Linux). Elsewhere in two: see `recover_compaction`."""
    libc = ctypes.CDLL(None, use_errno=True)
    exchange = getattr(libc, "renameat2", None)
    if exchange is not None and exchange(_AT_FDCWD, os.fsencode(fresh), _AT_FDCWD, os.fsencode(place), _EXCHANGE) == 0:
        return
    marker = place.with_name(f".{place.name}.compacting")
    os.rename(fresh, marker)
    os.rename(place, old)
    os.rename(marker, place)


def recover_compaction(paths: HomePaths) -> None:
    """Put back a folder whose change of places was cut short; the start of every run calls it."""
    for marker in paths.landed.glob("*/*/.*.compacting"):
        place = marker.with_name(marker.name.removeprefix(".").removesuffix(".compacting"))
        if place.exists():
            shutil.rmtree(marker)
        else:
            os.rename(marker, place)
