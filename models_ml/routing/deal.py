"""From how many go where to who goes where.

Leads of one group count the same wherever they go, so this only shares them out, evenly over their order: nobody gets
all the ready ones.
"""

from __future__ import annotations

import zlib

import numpy as np

from models_ml.routing.arcs import KNOWN, PLACED, SERVED, SPREAD, TIMELY, Arcs
from models_ml.routing.asked import IN_TIME, Numbers
from models_ml.routing.graph import Graph


def deal_flow(graph: Graph, arcs: Arcs, flow: Numbers) -> Numbers:
    """Place of each lead (leads,), -1 for those that get none."""
    groups, demand = graph.groups, graph.demand
    is_served = _chosen(graph, arcs, flow, SERVED)
    is_timely = _chosen(graph, arcs, flow, TIMELY)
    places = np.full(len(demand.value), -1, dtype="int64")
    types = places.copy()
    for arc in np.flatnonzero((arcs.kind == KNOWN) & (flow > 0)):
        cls, place = groups.group_class[arcs.start[arc]], arcs.place[arc]
        in_time = demand.reach[groups.class_row[cls], place] == IN_TIME
        of_group = (groups.lead_group == arcs.start[arc]) & is_served & (is_timely == in_time)
        places[np.flatnonzero(of_group)[: flow[arc]]] = place
    lead_class = groups.group_class[groups.lead_group]
    placed = np.flatnonzero((arcs.kind == PLACED) & (flow > 0))
    is_arc_timely = demand.reach[groups.class_row[arcs.start[placed]], arcs.place[placed]] == IN_TIME
    for in_time in (True, False):
        for cls in np.unique(arcs.start[placed[is_arc_timely == in_time]]):
            ways = placed[(arcs.start[placed] == cls) & (is_arc_timely == in_time)]
            leads = np.flatnonzero((lead_class == cls) & is_served & (is_timely == in_time) & (places < 0))
            types[leads] = groups.place_type[_shared(graph, leads, arcs.place[ways], flow[ways])]
    for kind in np.unique(types[types >= 0]):
        ways = np.flatnonzero((arcs.kind == SPREAD) & (arcs.start == kind) & (flow > 0))
        leads = np.flatnonzero(types == kind)
        places[leads] = _shared(graph, leads, arcs.place[ways], flow[ways])
    return places


def _chosen(graph: Graph, arcs: Arcs, flow: Numbers, kind: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Leads that go: of each group as many as flow, those that count most first, then in order."""
    of_kind = arcs.kind == kind
    lead_group = graph.groups.lead_group
    going = np.zeros(len(graph.groups.group_class), dtype="int64")
    np.add.at(going, lead_group[arcs.start[of_kind]], flow[of_kind])
    best_first = np.lexsort((np.arange(len(lead_group)), -graph.demand.value, lead_group))
    begins = np.searchsorted(lead_group[best_first], np.arange(len(going)))
    rank = np.empty(len(lead_group), dtype="int64")
    rank[best_first] = np.arange(len(lead_group)) - begins[lead_group[best_first]]
    return rank < going[lead_group]


def _shared(graph: Graph, leads: Numbers, places: Numbers, counts: Numbers) -> Numbers:
    """A place for each of the leads, as many as it is to get, evenly over their order; who is first, by lot."""
    if counts.sum() != len(leads):
        raise AssertionError("as many leads as flow")
    first = graph.demand.names[leads[0]]
    lots = np.array([zlib.crc32(f"{first}|{graph.supply.names[place]}".encode()) for place in places])
    turn = np.concatenate([(np.arange(count) + 0.5) / count for count in counts])
    return np.repeat(places, counts)[np.lexsort((np.repeat(lots, counts), turn))]
