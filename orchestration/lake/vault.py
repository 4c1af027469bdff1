"""The vault: the only place that keeps identifiers, free text, undeclared columns and the raw bytes of bad rows.

    key = load_key(paths, from_env=settings.vault_key)   # made on the first run, 0600; never logged
    with closing(Vault.open(paths, key)) as vault: ...

SQLite with secure_delete, so that what is deleted is overwritten. Rows are keyed by (batch, row, column) and written
before their batch: what belongs to a batch that was never committed is removed by `forget_uncommitted`. A value that
proves the key stands in the file; tokens made with another key would match nothing, so another key is refused.
Tokens are made in `door.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from orchestration.lake.paths import HomePaths
from orchestration.lake.private_files import make_folder, write_bytes
from orchestration.lake.refusal import VaultKeyError
from orchestration.lake.rows import BadRow, CsvShape
from orchestration.lake.vault_tables import SETTLE, make_tables

Kind = Literal["identifier", "free_text", "extra"]
_KEY_BYTES = 32


def load_key(paths: HomePaths, *, from_env: str | None = None) -> bytes:
    """The vault's key: 64 hex digits of the environment if given, else the home's file, made if there is no vault yet.

    Raises
    ------
    VaultKeyError
        If the key is no key, or is gone while the vault is still there.
    """
    if from_env is not None:
        return _decode(from_env, "HANDOFF_VAULT_KEY")
    if not paths.vault_key.exists():
        if paths.vault.exists():
            raise VaultKeyError(
                "the vault is there and its key is not: put vault.key back, or set HANDOFF_VAULT_KEY; "
                "without it nothing new can be matched to what landed"
            )
        write_bytes(paths.vault_key, secrets.token_bytes(_KEY_BYTES).hex().encode())
    return _decode(paths.vault_key.read_text(), "vault.key")


def _decode(text: str, place: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise VaultKeyError(f"{place} is not a key: it must be {2 * _KEY_BYTES} hex digits")
    return key


# A row that is the last of its key; of a row whose key cannot be read any with its bytes.
_SEEN_AGAIN = """
    update quarantine set seen_batch_id = ?, seen_row_no = ?, is_overtaken = 0, day = ?
    where source = ? and object = ? and raw_sha256 = ? and not exists (
        select 1 from quarantine as later
        where later.source = ? and later.object = ? and later.key_hash = ?
            and (coalesce(later.seen_batch_id, later.batch_id), coalesce(later.seen_row_no, later.row_no))
                > (coalesce(quarantine.seen_batch_id, quarantine.batch_id),
                    coalesce(quarantine.seen_row_no, quarantine.row_no))
    )
"""


class Vault:
    """One open vault. Writing belongs to the holder of the lease; `transaction` rows become durable with `commit`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, paths: HomePaths, key: bytes) -> Vault:
        """Open the home's vault, made if missing.

        Raises
        ------
        VaultKeyError
            If the vault was made with another key.
        """
        make_folder(paths.home)
        if not paths.vault.exists():
            os.close(os.open(paths.vault, os.O_CREAT | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(paths.vault, timeout=30, check_same_thread=False)
        for pragma in ("secure_delete = on", "journal_mode = delete", "synchronous = full", "temp_store = memory"):
            connection.execute(f"pragma {pragma}").fetchall()
        make_tables(connection)
        proof = hmac.digest(key, b"warm handoff vault", "sha256")
        stored = connection.execute("select digest from proof where name = 'key'").fetchone()
        if stored is None:
            connection.execute("insert into proof values ('key', ?)", (proof,))
            connection.commit()
        elif not hmac.compare_digest(stored[0], proof):
            connection.close()
            raise VaultKeyError("the key is not this vault's: use the key the home was made with")
        return cls(connection)

    @property
    def connection(self) -> sqlite3.Connection:
        """The open file, for `quarantine.py`."""
        return self._connection

    def close(self) -> None:
        """Close the file; what was not committed is gone."""
        self._connection.close()

    def begin_batch(self, batch_id: str, folder: str, name: str, source: str) -> None:
        """Announce a batch; its rows follow in the same transaction."""
        self._connection.rollback()
        self._forget(batch_id)
        self._connection.execute(
            "insert into batches (batch_id, folder, object, source) values (?, ?, ?, ?)",
            (batch_id, folder, name, source),
        )

    def keep_cells(self, batch_id: str, column: str, kind: Kind, cells: Iterable[tuple[int, str]]) -> None:
        """Keep (row number, value) pairs of one column."""
        self._connection.executemany(
            "insert or replace into cells values (?, ?, ?, ?, ?)",
            ((batch_id, row_no, column, kind, value) for row_no, value in cells),
        )

    def drop_rows(self, batch_id: str, rows: Iterable[int]) -> None:
        """Forget the cells of rows that turned out to be known already."""
        self._connection.executemany(
            "delete from cells where batch_id = ? and row_no = ?", ((batch_id, row_no) for row_no in rows)
        )

    def keep_bad_rows(
        self, batch_id: str, name: str, source: str, rows: Sequence[BadRow], *, shape: CsvShape | None, reading: str
    ) -> list[BadRow]:
        """Keep bad rows with their bytes; returns those that were new.

        The same bytes are kept once for an object, unless another row of their key was seen since: a source that says
        A, B and A again says three things, here as where rows land.
        `shape` is how their bytes are cut into cells, `reading` the hash of what they were judged by.
        """
        kept = []
        told = shape.to_text() if shape else None
        self._connection.execute(
            "update batches set shape = ?, reading = ? where batch_id = ?", (told, reading, batch_id)
        )
        for row in rows:
            digest = hashlib.sha256((told or "").encode() + row.raw).digest()
            known = self._connection.execute(
                _SEEN_AGAIN, (batch_id, row.row_no, row.day, source, name, digest, source, name, row.key_hash)
            )
            if not known.rowcount:
                place = (batch_id, row.row_no, row.line, row.reason, row.column)
                self._connection.execute(
                    "insert into quarantine (batch_id, row_no, line, reason, column_name, raw, raw_sha256, source,"
                    " object, key_hash, day) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*place, row.raw, digest, source, name, row.key_hash, row.day),
                )
                kept.append(row)
        return kept

    def end_without_batch(self, batch_id: str) -> None:
        """Keep what was noted of earlier batches, and nothing of this one: it had no news."""
        self._forget(batch_id)
        self._connection.commit()

    def commit(self) -> None:
        """Make the batch's rows durable; the batch itself is committed by its Parquet file."""
        self._connection.commit()

    def rollback(self) -> None:
        """Forget what was written since the last commit."""
        self._connection.rollback()

    def mark_committed(self, batch_id: str) -> None:
        """Note that the batch's file stands, so that nobody need look for it again."""
        for statement in SETTLE:
            self._connection.execute(statement, {"id": batch_id})
        self._connection.commit()

    def forget_uncommitted(self, is_committed: Callable[[str, str, str, str], bool]) -> int:
        """Remove what belongs to batches that never got their file; returns how many there were.

        `is_committed(batch_id, folder, object, source)` looks for the file.
        """
        forgotten = 0
        rows = self._connection.execute(
            "select batch_id, folder, object, source from batches where is_committed = 0"
        ).fetchall()
        for batch_id, folder, name, source in rows:
            if is_committed(batch_id, folder, name, source):
                self.mark_committed(batch_id)
            else:
                self._forget(batch_id)
                self._connection.commit()
                forgotten += 1
        return forgotten

    def cells(self, batch_id: str) -> list[tuple[int, str, str, str]]:
        """(row number, column, kind, value) kept of a batch, in order: for whoever may see them."""
        return self._connection.execute(
            "select row_no, column_name, kind, value from cells where batch_id = ? order by row_no, column_name",
            (batch_id,),
        ).fetchall()

    def bad_rows(self, batch_id: str) -> list[BadRow]:
        """Quarantined rows of a batch, in order."""
        rows = self._connection.execute(
            "select row_no, line, reason, column_name, raw from quarantine where batch_id = ? order by row_no",
            (batch_id,),
        ).fetchall()
        return [BadRow(*row) for row in rows]

    def _forget(self, batch_id: str) -> None:
        for table in ("cells", "quarantine", "restated", "batches"):
            self._connection.execute(f"delete from {table} where batch_id = ?", (batch_id,))
        self._connection.execute("delete from replays where replay_id = ?", (batch_id,))
