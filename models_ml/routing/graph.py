"""Open leads and places as a flow, and what each of its arcs counts for each aim.

A lead flows into its group, from there to the member that knows its person or to the rest of its class, on to a type
of place, a place, its team, and out. Leads whose first contact is still in time run through nodes of their own. Which
leads of a group go is said by the arcs that enter it, one a lead, which cost no row.
"""

from __future__ import annotations

import zlib

import numpy as np

from models_ml.routing.arcs import (
    KNOWN,
    LEAVING,
    ON,
    OUTSIDE,
    PLACED,
    SERVED,
    SPREAD,
    STEP,
    TIMELY,
    Arcs,
    Nodes,
    join_arcs,
    make_arcs,
)
from models_ml.routing.asked import IN_TIME, Demand, Numbers, Supply, group


class Graph:
    """The flow of leads and places that hang together.

    Parameters
    ----------
    demand, supply
        leads and places, numbered from 0.

    Attributes
    ----------
    groups
        what leads and places are grouped into.
    nodes
        rows of the matrix.
    arcs
        columns of the matrix; the last ones, one a place, are the STEPs: leads the place takes.
    """

    def __init__(self, demand: Demand, supply: Supply) -> None:
        self.demand, self.supply = demand, supply
        self.groups = group(demand, supply)
        self.nodes = Nodes(self.groups, supply)
        flow = [*self._enter(), *self._go_on(), self._reach_types(), *self._leave()]
        self.steps_from = sum(len(part.kind) for part in flow)
        steps = [self._step(place, int(free)) for place, free in enumerate(supply.free)]
        self.arcs = join_arcs([*flow, *steps])

    def worth_in_time(self) -> Numbers:
        """Aim: expected SQLs within SLA."""
        return self.arcs.counting(TIMELY, self.demand.value)

    def worth(self) -> Numbers:
        """Aim: expected SQLs of all leads that get a place."""
        return self.arcs.counting(SERVED, self.demand.value)

    def known(self) -> Numbers:
        """Aim: two for a lead that goes to the member that knows its person, one for the team alone."""
        return np.where(np.isin(self.arcs.kind, (KNOWN, PLACED)), self.arcs.points, 0)

    def specialists(self) -> Numbers:
        """Aim: one less for each list that the lead's team has open to all."""
        is_choice = np.isin(self.arcs.kind, (KNOWN, PLACED))
        return np.where(is_choice, -self.supply.breadth[self.supply.team[self.arcs.place]], 0)

    def balance(self, arcs: Arcs) -> Numbers:
        """Aim: loads that stand to each other as the sizes do."""
        return np.where(arcs.kind == STEP, -arcs.points, 0)

    def in_order(self, arcs: Arcs) -> Numbers:
        """Aim: leads that are served earlier."""
        turn = np.arange(len(self.demand.value), 0, -1)
        return arcs.counting(SERVED, turn) + arcs.counting(TIMELY, turn)

    def by_lot(self, arcs: Arcs, seed: int) -> Numbers:
        """Aim: what the lot says, drawn from the seed and from names, never from an order of rows."""
        first_of_group = np.unique(self.groups.lead_group, return_index=True)[1]
        first_of_class = np.unique(self.groups.group_class[self.groups.lead_group], return_index=True)[1]
        firsts = {KNOWN: first_of_group, PLACED: first_of_class}
        lots = np.zeros(len(arcs.kind), dtype="int64")
        for arc in np.flatnonzero(np.isin(arcs.kind, (KNOWN, PLACED, SPREAD)) & (arcs.lower < arcs.upper)):
            first = firsts.get(int(arcs.kind[arc]))
            name = "" if first is None else self.demand.names[first[arcs.start[arc]]]
            lots[arc] = zlib.crc32(f"{seed}|{name}|{self.supply.names[arcs.place[arc]]}".encode()) >> 12
        return lots

    def stepped(self, lower: Numbers, upper: Numbers, steps: int) -> Arcs:
        """The arcs within these bounds, a place's last one split: one a lead for the first `steps`, one for others."""
        parts = [self.arcs.within(lower, upper).at(slice(0, self.steps_from))]
        for place in range(len(self.supply.free)):
            low, high = int(lower[self.steps_from + place]), int(upper[self.steps_from + place])
            if low == high:
                fixed = self._step(place, high)
                parts.append(fixed.within(fixed.upper, fixed.upper))
                continue
            single = np.arange(min(high, steps))
            parts.append(self._step(place, 1, single))
            if high > steps:
                parts.append(self._step(place, high - steps, np.array([steps])))
        return join_arcs(parts)

    def _enter(self) -> list[Arcs]:
        leads, into = np.arange(len(self.demand.value)), self.groups.lead_group
        one = np.ones(1, dtype="int64")
        outside = np.array([OUTSIDE])
        served, timely = self.nodes.served + into, self.nodes.timely + into
        return [make_arcs(SERVED, outside, served, one, leads), make_arcs(TIMELY, served, timely, one, leads)]

    def _go_on(self) -> list[Arcs]:
        groups, nodes = self.groups, self.nodes
        every = np.arange(len(groups.group_class))
        size = np.bincount(groups.lead_group, minlength=len(every))
        late = make_arcs(ON, nodes.served + every, nodes.late_class + groups.group_class, size, every)
        timely = make_arcs(ON, nodes.timely + every, nodes.timely_class + groups.group_class, size, every)
        some = np.flatnonzero(groups.group_place >= 0)
        place = groups.group_place[some]
        in_time = self.demand.reach[groups.class_row[groups.group_class[some]], place] == IN_TIME
        tail = np.where(in_time, nodes.timely, nodes.served) + some
        twice = np.full(len(some), 2)
        known = make_arcs(KNOWN, tail, nodes.place + place, size[some], some, place=place, points=twice)
        return [late, timely, known]

    def _reach_types(self) -> Arcs:
        groups, nodes = self.groups, self.nodes
        size = np.bincount(groups.group_class[groups.lead_group], minlength=len(groups.class_row))
        reach = self.demand.reach[np.ix_(groups.class_row, groups.type_place)]
        from_class, to_type = np.nonzero(reach)
        place = groups.type_place[to_type]
        tail = np.where(reach[from_class, to_type] == IN_TIME, nodes.timely_class, nodes.late_class) + from_class
        points = (self.supply.team[place] == groups.class_team[from_class]).astype("int64")
        return make_arcs(PLACED, tail, nodes.type + to_type, size[from_class], from_class, place=place, points=points)

    def _leave(self) -> list[Arcs]:
        places, teams = np.arange(len(self.supply.free)), np.arange(len(self.supply.team_free))
        nodes, of_type = self.nodes, self.groups.place_type
        spread = make_arcs(SPREAD, nodes.type + of_type, nodes.place + places, self.supply.free, of_type, place=places)
        outside = np.array([OUTSIDE])
        return [spread, make_arcs(LEAVING, nodes.team + teams, outside, self.supply.team_free, teams)]

    def _step(self, place: int, upper: int, more: Numbers | None = None) -> Arcs:
        """Arcs of a place that has been given `more` leads before each."""
        more = np.zeros(1, dtype="int64") if more is None else more
        whose = np.full(len(more), place)
        tail, head = self.nodes.place + whose, self.nodes.team + self.supply.team[whose]
        top = np.array([min(upper, len(self.demand.value))])
        return make_arcs(STEP, tail, head, top, whose, place=whose, points=self.supply.cost(place, more))
