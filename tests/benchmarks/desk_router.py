"""Routing by readiness as it ships: `route_leads` at every tick of the intake rhythm, and the queue staff then see.

The router says team, member, priority and due time; staff take from their team's queue in an order of these, which is
the order of the CRM's view.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from models_ml.routing import route_leads
from models_ml.world.clock import DAY, MINUTE, stamps
from models_ml.world.draws import Ints
from models_ml.world.staffing import TEAMS
from tests.benchmarks.desk_assumptions import ROUTES_PER_CALL, TICK_MINUTES
from tests.benchmarks.desk_leads import Arrivals, local_days
from tests.benchmarks.desk_policies import FirstCome
from tests.benchmarks.desk_roster import TEAM_IDS, Roster, team_frame

Bools = npt.NDArray[np.bool_]
Order = Literal["due", "in_time", "readiness"]
_LATER = 10  # added to the priority of a lead that waits in the queue without a route


class ByReadiness(FirstCome):
    """`order`: how the queue is sorted after priority: by due time, by due time with the overdue last, by readiness.

    `aged_after_days`: whoever waits so long is called before all others (None: nobody); `first_come_share`: of so many
    calls each is the earliest lead's (0: none).
    """

    def __init__(
        self, rules: Mapping[str, Any] | None = None, *, name: str = "readiness", order: Order = "due",
        aged_after_days: float | None = None, first_come_share: float = 0.0, shuffle_seed: int | None = None,
    ) -> None:  # fmt: skip
        self.rules, self.name, self.order = rules or {}, name, order
        self.aged_after_days, self.first_come_share, self.shuffle_seed = aged_after_days, first_come_share, shuffle_seed

    def begin(self, arrivals: Arrivals, roster: Roster, calls_a_day: Ints) -> None:
        """Nobody is routed yet."""
        super().begin(arrivals, roster, calls_a_day)
        self.roster, self.leads, count = roster, arrivals.leads, len(arrivals.leads)
        self.frame = _open_leads(self.leads, self.shuffle_seed)
        self.readiness = self.frame["readiness"].to_numpy()
        self.priority, self.pending = np.full(count, 99), np.zeros(count, dtype=bool)
        self.routed_team, self.routed_day = np.full(count, -1), np.full(count, -1, dtype=np.int64)
        self.route_no, self.next_tick, self.misrouted = np.zeros(count, dtype=np.int64), 0, 0
        self.limits, self.due_share = np.ceil(calls_a_day * ROUTES_PER_CALL), 0.0
        self.calendars = [arrivals.plan.business.hours[team.calendar] for team in TEAMS]
        self.told: dict[str, int] = {}

    def arrive(self, lead: int, now: int) -> int | None:
        """To be routed at the next tick somebody is there for."""
        self.pending[lead] = True
        if self.next_tick > now:
            return None
        begin = min(self.roster.shift_at(one, now)[0] for one in range(len(self.roster.staff_ids)))
        step = TICK_MINUTES * MINUTE
        self.next_tick = -(-max(now, begin) // step) * step
        return self.next_tick

    def tick(self, now: int, closed: Bools) -> int | None:
        """Route whoever has no team."""
        self.pending &= ~closed
        rows = np.flatnonzero(self.pending)
        if not len(rows):
            return None
        as_of = pd.Timestamp(stamps(np.array([now]))[0]).tz_localize(None)
        open_leads = self.frame.iloc[rows].assign(route_no=self.route_no[rows])
        teams, staff = self._teams(now, closed), _staff(self.roster, now, as_of)
        routes = route_leads(open_leads, teams, staff, self.rules, as_of=as_of)
        for lead, team, priority in zip(routes["lead_key"], routes["team_id"], routes["priority"], strict=True):
            self._settle(int(lead), team, int(priority), now)
        for why in routes["deciding_constraint"][routes["team_id"].isna()]:
            self.told[why] = self.told.get(why, 0) + 1
        return None

    def _settle(self, lead: int, team: Any, priority: int, now: int) -> None:
        self.route_no[lead] += 1
        self.priority[lead] = priority
        if isinstance(team, str):
            self.pending[lead], self.routed_day[lead] = False, local_days(np.array([now]))[0]
            self.routed_team[lead] = TEAM_IDS.index(team)
            self.misrouted += TEAM_IDS.index(team) != self.leads["team"].iloc[lead]
        else:
            self.priority[lead] += _LATER

    def _teams(self, now: int, closed: Bools) -> pd.DataFrame:
        today, frame = local_days(np.array([now]))[0], team_frame()
        has = self.routed_team >= 0
        frame["languages"] = ["|".join(sorted(self.roster.languages_of(one, now))) for one in range(len(TEAMS))]
        frame["daily_capacity"] = self.limits
        frame["open_lead_capacity"] = np.nan
        for name, rows in (("routed_today_count", has & (self.routed_day == today)), ("open_lead_count", has & ~closed)):
            frame[name] = np.bincount(self.routed_team[rows], minlength=len(TEAMS))
        places = [int(np.searchsorted(one.closes, now, side="right")) for one in self.calendars]
        opens = [int(one.opens[place]) for one, place in zip(self.calendars, places, strict=True)]
        closes = [int(one.closes[place]) for one, place in zip(self.calendars, places, strict=True)]
        frame["is_open"] = [one <= now for one in opens]
        frame["next_open_at"], frame["closes_at"] = _naive([max(one, now) for one in opens]), _naive(closes)
        return frame

    def choose(self, waiting: Ints, member: int, now: int) -> int:
        """The first of the queue, as the CRM sorts it; leads not routed yet are not in it."""
        queue = waiting[self.priority[waiting] < 99]
        if not len(queue):
            return -1
        self.due_share += self.first_come_share
        if self.due_share >= 1:
            self.due_share -= 1
            return super().choose(queue, member, now)
        due = self.due[queue]
        by = {
            "due": (due, self.priority[queue]),
            "in_time": (due, self.priority[queue], due < now),
            "readiness": (-self.readiness[queue], self.priority[queue], due < now),
        }[self.order]
        aged = np.zeros(len(queue), dtype=bool)
        if self.aged_after_days is not None:
            aged = self.at[queue] + self.aged_after_days * DAY <= now
        return int(queue[np.lexsort((queue, *by, ~aged))[0]])


def _open_leads(leads: pd.DataFrame, shuffle_seed: int | None) -> pd.DataFrame:
    """What routing__open_leads says of the leads; shuffled: readiness and band of another lead of the same line."""
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
                          "band": leads["band"].to_numpy()[order],
                          "readiness": leads["readiness"].to_numpy()[order]})  # fmt: skip
    for name in ("complexity_level", "worked_team_id", "routed_team_id", "routed_queue", "routed_constraint",
                 "person_key", "previous_team_id", "previous_staff_id", "override_team_id", "override_staff_id",
                 "routed_staff_id"):  # fmt: skip
        frame[name] = None
    for name in ("is_past_horizon", "is_contacted", "is_control"):
        frame[name] = False
    for name in ("can_contact_by_call", "can_contact_by_sms", "can_contact_by_email"):
        frame[name] = True
    for name in ("requests_since_mql_count", "missed_call_backs_count"):
        frame[name] = 0
    for name in ("last_signal_at", "routed_at", "routed_sla_due_at"):
        frame[name] = pd.NaT
    frame["became_mql_at"], frame["sla_due_at"] = _naive(leads["at"]), _naive(leads["due_at"])
    return frame


def _staff(roster: Roster, now: int, as_of: pd.Timestamp) -> pd.DataFrame:
    """What routing__staff says of the members."""
    spans = [roster.shift_at(one, now) for one in range(len(roster.staff_ids))]
    available = [begin <= now for begin, _ in spans]
    frame = pd.DataFrame({"staff_id": roster.staff_ids, "role": roster.roles,
                          "team_id": [TEAM_IDS[one] for one in roster.team],
                          "languages": ["|".join(sorted(one)) for one in roster.speaks],
                          "daily_capacity": np.nan, "open_lead_capacity": np.nan, "routed_today_count": 0,
                          "open_lead_count": 0, "is_scheduled": True, "is_available": available})  # fmt: skip
    frame["next_available_at"] = _naive([begin for begin, _ in spans]).where(~frame["is_available"], as_of)
    frame["available_until"] = _naive([end for _, end in spans])
    return frame


def _naive(moments: Any) -> pd.Series:
    return stamps(np.asarray(moments, dtype=np.int64)).dt.tz_localize(None)
