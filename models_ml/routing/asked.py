"""What the optimiser is asked: leads that want a place, and places that have room, as numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
LATE, IN_TIME = 1, 2
_COST_AT_MOST = 10**8  # of one lead, that costs stay well within what a solver tells apart; beyond it they are rounded


@dataclass(frozen=True)
class Demand:
    """Leads that ask for a place, in the order in which they are served."""

    names: list[str]  # (leads,) for the lot
    value: Numbers  # (leads,) what an SQL from it counts, at least 1
    row: Numbers  # (leads,) its row of `reach`
    reach: NDArray[np.int8]  # (rows, places) 0: may not go there; LATE or IN_TIME for its first contact
    known_team: Numbers  # (leads,) team that knows the person, -1 without one
    known_place: Numbers  # (leads,) place of the member that knows the person, -1 without one

    def part(self, leads: Numbers, rows: Numbers, places: Numbers) -> Demand:
        """These leads, rows and places alone, numbered anew; the reach of others is nobody's."""
        place_of = np.full(self.reach.shape[1] + 1, -1, dtype="int64")
        place_of[places] = np.arange(len(places))
        return Demand(
            [self.names[lead] for lead in leads],
            self.value[leads],
            np.searchsorted(rows, self.row[leads]),
            self.reach[np.ix_(rows, places)],
            self.known_team[leads],
            place_of[self.known_place[leads]],
        )


@dataclass(frozen=True)
class Supply:
    """Places, and the teams they belong to."""

    names: list[str]  # (places,) for the lot
    team: Numbers  # (places,)
    free: Numbers  # (places,) leads it can still take
    load: Numbers  # (places,) leads it has, for fairness
    size: Numbers  # (places,) what its load is held against, at least 1
    team_free: Numbers  # (teams,) leads the team can still take
    breadth: Numbers  # (teams,) lists the team has open to all

    def part(self, places: Numbers) -> Supply:
        """These places alone; all teams."""
        return Supply(
            [self.names[place] for place in places],
            self.team[places],
            self.free[places],
            self.load[places],
            self.size[places],
            self.team_free,
            self.breadth,
        )

    def cost(self, place: int, more: Numbers) -> Numbers:
        """What each further lead costs a place that has been given `more` (k,) before: the more, the fuller it is for
        its size. Summed over leads it is least where loads stand to each other as the sizes do.
        """
        scale = math.lcm(*map(int, self.size))
        most = 2 * int(self.load.max() + self.free.max()) + 1
        if most * scale > _COST_AT_MOST * int(self.size.min()):
            scale = max(_COST_AT_MOST * int(self.size.min()) // most, 1)
        costs: Numbers = np.rint((2 * (self.load[place] + more) + 1) * scale / self.size[place]).astype("int64")
        return costs


@dataclass(frozen=True)
class Groups:
    """Leads, places and rows by what tells them apart: nothing else has to be known to find the best answer."""

    lead_group: Numbers  # (leads,)
    group_class: Numbers  # (groups,)
    group_place: Numbers  # (groups,) place of the member that knows these persons, -1 without one
    class_row: Numbers  # (classes,)
    class_team: Numbers  # (classes,) team that knows these persons, -1 without one
    place_type: Numbers  # (places,) places of a type belong to one team and the same rows may go there
    type_place: Numbers  # (types,) its first place


def group(demand: Demand, supply: Supply) -> Groups:
    """Groups (same row, team and member that know the person), classes (same row and team), types of places."""
    may = demand.reach > 0
    is_of_team = np.zeros((len(supply.team), len(supply.team_free)), dtype=bool)
    is_of_team[np.arange(len(supply.team)), supply.team] = True
    row_teams = may.astype("int64") @ is_of_team > 0
    knows_team = (demand.known_team >= 0) & row_teams[demand.row, demand.known_team]
    knows_place = (demand.known_place >= 0) & may[demand.row, demand.known_place]
    team = np.where(knows_team, demand.known_team, -1)
    place = np.where(knows_place, demand.known_place, -1)
    classes, lead_class = _unique_rows(np.stack([demand.row, team], axis=1))
    groups, lead_group = _unique_rows(np.stack([lead_class, place], axis=1))
    columns = np.concatenate([supply.team[:, None], demand.reach.T.astype("int64")], axis=1)
    _, place_type = _unique_rows(columns)
    _, type_place = np.unique(place_type, return_index=True)
    return Groups(lead_group, groups[:, 0], groups[:, 1], classes[:, 0], classes[:, 1], place_type, type_place)


def _unique_rows(table: Numbers) -> tuple[Numbers, Numbers]:
    rows, inverse = np.unique(table, axis=0, return_inverse=True)
    return rows, inverse.reshape(-1)
