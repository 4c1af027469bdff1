"""What staff set in the CRM stands, and somebody hears of it where nobody would call."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from models_ml.routing import route_leads
from tests.unit.models_ml.routing.frames import AS_OF, NOBODY, carried, leads, staff, teams


def routed(
    open_leads: pd.DataFrame, capacity: pd.DataFrame, members: pd.DataFrame = NOBODY, **rules: Any
) -> pd.DataFrame:
    return route_leads(open_leads, capacity, members, rules, as_of=AS_OF).set_index("lead_key")


@pytest.mark.parametrize("with_members", [False, True])
def test_what_staff_set_stands_whatever_the_lists_say(with_members: bool) -> None:
    set_by_staff = {"override_team_id": "bones", "service_line": "cardiology", "routed_team_id": "heart", "route_no": 1}
    capacity = teams(heart={}, bones={"service_lines": "orthopaedics", "open_lead_capacity": 0})
    members = staff(ana={"team_id": "heart"}, bo={"team_id": "bones"})
    first = routed(leads(set_by_staff), capacity, members, assign_members=with_members).loc["lead_0"]
    assert first[["team_id", "queue", "deciding_constraint"]].to_list() == ["bones", "queue_bones", "set_by_staff"]
    again = leads({**set_by_staff, "routed_team_id": "bones", "route_no": 2})
    assert routed(again, capacity, members, assign_members=with_members).empty
    only_member = leads({"override_staff_id": "bo", "routed_team_id": "heart", "route_no": 1})
    route = routed(only_member, capacity, members, assign_members=with_members).loc["lead_0"]
    assert route[["team_id", "staff_id"]].to_list() == ["bones", "bo"]


def test_what_staff_set_does_not_bring_back_a_channel_the_lead_withdrew() -> None:
    lead = {"override_team_id": "heart", "can_contact_by_call": False}
    route = routed(leads(lead), teams(heart={}), channels={"queue_heart": ["call"]}).loc["lead_0"]
    assert pd.isna(route["team_id"]) and "stands in the CRM" in route["reasons"]


@pytest.mark.parametrize(
    ("lead", "unknown"),
    [
        ({"override_team_id": "typo"}, "team"),
        ({"override_staff_id": "typo"}, "member"),
        ({"override_team_id": "a", "override_staff_id": "typo"}, "member"),
        ({"override_team_id": "a"}, None),
    ],
)
def test_somebody_is_told_where_staff_set_what_nobody_knows(lead: dict[str, Any], unknown: str | None) -> None:
    open_leads, house = leads(lead), (teams(a={}, b={}), staff(ana={"team_id": "a"}))
    routes = routed(open_leads, *house, notify={"default": "desk"})
    route = routes.loc["lead_0"].fillna("")
    assert route["team_id"] == (lead.get("override_team_id") or "") and route["deciding_constraint"] == "set_by_staff"
    assert route["told"] == ("desk" if unknown else "")
    assert (f"no such {unknown} is known" in route["reasons"]) is (unknown is not None)
    assert routed(carried(open_leads, routes.reset_index()), *house).empty


@pytest.mark.parametrize("with_members", [False, True])
def test_somebody_is_told_once_where_staff_set_a_team_in_which_nobody_is_left_and_no_more_when_somebody_is(
    with_members: bool,
) -> None:
    rules: dict[str, Any] = {"assign_members": with_members, "notify": {"default": "desk"}}
    away = staff(bo={"team_id": "b"}, cy={"team_id": "c", "is_available": False, "next_available_at": pd.NaT})
    house = teams(a={}, b={}, c={}).assign(has_known_members=True)
    open_leads = leads({"override_team_id": "a"}, {"override_team_id": "c"}, {"override_team_id": "b"})
    routes = routed(open_leads, house, away, **rules)
    assert routes["team_id"].to_dict() == {"lead_0": "a", "lead_1": "c", "lead_2": "b"}
    assert routes["told"].fillna("").to_dict() == {"lead_0": "desk", "lead_1": "desk", "lead_2": ""}
    assert routes.loc["lead_0", "reasons"].startswith("set by staff, but no member of that team is left;")
    assert "but nobody of that team is there within two weeks" in routes.loc["lead_1", "reasons"]
    after = carried(open_leads, routes.reset_index())
    assert routed(after, house, away, **rules).empty
    back = staff(ana={"team_id": "a"}, bo={"team_id": "b"}, cy={"team_id": "c"})
    again = routed(after, house, back, **rules)
    assert again["told"].fillna("").to_dict() == {"lead_0": "", "lead_1": ""}
    after = carried(after, again.reset_index())
    assert routed(after, house, back, **rules).empty
    assert list(routed(after, house, away, **rules).index) == ["lead_0", "lead_1"], "they left only later"


def test_a_route_staff_set_that_stands_takes_no_second_place_of_today() -> None:
    standing = {"override_team_id": "a", "routed_team_id": "a", "routed_constraint": "set_by_staff", "route_no": 1}
    limited = teams(a={"daily_capacity": 2, "routed_today_count": 1, "is_open": False, "next_open_at": pd.NaT})
    assert len(routed(leads(standing), limited)) == 1
    back = leads({**standing, "routed_told": "desk"}, {})
    routes = routed(back, limited.assign(is_open=True))
    assert routes["team_id"].to_dict() == {"lead_0": "a", "lead_1": "a"}
