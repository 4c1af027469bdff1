"""The outbox: what each CRM record must say, what was sent, and what the CRM was read to hold.

One SQLite file, so that a crash between a write and its proof loses neither: the queue, its sequence numbers, and the
log of attempts that lands as receipts. Talking to a CRM is a destination's business.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from orchestration.lake.canonical_text import Value, text_of

Status = Literal["acknowledged", "verified", "failed", "dead_letter"]

_TABLES = """
create table if not exists outbox (
    destination text not null, lead_id text not null, lead_key text not null, source text not null,
    sequence integer not null, payload text not null, payload_sha256 text not null, status text not null,
    attempt integer not null default 0, error_code text,
    primary key (destination, lead_id)
) without rowid;
create table if not exists sequences (destination text primary key, last integer not null) without rowid;
create table if not exists aims (destination text primary key, place text not null) without rowid;
create table if not exists attempts (
    attempt_no integer primary key autoincrement, destination text not null, source text not null,
    lead_id text not null, lead_key text not null, sequence integer not null, payload_sha256 text not null,
    status text not null, remote_id text, error_code text, attempt integer not null,
    attempted_at text not null, acknowledged_at text, verified_at text, batch_id text,
    is_landed integer not null default 0
);
create index if not exists attempts_unlanded on attempts (is_landed) where is_landed = 0;
create index if not exists outbox_unsettled on outbox (destination, sequence)
    where status not in ('verified', 'dead_letter');
"""


@dataclass(frozen=True)
class Wanted:
    """What a record of the CRM should say. `payload` maps handoff column to text, number, naive UTC time or None."""

    lead_id: str
    lead_key: str
    source: str
    payload: Mapping[str, Value]


@dataclass(frozen=True)
class Write:
    """One write to deliver, as text; `attempt` counts those before, `expected` was verified last (None: nothing)."""

    lead_id: str
    lead_key: str
    source: str
    sequence: int
    payload: Mapping[str, str | None]
    payload_sha256: str
    attempt: int
    expected: Mapping[str, str | None] | None = None


@dataclass(frozen=True)
class Receipt:
    """What became of one attempt. `error_code` is a word of ours, never a database's message."""

    write: Write
    status: Status
    attempted_at: datetime
    acknowledged_at: datetime | None = None
    verified_at: datetime | None = None
    remote_id: str | None = None
    error_code: str | None = None


class Outbox:
    """The outbox of one home. The caller holds the lease; times are naive UTC."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript("pragma journal_mode = wal; pragma synchronous = full;" + _TABLES)
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def aim(self, destination: str, place: str) -> None:
        """Say where a destination is now. Elsewhere than before, nothing is known of it: all is to be proved again.

        Writes keep their sequences, so that where the same records only moved, reading them is proof enough.
        """
        with self._transaction():
            before = self._connection.execute("select place from aims where destination = ?", (destination,)).fetchone()
            if before is not None and before["place"] != place:
                self._connection.execute(
                    "update outbox set status = 'queued', attempt = 0, error_code = null where destination = ?",
                    (destination,),
                )
            self._connection.execute("insert or replace into aims values (?, ?)", (destination, place))

    def queue(self, destination: str, wanted: Iterable[Wanted], *, floor: int = 0) -> int:
        """Queue what differs from the last queued payload of its record; returns how many records that is.

        A record that is unchanged keeps its state: verified stays verified, a failed one is tried again by `pending`.
        Sequences go on above `floor`, the highest number the destination was seen to hold, and above all given before.
        """
        held = {
            row["lead_id"]: row["payload_sha256"]
            for row in self._connection.execute(
                "select lead_id, payload_sha256 from outbox where destination = ?", (destination,)
            )
        }
        fresh = []
        for record in wanted:
            payload = {name: text_of(value) for name, value in sorted(record.payload.items())}
            text = json.dumps(payload, separators=(",", ":"))
            digest = hashlib.sha256(text.encode()).hexdigest()
            if held.get(record.lead_id) != digest:
                fresh.append((record.lead_id, record.lead_key, record.source, text, digest))
        with self._transaction():
            number = max(self._last_sequence(destination), floor)
            numbered = enumerate(sorted(fresh), start=number + 1)
            rows = [(destination, *row[:3], sequence, *row[3:]) for sequence, row in numbered]
            self._connection.executemany(_QUEUE, rows)
            self._connection.execute(
                "insert into sequences values (?, ?) on conflict (destination) do update set last = excluded.last",
                (destination, number + len(rows)),
            )
        return len(rows)

    def pending(self, destination: str, *, limit: int, after: int = 0) -> list[Write]:
        """Writes neither verified nor given up, by sequence, those above `after` only."""
        rows = self._connection.execute(
            "select * from outbox where destination = ? and sequence > ? and status not in ('verified', 'dead_letter') "
            "order by sequence limit ?",
            (destination, after, limit),
        )
        return [_write(row) for row in rows]

    def begin(self, destination: str, writes: Sequence[Write]) -> None:
        """Note, before anything is sent, that these are on their way."""
        with self._transaction():
            self._connection.executemany(
                "update outbox set status = 'sending', error_code = null "
                "where destination = ? and lead_id = ? and sequence = ?",
                [(destination, write.lead_id, write.sequence) for write in writes],
            )

    def settle(self, destination: str, receipts: Sequence[Receipt]) -> None:
        """Record what became of attempts: the record's state and a row of the log, together or not at all."""
        with self._transaction():
            self._connection.executemany(
                "update outbox set status = ?, error_code = ?, attempt = ? "
                "where destination = ? and lead_id = ? and sequence = ?",
                [
                    (r.status, r.error_code, r.write.attempt + 1, destination, r.write.lead_id, r.write.sequence)
                    for r in receipts
                ],
            )
            self._connection.executemany(_LOG, [_log_row(destination, receipt) for receipt in receipts])

    def retry_failed(self, destination: str) -> None:
        """Give what failed in earlier runs a new budget of attempts in this one."""
        self._connection.execute(
            "update outbox set attempt = 0 where destination = ? and status = 'failed'", (destination,)
        )

    def counts(self, destination: str) -> dict[str, int]:
        """Records by state."""
        query = "select status, count(*) from outbox where destination = ? group by status"
        return {str(status): int(count) for status, count in self._connection.execute(query, (destination,))}

    def unlanded_receipts(self, batch_id: str) -> dict[str, list[dict[str, Any]]]:
        """Attempts that have not landed, by batch: those claimed by an earlier, killed landing keep its batch id."""
        with self._transaction():
            self._connection.execute(
                "update attempts set batch_id = ? where is_landed = 0 and batch_id is null", (batch_id,)
            )
        batches: dict[str, list[dict[str, Any]]] = {}
        for row in self._connection.execute("select * from attempts where is_landed = 0 order by attempt_no"):
            batches.setdefault(row["batch_id"], []).append(_receipt_row(row))
        return batches

    def mark_landed(self, batch_id: str) -> None:
        """The receipts of this batch are durably in the lake."""
        self._connection.execute("update attempts set is_landed = 1 where batch_id = ?", (batch_id,))

    def _last_sequence(self, destination: str) -> int:
        row = self._connection.execute("select last from sequences where destination = ?", (destination,)).fetchone()
        return int(row["last"]) if row else 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")


_QUEUE = """
insert into outbox (destination, lead_id, lead_key, source, sequence, payload, payload_sha256, status)
values (?, ?, ?, ?, ?, ?, ?, 'queued')
on conflict (destination, lead_id) do update set
    lead_key = excluded.lead_key, source = excluded.source, sequence = excluded.sequence, payload = excluded.payload,
    payload_sha256 = excluded.payload_sha256, status = 'queued', attempt = 0, error_code = null
"""

_LOG = """
insert into attempts (destination, source, lead_id, lead_key, sequence, payload_sha256, status, remote_id, error_code,
    attempt, attempted_at, acknowledged_at, verified_at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def _write(row: sqlite3.Row) -> Write:
    payload: dict[str, str | None] = json.loads(row["payload"])
    names = ("lead_id", "lead_key", "source", "sequence", "payload_sha256", "attempt")
    return Write(payload=payload, **{name: row[name] for name in names})


def _log_row(destination: str, receipt: Receipt) -> tuple[Any, ...]:
    write = receipt.write
    times = (receipt.attempted_at, receipt.acknowledged_at, receipt.verified_at)
    return (
        *(destination, write.source, write.lead_id, write.lead_key, write.sequence, write.payload_sha256),
        *(receipt.status, receipt.remote_id, receipt.error_code, write.attempt + 1),
        *(moment.isoformat() if moment else None for moment in times),
    )


def _receipt_row(row: sqlite3.Row) -> dict[str, Any]:
    values = {name: row[name] for name in row.keys() if name not in ("attempt_no", "batch_id", "is_landed")}  # noqa: SIM118
    for name in ("attempted_at", "acknowledged_at", "verified_at"):
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return values
