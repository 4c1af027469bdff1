"""Lands one extract: reads, checks, takes identifiers out, finds what is new, commits one batch.

    prepare_home(paths, vault)            once at the start of a run: ends what a killed run left half done
    ensure_schema(paths, spec)            (batches.py) typed empty file for every object a connector knows
    result = land(extract, paths=paths, run=RunContext(run_no, as_of, extracted_at), vault=vault, key=key)
    land_accounting(paths, run)           (accounting.py) once after all sources of a run

`vault = Vault.open(paths, key)` and `key = load_key(paths, from_env=...)` are in vault.py. A batch exists from the
rename of its Parquet file on: its vault rows are durable before, its accounting stands in its footer. Killed at any
other moment, `prepare_home` and landing again give the same. What a connector reads, and when, does not belong here.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import duckdb

from orchestration.lake.batch_writer import BatchWriter, Tally
from orchestration.lake.batches import (
    Accounting,
    BatchNote,
    batch_files,
    commit_file,
    ensure_schema,
    is_committed,
    list_batches,
    number_batch,
    seen_until,
)
from orchestration.lake.check import Checker
from orchestration.lake.compaction import recover_compaction
from orchestration.lake.extract import Extract
from orchestration.lake.header import unknown_names
from orchestration.lake.opening import (
    digest_of_all,
    digests_of,
    fingerprint,
    is_landed,
    open_rows,
    refuse_if_none_readable,
)
from orchestration.lake.paths import HomePaths
from orchestration.lake.private_files import make_folder, scratch_folder
from orchestration.lake.refusal import DeliveriesDiffer, FileRefused, LandingError
from orchestration.lake.restatement import Restatement
from orchestration.lake.sightings import note_overtaken, note_restated
from orchestration.lake.sniff import refuse
from orchestration.lake.vault import Vault
from orchestration.lake.versions import Verdicts, decide_versions
from orchestration.lake.whole_files import refuse_if_not_whole

Status = Literal["landed", "already_landed", "nothing_new"]


@dataclass(frozen=True)
class RunContext:
    """The run that lands: its number, its as_of, and the wall clock it reads at. Naive times mean UTC."""

    run_no: int
    as_of: datetime
    extracted_at: datetime


@dataclass(frozen=True)
class LandingResult:
    """What came of an extract. `cursor_max` is the greatest cursor read (text as the source gave it), if any.

    `already_landed`: a file whose bytes landed before. `nothing_new`: a system that gave only what is known. Neither
    has a batch.
    """

    status: Status
    accounting: Accounting
    batch_id: str | None = None
    path: Path | None = None
    cursor_max: str | None = None


def prepare_home(paths: HomePaths, vault: Vault) -> int:
    """Clear what a killed run left: scratch files, and vault rows of batches that never came to be (their number)."""
    recover_compaction(paths)
    shutil.rmtree(paths.tmp, ignore_errors=True)
    make_folder(paths.tmp)
    return vault.forget_uncommitted(lambda *batch: is_committed(paths, *batch))


def land(extract: Extract, *, paths: HomePaths, run: RunContext, vault: Vault, key: bytes) -> LandingResult:
    """Land what is new of `extract` as one batch.

    Raises
    ------
    FileRefused
        If the file cannot be read as declared, or none of its rows can. Nothing of it lands then.
    LandingError
        If something else keeps it from landing; the message holds no values.
    DeliveriesDiffer
        If it joins deliveries one of which has a row that cannot be read: land `extract.joined` one by one.
    """
    ensure_schema(paths, extract.spec)
    spec, source = extract.spec, extract.rules.source
    notes = list_batches(paths, spec.folder, spec.name, source)
    digests = digests_of(extract)
    if is_landed(extract, digests, notes):
        return LandingResult("already_landed", Accounting())
    batch_id = _batch_id(extract, run, digests, notes)
    vault.begin_batch(batch_id, spec.folder, spec.name, source)
    try:
        with scratch_folder(paths.tmp, batch_id) as scratch:
            return _land_batch(extract, paths, run, vault, key, _Batch(batch_id, digests, notes, scratch))
    except duckdb.Error as error:
        kind = type(error).__name__
        raise LandingError(f"{source}.{spec.name}: {extract.origin} could not be worked through ({kind})") from None
    finally:
        vault.rollback()


def is_new(extract: Extract, *, paths: HomePaths) -> bool:
    """Whether it would land: nothing of it stands in the lake as it is now. What cannot be read is not new."""
    try:
        digests = digests_of(extract)
    except FileRefused:
        return False
    notes = list_batches(paths, extract.spec.folder, extract.spec.name, extract.rules.source)
    return not is_landed(extract, digests, notes)


@dataclass(frozen=True)
class _Batch:
    batch_id: str
    digests: Mapping[str, str]
    notes: Sequence[BatchNote]
    scratch: Path

    @property
    def digest(self) -> str | None:
        return digest_of_all(self.digests.values()) if self.digests else None


def _land_batch(
    extract: Extract, paths: HomePaths, run: RunContext, vault: Vault, key: bytes, batch: _Batch
) -> LandingResult:
    spec, source = extract.spec, extract.rules.source
    as_of, extracted_at = naive_utc(run.as_of), naive_utc(run.extracted_at)
    with closing(connect(batch.scratch)) as connection:
        lineage = (batch.batch_id, batch.digest, extracted_at, as_of)
        writer = BatchWriter(extract, batch.scratch, vault, *lineage)
        restatement = Restatement(connection, extract, as_of=as_of)
        names = _read(
            extract, Checker(connection, extract, as_of=as_of.isoformat(sep=" "), key=key), writer, restatement
        )
        tally = writer.tally
        refuse_if_none_readable(extract, tally)
        refuse_if_not_whole(connection, extract, has_unknown=bool(tally.unknown_columns))
        landed = batch_files(paths, spec.folder, spec.name, source)
        verdicts = decide_versions(
            connection,
            landed,
            as_of=as_of,
            seen_until=seen_until(run.run_no, batch.notes),
            is_reference=spec.is_reference,
        )
        writer.withdraw(restatement.withdrawn(landed))
        tally.days_withheld = restatement.days_withheld
        accounting = _account(extract, vault, batch, tally, verdicts, names)
        note_overtaken(connection, vault, (source, spec.name), batch.batch_id, verdicts.dropped)
        note_restated(vault, (source, spec.name), batch.batch_id, restatement.days_told)
    if not extract.files and accounting.rows_duplicate == accounting.rows_read and not verdicts.is_repeat.any():
        vault.end_without_batch(batch.batch_id)
        return LandingResult("nothing_new", accounting, cursor_max=tally.cursor_max)
    note = BatchNote(
        batch.batch_id, spec.folder, spec.name, source, extract.origin, batch.digest, tally.cursor_max, as_of,
        extracted_at, accounting, batch.digests if extract.restates else {}, extract.reading,
    )  # fmt: skip
    written = writer.finish(verdicts, note)
    vault.commit()
    place = commit_file(paths, written, note)
    vault.mark_committed(batch.batch_id)
    return LandingResult("landed", accounting, batch.batch_id, place, tally.cursor_max)


def _read(extract: Extract, checker: Checker, writer: BatchWriter, restatement: Restatement) -> Sequence[str]:
    """Take every block through the check into the writer; returns the names of the columns."""
    before = fingerprint(extract)
    names, blocks = open_rows(extract)
    for block in blocks:
        checked = checker.check(block)
        writer.add(block, checked)
        if extract.joined and writer.tally.bad:
            raise DeliveriesDiffer(f"{extract.origin}: a row cannot be read, and what that means is judged by the day")
        restatement.add(checked.every, len(block.bad))
    if before != fingerprint(extract):
        refuse(extract, "changed_while_reading", "it changed while it was read: it lands when it stays the same")
    return names


def _account(
    extract: Extract, vault: Vault, batch: _Batch, tally: Tally, verdicts: Verdicts, names: Sequence[str]
) -> Accounting:
    """Settle the vault's share of the batch and count."""
    vault.drop_rows(batch.batch_id, (int(row) for row in verdicts.dropped))
    spec, source, reading = extract.spec, extract.rules.source, extract.reading_hash()
    kept = vault.keep_bad_rows(batch.batch_id, spec.name, source, tally.bad, shape=tally.shape, reading=reading)
    repeats = int(verdicts.is_repeat.sum())
    accounting = Accounting(
        rows_read=tally.rows_read,
        rows_landed=tally.rows_good - len(verdicts.dropped) - repeats,
        rows_duplicate=len(verdicts.dropped) + repeats + len(tally.bad) - len(kept),
        rows_quarantined=len(kept),
        rows_backdated=verdicts.rows_backdated,
        reasons=dict(sorted(Counter(row.told for row in kept).items())),
        unknown_columns=tuple(dict.fromkeys([*unknown_names(extract, names), *tally.unknown_columns])),
        unmapped_stages=dict(sorted(tally.unmapped_stages.items())),
        rows_withdrawn=tally.rows_withdrawn,
        days_withheld=tally.days_withheld,
    )
    accounting.assert_nothing_lost(f"{source}.{spec.name} ({extract.origin})")
    return accounting


def _batch_id(extract: Extract, run: RunContext, digests: Mapping[str, str], notes: Sequence[BatchNote]) -> str:
    spec, rules = extract.spec, extract.rules
    moment = "|".join(digests.values()) or f"{extract.cursor_from}|{run.extracted_at.isoformat()}"
    return number_batch(run.run_no, notes, spec.folder, spec.name, rules.source, extract.origin, moment)


def connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory that spills into the scratch folder."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 2,
        "memory_limit": "1GB",
        "temp_directory": str(scratch),
        "autoinstall_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("set timezone = 'UTC'")
    return connection


def naive_utc(moment: datetime) -> datetime:
    """`moment` as a naive datetime meaning UTC."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
