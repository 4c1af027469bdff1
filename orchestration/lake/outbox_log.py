"""The outbox's two logs: attempts, which land as receipts, and what others changed, which lands as conflicts.

Rows are kept until they are durably in the lake, and a month more; a landing killed half way is repeated under its own
batch id.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from orchestration.lake.outbox_file import OutboxFile
from orchestration.lake.outbox_types import Finding, Receipt

Log = Literal["attempts", "findings"]

_ATTEMPT = """
insert into attempts (destination, source, lead_id, lead_key, sequence, payload_sha256, status, remote_id, error_code,
    attempt, attempted_at, acknowledged_at, verified_at, absent_fields)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_FINDING = """
insert into findings (destination, source, lead_id, lead_key, field, ours, theirs, theirs_sha256, resolution, found_at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# Found again on the way of the same write.
_SAME = """
select 1 from findings where is_landed = 0 and destination = ? and lead_id = ? and field = ? and theirs_sha256 is ?
    and resolution = ?
"""
_NUMBERED = {"attempts": "attempt_no", "findings": "finding_no"}
_OLD = (
    "delete from attempts where is_landed = 1 and attempted_at < ?",
    "delete from findings where is_landed = 1 and found_at < ?",
)
_TIMES = ("attempted_at", "acknowledged_at", "verified_at", "found_at")


class LogSide(OutboxFile):
    """The outbox as whoever lands its logs sees it."""

    def unlanded_receipts(self, batch_id: str) -> dict[str, list[dict[str, Any]]]:
        """Attempts that have not landed, by batch: those claimed by an earlier, killed landing keep its batch id."""
        return self._unlanded("attempts", batch_id)

    def unlanded_findings(self, batch_id: str) -> dict[str, list[dict[str, Any]]]:
        """The same of what others changed."""
        return self._unlanded("findings", batch_id)

    def mark_landed(self, batch_id: str, *, log: Log = "attempts") -> None:
        """The rows of this batch are durably in the lake."""
        self._connection.execute(f"update {log} set is_landed = 1 where batch_id = ?", (batch_id,))

    def prune(self, *, before: datetime) -> int:
        """Drop what landed and is older than `before`; returns how many rows. What did not land stays, however old."""
        with self._transaction():
            return sum(self._connection.execute(query, (before.isoformat(),)).rowcount for query in _OLD)

    def _unlanded(self, log: Log, batch_id: str) -> dict[str, list[dict[str, Any]]]:
        with self._transaction():
            self._connection.execute(
                f"update {log} set batch_id = ? where is_landed = 0 and batch_id is null", (batch_id,)
            )
        batches: dict[str, list[dict[str, Any]]] = {}
        query = f"select * from {log} where is_landed = 0 order by {_NUMBERED[log]}"
        for row in self._connection.execute(query):
            batches.setdefault(row["batch_id"], []).append(_told(row))
        return batches

    def _note(self, destination: str, receipts: Sequence[Receipt]) -> None:
        self._connection.executemany(_ATTEMPT, [_log_row(destination, receipt) for receipt in receipts])

    def _find(self, destination: str, row: sqlite3.Row, finding: Finding) -> None:
        same = (destination, finding.lead_id, finding.field, finding.theirs_sha256, finding.resolution)
        if self._connection.execute(_SAME, same).fetchone():
            return
        said = (row["source"], row["lead_id"], row["lead_key"], finding.field, finding.ours, finding.theirs)
        about = (finding.theirs_sha256, finding.resolution, finding.found_at.isoformat())
        self._connection.execute(_FINDING, (destination, *said, *about))


def _log_row(destination: str, receipt: Receipt) -> tuple[Any, ...]:
    write = receipt.write
    times = (receipt.attempted_at, receipt.acknowledged_at, receipt.verified_at)
    return (
        *(destination, write.source, write.lead_id, write.lead_key, write.sequence, write.payload_sha256),
        *(receipt.status, receipt.remote_id, receipt.error_code, write.attempt + 1),
        *(moment.isoformat() if moment else None for moment in times),
        receipt.absent_fields,
    )


def _told(row: sqlite3.Row) -> dict[str, Any]:
    ours = (*_NUMBERED.values(), "batch_id", "is_landed")
    values = {name: row[name] for name in row.keys() if name not in ours}  # noqa: SIM118
    for name in _TIMES:
        if name in values:
            values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return values
