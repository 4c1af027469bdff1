"""What every destination can do, what it may write, and when a write counts as proved.

A destination is a client of one CRM. `delivery.py` drives it, the outbox remembers for it; a system's own calls stand
in its own file. The contract suite in `tests/contract/destinations` holds for every one of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol, runtime_checkable

from orchestration.lake.contract import STAGES
from orchestration.lake.outbox_types import Write

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
# Where staff change these, theirs stand and are never written over.
STAFFS_OWN = ("handoff_team_id", "handoff_staff_id")
# Of these the value someone else wrote is kept: it stands. Any other field may be made to hold words about a person.
SHOWN = STAFFS_OWN
_WORDS = {"handoff_stage": frozenset(STAGES), "handoff_band": frozenset({"low", "medium", "high"})}
_PLAIN = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,6})?")
_NUMBERS = ("handoff_readiness", "handoff_priority")
REQUIRED = ("handoff_stage", "handoff_readiness", "handoff_sequence")


Outcome = Literal["acknowledged", "rejected", "gone", "archived", "merged", "newer", "conflict", "changed"]
State = Literal["live", "archived", "merged"]


class DestinationError(RuntimeError):
    """A destination cannot be used as it stands; the message says what to do and shows no value."""


class Unavailable(DestinationError):
    """Not now: too many calls, an error of the server, a connection lost. Tried again later.

    `retry_after` is how many seconds the reply asked to wait; `is_fate_unknown` says that what was sent may have been
    applied, its reply lost: the records are read before they are judged.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, is_fate_unknown: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.is_fate_unknown = is_fate_unknown


class BatchRefused(DestinationError):
    """An atomic batch was refused as a whole and nothing of it applied; `error_code` is a code, never a message."""

    def __init__(self, message: str, *, error_code: str) -> None:
        super().__init__(message)
        self.error_code = error_code


@dataclass(slots=True)  # one for every record: not frozen, for the same reason as Write
class Answer:
    """What the CRM said of one record: from the body of its reply, never from the status of the call alone.

    `error_code` is a word of ours or the CRM's own code, never a message: messages may hold values. `found`, of
    `changed`: what someone else left in fields of ours.
    """

    outcome: Outcome
    error_code: str | None = None
    remote_id: str | None = None
    found: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Held:
    """What the CRM holds of one record now: its sequence, and its fields as canonical text (None: empty)."""

    sequence: int | None
    fields: Mapping[str, str | None]
    remote_id: str
    state: State = "live"


class Destination(Protocol):
    """A CRM we write to. Values in and out are canonical text (`canonical_text.text_of`). It makes no records.

    Opening one makes no call.
    """

    @property
    def name(self) -> str:
        """Its name in the registry."""

    @property
    def source(self) -> str:
        """The source whose lead ids it knows."""

    @property
    def place(self) -> str:
        """What tells where it writes from anywhere else, as a hash: addresses may be private.

        No key is part of it: a new one is no move. May ask the CRM, and raise DestinationError where it is away.
        """

    @property
    def batch_size(self) -> int:
        """How many records one call of `write` carries."""

    @property
    def read_size(self) -> int:
        """How many records one call of `read` asks for."""

    @property
    def time_grain(self) -> timedelta:
        """The finest step of time its fields hold: what is wanted is cut to it, or no reading would prove it."""

    @property
    def is_guarding(self) -> bool:
        """Whether `write` itself refuses what must not be written, in one atomic act with the write.

        That is a sequence not above the one held, answered `newer`; and a record whose handoff_team_id or
        handoff_staff_id is neither as `Write.expected` says nor what is written, answered `conflict` (`expected`
        None, or silent on one: empty is expected); and, where `expected` knows every field written, a record of which
        another field is neither, answered `changed`. Where False, delivery reads first and decides.
        """

    def check(self) -> None:
        """Raise DestinationError where it cannot be reached or lacks what it needs."""

    def fields(self) -> Collection[str]:
        """Names of our fields that exist there; one that is added is found without being told."""

    def schema_version(self) -> str:
        """Hash of the fields that exist there and their types: where it changes, what was rejected is tried again."""

    def highest_sequence(self) -> int:
        """The greatest handoff_sequence any record holds; 0 where none does."""

    def write(self, writes: Sequence[Write]) -> Mapping[str, Answer]:
        """Write records that exist, none over a newer sequence. Returns lead id → answer.

        The fate of a record that is not in the answer is unknown. Raises Unavailable, BatchRefused (nothing applied),
        or DestinationError where the call as a whole failed.
        """

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Held]:
        """Read records back; ids the CRM does not know are absent."""

    def plan(self) -> list[str]:
        """What `handoff prepare` prints: fields with their help text, the least rights of the key, views."""

    def prepare(self) -> list[str]:
        """Do what of the plan can be done by our key; returns what was done."""


@runtime_checkable
class Proving(Protocol):
    """A destination that can say of a whole batch at once which records hold what was written."""

    def proved(self, writes: Sequence[Write]) -> Collection[str]:
        """Read records after the commit; lead ids of those that hold exactly this write, in every field.

        One that is left out is read by itself, and only then judged. Such a CRM knows its records by lead id.
        """


def is_shown(name: str, theirs: str | None) -> bool:
    """Whether what someone else left in this field may be shown: no words but those we know, and plain numbers."""
    if theirs is None or name in SHOWN:
        return True
    if name in _NUMBERS:
        return _PLAIN.fullmatch(theirs) is not None
    return theirs in _WORDS.get(name, ())
