"""The tables of the vault, and what was added to them since the first: `vault.py` and `quarantine.py` work on them."""

from __future__ import annotations

import sqlite3

_TABLES = """
create table if not exists proof (name text primary key, digest blob not null) without rowid;
create table if not exists batches (
    batch_id text primary key, folder text not null, object text not null, source text not null,
    is_committed integer not null default 0, shape text, reading text
) without rowid;
create table if not exists cells (
    batch_id text not null, row_no integer not null, column_name text not null, kind text not null, value text not null,
    primary key (batch_id, row_no, column_name)
) without rowid;
create table if not exists quarantine (
    batch_id text not null, row_no integer not null, line integer not null, reason text not null, column_name text,
    raw blob not null, raw_sha256 blob not null, source text not null, object text not null,
    key_hash text, seen_batch_id text, seen_row_no integer, is_overtaken integer not null default 0, day text,
    primary key (batch_id, row_no)
) without rowid;
create index if not exists quarantine_by_content on quarantine (source, object, raw_sha256);
create index if not exists quarantine_by_key on quarantine (source, object, key_hash);
create table if not exists replays (
    replay_id text not null, batch_id text not null, row_no integer not null, reason text, column_name text,
    primary key (replay_id, batch_id, row_no)
) without rowid;
create table if not exists restated (
    source text not null, object text not null, day text not null, batch_id text not null,
    primary key (source, object, day, batch_id)
) without rowid;
create table if not exists refusals (
    source text not null, object text not null, origin text not null, reason text not null, what_to_do text not null,
    as_of text not null, primary key (source, object, origin)
) without rowid;
"""
_ADDED = {
    "batches": {"shape": "text", "reading": "text"},
    "quarantine": {
        "key_hash": "text",
        "seen_batch_id": "text",
        "seen_row_no": "integer",
        "is_overtaken": "integer not null default 0",
        "day": "text",
    },
}
# What became of replayed rows holds from the moment the batch they landed in stands.
SETTLE = (
    "delete from quarantine where (batch_id, row_no) in"
    " (select batch_id, row_no from replays where replay_id = :id and reason is null)",
    "update quarantine set reason = found.reason, column_name = found.column_name from replays as found"
    " where found.replay_id = :id and found.batch_id = quarantine.batch_id and found.row_no = quarantine.row_no",
    "delete from replays where replay_id = :id",
    "delete from restated where batch_id < :id and (source, object, day) in"
    " (select source, object, day from restated where batch_id = :id)",
    "update batches set is_committed = 1 where batch_id = :id",
)


def make_tables(connection: sqlite3.Connection) -> None:
    """Make what is missing; a vault made before rows could be replayed gets the columns that came with it."""
    connection.executescript(_TABLES)
    for table, columns in _ADDED.items():
        there = {name for _, name, *_ in connection.execute(f"pragma table_info({table})").fetchall()}
        for name, kind in columns.items():
            if name not in there:
                connection.execute(f"alter table {table} add column {name} {kind}")
