"""Routing by readiness as it ships: `route_leads` at every tick of the intake rhythm, and the queue staff then see.

The router says team, priority and due time; staff take from their team's queue in an order of these, as a CRM's view
sorts it. Teams have no daily limit here: what limits them is their members' time. So a route does not depend on how
the game goes, and is asked for once, whatever the staffing and the order of the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from models_ml.routing import route_leads
from models_ml.world.clock import DAY, MINUTE, NEVER, stamps
from models_ml.world.draws import Ints
from models_ml.world.intake import HANDED_AFTER
from tests.benchmarks.desk_assumptions import HORIZON_DAYS, TICK_MINUTES
from tests.benchmarks.desk_leads import Arrivals
from tests.benchmarks.desk_policies import FirstCome
from tests.benchmarks.desk_roster import TEAM_IDS, Roster, team_frame

# How a queue is sorted: by priority and due time; the same, overdue last; overdue last, and these by due time alone.
Order = Literal["due", "in_time", "oldest_overdue"]


@dataclass(frozen=True)
class Routes:
    """The router's answer for each lead: its priority and its moment (micros); and why how many have no team."""

    priority: Ints
    routed_at: Ints
    without_team: dict[str, int]


def routes_of(
    arrivals: Arrivals, roster: Roster, rules: Mapping[str, Any] | None = None, *, shuffle_seed: int | None = None
) -> Routes:
    """Ask `route_leads` for every lead; `shuffle_seed`: with the readiness of another lead of its line.

    Each lead is asked for with its times as they stand to its own tick, all in one call: without limits of teams one
    answer has no bearing on another (`tests/unit/models_ml/routing` and the game's own test hold that).
    Raises ValueError if a lead is routed to a team that does not serve its line and location, or has no answer.
    """
    frame, count = _open_leads(arrivals.leads, shuffle_seed), len(arrivals.leads)
    moments = ticks(arrivals.leads["at"].to_numpy() + HANDED_AFTER, roster)
    as_of = pd.Timestamp(stamps(moments[:1])[0]).tz_localize(None)
    later = pd.to_timedelta(moments - moments[0], unit="us")
    frame = frame.assign(became_mql_at=frame["became_mql_at"] - later, sla_due_at=frame["sla_due_at"] - later)
    routes = route_leads(frame, _teams(roster, as_of), _staff(roster, as_of), dict(rules or {}), as_of=as_of)
    rows = routes["lead_key"].astype("int64").to_numpy()
    priority, without = np.zeros(count, dtype=np.int64), dict[str, int]()
    priority[rows] = routes["priority"]
    for row, team, why in zip(rows, routes["team_id"], routes["deciding_constraint"], strict=True):
        if not isinstance(team, str):
            without[why] = without.get(why, 0) + 1
        elif TEAM_IDS.index(team) != arrivals.leads["team"].iloc[row]:
            raise ValueError(f"a lead is routed to {team}, which does not serve its line and location")
    if (priority == 0).any():
        raise ValueError("a lead has no answer from the router")
    return Routes(priority, moments, without)


class ByReadiness(FirstCome):
    """Staff call in the order of the queue the router fills.

    `aged_after_days`: whoever waits so long is called before all others (None: nobody); `first_come_share`: of so many
    calls each is the earliest lead's (0: none).
    """

    def __init__(
        self, routes: Routes, *, name: str = "readiness", order: Order = "due",
        aged_after_days: float | None = None, first_come_share: float = 0.0,
    ) -> None:  # fmt: skip
        self.routes, self.name, self.order = routes, name, order
        self.aged_after_days, self.first_come_share = aged_after_days, first_come_share

    def begin(self, arrivals: Arrivals, roster: Roster) -> None:
        """The turn of the earliest comes with its share."""
        super().begin(arrivals, roster)
        self.turn = 0.0

    def arrive(self, lead: int, now: int) -> int:
        """When it is routed."""
        return max(int(self.routes.routed_at[lead]), now)

    def choose(self, waiting: Ints, member: int, now: int) -> int:
        """The first of the queue."""
        self.turn += self.first_come_share
        if self.turn >= 1:
            self.turn -= 1
            return super().choose(waiting, member, now)
        due, priority = self.due[waiting], self.routes.priority[waiting]
        is_overdue = due < now if self.order != "due" else np.zeros(len(waiting), dtype=bool)
        if self.order == "oldest_overdue":
            priority = np.where(is_overdue, 0, priority)
        aged = np.zeros(len(waiting), dtype=bool)
        if self.aged_after_days is not None:
            aged = self.at[waiting] + int(self.aged_after_days * DAY) <= now
        return int(waiting[np.lexsort((waiting, due, priority, is_overdue, ~aged))[0]])


def ticks(moments: Ints, roster: Roster) -> Ints:
    """The tick at which each lead is routed: the next one at which somebody is on shift."""
    step = TICK_MINUTES * MINUTE
    begins = np.full(len(moments), NEVER, dtype=np.int64)
    for spans in roster.shifts:
        place = np.searchsorted(spans[:, 1], moments, side="right")
        found = place < len(spans)
        begins[found] = np.minimum(begins[found], np.maximum(spans[place[found], 0], moments[found]))
    return np.asarray(-(-begins // step) * step)


def _open_leads(leads: pd.DataFrame, shuffle_seed: int | None) -> pd.DataFrame:
    """What routing__open_leads says of the leads; what is not there, the router takes as unknown."""
    order = np.arange(len(leads))
    if shuffle_seed is not None:
        random = np.random.default_rng(shuffle_seed)
        for line in sorted(leads["service_line"].unique()):
            rows = np.flatnonzero(leads["service_line"] == line)
            order[rows] = random.permutation(rows)
    keys = [f"{row:07d}" for row in range(len(leads))]
    frame = pd.DataFrame({"lead_key": keys, "record_key": keys, "lead_id": leads["lead_id"], "source": "crm",
                          "service_line": leads["service_line"], "location_id": leads["location_id"],
                          "location_ids": leads["location_id"], "language": leads["language"],
                          "band": leads["band"].to_numpy()[order], "is_past_horizon": False, "is_contacted": False,
                          "is_control": False, "readiness": leads["readiness"].to_numpy()[order], "route_no": 0,
                          "became_mql_at": _naive(leads["at"]), "sla_due_at": _naive(leads["due_at"])})  # fmt: skip
    for name in ("complexity_level", "worked_team_id", "routed_team_id", "routed_queue", "routed_constraint"):
        frame[name] = None
    return frame


def _teams(roster: Roster, as_of: pd.Timestamp) -> pd.DataFrame:
    """What routing__capacity says of the teams: all open, none with a limit."""
    spoken = [set().union(*(roster.speaks[one] for one in np.flatnonzero(roster.team == team)))
              for team in range(len(TEAM_IDS))]  # fmt: skip
    return team_frame().assign(
        languages=["|".join(sorted(one)) for one in spoken], daily_capacity=np.nan, open_lead_capacity=np.nan,
        routed_today_count=0, open_lead_count=0, is_open=True, next_open_at=as_of,
        closes_at=as_of + pd.Timedelta(days=HORIZON_DAYS),
    )  # fmt: skip


def _staff(roster: Roster, as_of: pd.Timestamp) -> pd.DataFrame:
    """What routing__staff says of the members: all there, none with a limit."""
    return pd.DataFrame({"staff_id": roster.staff_ids, "role": roster.roles,
                         "team_id": [TEAM_IDS[one] for one in roster.team],
                         "languages": ["|".join(sorted(one)) for one in roster.speaks],
                         "daily_capacity": np.nan, "open_lead_capacity": np.nan, "routed_today_count": 0,
                         "open_lead_count": 0, "is_scheduled": False, "is_available": True, "next_available_at": as_of,
                         "available_until": as_of + pd.Timedelta(days=HORIZON_DAYS)})  # fmt: skip


def _naive(moments: Any) -> pd.Series:
    return stamps(np.asarray(moments, dtype=np.int64)).dt.tz_localize(None)
