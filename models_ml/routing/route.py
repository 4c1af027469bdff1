"""The decision itself: cases first, then the search for the best places, then who only needs a member or is past."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from models_ml.routing.asked import IN_TIME, LATE, Demand, Supply
from models_ml.routing.capacity import NEVER, House, Limits, Moments, build_house
from models_ml.routing.cases import Kind, Sorter, moment_of
from models_ml.routing.leads import prepare_leads
from models_ml.routing.network import assign
from models_ml.routing.rows import COLUMNS, decision_rows
from models_ml.routing.rules import with_defaults
from models_ml.routing.turns import in_turn


def route_leads(
    open_leads: pd.DataFrame,
    teams: pd.DataFrame,
    staff: pd.DataFrame,
    rules: Mapping[str, Any],
    *,
    as_of: pd.Timestamp,
    seed: int = 7,
) -> pd.DataFrame:
    """Decide a route for each open lead that needs a new one.

    Parameters
    ----------
    open_leads
        rows of `routing__open_leads`, one per open MQL; a column that is absent is unknown for every lead.
    teams
        rows of `routing__capacity`, one per team.
    staff
        rows of `routing__staff`, one per member; without rows nothing is known of members.
    rules
        content of criteria/routing.yaml (`orchestration.criteria_files.routing_file`), {} for the defaults.
    as_of
        naive UTC, the run's; becomes routed_as_of.
    seed
        of the lots drawn where nothing else tells two answers apart.

    Returns
    -------
    Frame ready to land in handoff/routes: lead_key, record_key, route_no (int32), team_id, staff_id, queue,
    priority (int32, 1 first), reasons, sla_due_at, deciding_constraint, told, is_without_score (bool), routed_as_of;
    one row per new decision (a lead whose earlier route would come out the same has none), in the order in which the
    leads are served.
    """
    settings = with_defaults(rules)
    leads = prepare_leads(open_leads, settings, as_of)
    house = build_house(teams, staff, settings, as_of)
    plan = _Plan(leads, house, Sorter(house, with_members=bool(settings["assign_members"]), now=moment_of(as_of)))
    plan.decide(seed)
    rows = decision_rows(plan.leads, plan.cases, plan.places, plan.sorter, plan.team_free, settings, as_of)
    return _frame(rows)


class _Plan:
    """Leads in the order in which they are served, with the case and place of each."""

    def __init__(self, leads: pd.DataFrame, house: House, sorter: Sorter) -> None:
        self.leads: list[dict[str, Any]] = leads.to_dict(orient="records")  # type: ignore[assignment]
        self.house, self.sorter = house, sorter
        self.cases = [sorter.case(lead) for lead in self.leads]
        self.places = np.full(len(self.leads), -1, dtype="int64")
        self.limits = [seat.limits for seat in house.seats] if sorter.with_members else _limits(house)
        self.of_team = house.team_of if sorter.with_members else np.arange(len(house.teams))
        self.team_free = np.array([team.limits.free for team in house.teams], dtype="int64")
        self.free = np.array([limits.free for limits in self.limits], dtype="int64")
        self.load = np.array([limits.load for limits in self.limits], dtype="int64")
        known = [limits.size for limits in self.limits if limits.size]
        self.size = np.array([limits.size or max(known, default=1) for limits in self.limits], dtype="int64")

    def decide(self, seed: int) -> None:
        """Fill in the places."""
        self._make_room()
        self._search(seed)
        for kind in (Kind.HELD, Kind.PAST):
            self._share(kind)

    def _make_room(self) -> None:
        """A lead that leaves its team makes room there, one that work or staff brought takes room, limits or not."""
        for lead, case in zip(self.leads, self.cases, strict=True):
            if lead["is_past_horizon"]:
                continue
            before = self.house.place.get(lead["routed_team_id"] or "")
            if before is not None and case.kind in (Kind.OPEN, Kind.ANSWERED):
                self._take(before, self.house.seat_place.get(lead["routed_staff_id"] or ""), -1)
            after = self.house.place.get(case.team_id or "")
            if after is not None:
                self._take(after, self.house.seat_place.get(case.staff_id or ""), 1)

    def _take(self, team: int, seat: int | None, count: int) -> None:
        self.team_free[team] -= count
        place = seat if self.sorter.with_members else team
        if place is not None:
            self.load[place] = max(self.load[place] + count, 0)
            self.free[place] -= count

    def _search(self, seed: int) -> None:
        """The best places for the leads that are open or about to be called too late."""
        asking = [index for index, case in enumerate(self.cases) if case.kind in (Kind.OPEN, Kind.BREACHING)]
        if not asking:
            return
        demand = self._demand(asking)
        found = assign(demand, self._supply(), seed=seed)
        self.places[asking] = found
        np.add.at(self.load, found[found >= 0], 1)
        np.subtract.at(self.free, found[found >= 0], 1)
        np.subtract.at(self.team_free, self.of_team[found[found >= 0]], 1)

    def _demand(self, asking: list[int]) -> Demand:
        rows: dict[bytes, int] = {}
        reaches: list[np.ndarray[tuple[int], np.dtype[np.int8]]] = []
        row = []
        for index in asking:
            reach = self.reach(index)
            if self.cases[index].kind is Kind.BREACHING:
                reach = np.where(reach == IN_TIME, reach, 0).astype("int8")
            key = reach.tobytes()
            if key not in rows:
                rows[key] = len(reaches)
                reaches.append(reach)
            row.append(rows[key])
        leads = [self.leads[index] for index in asking]
        seat_of = self.house.seat_place.get if self.sorter.with_members else (lambda name: None)
        known_place = [seat_of(lead["previous_staff_id"] or "") for lead in leads]
        return Demand(
            [lead["lead_key"] for lead in leads],
            np.array([lead["value"] for lead in leads], dtype="int64"),
            np.array(row, dtype="int64"),
            np.stack(reaches),
            np.array([self.house.place.get(self._known_team(lead), -1) for lead in leads], dtype="int64"),
            np.array([-1 if place is None else place for place in known_place], dtype="int64"),
        )

    def _known_team(self, lead: Mapping[str, Any]) -> str:
        """The team that knows the person: of a route that is about to breach, the one that holds it."""
        return lead["previous_team_id"] or lead["routed_team_id"] or ""

    def reach(self, index: int) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
        """(places,) 0, LATE or IN_TIME."""
        lead = self.leads[index]
        starts: Moments = self.sorter.starts(self.house.admit(lead["wish"]))
        in_time = starts < moment_of(lead["due_at"])
        return np.where(starts == NEVER, 0, np.where(in_time, IN_TIME, LATE)).astype("int8")

    def _supply(self) -> Supply:
        names = [self.house.teams[team].team_id for team in self.of_team]
        if self.sorter.with_members:
            names = [f"{name}|{seat.staff_id or ''}" for name, seat in zip(names, self.house.seats, strict=True)]
        breadth = np.array([team.breadth for team in self.house.teams], dtype="int64")
        return Supply(names, self.of_team, self.free, self.load, self.size, self.team_free, breadth)

    def _share(self, kind: Kind) -> None:
        """Members for leads whose team holds; teams and members for leads past their horizon, which take no room."""
        load = self.load if kind is Kind.HELD else np.zeros_like(self.load)
        for index in [index for index, case in enumerate(self.cases) if case.kind is kind]:
            lead, reach = self.leads[index], self.reach(index)
            if kind is Kind.HELD:
                held = self.house.place[lead["routed_team_id"]]
                reach = np.where((self.of_team == held) & (self.free > 0), reach, 0)
            place = in_turn(lead, reach, load, self.size, self.of_team, self.house)
            self.places[index] = place
            if place >= 0:
                load[place] += 1
                self.free[place] -= kind is Kind.HELD


def _limits(house: House) -> list[Limits]:
    return [team.limits for team in house.teams]


def _frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    types: dict[str, Any] = dict.fromkeys(COLUMNS, "str")
    types |= {"route_no": "int32", "priority": "int32", "is_without_score": "bool"}
    types |= {"sla_due_at": "datetime64[us]", "routed_as_of": "datetime64[us]"}
    return frame.astype(types)
