"""What others changed in fields of ours, on the outbox's side: their value stands, is left, or ours is sent again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable

from orchestration.lake.outbox_file import now, payload_text
from orchestration.lake.outbox_log import LogSide
from orchestration.lake.outbox_types import KEPT, OPEN, Finding, value_hash

_FORGET = """
update outbox set verified_sequence = null, verified_payload = null where destination = ? and lead_id = ?
"""


class ChangeSide(LogSide):
    """The outbox as what is read from a CRM changes it."""

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
            f"update outbox set {KEPT}, sequence = ?, queued_at = case when {OPEN} then queued_at else ? end, "
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
        if (known := verified_payload(row)) is not None:
            verified = payload_text({**known, finding.field: finding.theirs})
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

    def requeue(self, destination: str, lead_id: str, *, is_blank: bool = False) -> None:
        """Send a settled record again, under a new number; `is_blank`: nothing of what we wrote is in it."""
        with self._transaction():
            self._again(destination, lead_id)
            if is_blank:
                self._connection.execute(_FORGET, (destination, lead_id))

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


def verified_payload(row: sqlite3.Row) -> dict[str, str | None] | None:
    """What the record was last read to hold; None: nothing is known."""
    text = row["verified_payload"] or (row["payload"] if row["verified_sequence"] is not None else None)
    return json.loads(text) if text else None
