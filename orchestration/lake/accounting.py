"""Load accounting as rows of the lake: what became of every batch, for `fct_load_accounting`.

The truth is in the batches' footers; `land_accounting` lands what of it has not landed yet, so that a run killed
between a batch and its accounting is made good by the next.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.lake.batches import SCHEMA_FILE, BatchNote, list_all_batches
from orchestration.lake.paths import HomePaths
from orchestration.lake.private_files import write_table

_TIME = pa.timestamp("us")
SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("object", pa.string()),
        ("folder", pa.string()),
        ("origin", pa.string()),
        ("file_sha256", pa.string()),
        ("batch_id", pa.string()),
        ("replayed_batch_id", pa.string()),
        ("rows_read", pa.int64()),
        ("rows_landed", pa.int64()),
        ("rows_duplicate", pa.int64()),
        ("rows_quarantined", pa.int64()),
        ("rows_backdated", pa.int64()),
        ("rows_withdrawn", pa.int64()),
        ("reasons", pa.string()),
        ("unknown_columns", pa.string()),
        ("unmapped_stages", pa.string()),
        ("landed_as_of", _TIME),
        ("extracted_at", _TIME),
        ("_batch_id", pa.string()),
        ("_landed_as_of", _TIME),
    ]
)


def land_accounting(paths: HomePaths, run_no: int) -> int:
    """Land the accounting of batches that have none yet, as one file of this run; returns how many there were."""
    folder = paths.objects("handoff", "load_accounting")
    place = folder / SCHEMA_FILE
    if not place.exists() or not pq.read_schema(place).equals(SCHEMA):
        write_table(place, SCHEMA.empty_table())
    known = _known(folder)
    missing = [note for note in list_all_batches(paths) if note.batch_id not in known]
    if missing:
        rows = [_row(note) for note in missing]
        name = f"{run_no:08d}-{_free_number(folder, run_no):04d}.parquet"
        write_table(folder / name, pa.Table.from_pylist(rows, schema=SCHEMA))
    return len(missing)


def _known(folder: Path) -> set[str]:
    files = sorted(folder.glob("[!._]*.parquet"))
    return {each for path in files for each in pq.read_table(path, columns=["batch_id"]).column(0).to_pylist()}


def _free_number(folder: Path, run_no: int) -> int:
    return len(list(folder.glob(f"{run_no:08d}-*.parquet")))


def _row(note: BatchNote) -> dict[str, object]:
    accounting = note.accounting
    return {
        "source": note.source,
        "object": note.object,
        "folder": note.folder,
        "origin": note.origin,
        "file_sha256": note.file_sha256,
        "batch_id": note.batch_id,
        "replayed_batch_id": note.replays,
        "rows_read": accounting.rows_read,
        "rows_landed": accounting.rows_landed,
        "rows_duplicate": accounting.rows_duplicate,
        "rows_quarantined": accounting.rows_quarantined,
        "rows_backdated": accounting.rows_backdated,
        "rows_withdrawn": accounting.rows_withdrawn,
        "reasons": json.dumps(dict(accounting.reasons), ensure_ascii=False),
        "unknown_columns": "|".join(accounting.unknown_columns),
        "unmapped_stages": json.dumps(dict(accounting.unmapped_stages), ensure_ascii=False),
        "landed_as_of": note.landed_as_of,
        "extracted_at": note.extracted_at,
        "_batch_id": note.batch_id,
        "_landed_as_of": note.landed_as_of,
    }
