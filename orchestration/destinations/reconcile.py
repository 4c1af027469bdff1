"""Reconciliation: reads back every record that counts as settled, and finds what others changed since.

A team or member set by staff stands. Another field of ours is restored, or left until we have another value for it, as
the registry says. A record found gone, archived or merged says so; one that is back is written to again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from orchestration.destinations.base import STAFFS_OWN, Destination, Held
from orchestration.destinations.calls import Calls
from orchestration.destinations.delivery import Delivery
from orchestration.destinations.judging import Conflicts, changed_fields, findings_of, not_to_be_written
from orchestration.lake.outbox import Outbox
from orchestration.lake.outbox_file import now
from orchestration.lake.outbox_types import Finding, Receipt, Resolution, Settled, value_hash

_SEQUENCE = "handoff_sequence"


@dataclass
class Reconciled:
    """What a reconciliation read and found. `findings`: resolution → fields; `returned`: records that are back.

    `told` are the findings themselves, `lost` lead id → what became of a record that can no longer be written to.
    """

    read: int = 0
    missing: int = 0
    returned: int = 0
    findings: dict[str, int] = field(default_factory=dict)
    told: list[Finding] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)


def reconcile(
    outbox: Outbox,
    destination: Destination,
    *,
    conflicts: Conflicts = "restore",
    sends: bool = True,
    before_sending: Callable[[], object] = lambda: None,
    pause: Callable[[float], None] = time.sleep,
) -> Reconciled:
    """Read all settled records batch by batch, book what is found, and send what is to be restored.

    `sends`: False where the destination is in shadow or paused; what is to be restored waits then. `before_sending`
    is called as by `Delivery.run`: the last moment to change what waits. Raises LeaseHeld
    where another process sends there, DestinationError where the destination cannot be used.
    """
    calls = Calls(destination, pause=pause)
    with outbox.sender(destination.name):
        calls.again(destination.check)
        outbox.reach(destination.name, calls.again(destination.fields))
        reading = _Reading(outbox, destination.name, conflicts, calls.again(destination.schema_version))
        after = ""
        while batch := outbox.settled(destination.name, limit=destination.read_size, after=after):
            after = batch[-1].write.lead_id
            held = calls.read([each.write.lead_id for each in batch])
            for each in batch:
                reading.judge(each, held.get(each.write.lead_id), now())
            reading.book()
        if sends and not outbox.is_idle(destination.name):
            Delivery(outbox, calls, conflicts=conflicts).run(before_sending)
    return reading.found


@dataclass
class _Reading:
    """What records read back say, booked batch by batch: in one transaction, not one for each record."""

    outbox: Outbox
    name: str
    conflicts: Conflicts
    schema_version: str
    found: Reconciled = field(default_factory=Reconciled)
    receipts: list[Receipt] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    back: dict[str, bool] = field(default_factory=dict)
    agreed: dict[str, list[str]] = field(default_factory=dict)

    def judge(self, settled: Settled, held: Held | None, moment: datetime) -> None:
        self.found.read += 1
        lead_id = settled.write.lead_id
        receipt = not_to_be_written(Receipt(settled.write, "failed", moment), held, self.schema_version)
        if receipt is not None or held is None:
            if receipt is not None and receipt.status != settled.status:
                self.found.missing += 1
                self.found.lost[lead_id] = receipt.status
                self.receipts.append(receipt)
        elif settled.status not in ("verified", "conflicting") or held.sequence is None:
            # Back, or made anew: of what we wrote nothing is in it then.
            self.found.returned += 1
            self.back[lead_id] = held.sequence is None
        else:
            for finding in _findings(settled, held, self.conflicts, moment):
                self.found.findings[finding.resolution] = self.found.findings.get(finding.resolution, 0) + 1
                self.findings.append(finding)
                self.found.told.append(finding)
            if agreed := _agreed(settled, held):
                self.agreed[lead_id] = agreed

    def book(self) -> None:
        if self.receipts or self.findings:
            self.outbox.settle(self.name, self.receipts, self.findings)
        for lead_id, is_blank in self.back.items():
            self.outbox.requeue(self.name, lead_id, is_blank=is_blank)
        for lead_id, fields in self.agreed.items():
            self.outbox.agree(self.name, lead_id, fields)
        self.receipts, self.findings, self.back, self.agreed = [], [], {}, {}


def _findings(settled: Settled, held: Held, conflicts: Conflicts, moment: datetime) -> list[Finding]:
    write = settled.write
    payload = write.expected or write.payload
    rest: Resolution = "restored" if conflicts == "restore" else "left"
    findings: list[Finding] = []
    for name in changed_fields(payload, held):
        known = settled.changed.get(name)
        was_told = known is not None and known["how"] == "left" and known["sha"] == value_hash(held.fields[name])
        if was_told and rest == "left":
            continue
        resolution: Resolution = "stands" if name in STAFFS_OWN else rest
        findings += findings_of(write.lead_id, {name: payload[name]}, held, resolution, moment)
    if held.sequence != write.sequence:
        theirs = None if held.sequence is None else str(held.sequence)
        numbers = Finding(write.lead_id, _SEQUENCE, str(write.sequence), theirs, value_hash(theirs), rest, moment)
        known = settled.changed.get(_SEQUENCE)
        if not (rest == "left" and known is not None and known["sha"] == numbers.theirs_sha256):
            findings.append(numbers)
    return findings


def _agreed(settled: Settled, held: Held) -> list[str]:
    """Fields that were left and hold ours again."""
    payload = settled.write.expected or settled.write.payload
    return [
        name
        for name, known in settled.changed.items()
        if known["how"] == "left"
        and (held.sequence == settled.write.sequence if name == _SEQUENCE else held.fields.get(name) == payload[name])
    ]
