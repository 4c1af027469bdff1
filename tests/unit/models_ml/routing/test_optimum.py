"""The router's answer beside every other: no way to send a few leads to places is better, aim by aim."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from models_ml.routing import route_leads
from tests.oracles.routing import Oracle
from tests.unit.models_ml.routing.frames import AS_OF, Draw

CASES = 270


@pytest.mark.parametrize("with_members", [False, True], ids=["teams", "members"])
def test_no_way_to_route_a_few_leads_is_better(with_members: bool) -> None:
    weighed = 0
    for seed in range(CASES):
        draw = Draw(10_000 * with_members + seed)
        house = draw.house(with_members=with_members)
        open_leads = draw.leads(house, most=5)
        oracle = Oracle(open_leads, *house, as_of=AS_OF)
        routes = route_leads(open_leads, *house, as_of=AS_OF)
        assert oracle.of_routes(routes) == oracle.best(), f"case {seed}"
        weighed += len(oracle.leads) > 1 and oracle.may.sum() > len(oracle.leads)
    assert weighed > CASES // 2, "most cases should leave a choice"


@pytest.mark.nightly
@pytest.mark.parametrize("with_members", [False, True], ids=["teams", "members"])
def test_no_way_is_better_in_thousands_of_larger_cases(with_members: bool) -> None:
    for seed in range(3_000):
        draw = Draw(1_000_000 * with_members + seed)
        house = draw.house(with_members=with_members)
        open_leads = draw.leads(house, most=6)
        oracle = Oracle(open_leads, *house, as_of=AS_OF)
        routes = route_leads(open_leads, *house, as_of=AS_OF)
        assert oracle.of_routes(routes) == oracle.best(), f"case {seed}"


@pytest.mark.parametrize("seed", range(12))
def test_sixty_leads_reach_what_an_assignment_of_leads_to_single_slots_reaches(seed: int) -> None:
    draw = Draw(seed)
    capacity, members, rules = draw.house(with_members=True)
    capacity = capacity.assign(daily_capacity=None, open_lead_capacity=None)
    members = members.assign(open_lead_capacity=draw.rng.integers(3, 25, len(members)), daily_capacity=None)
    open_leads = draw.leads((capacity, members, rules), most=60, least=60)
    open_leads = open_leads.assign(routed_team_id=None, routed_staff_id=None, route_no=0)
    oracle = Oracle(open_leads, capacity, members, rules, as_of=AS_OF)
    routes = route_leads(open_leads, capacity, members, rules, as_of=AS_OF)
    assert oracle.of_routes(routes)[:3] == _by_slots(oracle)


def _by_slots(oracle: Oracle) -> tuple[int, ...]:
    """SQLs within SLA, SQLs and continuity of the best assignment: each in a place of one number, read off again."""
    count = len(oracle.leads)
    slots = np.repeat(np.arange(len(oracle.places)), [min(place.room, count) for place in oracle.places])
    may, in_time = oracle.may[:, slots], oracle.in_time[:, slots]
    value = oracle.value[:, None] * may
    parts = [value * in_time, value, oracle.known[:, slots] * may]
    known_most, value_most = 2 * count + 1, int(oracle.value.sum()) + 1
    worth = (parts[0] * value_most + parts[1]) * known_most + parts[2]
    assert int(oracle.value.sum()) * value_most * known_most < 2**53
    rows, chosen = linear_sum_assignment(np.hstack([worth, np.zeros((count, count), dtype="int64")]), maximize=True)
    real = chosen < len(slots)
    return tuple(int(part[rows[real], chosen[real]].sum()) for part in parts)
