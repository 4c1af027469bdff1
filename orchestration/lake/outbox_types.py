"""What the outbox speaks of: what a record should say, one write of it, what became of a write, what others changed.

Also the states a record can be in. Who moves a record from one to another is `outbox.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orchestration.lake.canonical_text import Value

Status = Literal[
    "verified",  # read back, and found as meant
    "conflicting",  # read back, and someone else's value stands in a field of ours; of an attempt: refused for that
    "unverified",  # acknowledged, or its fate unknown: to be read before it is judged
    "rejected",  # the CRM refused this record; tried again when its data or the CRM's fields change
    "gone",
    "archived",
    "merged",  # no record to write to, and none is made
    "failed",  # did not arrive; tried again
    "shadow",  # everything but the sending
    "withdrawn",  # no longer wanted before it was sent
]
Resolution = Literal["stands", "restored", "left"]

# What waits to be sent or read, as SQL.
OPEN = "status in ('queued', 'failed', 'sending', 'unverified')"
# A payload that was sent or verified stands once, in `payload`, as long as that is the same: rows are kept short. To be
# set wherever payload or sequence change.
KEPT = (
    "sent_payload = case when sent_sequence is not null then coalesce(sent_payload, payload) end, "
    "verified_payload = case when verified_sequence is not null then coalesce(verified_payload, payload) "
    "else verified_payload end"
)
# is_wanted is 1, 0, or this: wanted no longer, and the write queued last, which takes its route away, is sent.
LEAVING = 2
# Nothing is left to do for these; the others wait.
SETTLED = frozenset({"verified", "conflicting", "rejected", "gone", "archived", "merged", "shadow", "withdrawn"})
# A dead letter says why it was not written, and what to do stands with the reason.
DEAD_LETTERS = ("rejected", "gone", "archived", "merged")


@dataclass(frozen=True)
class Wanted:
    """What a record of the CRM should say. `payload` maps handoff column to text, number, naive UTC time or None."""

    lead_id: str
    lead_key: str
    source: str
    payload: Mapping[str, Value]


@dataclass(slots=True)
class Write:
    """One write to deliver; `payload` values are text or None. Not frozen: one is made for every record, and that is
    four times as fast.

    `attempt` counts the attempts made before. `expected` is the payload last verified on that record, with what staff
    changed since; None: nothing is known of it. `attempted_at` is when it was last sent.
    """

    lead_id: str
    lead_key: str
    source: str
    sequence: int
    payload: Mapping[str, str | None]
    payload_sha256: str
    attempt: int
    expected: Mapping[str, str | None] | None = None
    attempted_at: datetime | None = None


@dataclass(frozen=True)
class Receipt:
    """What became of one attempt. `error_code` is a word of ours or the CRM's code, never a message.

    `acknowledged_at`: None where no reply said so, though reading may have proved it. `schema_version` is what the
    CRM's fields were when it was rejected; `has_arrived`: the record holds this write, but for what others or the CRM
    itself changed; `is_renumbered`: goes on under a new number. `absent_fields`: those the CRM lacks, by comma.
    """

    write: Write
    status: Status
    attempted_at: datetime
    acknowledged_at: datetime | None = None
    verified_at: datetime | None = None
    remote_id: str | None = None
    error_code: str | None = None
    schema_version: str | None = None
    has_arrived: bool = False
    is_renumbered: bool = False
    absent_fields: str | None = None


@dataclass(frozen=True)
class Finding:
    """A field of ours that someone else changed. `theirs` is None too where it may be free text: the hash tells it."""

    lead_id: str
    field: str
    ours: str | None
    theirs: str | None
    theirs_sha256: str | None
    resolution: Resolution
    found_at: datetime


@dataclass(frozen=True)
class Settled:
    """A record with nothing on its way. `write.expected` is what it was last read to hold.

    `changed` maps fields in which someone else's value stands to `how` (stands, left), `theirs` and `sha`.
    """

    write: Write
    status: str
    changed: Mapping[str, Mapping[str, str | None]]


@dataclass(frozen=True)
class DeadLetter:
    """A record that was not written, and why."""

    lead_id: str
    lead_key: str
    status: str
    error_code: str | None
    since: datetime | None


def value_hash(value: str | None) -> str | None:
    """SHA-256 of a value that is not kept itself."""
    return None if value is None else hashlib.sha256(value.encode()).hexdigest()
