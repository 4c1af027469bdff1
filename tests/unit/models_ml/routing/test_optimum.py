"""The router's answer beside every other: no way to send a few leads to places is better, aim by aim."""

from __future__ import annotations

import pytest

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
