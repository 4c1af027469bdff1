"""The outbox: what each CRM record must say, what was sent, and what the CRM was read to hold.

One SQLite file, so that a crash between a write and its proof loses neither: the queue, its sequence numbers, the
writes on their way, and the logs that land as receipts and conflicts. Talking to a CRM is a destination's business.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from orchestration.lake.outbox_changes import verified_payload
from orchestration.lake.outbox_file import now, payload_text
from orchestration.lake.outbox_place import PlaceSide
from orchestration.lake.outbox_proof import ProofSide
from orchestration.lake.outbox_queue import QueueSide
from orchestration.lake.outbox_types import OPEN, SETTLED, Finding, Settled, value_hash
from orchestration.lake.outbox_types import Receipt as Receipt
from orchestration.lake.outbox_types import Wanted as Wanted
from orchestration.lake.outbox_types import Write as Write
from orchestration.lake.outbox_views import ViewSide

_BEGIN = f"""
update outbox set status = 'sending', error_code = null, sent_sequence = sequence, sent_payload = null, sent_at = ?
where destination = ? and {OPEN} and is_wanted <> 0 and sequence between ? and ? and sent_sequence is null
    and sequence in (select value from json_each(?))
returning sequence
"""
# What a write is made of. Rows are read as tuples: there is one for every record.
_PARTS = """
lead_id, lead_key, source, sequence, payload_sha256, attempt, payload,
    coalesce(verified_payload, case when verified_sequence is not null then payload end)
"""
# What reading told of the write that was on its way; whatever was queued meanwhile stays queued.
_READ = """
update outbox set verified_sequence = sent_sequence, verified_payload = sent_payload, sent_sequence = null,
    sent_payload = null, sent_at = null
where destination = ? and lead_id = ? and sent_sequence = ?
"""
# The record held it already, before this process sent anything.
_FOUND = """
update outbox set verified_sequence = sequence, verified_payload = null
where destination = ? and lead_id = ? and sequence = ? and sent_sequence is null
"""
_NOT_THERE = """
update outbox set sent_sequence = null, sent_payload = null, sent_at = null
where destination = ? and lead_id = ? and sent_sequence = ?
"""
_LEARNED = """
update outbox set verified_sequence = null, verified_payload = ? where destination = ? and lead_id = ?
"""
_STATE = """
update outbox set status = ?, error_code = ?, attempt = ?, schema_version = ?, settled_at = ?
where destination = ? and lead_id = ? and sequence = ?
"""


class Outbox(QueueSide, PlaceSide, ProofSide, ViewSide):
    """The outbox of one home."""

    def pending(self, destination: str, *, limit: int, after: int = 0, attempts: int = 1_000) -> list[Write]:
        """Wanted writes, by sequence: those above `after`, tried fewer than `attempts` times, none on its way."""
        query = (
            f"select {_PARTS} from outbox where destination = ? and sequence > ? and {OPEN} and sent_sequence is null "
            "and is_wanted <> 0 and attempt < ? order by sequence limit ?"
        )
        return self._writes(query, (destination, after, attempts, limit))

    def unresolved(
        self, destination: str, *, limit: int, after: int = 0, begun: Mapping[int, Write] = MappingProxyType({})
    ) -> list[Write]:
        """Writes on their way, as they were sent, by sequence: only reading tells what became of them.

        `begun`: those this process began itself, by sequence; they are taken as they are.
        """
        query = "select sent_sequence from outbox where destination = ? and sent_sequence > ? order by 1 limit ?"
        numbers = [number for (number,) in self._connection.execute(query, (destination, after, limit))]
        one = "select * from outbox where destination = ? and sent_sequence = ?"
        return [
            begun.get(number) or _sent(self._connection.execute(one, (destination, number)).fetchone())
            for number in numbers
        ]

    def begin(self, destination: str, writes: Sequence[Write]) -> list[Write]:
        """Note, before anything is sent, that these are on their way; returns those that still are what is wanted.

        They bear the moment as their `attempted_at`.
        """
        asked = sorted(write.sequence for write in writes)
        if not asked:
            return []
        moment = now()
        said = (moment.isoformat(), destination, asked[0], asked[-1], json.dumps(asked))
        with self._transaction():
            begun = {number for (number,) in self._connection.execute(_BEGIN, said).fetchall()}
        sent = [write for write in writes if write.sequence in begun]
        for write in sent:
            write.attempted_at = moment
        return sent

    def _writes(self, query: str, said: tuple[object, ...]) -> list[Write]:
        cursor = self._connection.cursor()
        cursor.row_factory = None
        rows = cursor.execute(query, said).fetchall()
        payloads, known = _parsed([row[6] for row in rows]), _parsed([row[7] for row in rows])
        return [
            Write(lead_id, lead_key, source, sequence, payload, digest, attempt, expected)
            for (lead_id, lead_key, source, sequence, digest, attempt, *_), payload, expected in zip(
                rows, payloads, known, strict=True
            )
        ]

    def settle(
        self,
        destination: str,
        receipts: Sequence[Receipt],
        findings: Sequence[Finding] = (),
        released: Sequence[Write] = (),
        learned: Mapping[str, Mapping[str, str | None]] = MappingProxyType({}),
    ) -> None:
        """Record what became of attempts and what others changed: states and logs together, or not at all.

        `released`: writes of which reading told that they were never sent; they are queued again, and no attempt.
        `learned`: lead id → what a record was found to hold of which nothing was known, or something else; expected
        there from now on.
        """
        with self._transaction():
            verified = [receipt.write.sequence for receipt in receipts if receipt.status == "verified"]
            done = self._on_their_way(destination, verified)
            self._verify(destination, verified)
            for receipt in receipts:
                if receipt.write.sequence not in done:
                    self._settle_one(destination, receipt)
            self._keep_apart(destination, {receipt.write.lead_id for receipt in receipts if receipt.verified_at})
            self._note(destination, receipts)
            for write in released:
                key = (destination, write.lead_id, write.sequence)
                self._connection.execute(_NOT_THERE, key)
                self._connection.execute(_STATE, ("queued", None, write.attempt, None, None, *key))
            renumbered = [receipt.write.lead_id for receipt in receipts if receipt.is_renumbered]
            for lead_id in renumbered:
                self._again(destination, lead_id)
            self._connection.executemany(
                _LEARNED, [(payload_text(held), destination, lead_id) for lead_id, held in learned.items()]
            )
            for finding in findings:
                self._change(destination, finding, is_numbered=finding.lead_id in renumbered)

    def _settle_one(self, destination: str, receipt: Receipt) -> None:
        write = receipt.write
        key = (destination, write.lead_id, write.sequence)
        if not receipt.has_arrived and receipt.status != "unverified":
            self._connection.execute(_NOT_THERE, key)
        elif receipt.has_arrived and not self._connection.execute(_READ, key).rowcount:
            self._connection.execute(_FOUND, key)
        status: str = receipt.status
        if status == "conflicting" and not receipt.verified_at:
            status = "failed"
        settled_at = now().isoformat() if status in SETTLED else None
        about = (status, receipt.error_code, write.attempt + 1, receipt.schema_version, settled_at)
        self._connection.execute(_STATE, (*about, *key))

    def retry_failed(self, destination: str) -> None:
        """Give what failed in earlier runs a new budget of attempts in this one."""
        self._connection.execute(
            f"update outbox set attempt = 0 where destination = ? and attempt > 0 and {OPEN}", (destination,)
        )

    def retry_rejected(self, destination: str, schema_version: str) -> int:
        """Queue what was rejected when the CRM's fields were others; returns how many records that is."""
        changed = self._connection.execute(
            "update outbox set status = 'queued', attempt = 0, queued_at = ? where destination = ? "
            "and status = 'rejected' and is_wanted <> 0 and coalesce(schema_version, '') <> ?",
            (now().isoformat(), destination, schema_version),
        )
        return int(changed.rowcount)

    def settled(self, destination: str, *, limit: int, after: str = "") -> list[Settled]:
        """Records with nothing on its way, by lead id above `after`."""
        rows = self._connection.execute(
            "select * from outbox where destination = ? and lead_id > ? and is_wanted = 1 and sent_sequence is null "
            "and status in ('verified', 'conflicting', 'gone', 'archived', 'merged') order by lead_id limit ?",
            (destination, after, limit),
        )
        return [Settled(_write(row), str(row["status"]), json.loads(row["changed"] or "{}")) for row in rows]


def _parsed(texts: Sequence[str | None]) -> list[Any]:
    """Payloads of many records, in one call of the parser."""
    return list(json.loads(f"[{','.join(text or 'null' for text in texts)}]"))


def _write(row: sqlite3.Row) -> Write:
    names = ("lead_id", "lead_key", "source", "sequence", "payload_sha256", "attempt")
    return Write(
        payload=json.loads(row["payload"]),
        expected=verified_payload(row),
        **{name: row[name] for name in names},
    )


def _sent(row: sqlite3.Row) -> Write:
    names = ("lead_id", "lead_key", "source", "attempt")
    sent_at, payload = row["sent_at"], row["sent_payload"] or row["payload"]
    return Write(
        payload=json.loads(payload),
        payload_sha256=str(value_hash(payload)),
        sequence=row["sent_sequence"],
        expected=verified_payload(row),
        attempted_at=datetime.fromisoformat(sent_at) if sent_at else None,
        **{name: row[name] for name in names},
    )
