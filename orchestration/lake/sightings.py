"""Which was read later: a row that waits, or another of its key. Rows without a time of their own have no other order.

Landing drops what it knows already, so the lake alone cannot tell that a source went back to what it said before. So
a waiting row remembers where it was seen last, and whether its key was since seen saying something known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from orchestration.lake.rows import Rows
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


def sightings_of(vault: Vault, batch_id: str, first_batches: Mapping[str, str]) -> Sightings:
    """What is known of the waiting rows of a batch."""
    found = vault.connection.execute(
        "select row_no, coalesce(seen_batch_id, batch_id), coalesce(seen_row_no, row_no), is_overtaken"
        " from quarantine where batch_id = ? order by row_no",
        (batch_id,),
    )
    return Sightings([(row, batch, at, bool(over)) for row, batch, at, over in found.fetchall()], first_batches)
