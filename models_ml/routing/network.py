"""The places that the best flow gives to leads: the aims of the package, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from models_ml.routing.arcs import STEP
from models_ml.routing.asked import Demand, Numbers, Supply
from models_ml.routing.deal import deal_flow
from models_ml.routing.graph import Graph
from models_ml.routing.levels import Levels


def assign(demand: Demand, supply: Supply, *, seed: int) -> Numbers:
    """Place of each lead (leads,), -1 for those that get none: the best by the aims of the package, in their order.

    What shares no place or team with the rest is solved by itself: the same answer, found sooner.
    """
    count = len(demand.value)
    places = np.full(count, -1, dtype="int64")
    has_room = (supply.free > 0) & (supply.team_free[supply.team] > 0)
    reach = np.where(has_room, demand.reach, 0).astype("int8")
    demand = replace(demand, reach=reach)
    supply = replace(supply, free=np.minimum(supply.free, count), team_free=np.clip(supply.team_free, 0, count))
    for rows, members in _parts(demand, supply):
        leads = np.flatnonzero(np.isin(demand.row, rows))
        found = _solve(demand.part(leads, rows, members), supply.part(members), seed)
        places[leads] = np.where(found >= 0, members[found], -1)
    return places


def _parts(demand: Demand, supply: Supply) -> Iterator[tuple[Numbers, Numbers]]:
    """Rows and places that hang together, directly or by a team's limits; rows of no lead are left out."""
    row, place = np.nonzero(demand.reach)
    asked = np.isin(row, demand.row)
    row, place = row[asked], place[asked]
    if not len(row):
        return
    row_count, place_count = demand.reach.shape
    start = np.concatenate([row, place + row_count])
    end = np.concatenate([place + row_count, supply.team[place] + row_count + place_count])
    size = row_count + place_count + len(supply.team_free)
    links = coo_array((np.ones(len(start)), (start, end)), shape=(size, size))
    label = connected_components(links, directed=False)[1]
    rows, places = np.unique(row), np.unique(place)
    for part in np.unique(label[rows]):
        yield rows[label[rows] == part], places[label[places + row_count] == part]


def _solve(demand: Demand, supply: Supply, seed: int) -> Numbers:
    graph = Graph(demand, supply)
    levels = Levels(graph.arcs.matrix(graph.nodes.count), graph.arcs.lower, graph.arcs.upper)
    for aim in (graph.worth_in_time(), graph.worth(), graph.known(), graph.specialists()):
        levels.reach_for(aim)
    steps = 4 + 2 * (len(demand.value) // len(supply.free))
    while True:
        arcs = graph.stepped(levels.lower, levels.upper, steps)
        finer = Levels(arcs.matrix(graph.nodes.count), arcs.lower, arcs.upper)
        finer.reach_for(graph.balance(arcs))
        # A place that takes more than it has steps paid too little for the rest.
        if not finer.flow[(arcs.kind == STEP) & (arcs.upper > 1) & (arcs.lower == 0)].any():
            break
        steps *= 2
    finer.reach_for(graph.in_order(arcs))
    finer.reach_for(graph.by_lot(arcs, seed))
    return deal_flow(graph, arcs, finer.flow)
