"""What a world is to be: size, seed, span, scenario; and what all its blocks share.

A plan is small and cheap: the world, its truth and its outcome model are all made from it, block by block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import pandas as pd

from models_ml.world.clock import BusinessTime, span, stamps, to_micros
from models_ml.world.draws import Draws, Ints
from models_ml.world.scenario import SCENARIOS, Scenario
from models_ml.world.staffing import make_members

BLOCK = 10_000
# What a world has without any dial: visits of leads, and of people who never become one.
USUAL_TOUCHES, USUAL_VISITORS = 13.0, 0.8
_TOUCHES_OF_VISITOR, _TOUCHES_OF_IDLE_VISIT = 1.72, 5.3


@dataclass(frozen=True)
class Plan:
    """`last` is the moment (micros) the world is built until, in the span `begin` to `end`."""

    seed: int
    leads: int
    months: int
    begin: int
    end: int
    last: int
    scenario: Scenario = SCENARIOS["real"]
    touches_per_lead: float = USUAL_TOUCHES

    @cached_property
    def draws(self) -> Draws:
        """The world's random numbers."""
        return Draws(self.seed)

    @cached_property
    def members(self) -> pd.DataFrame:
        """Staff with what is hidden of them."""
        return make_members(self.draws, self.begin, self.end)

    @cached_property
    def business(self) -> BusinessTime:
        """Opening hours over the span."""
        return BusinessTime(self.begin, self.end)

    @property
    def visitors(self) -> int:
        """People who look around and never become a lead: they bring half of what is asked beyond the usual."""
        more = max(self.touches_per_lead - USUAL_TOUCHES, 0.0)
        return int(self.leads * (USUAL_VISITORS + more / 2 / _TOUCHES_OF_VISITOR))

    @property
    def idle_visits(self) -> float:
        """Mean number of visits of a lead that say nothing: they bring the other half."""
        return max(self.touches_per_lead - USUAL_TOUCHES, 0.0) / 2 / _TOUCHES_OF_IDLE_VISIT

    @property
    def bounds(self) -> pd.Series:
        """Begin, last and end as aware timestamps."""
        return stamps(np.array([self.begin, self.last, self.end]))

    def lead_blocks(self) -> Iterator[Ints]:
        """Numbers of the leads, a block at a time."""
        return _blocks(self.leads)

    def visitor_blocks(self) -> Iterator[Ints]:
        """Numbers of the visitors, a block at a time."""
        return _blocks(self.visitors)


def make_plan(
    leads: int,
    seed: int,
    months: int = 18,
    until: str | datetime | pd.Timestamp | None = None,
    *,
    scenario: Scenario = SCENARIOS["real"],
    touches_per_lead: float = USUAL_TOUCHES,
) -> Plan:
    """The plan of a world; `until` aware, or naive UTC, None: the whole span.

    Raises ValueError if `leads` or `months` is below 1, `until` outside the span, or fewer touches than usual asked.
    """
    if leads < 1 or months < 1:
        raise ValueError("leads and months must be at least 1")
    if touches_per_lead < USUAL_TOUCHES:
        raise ValueError(f"a lead has about {USUAL_TOUCHES:.0f} touches: ask for that many or more")
    begin, end = span(months)
    last = end if until is None else _moment(until)
    plan = Plan(seed, leads, months, begin, end, last, scenario, touches_per_lead)
    if not begin < last <= end:
        first, final = plan.bounds[0].isoformat(), plan.bounds[2].isoformat()
        raise ValueError(f"until must lie within the world's span, {first} to {final}")
    return plan


def _moment(until: str | datetime | pd.Timestamp) -> int:
    stamp = pd.Timestamp(until)
    return to_micros(stamp.tz_localize("UTC") if stamp.tz is None else stamp)


def _blocks(count: int) -> Iterator[Ints]:
    for first in range(0, count, BLOCK):
        yield np.arange(first, min(first + BLOCK, count), dtype=np.int64)
