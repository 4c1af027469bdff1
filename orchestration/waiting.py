"""How long writes to CRMs have waited, and whether that is too long: longer than a destination's own `alarm_after`, or
than the shortest first contact the criteria promise.

Asked by the sensor that alarms, by the check beside the receipts and by `handoff doctor`; never by a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.criteria_files import Criteria
from orchestration.lake.outbox import Outbox
from orchestration.lake.outbox_file import now
from orchestration.sources.registry import Registry


@dataclass(frozen=True)
class Wait:
    """The oldest unsent record of a destination; both in minutes. `allowed` None: nobody promised anything."""

    destination: str
    minutes: float
    allowed: float | None

    @property
    def is_too_long(self) -> bool:
        """Whether somebody is to be told."""
        return self.allowed is not None and self.minutes > self.allowed

    def __str__(self) -> str:
        told = "no limit" if self.allowed is None else f"{self.allowed:.0f} minutes are allowed"
        return f"destination {self.destination}: the oldest unsent record waits for {self.minutes:.0f} minutes; {told}"


def waits(
    outbox: Outbox, registry: Registry, criteria: Callable[[], Criteria], *, at: datetime | None = None
) -> Iterator[Wait]:
    """Every destination at which something waits; one paused or in shadow waits on purpose and is left out.

    `criteria` is asked for only where a destination does not say itself how long a write may wait.
    """
    moment = at or now()
    for name, entry in registry.destinations.items():
        since = outbox.oldest_unsent(name) if entry.mode == "live" else None
        if since is None:
            continue
        allowed = entry.alarm_after_minutes
        if allowed is None:
            allowed = shortest_promise(criteria(), at=moment)
        yield Wait(name, (moment - since) / timedelta(minutes=1), allowed)


def shortest_promise(criteria: Criteria, *, at: datetime) -> float | None:
    """The fewest business minutes to a first contact that a version in force then promises; None: none promises."""
    promised = []
    for line in criteria.service_lines:
        in_force = [version for version in line.versions if version.effective_from <= at]
        if in_force and (sla := max(in_force, key=lambda version: version.effective_from).sla) is not None:
            promised.append(float(sla.first_contact_business_minutes))
    return min(promised, default=None)
