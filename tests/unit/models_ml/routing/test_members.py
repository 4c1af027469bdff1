"""Members of teams: who is named, who keeps whom, and what happens when somebody is away."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from models_ml.routing import route_leads
from tests.unit.models_ml.routing.frames import AS_OF, carried, hours, leads, staff, teams

AWAY: dict[str, Any] = {"is_available": False, "is_scheduled": True, "next_available_at": AS_OF + hours(20)}


def routed(open_leads: pd.DataFrame, capacity: pd.DataFrame, members: pd.DataFrame, **rules: Any) -> pd.DataFrame:
    rules = {"assign_members": True, **rules}
    return route_leads(open_leads, capacity, members, rules, as_of=AS_OF).set_index("lead_key")


def test_a_route_names_a_member_who_is_licensed_speaks_the_language_and_has_room() -> None:
    members = staff(
        ana={"team_id": "heart", "languages": "en|es", "role": "nurse"},
        bo={"team_id": "heart", "languages": "en|es", "role": "assistant"},
        cy={"team_id": "heart", "languages": "en", "role": "nurse"},
        di={"team_id": "heart", "languages": "es", "role": "nurse", "open_lead_capacity": 3, "open_lead_count": 3},
    )
    lead = {"service_line": "cardiology", "language": "es"}
    route = routed(leads(lead), teams(heart={}), members, licences={"cardiology": ["nurse"]}).loc["lead_0"]
    assert route[["team_id", "staff_id"]].to_list() == ["heart", "ana"]


def test_without_the_rule_no_member_is_named_but_a_team_needs_one_who_may() -> None:
    members = staff(ana={"team_id": "heart", "role": "assistant"}, bo={"team_id": "bones", "role": "nurse"})
    routes = routed(
        leads({"service_line": "cardiology"}),
        teams(heart={}, bones={}),
        members,
        assign_members=False,
        licences={"cardiology": ["nurse"]},
    )
    assert routes.loc["lead_0", "team_id"] == "bones" and pd.isna(routes.loc["lead_0", "staff_id"])
    assert routes.loc["lead_0", "deciding_constraint"] == "licence"


def test_a_returning_person_keeps_the_coordinator_unless_that_would_miss_the_due_time() -> None:
    members = staff(ana={"team_id": "heart", "open_lead_count": 9}, bo={"team_id": "heart"}, cy={"team_id": "bones"})
    known = {"previous_staff_id": "ana", "previous_team_id": "heart", "sla_due_at": AS_OF + hours(2)}
    capacity = teams(heart={}, bones={})
    kept = routed(leads(known), capacity, members).loc["lead_0"]
    assert kept[["staff_id", "deciding_constraint"]].to_list() == ["ana", "continuity"]
    assert "knows the person" in kept["reasons"]
    away = staff(ana={"team_id": "heart", **AWAY}, bo={"team_id": "heart"}, cy={"team_id": "bones"})
    other = routed(leads(known), capacity, away).loc["lead_0"]
    assert other[["team_id", "staff_id"]].to_list() == ["heart", "bo"]


def test_a_team_without_known_members_is_a_place_of_its_own() -> None:
    route = routed(leads({}), teams(heart={}), staff(cy={"team_id": "elsewhere"})).loc["lead_0"]
    assert route["team_id"] == "heart" and pd.isna(route["staff_id"])


def test_a_lead_whose_member_left_or_was_never_named_gets_one_of_its_team() -> None:
    members = staff(ana={"team_id": "heart"}, bo={"team_id": "heart", "open_lead_count": 1}, cy={"team_id": "bones"})
    held = {"routed_team_id": "heart", "routed_queue": "queue_heart", "route_no": 1}
    routes = routed(leads({**held, "routed_staff_id": "gone"}, held), teams(heart={}, bones={}), members)
    assert routes["team_id"].to_dict() == {"lead_0": "heart", "lead_1": "heart"}
    assert sorted(routes["staff_id"]) == ["ana", "ana"] or sorted(routes["staff_id"]) == ["ana", "bo"]
    full = staff(ana={"team_id": "heart", "open_lead_capacity": 0}, cy={"team_id": "bones"})
    assert routed(leads(held), teams(heart={}, bones={}), full).empty


def test_an_absence_until_after_the_due_time_moves_the_lead_to_a_colleague_first() -> None:
    members = staff(ana={"team_id": "heart", **AWAY}, bo={"team_id": "heart"}, cy={"team_id": "bones"})
    due = {"routed_team_id": "heart", "routed_staff_id": "ana", "route_no": 1, "sla_due_at": AS_OF + hours(2)}
    route = routed(leads(due), teams(heart={}, bones={}), members).loc["lead_0"]
    assert route[["team_id", "staff_id", "deciding_constraint"]].to_list() == ["heart", "bo", "sla"]
    assert route["reasons"].startswith("its team keeps it, the earlier member can no longer call before it is due")


def test_the_limits_of_the_team_hold_for_all_its_members_together() -> None:
    members = staff(ana={"team_id": "heart"}, bo={"team_id": "heart"})
    capacity = teams(heart={"open_lead_capacity": 5, "open_lead_count": 3})
    routes = routed(leads({}, {}, {}), capacity, members)
    assert routes["staff_id"].notna().sum() == 2 and (routes["deciding_constraint"] == "capacity").sum() == 1
    assert sorted(routes["staff_id"].dropna()) == ["ana", "bo"]


def test_a_lead_past_its_horizon_gets_a_member_too_and_takes_no_room() -> None:
    members = staff(ana={"team_id": "heart", "open_lead_capacity": 1}, bo={"team_id": "heart", "open_lead_capacity": 1})
    past = {"is_past_horizon": True}
    routes = routed(leads(past, past, past, past, {}, {}), teams(heart={}), members)
    assert routes["staff_id"].value_counts().to_dict() == {"ana": 3, "bo": 3}


def test_work_begun_stays_with_the_member_who_began_it() -> None:
    members = staff(ana={"team_id": "heart", "open_lead_count": 9}, bo={"team_id": "heart"}, cy={"team_id": "bones"})
    begun = {"worked_team_id": "heart", "worked_staff_id": "ana", "routed_team_id": "heart", "route_no": 1}
    capacity = teams(heart={}, bones={})
    route = routed(leads(begun), capacity, members).loc["lead_0"]
    assert route[["team_id", "staff_id"]].to_list() == ["heart", "ana"]
    assert routed(leads({**begun, "routed_staff_id": "ana"}), capacity, members).empty
    moved_on = staff(ana={"team_id": "bones"}, bo={"team_id": "heart"})
    assert routed(leads({**begun, "routed_staff_id": "bo"}), capacity, moved_on).empty
    assert routed(leads(begun), capacity, members, assign_members=False).empty


@pytest.mark.parametrize("state", [{}, {"is_contacted": True}, {"is_past_horizon": True}, {"worked_team_id": "heart"},
                                   {"override_team_id": "heart"}])  # fmt: skip
def test_no_lead_stays_with_a_member_who_left(state: dict[str, Any]) -> None:
    held = {"routed_team_id": "heart", "routed_staff_id": "gone", "routed_queue": "queue_heart", "route_no": 1}
    capacity, open_leads = teams(heart={}, bones={}), leads({**held, **state})
    ana, bones = {"team_id": "heart"}, {"team_id": "bones"}
    route = routed(open_leads, capacity, staff(ana=ana, cy=bones)).loc["lead_0"]
    assert route[["team_id", "staff_id"]].to_list() == ["heart", "ana"] and pd.isna(route["told"])
    if state.get("is_past_horizon"):
        return
    # Nobody else has room: the team keeps it, and somebody hears of it, once.
    full = staff(ana={**ana, "open_lead_capacity": 1, "open_lead_count": 1}, cy=bones)
    routes = routed(open_leads, capacity, full, notify={"default": "desk"})
    route = routes.loc["lead_0"]
    assert route["team_id"] == "heart" and pd.isna(route["staff_id"]) and route["told"] == "desk"
    assert "every other is full" in route["reasons"]
    assert routed(carried(open_leads, routes.reset_index()), capacity, full).empty


def test_a_lead_whose_member_left_is_called_in_time_by_others_or_kept_by_the_team() -> None:
    due = {"routed_team_id": "heart", "routed_staff_id": "gone", "route_no": 1, "sla_due_at": AS_OF + hours(2)}
    capacity, away = teams(heart={}, bones={}), {"team_id": "heart", **AWAY}
    in_time = routed(leads(due), capacity, staff(ana=away, cy={"team_id": "bones"})).loc["lead_0"]
    assert in_time[["staff_id", "deciding_constraint"]].to_list() == ["cy", "sla"]
    full = staff(ana=away, cy={"team_id": "bones", "open_lead_capacity": 0})
    assert routed(leads(due), capacity, full).loc["lead_0", "staff_id"] == "ana"


@pytest.mark.parametrize("work_of", ["heart", "bones"], ids=["team of the event", "her team of today"])
def test_a_lead_begun_by_a_member_who_moved_has_one_of_the_team_it_is_with(work_of: str) -> None:
    """An event that names no team is told with the team its member is in by now."""
    begun = {"worked_team_id": work_of, "worked_staff_id": "ana", "service_line": "cardiology",
             "routed_team_id": "heart", "routed_staff_id": "ana", "route_no": 1}  # fmt: skip
    members = staff(ana={"team_id": "bones"}, bo={"team_id": "heart"}, cy={"team_id": "bones"})
    for lists in (None, "orthopaedics"):
        open_leads = leads({**begun, "is_contacted": True})
        capacity = teams(heart={}, bones={"service_lines": lists})
        routes = routed(open_leads, capacity, members)
        follows_her = work_of == "bones" and lists is None
        expected = ["bones", "ana"] if follows_her else ["heart", "bo"]
        assert routes.loc["lead_0", ["team_id", "staff_id"]].to_list() == expected
        after = carried(open_leads, routes.reset_index())
        assert routed(after, capacity, members).empty
    left = teams(heart={}, bones={}).assign(has_known_members=True)
    route = routed(leads(begun), left, members[members["team_id"] == "bones"]).loc["lead_0"]
    assert route["team_id"] == "bones", "nobody is left in her former team"


@pytest.mark.parametrize("with_members", [False, True])
def test_a_team_whose_members_have_all_left_takes_nobody(with_members: bool) -> None:
    members = staff(bo={"team_id": "bones", "role": "assistant"})
    rules = {"licences": {"cardiology": ["nurse"]}, "assign_members": with_members}
    lead = {"service_line": "cardiology"}
    capacity = teams(heart={}, bones={})
    assert routed(leads(lead), capacity, members, **rules).loc["lead_0", "team_id"] == "heart"
    left = capacity.assign(has_known_members=True)
    route = routed(leads(lead), left, members, **rules).loc["lead_0"]
    assert pd.isna(route["team_id"]) and route["told"] == "intake lead"
    held = {"routed_team_id": "heart", "routed_staff_id": "gone" if with_members else None, "route_no": 1}
    assert routed(leads(held), left, members, **rules).loc["lead_0", "team_id"] == "bones"
    nobody = routed(leads(lead), left, members.iloc[:0], **rules).loc["lead_0"]
    assert nobody["deciding_constraint"] == "shifts" and "no member is left" in nobody["reasons"]
