"""A CRM in memory that can misbehave, and a sender that can be killed between any two steps.

Every fault is drawn from one seeded random source, so that a schedule is its seed. `Crm.broken` collects what must
never happen: an older write over a newer one, a record made, a route that staff set written over.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.destinations.base import STAFFS_OWN, Answer, BatchRefused, Held, Unavailable
from orchestration.lake.outbox import Outbox, Write
from tests.contract.destinations.systems import is_held

NAMES = ("handoff_stage", "handoff_readiness", "handoff_team_id", "handoff_staff_id")
BAD = "bad"


class Killed(BaseException):
    """Stands for the end of the process."""


@dataclass
class Record:
    """One record: fields, sequence, whether it still can be written to, what staff set (ever: or its forebear)."""

    fields: dict[str, str | None] = field(default_factory=lambda: dict.fromkeys(NAMES))
    sequence: int | None = None
    state: str = "live"
    by_staff: dict[str, str | None] = field(default_factory=dict)
    ever_by_staff: set[tuple[str, str | None]] = field(default_factory=set)
    # Another home wrote it last: what staff make of that nobody can tell.
    is_anothers: bool = False


@dataclass(frozen=True)
class Kind:
    """What sort of CRM: guarding or not, batches refused as a whole or row by row, sizes."""

    is_guarding: bool = True
    is_atomic: bool = False
    batch_size: int = 4
    read_size: int = 6


class Crm:
    """The system and our client of it in one. `odds`: fault → probability at each call."""

    name, source, place = "crm", "clinic", "here"

    def __init__(
        self, kind: Kind, lead_ids: Sequence[str], *, chance: random.Random, odds: Mapping[str, float] | None = None
    ) -> None:
        self.kind, self.chance, self.odds = kind, chance, dict(odds or {})
        self.records: dict[str, Record] = {lead_id: Record() for lead_id in lead_ids}
        self.version = "fields 1"
        self.lacks: set[str] = set()
        self.calls = self.dropped = self.throttled = self.lost = 0
        self.broken: list[str] = []
        self.meddle: Callable[[str], None] = lambda _when: None
        self.is_guarding, self.batch_size, self.read_size = kind.is_guarding, kind.batch_size, kind.read_size

    def check(self) -> None: ...

    def schema_version(self) -> str:
        return self.version

    def fields(self) -> list[str]:
        return [*self.present(), "handoff_sequence"]

    def present(self) -> list[str]:
        """Fields somebody made."""
        return [name for name in NAMES if name not in self.lacks]

    def highest_sequence(self) -> int:
        return max((record.sequence or 0 for record in self.records.values()), default=0)

    def plan(self) -> list[str]:
        return []

    def prepare(self) -> list[str]:
        return []

    def write(self, writes: Sequence[Write]) -> Mapping[str, Answer]:
        assert 0 < len(writes) <= self.batch_size
        self._begin("write")
        if self._is("lost"):
            self.lost += 1
            raise Unavailable("lost on the way", is_fate_unknown=True)
        if self.kind.is_atomic and any(write.payload["handoff_stage"] == BAD for write in writes):
            raise BatchRefused("refused", error_code="BAD_STAGE")
        answers = {write.lead_id: self._apply(write) for write in writes}
        self._end()
        return {lead_id: answer for lead_id, answer in answers.items() if not self._is("silent")}

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Held]:
        assert 0 < len(lead_ids) <= self.read_size
        self._begin("read")
        found = {
            lead_id: Held(record.sequence, {n: record.fields[n] for n in self.present()}, lead_id, record.state)
            for lead_id in lead_ids
            if (record := self.records.get(lead_id)) is not None
        }
        self._end()
        return found

    def change(self, lead_id: str, name: str, value: str | None) -> None:
        """Somebody sets a field of ours."""
        record = self.records.get(lead_id)
        if record is None or record.state != "live" or record.fields[name] == value or name in self.lacks:
            return
        record.fields[name] = value
        if name in STAFFS_OWN:
            record.by_staff[name] = value
            record.ever_by_staff.add((name, value))

    def _apply(self, write: Write) -> Answer:
        record = self.records.get(write.lead_id)
        if record is None or record.state != "live":
            return Answer("gone" if record is None else record.state)
        if write.payload["handoff_stage"] == BAD or self._is("refused"):
            return Answer("rejected", "BAD_STAGE" if write.payload["handoff_stage"] == BAD else "ROW_LOCKED")
        if self.kind.is_guarding and (refused := self._guard(record, write)):
            return refused
        if record.sequence is not None and record.sequence > write.sequence:
            self.broken.append(f"{write.lead_id}: {write.sequence} over {record.sequence}")
        if record.is_anothers:
            record.by_staff.clear()
            record.is_anothers = False
        for name, value in record.by_staff.items():
            if write.payload[name] != value:
                self.broken.append(f"{write.lead_id}: {name} of staff written over")
        record.fields |= {name: write.payload[name] for name in self.present()}
        record.sequence = write.sequence
        return Answer("acknowledged", remote_id=write.lead_id)

    def _guard(self, record: Record, write: Write) -> Answer | None:
        if record.sequence is not None and record.sequence >= write.sequence:
            return Answer("newer")
        expected = write.expected or {}
        has = [name for name in record.fields if name not in self.lacks]
        odd = {
            name: record.fields[name]
            for name in has
            if record.fields[name] not in (expected.get(name), write.payload[name])
        }
        if any(name in odd for name in STAFFS_OWN):
            return Answer("conflict")
        is_known = set(has) <= set(expected) and record.sequence is not None
        return Answer("changed", found=odd) if odd and is_known else None

    def _begin(self, what: str) -> None:
        self.calls += 1
        self.meddle(what)
        if self._is("killed_before"):
            raise Killed
        if self._is("throttled"):
            self.throttled += 1
            raise Unavailable("too many calls", retry_after=self.chance.choice([None, 1.0]))

    def _end(self) -> None:
        if self._is("killed_after"):
            raise Killed
        if self._is("dropped"):
            self.dropped += 1
            raise Unavailable("no reply", is_fate_unknown=True)

    def _is(self, fault: str) -> bool:
        odds = self.odds.get(fault, 0.0)
        return odds > 0 and self.chance.random() < odds


class ProvingCrm(Crm):
    """One that can be asked of a whole batch, too."""

    def proved(self, writes: Sequence[Write]) -> set[str]:
        held = self.read([write.lead_id for write in writes])
        return {
            write.lead_id
            for write in writes
            if (record := held.get(write.lead_id)) and record.state == "live" and is_held(write, record)
        }


class FragileOutbox(Outbox):
    """An outbox whose process may be killed at every transaction, before or after its commit."""

    def __init__(self, path: Path, *, is_killed: Callable[[], bool] = lambda: False) -> None:
        self._is_killed: Callable[[], bool] = lambda: False
        super().__init__(path)
        # What a file survives when the machine loses power is SQLite's own promise.
        self._connection.execute("pragma synchronous = off")
        self._is_killed = is_killed

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with super()._transaction():
            yield
            if self._is_killed():
                raise Killed
        if self._is_killed():
            raise Killed
