"""The CRMs the contract suite runs against, each behind one `System`: what a test sees and does beside our client.

A system is real, or a strict stand-in. A new one adds a class with these methods in a file of its own and a line in
`conftest.py`'s SYSTEMS; every test of the suite then holds for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any, Protocol

from orchestration.destinations.base import Answer, Destination, Held
from orchestration.lake.canonical_text import Value, text_of
from orchestration.lake.outbox import Write

PAYLOAD: dict[str, Value] = {
    "handoff_stage": "mql",
    "handoff_mql_at": datetime(2026, 1, 2, 3, 4, 5),
    "handoff_fit_points": Decimal("12.500000"),
    "handoff_behaviour_points": Decimal("0.333333"),
    "handoff_readiness": 0.1234567,
    "handoff_band": "high",
    "handoff_reasons": "asked for an appointment; lives near by",
    "handoff_team_id": "t-1",
    "handoff_staff_id": None,
    "handoff_queue": "q",
    "handoff_priority": 2,
    "handoff_sla_due_at": datetime(2026, 1, 3),
    "handoff_versions": "criteria 1; model 2",
}


def payload(**changes: Value) -> dict[str, str | None]:
    """A payload as canonical text."""
    return {name: text_of(value) for name, value in {**PAYLOAD, **changes}.items()}


def write_of(
    lead_id: str, sequence: int, *, expected: Mapping[str, str | None] | None = None, **changes: Value
) -> Write:
    """One write, as the outbox would give it."""
    return Write(
        lead_id=lead_id,
        lead_key=f"key of {lead_id}",
        source="clinic",
        sequence=sequence,
        payload=payload(**changes),
        payload_sha256="0" * 64,
        attempt=0,
        expected=expected,
    )


def is_held(write: Write, held: Held) -> bool:
    """Whether the record holds exactly this write, in every field the CRM has."""
    return held.sequence == write.sequence and all(
        held.fields[name] == value for name, value in write.payload.items() if name in held.fields
    )


@dataclass
class Calls:
    """How many calls of each kind reached the system since `reset`."""

    write: int = 0
    read: int = 0

    def reset(self) -> None:
        """Count anew."""
        self.write = self.read = 0


class System(Protocol):
    """One CRM, seen from outside our client."""

    name: str
    calls: Calls
    refused: Mapping[str, Value]
    """A change of payload that this CRM refuses for the record alone."""
    knows: frozenset[str]
    """Which of `archived` and `merged` this CRM has."""

    def open(self, **options: Any) -> Destination:
        """A client of ours, named `crm`, of source `clinic`; options go to its constructor. Closed by `close`."""

    def make(self, lead_ids: Iterable[str]) -> None:
        """Empty the CRM, then make these records with staff's own fields filled and ours there, empty."""

    def count(self) -> int:
        """How many records there are, of any state."""

    def raw(self, lead_id: str) -> dict[str, str | None] | None:
        """What the CRM holds of our fields (handoff_sequence too), as canonical text; None: no such record."""

    def staff_fields(self, lead_id: str) -> dict[str, Any]:
        """The fields that are not ours."""

    def change(self, lead_id: str, name: str, value: str | None) -> None:
        """Set one of our fields (canonical text) as somebody else would."""

    def remove(self, lead_id: str) -> None:
        """Delete the record for good."""

    def archive(self, lead_id: str) -> None:
        """Archive it (`archived` in `knows`)."""

    def merge(self, lead_id: str, into: str) -> None:
        """Merge it into another record (`merged` in `knows`)."""

    def close(self) -> None:
        """Close the clients opened, and what the system itself holds open."""


@dataclass
class Counting:
    """A destination whose calls are counted: for systems that cannot count them on their own side."""

    inner: Destination
    calls: Calls = field(default_factory=Calls)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, writes: Sequence[Write]) -> Mapping[str, Answer]:
        """Counted."""
        self.calls.write += 1
        return self.inner.write(writes)

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Held]:
        """Counted."""
        self.calls.read += 1
        return self.inner.read(lead_ids)


_numbers = count(1)


def fresh_name(prefix: str) -> str:
    """A name nobody had before in this process."""
    return f"{prefix}_{next(_numbers)}"
