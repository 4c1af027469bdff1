"""Who goes where: the search for the best places, then leads that only want a member, then those past their horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from models_ml.routing.asked import IN_TIME, LATE, Demand, Numbers, Supply
from models_ml.routing.capacity import House, Limits, Moments
from models_ml.routing.cases import Kind, Sorter
from models_ml.routing.leads import NEVER
from models_ml.routing.network import assign
from models_ml.routing.turns import Lots, in_turn


class Plan:
    """Leads in the order in which they are served, with the case and place of each."""

    def __init__(self, leads: list[dict[str, Any]], house: House, sorter: Sorter) -> None:
        self.leads, self.house, self.sorter = leads, house, sorter
        self.cases = [sorter.case(lead) for lead in self.leads]
        self.places = np.full(len(self.leads), -1, dtype="int64")
        self.limits = (
            [seat.limits for seat in house.seats] if sorter.with_members else [team.limits for team in house.teams]
        )
        self.of_team = house.team_of if sorter.with_members else np.arange(len(house.teams))
        self.team_room = Room([team.limits for team in house.teams])
        self.room = Room(self.limits)
        self.load = np.array([limits.load for limits in self.limits], dtype="int64")
        known = [limits.size for limits in self.limits if limits.size]
        self.size = np.array([limits.size or max(known, default=1) for limits in self.limits], dtype="int64")

    def decide(self, seed: int) -> None:
        """Fill in the places."""
        self._make_room()
        self._search(seed)
        for kind in (Kind.HELD, Kind.PAST):
            self._share(kind, Lots(seed, self._names()))

    def _make_room(self) -> None:
        """A lead that leaves its team makes room there, one that work or staff brought takes room, limits or not."""
        for lead, case in zip(self.leads, self.cases, strict=True):
            if lead["is_past_horizon"]:
                continue
            if case.kind not in (Kind.OPEN, Kind.ANSWERED):
                continue
            old_team, old_place = self._found(lead["routed_team_id"], lead["routed_staff_id"])
            new_team, new_place = self._found(case.team_id, case.staff_id)
            if old_team != new_team:
                self._move_teams(old_team, new_team)
            if old_place != new_place:
                self._move_places(old_place, new_place)

    def _move_teams(self, old: int | None, new: int | None) -> None:
        """Room to hold a lead more, and less; what was given today stays given."""
        if old is not None:
            self.team_room.held[old] += 1
        if new is not None:
            self.team_room.take(np.array([new]))

    def _move_places(self, old: int | None, new: int | None) -> None:
        if old is not None:
            self.room.held[old] += 1
            self.load[old] -= self.limits[old].is_load_held and self.load[old] > 0
        if new is not None:
            self.room.take(np.array([new]))
            self.load[new] += 1

    def _found(self, team_id: str | None, staff_id: str | None) -> tuple[int | None, int | None]:
        team = self.house.place.get(team_id or "")
        return team, self.house.seat_place.get(staff_id or "") if self.sorter.with_members else team

    def _search(self, seed: int) -> None:
        """The best places for the leads that are open or about to be called too late."""
        asking = [index for index, case in enumerate(self.cases) if case.kind in (Kind.OPEN, Kind.BREACHING)]
        if not asking:
            return
        demand = self._demand(asking)
        found = assign(demand, self._supply(), seed=seed)
        self.places[asking] = found
        for index in [index for index, place in zip(asking, found, strict=True) if place < 0]:
            if self.cases[index].is_member_gone:  # nobody calls it in time, but somebody has to have it
                self.cases[index] = replace(self.cases[index], kind=Kind.HELD)
        taken = found[found >= 0]
        np.add.at(self.load, taken, 1)
        self.room.take(taken)
        self.team_room.take(self.of_team[taken])

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
        in_time = starts < lead["due_at"]
        return np.where(starts == NEVER, 0, np.where(in_time, IN_TIME, LATE)).astype("int8")

    def _names(self) -> list[str]:
        names = [self.house.teams[team].team_id for team in self.of_team]
        if self.sorter.with_members:
            names = [f"{name}|{seat.staff_id or ''}" for name, seat in zip(names, self.house.seats, strict=True)]
        return names

    def _supply(self) -> Supply:
        breadth = np.array([team.breadth for team in self.house.teams], dtype="int64")
        room, team_room = self.room.free, self.team_room.free
        return Supply(self._names(), self.of_team, room, self.load, self.size, team_room, breadth)

    def _share(self, kind: Kind, lots: Lots) -> None:
        """Members for leads whose team holds; teams and members for leads past their horizon. These take no room: they
        are shared out anew in each run, so that where only few come the lot says, by size, whose turn it is.
        """
        load = self.load if kind is Kind.HELD else np.zeros_like(self.load)
        for index in [index for index, case in enumerate(self.cases) if case.kind is kind]:
            lead, reach = self.leads[index], self.reach(index)
            takes_room = not lead["is_past_horizon"]
            if kind is Kind.HELD:
                held = self.house.place[lead["routed_team_id"]]
                has_room = (self.room.free > 0) | (not takes_room)
                reach = np.where((self.of_team == held) & has_room, reach, 0)
            lot = lots.of(lead["lead_key"])
            fullness = (load + (0.5 if kind is Kind.HELD else lot)) / self.size
            place = in_turn(lead, reach, fullness, lot, self.of_team, self.house)
            self.places[index] = place
            if place >= 0 and (takes_room or kind is Kind.PAST):
                load[place] += 1
            if place >= 0 and takes_room:
                self.room.take(np.array([place]))


class Room:
    """What places can still take: today (places,) and at once (places,); below 0 where work or staff brought more."""

    def __init__(self, limits: list[Limits]) -> None:
        self.today = np.array([each.today for each in limits], dtype="int64")
        self.held = np.array([each.held for each in limits], dtype="int64")

    @property
    def free(self) -> Numbers:
        """The lesser of the two, of shape (places,)."""
        free: Numbers = np.minimum(self.today, self.held)
        return free

    def take(self, places: Numbers) -> None:
        """One lead more for each of the places, which may repeat."""
        np.subtract.at(self.today, places, 1)
        np.subtract.at(self.held, places, 1)
