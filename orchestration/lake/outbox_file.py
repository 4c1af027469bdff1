"""The outbox's file: its tables, how a file of earlier code becomes one of today's, transactions, the sender's lease.

What is written into the tables is `outbox_queue.py`, `outbox.py` and `outbox_log.py`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestration.lake.lease import hold_file
from orchestration.lake.private_files import make_folder

# outbox has rowids: without them SQLite keeps but 1,000 bytes of a row in its page, and two payloads are as long.
# sent_…: the write on its way, until reading has told what became of it. verified_…: what the record was last read to
# hold; their payloads are null while they are the row's. changed: fields in which someone else's value stands, as JSON.
_TABLES = """
create table if not exists outbox (
    destination text not null, lead_id text not null, lead_key text not null, source text not null,
    sequence integer not null, payload text not null, payload_sha256 text not null, status text not null,
    attempt integer not null default 0, error_code text,
    primary key (destination, lead_id)
);
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
"""
_TO_ONE = """
alter table outbox add column sent_sequence integer;
alter table outbox add column sent_payload text;
alter table outbox add column sent_at text;
alter table outbox add column verified_sequence integer;
alter table outbox add column verified_payload text;
alter table outbox add column changed text;
alter table outbox add column schema_version text;
alter table outbox add column queued_at text;
alter table outbox add column settled_at text;
alter table outbox add column is_wanted integer not null default 1;
create table findings (
    finding_no integer primary key autoincrement, destination text not null, source text not null,
    lead_id text not null, lead_key text not null, field text not null, ours text, theirs text, theirs_sha256 text,
    resolution text not null, found_at text not null, batch_id text, is_landed integer not null default 0
);
update outbox set verified_sequence = sequence where status = 'verified';
update outbox set sent_sequence = sequence where status in ('sending', 'acknowledged');
update outbox set status = 'gone' where status = 'dead_letter' and error_code = 'unknown_record';
update outbox set status = 'rejected' where status = 'dead_letter';
update outbox set status = 'unverified' where status = 'acknowledged';
update outbox set queued_at = strftime('%Y-%m-%dT%H:%M:%S', 'now') where status in ('queued', 'sending', 'failed');
drop index if exists outbox_unsettled;
create index outbox_open on outbox (destination, sequence)
    where status in ('queued', 'failed', 'sending', 'unverified');
create index outbox_sent on outbox (destination, sent_sequence) where sent_sequence is not null;
create index outbox_changed on outbox (destination) where changed is not null;
create index findings_unlanded on findings (is_landed, destination, lead_id) where is_landed = 0;
pragma user_version = 1;
"""
# Added since. aims.fields: those of ours a destination was last seen to have, as JSON. absent_fields: those it lacked.
_ADDED = (
    ("sequences", "is_above_crm", "integer not null default 1"),
    ("aims", "fields", "text"),
    ("attempts", "absent_fields", "text"),
)
_NO_ROWIDS = " without rowid"


# A commit is on disk before anything is sent. A hundred thousand records are a few hundred megabytes: more of them in
# memory, and fewer copies of the log, than by default.
_PRAGMAS = """
pragma journal_mode = wal;
pragma synchronous = full;
pragma cache_size = -65536;
pragma wal_autocheckpoint = 16384;
"""


_PAYLOAD = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


class OutboxFile:
    """One SQLite file, its owner's alone. Times are naive UTC."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
        self.path = path
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(_PRAGMAS)
        self._make_tables()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def sender(self, destination: str) -> Iterator[None]:
        """Be the one who sends to a destination, for the body of a `with`; the kernel frees it when a sender dies.

        Raises
        ------
        LeaseHeld
            If another process sends to it; nothing is waited for.
        """
        folder = make_folder(self.path.parent / "senders")
        with hold_file(folder / f"{destination}.lease", who=f"a sender to {destination}"):
            yield

    def _make_tables(self) -> None:
        with self._transaction():
            version = self._connection.execute("pragma user_version").fetchone()[0]
            for statement in _statements(_TABLES if version == 0 else ""):
                self._connection.execute(statement)
            for statement in _statements(_TO_ONE if version == 0 else ""):
                self._connection.execute(statement)
            # Some files of a version have columns of the next already.
            for table, name, kind in _ADDED if version < 3 else ():
                names = {row["name"] for row in self._connection.execute(f"pragma table_info({table})")}
                if name not in names:
                    self._connection.execute(f"alter table {table} add column {name} {kind}")
            self._give_rowids()
            self._connection.execute("pragma user_version = 3")

    def _give_rowids(self) -> None:
        """Rewrite a table of earlier code, which had none: rows that do not fit their page cost twice as much."""
        query = "select sql from sqlite_master where tbl_name = 'outbox' and sql is not null order by type = 'index'"
        table, *indexes = [row["sql"] for row in self._connection.execute(query)]
        if not table.lower().endswith(_NO_ROWIDS):
            return
        self._connection.execute("alter table outbox rename to outbox_before")
        self._connection.execute(table[: -len(_NO_ROWIDS)])
        self._connection.execute("insert into outbox select * from outbox_before order by destination, lead_id")
        self._connection.execute("drop table outbox_before")
        for index in indexes:
            self._connection.execute(index)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def _take_numbers(self, destination: str, count: int, *, floor: int = 0) -> int:
        """The first of `count` new sequence numbers, above all given before and above `floor`."""
        row = self._connection.execute("select last from sequences where destination = ?", (destination,)).fetchone()
        last = max(int(row["last"]) if row else 0, floor)
        self._connection.execute(
            "insert into sequences (destination, last) values (?, ?) "
            "on conflict (destination) do update set last = excluded.last",
            (destination, last + count),
        )
        return last + 1


def now() -> datetime:
    """The wall clock: receipts and the age of what waits are in it."""
    return datetime.now(UTC).replace(tzinfo=None)


def payload_text(payload: Mapping[str, str | None]) -> str:
    """The one text of a payload: what its hash is taken over."""
    return _PAYLOAD.encode(dict(payload))


def _statements(script: str) -> list[str]:
    return [statement for statement in script.split(";\n") if statement.strip()]
