"""Reads quarantined rows again, under the rules of today, and lands those that now pass.

    for batch in waiting_batches(paths, vault):
        result = replay(batch, extract, paths=paths, run=run, vault=vault, key=key)

`extract` says how the batch's object is read today; its rows come from the vault. A batch is replayed into one batch of
its own that keeps each row's `_file_sha256` and `_row_no`: all or nothing, by the same one rename as any landing. Its
accounting is a reversing entry (`BatchNote.replays`). What is read, and when, is the caller's. Where a connector has a
reader of its own, a row is not read alone: it is settled once its delivery, or its day, was read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from orchestration.lake.batch_writer import BatchWriter, Tally
from orchestration.lake.batches import (
    Accounting,
    BatchNote,
    batch_files,
    commit_file,
    ensure_schema,
    list_batches,
    number_batch,
    seen_until,
)
from orchestration.lake.check import Checker
from orchestration.lake.extract import Extract
from orchestration.lake.landing import RunContext, connect, naive_utc
from orchestration.lake.paths import HomePaths
from orchestration.lake.private_files import scratch_folder
from orchestration.lake.quarantine import WaitingBatch, Wanted, note_outcome, note_reading, rows_of
from orchestration.lake.raw_rows import read_again
from orchestration.lake.refusal import LandingError
from orchestration.lake.rows import SUPERSEDED, BadRow
from orchestration.lake.sightings import settled_by_day, sightings_of
from orchestration.lake.vault import Vault
from orchestration.lake.versions import Verdicts, decide_versions, set_aside
from orchestration.lake.whole_files import refuse_if_not_whole

_PLACES = ("_row_no", "_whole_day")


@dataclass(frozen=True)
class ReplayResult:
    """What became of a batch's waiting rows: counts; `still` are the reasons of those that wait on, with counts.

    `is_by_day`: none was read again, as they are read with all of their day or not at all.
    """

    batch: BatchNote
    rows_read: int
    rows_landed: int
    rows_duplicate: int
    rows_backdated: int
    still: dict[str, int]
    batch_id: str | None = None
    is_by_day: bool = False


def replay(
    batch: WaitingBatch,
    extract: Extract,
    *,
    paths: HomePaths,
    run: RunContext,
    vault: Vault,
    key: bytes,
    wanted: Wanted | None = None,
    is_dry: bool = False,
) -> ReplayResult:
    """Read the wanted rows of a batch again; with `is_dry` only say what would become of them.

    Raises
    ------
    FileRefused
        If the rows lack a declared column.
    LandingError
        If something else keeps them from being read; the message holds no values.
    """
    spec, source = extract.spec, extract.rules.source
    if batch.reading is None and extract.reader is None:
        raise LandingError(
            f"{source}.{spec.name}: {extract.origin}: its rows were set aside by a version that did not note how they "
            "are cut into cells: they wait on; to land them, bring the file again with a blank line at its end"
        )
    ensure_schema(paths, spec)
    kept = rows_of(vault, batch.note.batch_id)
    rows = [row for row in kept if wanted is None or wanted.has_reason(row)]
    notes = list_batches(paths, spec.folder, spec.name, source)
    replay_id = number_batch(run.run_no, notes, spec.folder, spec.name, source, batch.note.batch_id)
    vault.begin_batch(replay_id, spec.folder, spec.name, source)
    try:
        with scratch_folder(paths.tmp, replay_id) as scratch:
            work = _Work(batch, extract, paths, run, vault, key, notes, rows, replay_id, scratch)
            result = _replay(work, is_dry=is_dry)
    except duckdb.Error as error:
        kind = type(error).__name__
        raise LandingError(f"{source}.{spec.name}: {extract.origin} could not be worked through ({kind})") from None
    finally:
        vault.rollback()
    if not is_dry and len(rows) == len(kept):
        note_reading(vault, batch.note.batch_id, extract.reading_hash())
    return result


@dataclass(frozen=True)
class _Work:
    batch: WaitingBatch
    extract: Extract
    paths: HomePaths
    run: RunContext
    vault: Vault
    key: bytes
    notes: Sequence[BatchNote]
    rows: Sequence[BadRow]
    replay_id: str
    scratch: Path

    @property
    def place(self) -> str:
        """What messages call it."""
        return f"{self.extract.rules.source}.{self.extract.spec.name}: {self.extract.origin}"


def _replay(work: _Work, *, is_dry: bool) -> ReplayResult:
    writer, verdicts = _read(work)
    tally = writer.tally
    if (read := tally.rows_good + len(tally.bad)) != len(work.rows):
        raise LandingError(f"{work.place}: {len(work.rows)} rows wait and {read} were read; nothing was committed")
    set_back = set(verdicts.superseded.tolist())
    superseded = [replace(row, reason=SUPERSEDED, column=None) for row in work.rows if row.row_no in set_back]
    still = [*tally.bad, *superseded]
    note = _note(work, tally, verdicts, still)
    said = note.accounting
    changes = bool(said.rows_quarantined or said.reasons)
    result = ReplayResult(
        work.batch.note, len(work.rows), said.rows_landed, said.rows_duplicate, said.rows_backdated,
        dict(sorted(Counter(row.told for row in still).items())), work.replay_id if changes and not is_dry else None,
        work.extract.reader is not None,
    )  # fmt: skip
    written = writer.finish(verdicts, note)
    if result.batch_id:
        _settle(work, verdicts, still)
        work.vault.commit()
        commit_file(work.paths, written, note)
        work.vault.mark_committed(work.replay_id)
    return result


def _read(work: _Work) -> tuple[BatchWriter, Verdicts]:
    extract, note, place = work.extract, work.batch.note, (work.extract.rules.source, work.extract.spec.name)
    as_of = naive_utc(work.run.as_of)
    first_batches = {each.batch_id: each.replays for each in work.notes if each.replays is not None}
    writer = BatchWriter(
        extract, work.scratch, work.vault, work.replay_id, note.file_sha256, naive_utc(work.run.extracted_at), as_of
    )
    if extract.reader is not None:
        return writer, _judge_by_day(work, writer.tally, place)
    days: dict[int, str | None] = {}
    with closing(connect(work.scratch)) as connection:
        checker = Checker(connection, extract, as_of=as_of.isoformat(sep=" "), key=work.key)
        for block in read_again(extract, work.batch.shape, work.rows):
            checked = checker.check(block)
            writer.add(block, checked)
            if extract.restates is not None:
                days |= dict(zip(*(checked.every.column(name).to_pylist() for name in _PLACES), strict=True))
        verdicts = decide_versions(
            connection,
            batch_files(work.paths, extract.spec.folder, extract.spec.name, extract.rules.source),
            as_of=as_of,
            seen_until=seen_until(work.run.run_no, work.notes),
            is_reference=extract.spec.is_reference,
            sightings=sightings_of(work.vault, place, note.batch_id, first_batches, days),
        )
        refuse_if_not_whole(connection, extract, has_unknown=bool(writer.tally.unknown_columns), is_replay=True)
    return writer, verdicts


def _judge_by_day(work: _Work, tally: Tally, place: tuple[str, str]) -> Verdicts:
    """What became of rows that are not read alone: those whose delivery was not read again since wait on."""
    numbers = frozenset(row.row_no for row in work.rows)
    known, superseded = settled_by_day(work.vault, place, work.batch.note.batch_id, work.batch.last_read, numbers)
    gone = {*known, *superseded}
    tally.bad = [row for row in work.rows if row.row_no not in gone]
    tally.rows_good = len(gone)
    return set_aside(known, superseded)


def _settle(work: _Work, verdicts: Verdicts, still: Sequence[BadRow]) -> None:
    """The vault's share: identifiers of what does not land go, and what becomes of each row is written down."""
    work.vault.drop_rows(work.replay_id, (int(row) for row in verdicts.dropped))
    before = {row.row_no: row.told for row in work.rows}
    waits = {row.row_no for row in still}
    note_outcome(
        work.vault,
        work.replay_id,
        work.batch.note.batch_id,
        left=[row_no for row_no in before if row_no not in waits],
        moved=[row for row in still if row.told != before[row.row_no]],
    )


def _note(work: _Work, tally: Tally, verdicts: Verdicts, still: Sequence[BadRow]) -> BatchNote:
    """The reversing entry: rows that leave, and reasons that change, are taken from what the first batch counted."""
    extract, first = work.extract, work.batch.note
    repeats = int(verdicts.is_repeat.sum())
    landed = tally.rows_good - len(verdicts.dropped) - repeats
    duplicate = len(verdicts.dropped) - len(verdicts.superseded) + repeats
    reasons = Counter(row.told for row in still)
    reasons.subtract(row.told for row in work.rows)
    accounting = Accounting(
        rows_landed=landed,
        rows_duplicate=duplicate,
        rows_quarantined=-(landed + duplicate),
        rows_backdated=verdicts.rows_backdated,
        reasons={reason: count for reason, count in sorted(reasons.items()) if count},
        unmapped_stages=dict(sorted(tally.unmapped_stages.items())),
    )
    accounting.assert_nothing_lost(work.place)
    return BatchNote(
        work.replay_id, extract.spec.folder, extract.spec.name, extract.rules.source, first.origin, first.file_sha256,
        None, naive_utc(work.run.as_of), naive_utc(work.run.extracted_at), accounting, replays=first.batch_id,
    )  # fmt: skip
