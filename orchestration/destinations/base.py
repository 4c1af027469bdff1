"""What every destination can do, what it may write, and when a write counts as proved.

A destination is a client of one CRM. `delivery.py` drives it, the outbox remembers for it; a system's own calls stand
in its own file. The contract suite in `tests/contract/destinations` holds for every one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from orchestration.lake.outbox import Write

Kind = Literal["text", "number", "time", "integer"]

FIELDS: dict[str, Kind] = {
    "handoff_stage": "text",
    "handoff_mql_at": "time",
    "handoff_fit_points": "number",
    "handoff_behaviour_points": "number",
    "handoff_readiness": "number",
    "handoff_band": "text",
    "handoff_reasons": "text",
    "handoff_team_id": "text",
    "handoff_staff_id": "text",
    "handoff_queue": "text",
    "handoff_priority": "integer",
    "handoff_sla_due_at": "time",
    "handoff_versions": "text",
    "handoff_sequence": "integer",
}
REQUIRED = ("handoff_stage", "handoff_readiness", "handoff_sequence")


class DestinationError(RuntimeError):
    """A destination cannot be used as it stands; the message says what to do and shows no value."""


@dataclass(frozen=True)
class Held:
    """What the CRM holds of one record now: its sequence, and its fields as canonical text (None: empty)."""

    sequence: int | None
    fields: Mapping[str, str | None]
    remote_id: str


class Destination(Protocol):
    """A CRM we write to. Values in and out are canonical text (`canonical_text.text_of`)."""

    @property
    def name(self) -> str:
        """Its name in the registry."""

    @property
    def source(self) -> str:
        """The source whose lead ids it knows."""

    @property
    def place(self) -> str:
        """What tells where it writes from anywhere else, as a hash: addresses may be private."""

    @property
    def batch_size(self) -> int:
        """How many records one call carries."""

    def check(self) -> None:
        """Raise DestinationError where it cannot be reached or lacks what it needs."""

    def highest_sequence(self) -> int:
        """The greatest handoff_sequence any record holds; 0 where none does."""

    def write(self, writes: Sequence[Write]) -> Mapping[str, str]:
        """Write records, none over a newer sequence. Returns lead id → error code of those refused one by one.

        Raises DestinationError where the call as a whole failed: nothing is known of its records then.
        """

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Held]:
        """Read records back; ids the CRM does not know are absent."""


def is_held(write: Write, held: Held) -> bool:
    """Whether the record holds exactly this write, in every field the CRM has."""
    return held.sequence == write.sequence and all(
        held.fields[name] == value for name, value in write.payload.items() if name in held.fields
    )
