"""Routing by trying everything: every way to send a few leads to places, weighed aim by aim. For small cases only.

Written from what `models_ml.routing` promises, without its code; who may go where is `routing_places.py`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tests.oracles.routing_places import LISTS, Place, Places, Row, members_of, none

Aims = tuple[int, ...]


class Oracle:
    """The best routes of leads that have none that holds, or one that is about to be called too late.

    Parameters
    ----------
    open_leads, teams, staff, rules, as_of
        as the router takes them, every column given; nobody worked on, set by staff or past its horizon.
    """

    def __init__(
        self, open_leads: pd.DataFrame, teams: pd.DataFrame, staff: pd.DataFrame, rules: Row, *, as_of: pd.Timestamp
    ) -> None:
        self.who = Places(open_leads, teams, staff, rules, as_of=as_of)
        self.places = self.who.every_place()
        self.leads = [lead for lead in self.who.leads if not self.who.holds(lead) or self.who.breaches(lead)]
        shape = (len(self.leads), len(self.places) + 1)  # the last place is none
        self.may, self.in_time = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        self.known = np.zeros(shape, dtype="int64")
        self.may[:, -1] = True
        self.value = np.array([self._value(lead) for lead in self.leads], dtype="int64")
        for row, lead in enumerate(self.leads):
            self._fill(row, lead)

    def best(self) -> Aims:
        """The aims of the best way, each as great as it can be after those before it."""
        ways = [np.flatnonzero(may) for may in self.may]
        if not ways:
            return (0, 0, 0, 0, 0)
        tried = np.array(list(itertools.product(*ways)), dtype="int64")
        aims = self._aims(tried[self._fits(tried)])
        return tuple(int(aim) for aim in aims[np.lexsort(aims.T[::-1])[-1]])

    def of_routes(self, routes: pd.DataFrame) -> Aims:
        """The aims of given routes; AssertionError where they go where they may not."""
        where = {(place.team_id, place.staff_id): number for number, place in enumerate(self.places)}
        made: dict[str, Mapping[str, Any]] = {row["lead_key"]: row for row in routes.to_dict(orient="records")}
        way = np.full((1, len(self.leads)), len(self.places))
        for row, lead in enumerate(self.leads):
            route = made.get(lead["lead_key"])
            if route is not None and none(route["team_id"]) is not None:
                way[0, row] = where[route["team_id"], none(route["staff_id"])]
            assert self.may[row, way[0, row]], f"{lead['lead_key']} may not go there"
        if not self.leads:
            return (0, 0, 0, 0, 0)
        assert self._fits(way)[0], "more than there is room for"
        return tuple(int(aim) for aim in self._aims(way)[0])

    def _aims(self, ways: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Of shape (ways, aims): SQLs within SLA, SQLs, continuity, lists open to all, balance."""
        rows = np.arange(len(self.leads))
        placed = ways < len(self.places)
        breadth = np.array([*(self._breadth(place) for place in self.places), 0])
        given = self._given(ways)
        scale = math.lcm(*(place.size for place in self.places)) if self.places else 1
        cost = np.zeros(len(ways), dtype="int64")
        for number, place in enumerate(self.places):
            # Of k leads: (2 load + 1) + (2 load + 3) + … = k² + 2 load k, for its size.
            cost += (given[:, number] ** 2 + 2 * place.load * given[:, number]) * (scale // place.size)
        in_time = (self.in_time[rows, ways] * self.value).sum(axis=1)
        served = (placed * self.value).sum(axis=1)
        known = self.known[rows, ways].sum(axis=1)
        return np.stack([in_time, served, known, -breadth[ways].sum(axis=1), -cost], axis=1)

    def _given(self, ways: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.stack([(ways == number).sum(axis=1) for number in range(len(self.places) + 1)], axis=1)[:, :-1]

    def _fits(self, ways: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        given = self._given(ways)
        fits = np.ones(len(ways), dtype=bool)
        for number, place in enumerate(self.places):
            fits &= given[:, number] <= place.room
        for team_id, team in self.who.teams.items():
            of_team = [number for number, place in enumerate(self.places) if place.team_id == team_id]
            fits &= given[:, of_team].sum(axis=1) <= self.who.room(team, (team_id, None))
        return fits

    def _fill(self, row: int, lead: Row) -> None:
        begins, due = self.who.begins(lead), self.who.due(lead)
        team = none(lead["previous_team_id"]) or none(lead["routed_team_id"])
        for number, place in enumerate(self.places):
            at = begins.get((place.team_id, place.staff_id))
            if at is not None and (at < due or not self.who.breaches(lead)):
                self.may[row, number], self.in_time[row, number] = True, at < due
            is_member = place.staff_id is not None and place.staff_id == lead["previous_staff_id"]
            self.known[row, number] = 2 if is_member else int(place.team_id == team)

    def _breadth(self, place: Place) -> int:
        return sum(not members_of(self.who.teams[place.team_id][name]) for name in LISTS.values())

    def _value(self, lead: Row) -> int:
        """Points: readiness × urgency × nearness of the due time."""
        scored = [
            (other["service_line"], round(other["readiness"] * 10_000))
            for other in self.who.leads
            if not pd.isna(other["readiness"]) and not other["is_control"]
        ]
        alike = [points for line, points in scored if line == lead["service_line"]] or [points for _, points in scored]
        points = sum(alike) // len(alike) if alike else 5_000
        if not pd.isna(lead["readiness"]) and not lead["is_control"]:
            points = round(lead["readiness"] * 10_000)
        left = (self.who.due(lead) - self.who.as_of) / pd.Timedelta(days=1)
        again = min(lead["requests_since_mql_count"], 3) * 0.5 + min(lead["missed_call_backs_count"], 3) * 0.5
        return max(round(points * (1 + again) * (1 + min(max(1 - left, 0), 1))), 1)
