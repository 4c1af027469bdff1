"""Records we wrote that are wanted no longer, merged away or not qualified: one last write takes them out of queues.

What a record says that is in nobody's queue stands here too; who may not be contacted is found by `sending.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from orchestration.lake.canonical_text import Value
from orchestration.lake.outbox import Outbox, Wanted

TEAM = "handoff_team_id"
# No queue holds a record without these.
WITHHELD = (TEAM, "handoff_staff_id", "handoff_queue", "handoff_priority", "handoff_sla_due_at")
# Who may be reached on no channel by now is nobody's to call: the record says so, and no queue holds it.
UNREACHABLE = "not to be contacted: consent is withdrawn on every channel"
_LEFT = "no longer a lead of its own: merged into another record, or not qualified any more"
# In a run a few records in a thousand are merged or lose their stage. Where more than a tenth go at once, and more than
# a person corrects by hand, a source that failed or an id space that moved is likelier than the truth of it.
_MOST_SHARE, _MOST = 0.1, 20
_ALL = 10_000_000


@dataclass(frozen=True)
class Leaving:
    """Last writes of records wanted no longer. `held_back`: why there are none, where there would be too many."""

    last_writes: list[Wanted] = field(default_factory=list)
    held_back: str = ""


def leaving(outbox: Outbox, destination: str, wanted: Collection[str], *, clears: bool = False) -> Leaving:
    """What takes records that are not among `wanted` lead ids out of their queues; `clears`: however many they are."""
    written, gone = outbox.no_longer_wanted(destination, wanted, WITHHELD)
    if len(gone) > max(_MOST, _MOST_SHARE * written) and not clears:
        return Leaving(
            held_back=f"destination {destination}: {len(gone):,} of {written:,} records written there are wanted no "
            "longer, more than a tenth at once: they keep their team and queue until somebody says it is true. Look "
            f"at what the sources brought; if it is true: handoff send {destination} --clear"
        )
    return Leaving([withhold(row, _LEFT) for row in gone])


def withhold(row: Wanted, reason: str) -> Wanted:
    """The record without team, member, queue, priority and due time, and why."""
    payload: dict[str, Value] = {**row.payload, **{name: None for name in WITHHELD if name in row.payload}}
    if "handoff_reasons" in payload:
        payload["handoff_reasons"] = reason
    return Wanted(row.lead_id, row.lead_key, row.source, payload)


def withhold_waiting(outbox: Outbox, name: str, withheld: Collection[str]) -> int:
    """What waits for leads nobody may contact by now is queued without its route; returns how many records that is."""
    writes = {write.lead_id: write for write in outbox.unresolved(name, limit=_ALL)}
    writes |= {write.lead_id: write for write in outbox.pending(name, limit=_ALL)}
    waiting = [write for write in writes.values() if write.lead_key in withheld]
    rows = (withhold(Wanted(each.lead_id, each.lead_key, each.source, each.payload), UNREACHABLE) for each in waiting)
    return outbox.queue(name, list(rows))
