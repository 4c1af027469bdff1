"""What waits in the quarantine: who it came from, why, and the rows themselves for whoever reads them again.

    waiting(paths, vault)              groups by place and reason, without a value: what `handoff quarantine list` shows
    waiting_batches(paths, vault)      the batches that have rows waiting, in the order they were read
    rows_of(vault, batch_id)           their bytes, for `replay.py` alone

Rows get here in `landing.py`. A file refused whole is no batch; `note_refusals` keeps its name until it lands.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from orchestration.lake.batches import BatchNote, list_batches
from orchestration.lake.paths import HomePaths
from orchestration.lake.refusal import FileRefused
from orchestration.lake.rows import BadRow, CsvShape
from orchestration.lake.vault import Vault


@dataclass(frozen=True)
class Wanted:
    """Which of the waiting rows are meant; None: all. `reason` as listed, with or without its column."""

    source: str | None = None
    object: str | None = None
    reason: str | None = None

    def has_place(self, source: str, name: str) -> bool:
        """Whether rows of that source and object are meant."""
        return self.source in (None, source) and self.object in (None, name)

    def has_reason(self, row: BadRow) -> bool:
        """Whether a row with that reason is meant."""
        return self.reason in (None, row.reason, row.told)


@dataclass(frozen=True)
class WaitingGroup:
    """Rows of one batch that wait for one reason. `since` is the as_of of the run that read them, naive UTC."""

    source: str
    object: str
    origin: str
    reason: str
    column: str | None
    rows: int
    first_line: int
    since: datetime


@dataclass(frozen=True)
class WaitingBatch:
    """A batch with rows in quarantine. `reading` is the hash of what they were last judged by, if that is known.

    `last_read` is the last batch that was read from the same bytes, mostly itself.
    """

    note: BatchNote
    shape: CsvShape | None
    reading: str | None
    rows: int
    last_read: str


@dataclass(frozen=True)
class Refusal:
    """A file that was refused whole when its source was last read."""

    source: str
    object: str
    origin: str
    reason: str
    what_to_do: str
    since: datetime


def waiting(paths: HomePaths, vault: Vault, wanted: Wanted | None = None) -> list[WaitingGroup]:
    """Groups of waiting rows by batch, reason and column; those of one object in the order they were read."""
    groups = []
    for batch in waiting_batches(paths, vault, wanted):
        note, counted = batch.note, dict[tuple[str, str | None], list[int]]()
        for row in _rows(vault, note.batch_id, with_bytes=False):
            if wanted is None or wanted.has_reason(row):
                counted.setdefault((row.reason, row.column), []).append(row.line)
        place = (note.source, note.object, note.origin)
        for (reason, column), lines in sorted(counted.items(), key=lambda each: (each[0][0], each[0][1] or "")):
            groups.append(WaitingGroup(*place, reason, column, len(lines), min(lines), note.landed_as_of))
    return sorted(groups, key=lambda each: (each.source, each.object))


def waiting_batches(paths: HomePaths, vault: Vault, wanted: Wanted | None = None) -> list[WaitingBatch]:
    """Committed batches with rows that wait, in the order they were read."""
    found = vault.connection.execute(
        "select batch_id, folder, object, source, shape, reading,"
        " (select count(*) from quarantine as kept where kept.batch_id = batches.batch_id)"
        " from batches where batch_id in (select batch_id from quarantine) order by batch_id"
    ).fetchall()
    notes: dict[tuple[str, str, str], dict[str, BatchNote]] = {}
    batches = []
    for batch_id, folder, name, source, shape, reading, rows in found:
        if wanted is not None and not wanted.has_place(source, name):
            continue
        place = (folder, name, source)
        if place not in notes:
            notes[place] = {note.batch_id: note for note in list_batches(paths, *place)}
        if note := notes[place].get(batch_id):
            cut = CsvShape.from_text(shape) if shape else None
            batches.append(WaitingBatch(note, cut, reading, rows, _last_read(note, notes[place].values())))
    return batches


def _last_read(first: BatchNote, notes: Iterable[BatchNote]) -> str:
    """By its file, or by its day's among several that landed together."""
    digest = first.file_sha256
    same = [each for each in notes if not each.replays and digest in (each.file_sha256, *each.deliveries.values())]
    return max(each.batch_id for each in same) if digest is not None else first.batch_id


def rows_of(vault: Vault, batch_id: str) -> list[BadRow]:
    """The waiting rows of a batch with their bytes, in order."""
    return list(_rows(vault, batch_id, with_bytes=True))


def columns_of(vault: Vault, batch: WaitingBatch) -> frozenset[str]:
    """Names of the columns the waiting rows of a batch have, as their source gave them."""
    if batch.shape is not None:
        return frozenset(batch.shape.names)
    (raw,) = vault.connection.execute(
        "select raw from quarantine where batch_id = ? order by row_no limit 1", (batch.note.batch_id,)
    ).fetchone()
    try:
        found = json.loads(raw)
    except ValueError:
        return frozenset()
    return frozenset(found) if isinstance(found, dict) else frozenset()


def _rows(vault: Vault, batch_id: str, *, with_bytes: bool) -> Iterator[BadRow]:
    raw = "raw" if with_bytes else "x''"
    found = vault.connection.execute(
        f"select row_no, line, reason, column_name, {raw} from quarantine where batch_id = ? order by row_no",
        (batch_id,),
    )
    yield from (BadRow(*row) for row in found.fetchall())


def note_outcome(vault: Vault, replay_id: str, batch_id: str, left: Collection[int], moved: Collection[BadRow]) -> None:
    """Say what a replay makes of rows, for the moment its batch stands: those that leave, those with another reason."""
    vault.connection.executemany(
        "insert into replays values (?, ?, ?, null, null)", ((replay_id, batch_id, row_no) for row_no in left)
    )
    vault.connection.executemany(
        "insert into replays values (?, ?, ?, ?, ?)",
        ((replay_id, batch_id, row.row_no, row.reason, row.column) for row in moved),
    )


def note_reading(vault: Vault, batch_id: str, reading: str) -> None:
    """Say by what all waiting rows of a batch were judged last."""
    vault.connection.execute("update batches set reading = ? where batch_id = ?", (reading, batch_id))
    vault.commit()


def note_refusals(vault: Vault, source: str, refused: Collection[FileRefused], as_of: datetime) -> None:
    """Replace what is known of a source's refused files: each run tries every file again."""
    vault.connection.execute("delete from refusals where source = ?", (source,))
    vault.connection.executemany(
        "insert or replace into refusals values (?, ?, ?, ?, ?, ?)",
        ((source, each.object, each.file, each.reason_code, each.what_to_do, as_of.isoformat()) for each in refused),
    )
    vault.commit()


def refusals(vault: Vault, wanted: Wanted | None = None) -> list[Refusal]:
    """Files refused whole when their source was last read."""
    meant = wanted or Wanted()
    found = vault.connection.execute("select * from refusals order by source, object, origin").fetchall()
    return [
        Refusal(source, name, origin, reason, what_to_do, datetime.fromisoformat(as_of))
        for source, name, origin, reason, what_to_do, as_of in found
        if meant.has_place(source, name) and meant.reason in (None, reason)
    ]
