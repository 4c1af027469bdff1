"""Most of a batch was read back as it was meant: booked in a few statements for all of it, state and log together.

What is told record by record is `outbox.py`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from orchestration.lake.outbox_changes import ChangeSide
from orchestration.lake.outbox_file import now
from orchestration.lake.outbox_types import Write

_ON_THEIR_WAY = """
select sent_sequence from outbox where destination = ? and sent_sequence in (select value from json_each(?))
"""
# What the row says now is not what was sent.
_NEWER = f"{_ON_THEIR_WAY} and (sequence <> sent_sequence or sent_payload is not null)"
_VERIFIED = """
update outbox set verified_sequence = sent_sequence, verified_payload = sent_payload, sent_sequence = null,
    sent_payload = null, sent_at = null, status = case when sequence = sent_sequence then 'verified' else status end,
    attempt = attempt + (sequence = sent_sequence), error_code = null,
    settled_at = case when sequence = sent_sequence then ? else settled_at end
where destination = ? and sent_sequence in (select value from json_each(?))
"""
_LOG = """
insert into attempts (destination, source, lead_id, lead_key, sequence, payload_sha256, status, remote_id, attempt,
    attempted_at, acknowledged_at, verified_at, absent_fields)
select destination, source, lead_id, lead_key, sequence, payload_sha256, 'verified', lead_id, attempt + 1,
    coalesce(sent_at, ?), ?, ?, ?
from outbox where destination = ? and sent_sequence in (select value from json_each(?)) order by sequence
"""


class ProofSide(ChangeSide):
    """The outbox as whoever read a whole batch back sees it."""

    def prove(
        self,
        destination: str,
        writes: Sequence[Write],
        *,
        fields: Collection[str],
        acknowledged_at: Mapping[int, datetime],
        at: datetime,
    ) -> list[Write]:
        """Book writes on their way that were all read back, at this moment, as they were meant.

        The CRM knows their records by lead id, and has these `fields` of ours. `acknowledged_at` is by sequence; no
        reply told of what is not in it. Returns those left as they are: of their records something
        newer was queued meanwhile.
        """
        read_at, present = at.isoformat(), frozenset(fields)
        with self._transaction():
            said = (destination, json.dumps([write.sequence for write in writes]))
            newer = {number for (number,) in self._connection.execute(_NEWER, said)}
            alike: dict[tuple[datetime | None, str | None], list[int]] = {}
            for write in writes:
                if write.sequence not in newer:
                    absent = None if write.payload.keys() <= present else _listed(write.payload.keys() - present)
                    key = (acknowledged_at.get(write.sequence), absent)
                    alike.setdefault(key, []).append(write.sequence)
            for (moment, absent), numbers in alike.items():
                acknowledged = moment.isoformat() if moment else None
                told = (read_at, acknowledged, read_at, absent, destination, json.dumps(numbers))
                self._connection.execute(_LOG, told)
                self._verify(destination, numbers)
            self._keep_apart(destination, {write.lead_id for write in writes if write.sequence not in newer})
        return [write for write in writes if write.sequence in newer]

    def _verify(self, destination: str, numbers: Collection[int]) -> None:
        """These writes stand in their records."""
        self._connection.execute(_VERIFIED, (now().isoformat(), destination, json.dumps(list(numbers))))

    def _on_their_way(self, destination: str, numbers: Collection[int]) -> set[int]:
        """Those of these writes that are on their way."""
        rows = self._connection.execute(_ON_THEIR_WAY, (destination, json.dumps(list(numbers))))
        return {number for (number,) in rows}


def _listed(names: Collection[str]) -> str:
    return ",".join(sorted(names))
