"""Committed batches: immutable Parquet files whose footers say what is in them.

`list_batches(paths, folder, name, source)` reads the footers of one source's batches of one object, also where
compaction put several into one file. `commit_file` is the one step that makes a batch exist. `ensure_schema` lays
the typed empty file every object has from the start. How rows get into a batch is `landing.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from orchestration.lake.door import landed_schema
from orchestration.lake.extract import ObjectSpec
from orchestration.lake.paths import HomePaths
from orchestration.lake.private_files import move_into_place, write_table
from orchestration.lake.refusal import LandingError

FOOTER_KEY = "handoff_batches"
SCHEMA_FILE = "_schema.parquet"


@dataclass(frozen=True)
class Accounting:
    """What became of the rows of one batch.

    Duplicates are rows already known (dropped) and versions equal to the one before (kept as `_is_repeat`).
    `reasons`: reason, with `:column` where one is to blame → rows quarantined. `rows_backdated` landed later than a
    run that should have seen them. `unmapped_stages`: stage labels nobody mapped → rows. Apart from the rows read
    stand the `rows_withdrawn`: versions added to end what a restated day no longer holds; `days_withheld` counts the
    days of which nothing was withdrawn, because a row with an unreadable key may be theirs.
    """

    rows_read: int = 0
    rows_landed: int = 0
    rows_duplicate: int = 0
    rows_quarantined: int = 0
    rows_backdated: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    unknown_columns: tuple[str, ...] = ()
    unmapped_stages: Mapping[str, int] = field(default_factory=dict)
    rows_withdrawn: int = 0
    days_withheld: int = 0

    def assert_nothing_lost(self, place: str) -> None:
        """Raise LandingError unless rows read = landed + duplicates + quarantined."""
        if self.rows_read != self.rows_landed + self.rows_duplicate + self.rows_quarantined:
            raise LandingError(
                f"{place}: {self.rows_read} rows were read, but {self.rows_landed} landed, {self.rows_duplicate} were "
                f"duplicates and {self.rows_quarantined} quarantined; nothing was committed"
            )


@dataclass(frozen=True)
class BatchNote:
    """What a footer says of one batch. Times are naive UTC; `cursor_max` is text as the source gave it.

    `deliveries` are those that restate days, name → SHA-256 of its files; none in batches that only add. `reading`
    is how the connector made rows of them, where that is the registry's choice. `replays` is the batch whose
    quarantined rows this one read again: its accounting then moves them, as a reversing entry does, no row read,
    those that leave quarantine less, so that sums over all batches count each row once.
    """

    batch_id: str
    folder: str
    object: str
    source: str
    origin: str
    file_sha256: str | None
    cursor_max: str | None
    landed_as_of: datetime
    extracted_at: datetime
    accounting: Accounting
    deliveries: Mapping[str, str] = field(default_factory=dict)
    reading: str | None = None
    replays: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            **asdict(self),
            "landed_as_of": self.landed_as_of.isoformat(),
            "extracted_at": self.extracted_at.isoformat(),
        }

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> BatchNote:
        """The note `to_dict` wrote."""
        accounting = dict(found["accounting"])
        accounting["unknown_columns"] = tuple(accounting["unknown_columns"])
        times = {name: datetime.fromisoformat(found[name]) for name in ("landed_as_of", "extracted_at")}
        return cls(**{**found, **times, "accounting": Accounting(**accounting)})


def footer(notes: list[BatchNote]) -> dict[str, str]:
    """Footer metadata of a file that holds these batches."""
    return {FOOTER_KEY: json.dumps([note.to_dict() for note in notes], ensure_ascii=False)}


def list_batches(paths: HomePaths, folder: str, name: str, source: str) -> list[BatchNote]:
    """Batches one source landed of one object, by batch id."""
    notes = [note for path in batch_files(paths, folder, name, source) for note in read_notes(path)]
    return sorted(notes, key=lambda note: note.batch_id)


def list_all_batches(paths: HomePaths) -> Iterator[BatchNote]:
    """Every batch landed from a source; what Python produced (folder handoff) and the run's rows are none."""
    for folder in sorted(path for path in paths.landed.iterdir() if path.is_dir()):
        for place in sorted(folder.glob("*/*")):
            if place.is_dir() and folder.name not in ("run", "handoff", "criteria"):
                yield from list_batches(paths, folder.name, place.parent.name, place.name)


def batch_files(paths: HomePaths, folder: str, name: str, source: str) -> list[Path]:
    """Files of one source's batches of one object, by name."""
    place = paths.batches(folder, name, source)
    return sorted(place.glob("[!._]*.parquet")) if place.is_dir() else []


def read_notes(path: Path) -> tuple[BatchNote, ...]:
    """Batches a file says it holds; an immutable file is read once."""
    stat = path.stat()
    return _read_notes(path, stat.st_mtime_ns, stat.st_size)


def seen_until(run_no: int, notes: Sequence[BatchNote]) -> datetime | None:
    """The as_of an object was last landed at by an earlier run: what claims to be known by then comes late."""
    earlier = (note.landed_as_of for note in notes if not note.batch_id.startswith(f"{run_no:08d}"))
    return max(earlier, default=None)


def number_batch(run_no: int, notes: Sequence[BatchNote], *told: str) -> str:
    """Id of a run's next batch beside those of its source and object: ids sort as the batches landed.

    `told` is what sets it apart from the batches of other objects.
    """
    run = f"{run_no:08d}"
    place = sum(note.batch_id.startswith(run) for note in notes)
    return f"{run}-{place:05d}{hashlib.sha256('|'.join(told).encode()).hexdigest()[:12]}"


def last_cursor(paths: HomePaths, *, folder: str, name: str, source: str, origin: str | None = None) -> str | None:
    """Where the last committed batch's cursor stood, None before the first; with `origin`, that of one table alone."""
    notes = list_batches(paths, folder, name, source)
    cursors = [note.cursor_max for note in notes if note.cursor_max and origin in (None, note.origin)]
    return cursors[-1] if cursors else None


def landed_digests(paths: HomePaths, *, folder: str, name: str, source: str) -> frozenset[str]:
    """SHA-256 of the files one source landed of one object."""
    notes = list_batches(paths, folder, name, source)
    return frozenset(note.file_sha256 for note in notes if note.file_sha256 is not None)


def is_committed(paths: HomePaths, batch_id: str, folder: str, name: str, source: str) -> bool:
    """Whether the batch stands in the lake."""
    return any(note.batch_id == batch_id for note in list_batches(paths, folder, name, source))


def commit_file(paths: HomePaths, written: Path, note: BatchNote) -> Path:
    """Make a finished file the batch: one durable rename. Returns its place."""
    place = paths.batches(note.folder, note.object, note.source) / f"{note.batch_id}.parquet"
    move_into_place(written, place)
    return place


def ensure_schema(paths: HomePaths, spec: ObjectSpec) -> Path:
    """Lay the typed empty file of an object, again where its columns changed."""
    place = paths.objects(spec.folder, spec.name) / SCHEMA_FILE
    schema = landed_schema(spec)
    if not place.exists() or not pq.read_schema(place).equals(schema):
        write_table(place, schema.empty_table())
    return place


@lru_cache(maxsize=65_536)
def _read_notes(path: Path, _modified: int, _size: int) -> tuple[BatchNote, ...]:
    found = (pq.read_metadata(path).metadata or {}).get(FOOTER_KEY.encode())
    if found is None:
        raise LandingError(f"{path.name} has no batch in its footer: it was not landed here; move it out of the lake")
    return tuple(BatchNote.from_dict(each) for each in json.loads(found))
