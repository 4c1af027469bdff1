"""Delivers an outbox to a destination: send, read back, record; safe to kill at any point and to run again.

Owns the order of steps and the budget of attempts. What a system's calls look like is the destination's, how calls are
made again `calls.py`, what a record read back means `judging.py`; what is remembered is the outbox's.

    counts = deliver(outbox, destination)     # LeaseHeld: another process sends there; DestinationError: cannot go on
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from orchestration.destinations.base import Answer, Destination, Unavailable
from orchestration.destinations.bisection import send_halving
from orchestration.destinations.calls import Calls
from orchestration.destinations.judging import (
    Conflicts,
    Verdict,
    changed_by_others,
    judge_answer,
    judge_before,
    judge_read,
    meeting,
    with_left,
)
from orchestration.lake.outbox import Outbox
from orchestration.lake.outbox_file import now
from orchestration.lake.outbox_types import Finding, Receipt, Resolution, Write

MAX_ATTEMPTS = 5


def deliver(
    outbox: Outbox,
    destination: Destination,
    *,
    conflicts: Conflicts = "restore",
    max_attempts: int = MAX_ATTEMPTS,
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, int]:
    """Deliver what is pending; returns how many records stand in each state.

    A record that fails is tried `max_attempts` times a run, then waits for the next run as `failed`. Raises
    DestinationError where the destination as a whole cannot be used, LeaseHeld where another process sends to it;
    what it already took is recorded.
    """
    if not outbox.is_idle(destination.name):
        with outbox.sender(destination.name):
            Delivery(outbox, Calls(destination, pause=pause), conflicts=conflicts, max_attempts=max_attempts).run()
    return outbox.counts(destination.name)


class Delivery:
    """One delivery by the process that holds the sender's lease."""

    def __init__(
        self, outbox: Outbox, calls: Calls, *, conflicts: Conflicts = "restore", max_attempts: int = MAX_ATTEMPTS
    ) -> None:
        self.outbox = outbox
        self.calls = calls
        self.destination = calls.destination
        self.name = calls.destination.name
        self.conflicts = conflicts
        self.max_attempts = max_attempts
        # By sequence; left: what others left in fields of the write, to be said of the record once it is proved.
        self._acknowledged: dict[int, datetime] = {}
        self._begun: dict[int, Write] = {}
        self._left: dict[int, list[Finding]] = {}
        # Written by this process and read back otherwise: what is found there next is the CRM's own doing.
        self._differing: set[str] = set()
        # Fields others changed, by resolution, as found before they were written over or left.
        self.found: Counter[Resolution] = Counter()
        self._schema_version = ""
        self._fields: Collection[str] = ()

    def run(self, before_sending: Callable[[], object] = lambda: None) -> None:
        """Resolve what an earlier process left on its way, then send what is pending until nothing is.

        `before_sending` is called when all that can be sent now is known: what was refused, or did not arrive, may be
        of a team that is not live by now, or of a lead nobody may contact.
        """
        self.calls.again(self.destination.check)
        self._schema_version = self.calls.again(self.destination.schema_version)
        self._fields = self.calls.again(self.destination.fields)
        self.outbox.reach(self.name, self._fields)
        self.outbox.retry_rejected(self.name, self._schema_version)
        self.outbox.retry_failed(self.name)
        try:
            self.resolve()
            before_sending()
            while self._pass():
                pass
        except Unavailable:
            self._leave_unverified()
            raise

    def resolve(self, *, full_only: bool = False) -> None:
        """Read what is on its way and judge it; `full_only`: as long as there is a full call of it."""
        size = self.destination.read_size
        while writes := self.outbox.unresolved(self.name, limit=size, begun=self._begun):
            if full_only and len(writes) < size:
                return
            if not (writes := self._prove(writes)):
                continue
            held = self.calls.read([write.lead_id for write in writes])
            moment = now()
            self._settle(
                writes,
                [
                    with_left(
                        judge_read(
                            write,
                            held.get(write.lead_id),
                            acknowledged_at=self._acknowledged_at(write),
                            now=moment,
                            schema_version=self._schema_version,
                        ),
                        self._left.pop(write.sequence, ()),
                    )
                    for write in writes
                ],
            )

    def _prove(self, writes: Sequence[Write]) -> list[Write]:
        """Book what the CRM can tell of the batch as a whole; returns what is to be read record by record."""
        # What others left in a record is told of it alone.
        proved = self.calls.proved([write for write in writes if not self._left.get(write.sequence)])
        done = [write for write in writes if write.lead_id in proved]
        rest = [write for write in writes if write.lead_id not in proved]
        if done:
            rest += self.outbox.prove(
                self.name, done, fields=self._fields, acknowledged_at=self._acknowledged, at=now()
            )
            for write in done:
                self._begun.pop(write.sequence, None)
        return sorted(rest, key=lambda write: write.sequence)

    def _pass(self) -> bool:
        """Send every pending write once, and read all of it back; whether there was any."""
        after, is_any = 0, False
        size = self.destination.batch_size
        if not self.destination.is_guarding:
            # One look for each batch: the shorter between look and write, the less can change there.
            size = min(size, self.destination.read_size)
        while batch := self.outbox.pending(self.name, limit=size, after=after, attempts=self.max_attempts):
            after, is_any = batch[-1].sequence, True
            if not self.destination.is_guarding:
                batch = self._look_first(batch)
            if batch := self.outbox.begin(self.name, batch):
                self._begun.update((write.sequence, write) for write in batch)
                self._send(batch)
            self.resolve(full_only=True)
        self.resolve()
        return is_any

    def _look_first(self, batch: Sequence[Write]) -> list[Write]:
        """Read a batch before it is written; returns what is still to be written of it."""
        held = self.calls.read([write.lead_id for write in batch])
        moment = now()
        judged = [
            (write, judge_before(write, held.get(write.lead_id), now=moment, schema_version=self._schema_version))
            for write in batch
        ]
        told = [verdict for _, verdict in judged if verdict is not None and verdict.receipt is not None]
        findings = [finding for verdict in told for finding in verdict.findings]
        self.outbox.settle(self.name, [verdict.receipt for verdict in told if verdict.receipt], findings)
        free = [write for write, verdict in judged if verdict is None]
        return self._meet(free, {write.lead_id: changed_by_others(write, held[write.lead_id]) for write in free})

    def _meet(self, writes: Sequence[Write], found: Mapping[str, Mapping[str, str | None]]) -> list[Write]:
        """Writes that expect what others left in their fields; it is booked before anything is written over it."""
        met: list[Write] = []
        findings: list[Finding] = []
        for write in writes:
            if theirs := found[write.lead_id]:
                write, told = meeting(write, theirs, self.conflicts, now(), is_own=write.lead_id in self._differing)
                findings += told
                self.found.update(finding.resolution for finding in told)
                self._left[write.sequence] = [finding for finding in told if finding.resolution == "left"]
            met.append(write)
        if findings:
            self.outbox.settle(self.name, [], findings)
        return met

    def _written(self, batch: Sequence[Write]) -> dict[str, Answer]:
        """Answers to a batch; what others changed meanwhile is told, and written once more as it is to be."""
        answers = send_halving(batch, self.calls.write)
        found = {lead_id: answer.found for lead_id, answer in answers.items() if answer.outcome == "changed"}
        if not found:
            return answers
        again = self._meet([write for write in batch if write.lead_id in found], found)
        self._begun.update((write.sequence, write) for write in again)
        told = {lead_id: answer for lead_id, answer in answers.items() if lead_id not in found}
        return told | send_halving(again, self.calls.write)

    def _send(self, batch: Sequence[Write]) -> None:
        began = now()
        answers = self._written(batch)
        moment = now()
        self._note_acknowledged(batch, answers, moment)
        receipts = [
            receipt
            for write in batch
            if (
                receipt := judge_answer(
                    write, answers.get(write.lead_id), at=began, schema_version=self._schema_version
                )
            )
        ]
        if receipts:
            self.outbox.settle(self.name, receipts)

    def _settle(self, writes: Sequence[Write], verdicts: Sequence[Verdict]) -> None:
        for write, verdict in zip(writes, verdicts, strict=True):
            is_known = self._begun.pop(write.sequence, None) is not None
            if is_known and (told := verdict.receipt) and told.has_arrived and told.status == "failed":
                self._differing.add(write.lead_id)
        self.outbox.settle(
            self.name,
            [verdict.receipt for verdict in verdicts if verdict.receipt is not None],
            [finding for verdict in verdicts for finding in verdict.findings],
            [write for write, verdict in zip(writes, verdicts, strict=True) if verdict.receipt is None],
            {
                write.lead_id: verdict.learned
                for write, verdict in zip(writes, verdicts, strict=True)
                if verdict.learned is not None
            },
        )

    def _note_acknowledged(self, batch: Sequence[Write], answers: Mapping[str, Answer], moment: datetime) -> None:
        taken = {lead_id for lead_id, answer in answers.items() if answer.outcome == "acknowledged"}
        self._acknowledged |= {write.sequence: moment for write in batch if write.lead_id in taken}

    def _acknowledged_at(self, write: Write) -> datetime | None:
        return self._acknowledged.get(write.sequence)

    def _leave_unverified(self) -> None:
        """The destination is away: what it acknowledged and was not read back says so, and is read next time."""
        after = 0
        while writes := self.outbox.unresolved(self.name, limit=1_000, after=after):
            after = writes[-1].sequence
            receipts = [
                Receipt(write, "unverified", write.attempted_at or now(), acknowledged_at)
                for write in writes
                if (acknowledged_at := self._acknowledged_at(write))
            ]
            self.outbox.settle(self.name, receipts)
