"""Who may not be contacted at this moment, by the channels their queue contacts by: the last look before a write.

The router asked the same of a build's moment; between the two somebody may have withdrawn. What a queue's, else a
service line's, channels are stands in criteria/routing.yaml. Nobody's route may leave by whom it says: a record
withheld has no team, member, queue, priority or due time, and says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from orchestration.lake.canonical_text import Value
from orchestration.lake.outbox import Outbox, Wanted

CHANNELS = frozenset({"call", "sms", "email"})
TEAM = "handoff_team_id"
QUEUE = "handoff_queue"
# No queue holds a record without these.
WITHHELD = (TEAM, "handoff_staff_id", QUEUE, "handoff_priority", "handoff_sla_due_at")
# Queue or service line → the channels it contacts by; one not named contacts by all.
Channels = Mapping[str, Sequence[str]]
_ALL = 10_000_000
_ON_EVERY = "not to be contacted: consent is withdrawn on every channel"
_ON_ITS_OWN = "not to be contacted: consent is withdrawn on every channel by which its queue contacts"
_WITHDRAWN = """
select newest.lead_key, min(lead.service_line) as service_line, list(distinct newest.channel) as channels
from intermediate.int_consents__newest as newest
left join marts.fct_lead_lifecycles as lead on newest.lead_key = lead.lead_key
where newest.is_withdrawn and newest.valid_from <= $at and (newest.valid_to is null or newest.valid_to > $at)
group by newest.lead_key
"""


@dataclass(frozen=True)
class Consents:
    """Who withdrew what. `withdrawn`: lead → its service line, channels withdrawn; `channels`: routing's rule."""

    withdrawn: Mapping[str, tuple[str | None, frozenset[str]]]
    channels: Channels = field(default_factory=dict)

    def reason(self, lead_key: str, queue: str | None) -> str | None:
        """Why nobody of this queue may contact the lead; None: somebody may."""
        if lead_key not in self.withdrawn:
            return None
        service_line, withdrawn = self.withdrawn[lead_key]
        if withdrawn >= CHANNELS:
            return _ON_EVERY
        named = (name for name in (queue, service_line) if name is not None and name in self.channels)
        ways = next((frozenset(self.channels[name]) for name in named), CHANNELS)
        return _ON_ITS_OWN if withdrawn >= ways else None

    def heeded(self, row: Wanted) -> Wanted:
        """The record, without its route where nobody of its queue may contact the lead."""
        queue = row.payload.get(QUEUE)
        reason = self.reason(row.lead_key, None if queue is None else str(queue))
        return row if reason is None else withhold(row, reason)


def newest_consents(connection: duckdb.DuckDBPyConnection, channels: Channels, at: datetime) -> Consents:
    """What by all that landed holds at this moment (naive UTC, the wall clock's)."""
    rows = connection.execute(_WITHDRAWN, {"at": at}).fetchall()
    return Consents({lead_key: (line, frozenset(ways)) for lead_key, line, ways in rows}, channels)


def withhold(row: Wanted, reason: str = _ON_EVERY) -> Wanted:
    """The record without team, member, queue, priority and due time, and why."""
    payload: dict[str, Value] = {**row.payload, **{name: None for name in WITHHELD if name in row.payload}}
    if "handoff_reasons" in payload:
        payload["handoff_reasons"] = reason
    return Wanted(row.lead_id, row.lead_key, row.source, payload)


def withhold_waiting(outbox: Outbox, name: str, consents: Consents) -> int:
    """What waits for leads nobody may contact by now is queued without its route; returns how many records that is."""
    writes = {write.lead_id: write for write in outbox.unresolved(name, limit=_ALL)}
    writes |= {write.lead_id: write for write in outbox.pending(name, limit=_ALL)}
    rows = [Wanted(each.lead_id, each.lead_key, each.source, each.payload) for each in writes.values()]
    heeded = [(row, consents.heeded(row)) for row in rows]
    return outbox.queue(name, [kept for row, kept in heeded if kept is not row])
