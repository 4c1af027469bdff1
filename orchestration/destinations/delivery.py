"""Delivers an outbox to a destination: send, read back, record; safe to kill at any point and to run again.

Owns the order of steps and the budget of attempts. What a system's calls look like is the destination's, what is
remembered is the outbox's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from orchestration.destinations.base import Destination, DestinationError, Held, is_held
from orchestration.lake.outbox import Outbox, Receipt, Write

MAX_ATTEMPTS = 3


def deliver(
    outbox: Outbox,
    destination: Destination,
    *,
    max_attempts: int = MAX_ATTEMPTS,
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, int]:
    """Deliver what is pending; returns how many records stand in each state.

    A record that fails is tried `max_attempts` times a run, then waits for the next run as `failed`. Raises
    DestinationError where the destination as a whole cannot be used; what it already took is recorded.
    """
    destination.check()
    outbox.retry_failed(destination.name)
    for round_no in range(max_attempts):
        if round_no:
            pause(min(2.0**round_no, 30.0) / 4)
        after, is_any = 0, False
        while batch := outbox.pending(destination.name, limit=destination.batch_size, after=after):
            after, is_any = batch[-1].sequence, True
            outbox.settle(destination.name, _deliver_batch(outbox, destination, batch))
        if not is_any:
            break
    return outbox.counts(destination.name)


def _deliver_batch(outbox: Outbox, destination: Destination, batch: Sequence[Write]) -> list[Receipt]:
    """One batch: what an interrupted or refused attempt already brought there is recognised, not written again."""
    attempted_at = _now()
    held = destination.read([write.lead_id for write in batch])
    unsent = [
        write
        for write in batch
        if write.lead_id in held
        and not is_held(write, held[write.lead_id])
        and not _is_newer(held[write.lead_id], write)
    ]
    refused: dict[str, str] = {}
    acknowledged_at = attempted_at
    if unsent:
        outbox.begin(destination.name, unsent)
        try:
            answers = destination.write(unsent)
            refused = {
                lead_id: answer.error_code or answer.outcome
                for lead_id, answer in answers.items()
                if answer.outcome != "acknowledged"
            }
        except DestinationError:
            refused = {write.lead_id: "call_failed" for write in unsent}
        acknowledged_at = _now()
        held = {**held, **destination.read([write.lead_id for write in unsent])}
    return [
        _judge(write, held.get(write.lead_id), refused.get(write.lead_id), attempted_at, acknowledged_at)
        for write in batch
    ]


def _judge(
    write: Write, held: Held | None, refused: str | None, attempted_at: datetime, acknowledged_at: datetime
) -> Receipt:
    """Verified only if what was read equals what was sent; what can never succeed is a dead letter."""
    if held is None:
        return Receipt(write, "dead_letter", attempted_at, error_code="unknown_record")
    if is_held(write, held):
        return Receipt(write, "verified", attempted_at, acknowledged_at, _now(), held.remote_id)
    if _is_newer(held, write):
        return Receipt(write, "dead_letter", attempted_at, error_code="newer_write_present", remote_id=held.remote_id)
    return Receipt(write, "failed", attempted_at, error_code=refused or "read_back_differs", remote_id=held.remote_id)


def _is_newer(held: Held, write: Write) -> bool:
    return held.sequence is not None and held.sequence > write.sequence


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
