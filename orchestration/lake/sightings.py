"""Which was read later: a row that waits, or another of its key. Rows without a time of their own have no other order.

Landing drops what it knows already, so the lake alone cannot tell that a source went back to what it said before. So
a waiting row remembers where it was seen last, and whether its key was since seen saying something known. Where whole
days are delivered again, the later delivery is the last word about all of its day, be the row in it or not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from orchestration.lake.rows import SUPERSEDED, Rows
from orchestration.lake.vault import Vault


@dataclass(frozen=True)
class Sightings:
    """Where the rows of a replay were seen last: (row number, batch, row there, whether their key was seen since).

    `first_batches` is, of every batch that was a replay, the batch it read again.
    """

    rows: Sequence[tuple[int, str, int, bool]]
    first_batches: Mapping[str, str]


def note_overtaken(
    connection: duckdb.DuckDBPyConnection, vault: Vault, place: tuple[str, str], batch_id: str, dropped: Rows
) -> None:
    """Mark the waiting rows of a (source, object) whose key was seen again among the `dropped` rows of a batch."""
    found = vault.connection.execute(
        "select distinct key_hash from quarantine where source = ? and object = ? and key_hash is not null", place
    ).fetchall()
    if not found or not len(dropped):
        return
    connection.register("waiting", pa.table({"key_hash": pa.array([key for (key,) in found], pa.string())}))
    connection.register("dropped", pa.table({"row_no": pa.array(dropped)}))
    seen = connection.execute(
        "select waiting.key_hash, max(fresh.row_no) from fresh"
        " semi join dropped on fresh.row_no = dropped.row_no"
        " inner join waiting on fresh.key_a = hash(waiting.key_hash)"
        " where fresh.given is null group by all"
    ).fetchall()
    vault.connection.executemany(
        "update quarantine set is_overtaken = 1 where source = ? and object = ? and key_hash = ?"
        " and (coalesce(seen_batch_id, batch_id), coalesce(seen_row_no, row_no)) < (?, ?)",
        ((*place, key, batch_id, row_no) for key, row_no in seen),
    )


def note_restated(vault: Vault, place: tuple[str, str], batch_id: str, days: Callable[[], Sequence[str]]) -> None:
    """Keep which whole days a batch of a (source, object) told anew, while rows wait that may be of them."""
    waits = "select 1 from quarantine where source = ? and object = ? and coalesce(seen_batch_id, batch_id) < ? limit 1"
    if vault.connection.execute(waits, (*place, batch_id)).fetchone():
        vault.connection.executemany(
            "insert or ignore into restated values (?, ?, ?, ?)", ((*place, day, batch_id) for day in days())
        )


def sightings_of(
    vault: Vault,
    place: tuple[str, str],
    batch_id: str,
    first_batches: Mapping[str, str],
    days: Mapping[int, str | None],
) -> Sightings:
    """What is known of the waiting rows of a batch; `days` are the whole days they are of, as they are read now."""
    found = vault.connection.execute(
        "select row_no, coalesce(seen_batch_id, batch_id), coalesce(seen_row_no, row_no), is_overtaken"
        " from quarantine where batch_id = ? order by row_no",
        (batch_id,),
    ).fetchall()
    told = _told_last(vault, place) if days else {}
    return Sightings(
        [(row, batch, at, bool(over) or told.get(days.get(row), "") > batch) for row, batch, at, over in found],
        first_batches,
    )


def settled_by_day(
    vault: Vault,
    place: tuple[str, str],
    batch_id: str,
    last_read: str,
    rows: Collection[int],
) -> tuple[list[int], list[int]]:
    """Of waiting `rows` that say nothing without their delivery: those that have landed since, and those overtaken.

    Where the very bytes of their batch were read again (`last_read`), what can be read now has landed from there; where
    their day was told by other bytes, these are the last word.
    """
    found = vault.connection.execute("select row_no, day from quarantine where batch_id = ?", (batch_id,))
    seen = sightings_of(vault, place, batch_id, {}, dict(found.fetchall())).rows
    known = [row for row, batch, _, _ in seen if row in rows and last_read > batch]
    superseded = [row for row, batch, _, over in seen if row in rows and over and last_read <= batch]
    return known, superseded


def has_settled(vault: Vault, batch_id: str, last_read: str) -> bool:
    """Whether `settled_by_day` would find what is not known to be settled."""
    found = vault.connection.execute(
        "select 1 from quarantine as kept where batch_id = ? and (coalesce(seen_batch_id, batch_id) < ?"
        " or reason <> ? and (is_overtaken or exists (select 1 from restated where source = kept.source"
        " and object = kept.object and day = kept.day"
        " and batch_id > coalesce(kept.seen_batch_id, kept.batch_id)))) limit 1",
        (batch_id, last_read, SUPERSEDED),
    )
    return found.fetchone() is not None


def _told_last(vault: Vault, place: tuple[str, str]) -> dict[str | None, str]:
    """The last batch that told a whole day of a (source, object) anew."""
    query = "select day, max(batch_id) from restated where source = ? and object = ? group by day"
    return dict(vault.connection.execute(query, place).fetchall())
