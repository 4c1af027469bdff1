"""Control leads: routed as if nobody had scored them, and by nothing told apart from leads that nobody has."""

from __future__ import annotations

from tests.unit.models_ml.test_routing import leads, routed, teams


def test_a_control_lead_is_served_and_told_like_one_nobody_has_scored() -> None:
    rows = leads({}, {}, {"band": "high"}).assign(is_control=[True, False, False])
    routes = routed(rows, teams(one={"daily_capacity": 3}))
    assert routes["priority"].to_dict() == {"lead_0": 2, "lead_1": 2, "lead_2": 1}
    assert routes.loc["lead_0", "reasons"].endswith("no readiness score")
    same = routes.drop(columns=["record_key", "routed_as_of", "sla_due_at"])
    assert same.loc["lead_0"].equals(same.loc["lead_1"])
