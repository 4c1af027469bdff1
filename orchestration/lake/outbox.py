"""The outbox: what each CRM record must say, what was sent, and what the CRM was read to hold.

One SQLite file, so that a crash between a write and its proof loses neither: the queue, its sequence numbers, the
writes on their way, and the logs that land as receipts and conflicts. Talking to a CRM is a destination's business.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from orchestration.lake.outbox_file import now
from orchestration.lake.outbox_log import LogSide
from orchestration.lake.outbox_queue import QueueSide, payload_text
from orchestration.lake.outbox_types import OPEN, SETTLED, Finding, Settled, value_hash
from orchestration.lake.outbox_types import Receipt as Receipt
from orchestration.lake.outbox_types import Wanted as Wanted
from orchestration.lake.outbox_types import Write as Write
from orchestration.lake.outbox_views import ViewSide

_BEGIN = f"""
update outbox set status = 'sending', error_code = null, sent_sequence = sequence, sent_payload = payload, sent_at = ?
where destination = ? and lead_id = ? and sequence = ? and sent_sequence is null
    and {OPEN}
"""
# What reading told of the write that was on its way; whatever was queued meanwhile stays queued.
_READ = """
update outbox set verified_sequence = sent_sequence, verified_payload = sent_payload, sent_sequence = null,
    sent_payload = null, sent_at = null
where destination = ? and lead_id = ? and sent_sequence = ?
"""
# The record held it already, before this process sent anything.
_FOUND = """
update outbox set verified_sequence = sequence, verified_payload = payload
where destination = ? and lead_id = ? and sequence = ? and sent_sequence is null
"""
_NOT_THERE = """
update outbox set sent_sequence = null, sent_payload = null, sent_at = null
where destination = ? and lead_id = ? and sent_sequence = ?
"""
_LEARNED = """
update outbox set verified_payload = ? where destination = ? and lead_id = ? and verified_payload is null
"""
_STATE = """
update outbox set status = ?, error_code = ?, attempt = ?, schema_version = ?, settled_at = ?
where destination = ? and lead_id = ? and sequence = ?
"""


class Outbox(QueueSide, LogSide, ViewSide):
    """The outbox of one home."""

    def pending(self, destination: str, *, limit: int, after: int = 0, attempts: int = 1_000) -> list[Write]:
        """Writes to send, by sequence: those above `after`, tried fewer than `attempts` times, none on its way."""
        rows = self._connection.execute(
            f"select * from outbox where destination = ? and sequence > ? and {OPEN} and sent_sequence is null "
            "and attempt < ? order by sequence limit ?",
            (destination, after, attempts, limit),
        )
        return [_write(row) for row in rows]

    def unresolved(self, destination: str, *, limit: int, after: int = 0) -> list[Write]:
        """Writes on their way, as they were sent, by sequence: only reading tells what became of them."""
        rows = self._connection.execute(
            "select * from outbox where destination = ? and sent_sequence > ? order by sent_sequence limit ?",
            (destination, after, limit),
        )
        return [_sent(row) for row in rows]

    def begin(self, destination: str, writes: Sequence[Write]) -> list[Write]:
        """Note, before anything is sent, that these are on their way; returns those that still are what is wanted."""
        moment = now()
        begun = []
        with self._transaction():
            for write in writes:
                said = (moment.isoformat(), destination, write.lead_id, write.sequence)
                if self._connection.execute(_BEGIN, said).rowcount:
                    begun.append(write)
        return begun

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
        `learned`: lead id → what a record was found to hold of which nothing was known; expected there from now on.
        """
        with self._transaction():
            for receipt in receipts:
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
        if receipt.verified_at is None and receipt.status != "unverified":
            self._connection.execute(_NOT_THERE, key)
        elif receipt.verified_at is not None and not self._connection.execute(_READ, key).rowcount:
            self._connection.execute(_FOUND, key)
        status: str = receipt.status
        if status == "conflicting" and not receipt.verified_at:
            status = "failed"
        settled_at = now().isoformat() if status in SETTLED else None
        about = (status, receipt.error_code, write.attempt + 1, receipt.schema_version, settled_at)
        self._connection.execute(_STATE, (*about, *key))

    def _keep_apart(self, destination: str, verified: Collection[str]) -> None:
        """Of records just verified: where staff's value stands they are conflicting; what was left was written over."""
        query = "select lead_id, changed from outbox where destination = ? and changed is not null"
        for row in self._connection.execute(query, (destination,)).fetchall():
            if row["lead_id"] not in verified:
                continue
            standing = {name: said for name, said in json.loads(row["changed"]).items() if said["how"] == "stands"}
            self._connection.execute(
                "update outbox set changed = ?, status = case when status = 'verified' then ? else status end "
                "where destination = ? and lead_id = ?",
                (
                    json.dumps(standing) if standing else None,
                    "conflicting" if standing else "verified",
                    destination,
                    row["lead_id"],
                ),
            )

    def _again(self, destination: str, lead_id: str, *, payload: str | None = None) -> None:
        """The record goes on under a new number: a CRM that guards takes no number twice."""
        number = self._take_numbers(destination, 1)
        self._connection.execute(
            f"update outbox set sequence = ?, queued_at = case when {OPEN} then queued_at else ? end, "
            "status = case when sent_sequence is null then 'queued' else status end, "
            "payload = coalesce(?, payload), payload_sha256 = coalesce(?, payload_sha256) "
            "where destination = ? and lead_id = ?",
            (number, now().isoformat(), payload, value_hash(payload), destination, lead_id),
        )

    def _change(self, destination: str, finding: Finding, *, is_numbered: bool) -> None:
        """What someone else's value does to a record: it stands in the payload, is left, or ours is sent again."""
        query = "select * from outbox where destination = ? and lead_id = ?"
        row = self._connection.execute(query, (destination, finding.lead_id)).fetchone()
        self._find(destination, row, finding)
        is_settled = row["status"] in ("verified", "conflicting")
        if finding.resolution == "restored":
            if is_settled and not is_numbered:
                self._again(destination, finding.lead_id)
            return
        said = {"how": finding.resolution, "theirs": finding.theirs, "sha": finding.theirs_sha256}
        changed = {**json.loads(row["changed"] or "{}"), finding.field: said}
        self._connection.execute(
            "update outbox set changed = ?, status = case when status = 'verified' then 'conflicting' else status end "
            "where destination = ? and lead_id = ?",
            (json.dumps(changed), destination, finding.lead_id),
        )
        if finding.resolution == "stands":
            self._stand(destination, row, finding, is_settled=is_settled)

    def _stand(self, destination: str, row: sqlite3.Row, finding: Finding, *, is_settled: bool) -> None:
        payload = payload_text({**json.loads(row["payload"]), finding.field: finding.theirs})
        if row["verified_payload"] is not None:
            verified = payload_text({**json.loads(row["verified_payload"]), finding.field: finding.theirs})
            self._connection.execute(
                "update outbox set verified_payload = ? where destination = ? and lead_id = ?",
                (verified, destination, finding.lead_id),
            )
        if not is_settled:
            self._again(destination, finding.lead_id, payload=payload)
            # Each change found costs an attempt: somebody who changes his mind all the time must not hold us up.
            self._connection.execute(
                "update outbox set attempt = attempt + 1 where destination = ? and lead_id = ?",
                (destination, finding.lead_id),
            )
            return
        self._connection.execute(
            "update outbox set payload = ?, payload_sha256 = ? where destination = ? and lead_id = ?",
            (payload, value_hash(payload), destination, finding.lead_id),
        )

    def requeue(self, destination: str, lead_id: str) -> None:
        """Send a settled record again, under a new number."""
        with self._transaction():
            self._again(destination, lead_id)

    def agree(self, destination: str, lead_id: str, fields: Iterable[str]) -> None:
        """These fields of a record hold ours again: nothing of anybody else is left in them."""
        with self._transaction():
            query = "select changed from outbox where destination = ? and lead_id = ?"
            row = self._connection.execute(query, (destination, lead_id)).fetchone()
            changed = {k: v for k, v in json.loads(row["changed"] or "{}").items() if k not in set(fields)}
            text = json.dumps(changed) if changed else None
            self._connection.execute(
                "update outbox set changed = ?, status = case when status = 'conflicting' then ? else status end "
                "where destination = ? and lead_id = ?",
                (text, "conflicting" if changed else "verified", destination, lead_id),
            )

    def retry_failed(self, destination: str) -> None:
        """Give what failed in earlier runs a new budget of attempts in this one."""
        self._connection.execute(
            f"update outbox set attempt = 0 where destination = ? and attempt > 0 and {OPEN}", (destination,)
        )

    def retry_rejected(self, destination: str, schema_version: str) -> int:
        """Queue what was rejected when the CRM's fields were others; returns how many records that is."""
        changed = self._connection.execute(
            "update outbox set status = 'queued', attempt = 0, queued_at = ? where destination = ? "
            "and status = 'rejected' and is_wanted = 1 and coalesce(schema_version, '') <> ?",
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


def _write(row: sqlite3.Row) -> Write:
    names = ("lead_id", "lead_key", "source", "sequence", "payload_sha256", "attempt")
    verified = row["verified_payload"]
    return Write(
        payload=json.loads(row["payload"]),
        expected=json.loads(verified) if verified else None,
        **{name: row[name] for name in names},
    )


def _sent(row: sqlite3.Row) -> Write:
    names = ("lead_id", "lead_key", "source", "attempt")
    verified, sent_at = row["verified_payload"], row["sent_at"]
    return Write(
        payload=json.loads(row["sent_payload"]),
        payload_sha256=str(value_hash(row["sent_payload"])),
        sequence=row["sent_sequence"],
        expected=json.loads(verified) if verified else None,
        attempted_at=datetime.fromisoformat(sent_at) if sent_at else None,
        **{name: row[name] for name in names},
    )
