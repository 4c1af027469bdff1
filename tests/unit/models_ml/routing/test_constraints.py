"""Who may take a lead, constraint by constraint, and what a lead is told that nobody may take."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from models_ml.routing import route_leads
from tests.unit.models_ml.routing.frames import AS_OF, NOBODY, carried, hours, leads, staff, teams


def routed(
    open_leads: pd.DataFrame, capacity: pd.DataFrame, members: pd.DataFrame = NOBODY, **rules: Any
) -> pd.DataFrame:
    return route_leads(open_leads, capacity, members, rules, as_of=AS_OF).set_index("lead_key")


@pytest.mark.parametrize(
    ("lead", "members", "constraint", "reason"),
    [
        ({"service_line": "cardiology"}, {"ana": {"team_id": "heart", "role": "assistant"}}, "licence", "licensed"),
        ({"language": "es"}, {"ana": {"team_id": "heart", "languages": "en"}}, "language",
         "no member of a team that takes it speaks its language"),
        ({}, {"ana": {"team_id": "heart", "is_scheduled": True, "is_available": False, "next_available_at": pd.NaT}},
         "shifts", "shift"),
        ({"can_contact_by_call": False}, {}, "consent", "withdrew every channel by which"),
        ({"can_contact_by_call": False, "can_contact_by_sms": False, "can_contact_by_email": False}, {}, "consent",
         "withdrawn on every channel"),
    ],
)  # fmt: skip
def test_a_lead_nobody_may_take_is_told_to_somebody_with_the_constraint(
    lead: dict[str, Any], members: dict[str, Any], constraint: str, reason: str
) -> None:
    rules = {
        "licences": {"cardiology": ["nurse"]},
        "channels": {"queue_heart": ["call"]},
        "notify": {"default": "desk", "consent": "privacy officer"},
    }
    route = routed(leads(lead), teams(heart={}), staff(**members), **rules).loc["lead_0"]
    assert pd.isna(route["team_id"]) and route["deciding_constraint"] == constraint
    assert reason in route["reasons"]
    assert route["told"] == ("privacy officer" if constraint == "consent" else "desk")


def test_a_team_that_does_not_open_again_takes_nobody_and_is_told_of_to_the_one_for_hours() -> None:
    closed = {"is_open": False, "next_open_at": pd.NaT}
    route = routed(leads({}), teams(heart=closed), notify={"hours": "front desk"}).loc["lead_0"]
    assert (route["deciding_constraint"], route["told"]) == ("hours", "front desk")
    absent = {"team_id": "heart", "is_scheduled": True, "is_available": False, "next_available_at": pd.NaT}
    route = routed(leads({}), teams(heart={}), staff(ana=absent), notify={"hours": "front desk"}).loc["lead_0"]
    assert (route["deciding_constraint"], route["told"]) == ("shifts", "front desk")


def test_a_lead_without_consent_stands_in_no_queue_that_contacts_by_what_it_withdrew() -> None:
    no_calls = {"can_contact_by_call": False, "service_line": "cardiology"}
    routes = routed(
        leads(no_calls, {**no_calls, "can_contact_by_sms": False, "can_contact_by_email": False}),
        teams(heart={}),
        channels={"queue_heart": ["call"], "unassigned": ["call", "email"]},
    )
    assert routes.loc["lead_0", "queue"] == "unassigned" and pd.isna(routes.loc["lead_1", "queue"])


def test_the_channels_of_the_queue_hold_before_those_of_the_service_line() -> None:
    no_calls = {"can_contact_by_call": False, "service_line": "cardiology"}
    routes = routed(
        leads(no_calls), teams(heart={}, writers={}), channels={"cardiology": ["call"], "queue_writers": ["email"]}
    )
    assert routes.loc["lead_0", ["team_id", "deciding_constraint"]].to_list() == ["writers", "consent"]


def test_a_route_whose_channels_are_withdrawn_is_taken_back_even_where_work_began() -> None:
    lead = {
        "worked_team_id": "heart", "routed_team_id": "heart", "routed_queue": "queue_heart", "route_no": 1,
        "can_contact_by_call": False,
    }  # fmt: skip
    route = routed(leads(lead), teams(heart={}), channels={"queue_heart": ["call"]}).loc["lead_0"]
    assert pd.isna(route["team_id"]) and route["deciding_constraint"] == "consent" and route["route_no"] == 2


def test_the_places_of_a_lead_without_location_are_those_of_its_postal_area() -> None:
    capacity = teams(north={"location_ids": "north"}, south={"location_ids": "south"}, all={"service_lines": "other"})
    routes = routed(leads({"location_ids": "south|west"}, {"location_ids": "west"}), capacity)
    assert routes["team_id"].fillna("").to_dict() == {"lead_0": "south", "lead_1": "all"}


def test_columns_the_caller_does_not_know_rule_nobody_out() -> None:
    few = leads({"service_line": "cardiology", "location_id": "north"})[
        ["lead_key", "record_key", "service_line", "location_id", "band", "readiness", "route_no", "became_mql_at"]
    ]
    capacity = teams(heart={"location_ids": "north"})[["team_id", "queue", "service_lines", "location_ids"]]
    assert route_leads(few, capacity, NOBODY, {}, as_of=AS_OF)["team_id"].to_list() == ["heart"]


def test_where_a_list_left_several_the_one_most_meant_for_the_lead_decided_not_the_list() -> None:
    capacity = teams(heart={"service_lines": "cardiology"}, any={}, bones={"service_lines": "orthopaedics"})
    route = routed(leads({"service_line": "cardiology"}), capacity).loc["lead_0"]
    assert route[["team_id", "deciding_constraint"]].to_list() == ["heart", "specialist"]
    full = capacity.assign(open_lead_capacity=[0, None, None])
    route = routed(leads({"service_line": "cardiology"}), full).loc["lead_0"]
    assert route[["team_id", "deciding_constraint"]].to_list() == ["any", "capacity"]


def test_ids_that_came_as_numbers_among_empty_cells_are_the_same_ids() -> None:
    capacity = teams(a={}, b={}).assign(team_id=[1, 2])
    rows = leads({"override_team_id": 2}, {"worked_team_id": 1}, {"routed_team_id": 2, "route_no": 1})
    numbers = rows.astype(dict.fromkeys(["override_team_id", "worked_team_id", "routed_team_id"], "float64"))
    routes = routed(numbers, capacity)
    assert routes["team_id"].to_dict() == {"lead_0": "2", "lead_1": "1"} and routes["told"].isna().all()


def test_a_row_of_a_team_or_member_given_twice_has_its_room_once_and_one_without_an_id_none() -> None:
    capacity = teams(a={"open_lead_capacity": 2}, **{" ": {"service_lines": "cardiology"}})
    twice = pd.concat([capacity, capacity])
    rows = leads({}, {}, {}, {"service_line": "cardiology"})
    assert routed(rows, twice)["team_id"].fillna("").to_list() == ["a", "a", "", ""]
    members = staff(ana={"team_id": "a", "open_lead_capacity": 1}, bo={"team_id": "a", "open_lead_capacity": 1})
    open_to_all = teams(a={})
    routes = routed(rows, open_to_all, pd.concat([members, members]), assign_members=True)
    assert sorted(routes["staff_id"].fillna("")) == ["", "", "ana", "bo"]


def test_times_with_a_zone_are_taken_in_utc() -> None:
    zoned = leads({"sla_due_at": AS_OF + hours(0.5)}, {"sla_due_at": AS_OF + hours(5)})
    zoned["sla_due_at"] = zoned["sla_due_at"].dt.tz_localize("UTC").dt.tz_convert("Asia/Kolkata")
    routes = route_leads(zoned, teams(a={}), NOBODY, {}, as_of=AS_OF.tz_localize("UTC"))
    assert routes["priority"].to_list() == [1, 2] and routes["sla_due_at"][0] == AS_OF + hours(0.5)


def test_work_begun_goes_to_who_began_it_and_takes_room_there() -> None:
    begun = {"worked_team_id": "heart", "routed_team_id": "bones", "route_no": 1}
    capacity = teams(heart={"open_lead_capacity": 1}, bones={"open_lead_capacity": 2, "open_lead_count": 2})
    routes = routed(leads(begun, {"readiness": 0.9}), capacity)
    assert routes["team_id"].to_dict() == {"lead_0": "heart", "lead_1": "bones"}
    assert routes.loc["lead_0", "deciding_constraint"] == "already_worked"


def test_a_due_time_nobody_can_keep_leaves_the_route_and_one_that_another_can_keep_moves_it() -> None:
    late = {"is_open": False, "next_open_at": AS_OF + hours(20)}
    due = {"routed_team_id": "heart", "route_no": 1, "sla_due_at": AS_OF + hours(2)}
    again = routed(leads(due), teams(heart=late, bones={})).loc["lead_0"]
    assert again[["team_id", "deciding_constraint", "route_no"]].to_list() == ["bones", "sla", 2]
    assert "can no longer call before it is due" in again["reasons"]
    for other in (late, {"open_lead_capacity": 0}, {"service_lines": "other"}):
        assert routed(leads({**due, "service_line": "cardiology"}), teams(heart=late, bones=other)).empty
    for kept in ({"is_contacted": True}, {"worked_team_id": "heart"}, {"sla_due_at": AS_OF - hours(1)}):
        assert routed(leads({**due, **kept}), teams(heart=late, bones={})).empty


def test_leads_go_where_they_are_called_in_time_the_ones_that_count_most_first() -> None:
    capacity = teams(now={"open_lead_capacity": 1}, later={"is_open": False, "next_open_at": AS_OF + hours(20)})
    due = {"sla_due_at": AS_OF + hours(3)}
    routes = routed(leads({"readiness": 0.4, **due}, {"readiness": 0.6, **due}), capacity)
    assert routes["team_id"].to_dict() == {"lead_0": "later", "lead_1": "now"}
    asked = routed(
        leads({"readiness": 0.4, **due, "requests_since_mql_count": 2, "band": "low"}, {"readiness": 0.6, **due}),
        capacity,
    )
    assert asked["team_id"].to_dict() == {"lead_0": "now", "lead_1": "later"}
    assert asked.loc["lead_0", "priority"] == 2 and "asked again since" in asked.loc["lead_0", "reasons"]


def test_an_overdue_lead_is_not_raised_over_those_that_can_still_be_kept() -> None:
    due = [AS_OF - hours(1), AS_OF, AS_OF + hours(0.5), AS_OF + hours(2)]
    routes = routed(leads(*({"band": "low", "sla_due_at": at} for at in due)), teams(a={}))
    assert routes["priority"].to_dict() == {"lead_0": 3, "lead_1": 2, "lead_2": 2, "lead_3": 3}
    assert "first contact overdue" in routes.loc["lead_0", "reasons"]
    assert "first contact due soon" in routes.loc["lead_1", "reasons"]


@pytest.mark.parametrize(
    ("lead", "is_raised"),
    [
        ({"requests_since_mql_count": 1}, True),
        ({"missed_call_backs_count": 1, "is_contacted": True}, True),
        ({"requests_since_mql_count": 1, "override_team_id": "a"}, True),
        ({"requests_since_mql_count": 1, "worked_team_id": "a"}, True),
        ({"sla_due_at": AS_OF + hours(0.2)}, False),  # time alone
        ({"requests_since_mql_count": 1, "routed_priority": 1}, False),
        ({"requests_since_mql_count": 1, "routed_priority": None}, False),
        ({"requests_since_mql_count": 1, "is_past_horizon": True}, False),
    ],
)
def test_a_routed_lead_that_asks_again_becomes_more_urgent_where_it_is_once(
    lead: dict[str, Any], is_raised: bool
) -> None:
    held = {"routed_team_id": "a", "routed_staff_id": "ana", "routed_constraint": "balance", "route_no": 1}
    routed_row = {**held, "routed_priority": 2, "band": "medium", **lead}
    open_leads, house = leads(routed_row), (teams(a={}, b={}), staff(ana={"team_id": "a"}))
    routes = routed(open_leads, *house, assign_members=True)
    assert len(routes) == is_raised
    if is_raised:
        route = routes.loc["lead_0"]
        assert route[["team_id", "staff_id", "queue", "deciding_constraint"]].to_list() == [
            "a", "ana", "queue_a", "balance",
        ]  # fmt: skip
        assert (route["priority"], route["route_no"]) == (1, 2) and "more urgent" in route["reasons"]
        again = carried(open_leads, routes.reset_index())
        assert routed(again, *house, assign_members=True).empty


def test_a_lead_that_waits_becomes_more_urgent_too() -> None:
    waits = {"routed_queue": "queue_a", "routed_constraint": "capacity", "route_no": 1, "routed_priority": 2}
    route = routed(leads({**waits, "requests_since_mql_count": 1}), teams(a={"open_lead_capacity": 0})).loc["lead_0"]
    assert pd.isna(route["team_id"]) and (route["queue"], route["priority"], route["told"]) == (
        "queue_a", 1, "intake lead",
    )  # fmt: skip


def test_a_lead_that_asks_again_is_still_told_of_to_whom_its_route_was() -> None:
    held = {"routed_team_id": "a", "route_no": 1, "routed_priority": 2, "requests_since_mql_count": 1}
    rows = leads(
        {**held, "routed_constraint": "capacity", "routed_told": "desk"},
        {**held, "routed_constraint": "capacity"},
        {**held, "routed_constraint": "set_by_staff", "override_team_id": "typo", "routed_team_id": "typo",
         "routed_told": "desk"},
    )  # fmt: skip
    routes = routed(rows, teams(a={}, b={}), notify={"default": "desk"})
    assert routes["told"].fillna("").to_dict() == {"lead_0": "desk", "lead_1": "", "lead_2": "desk"}
    assert routes["reasons"].str.contains("more urgent").all()


def test_a_lead_nobody_can_call_before_it_is_due_says_so() -> None:
    due = {"sla_due_at": AS_OF + hours(2)}
    late = {"is_open": False, "next_open_at": AS_OF + hours(2)}
    words = "nobody can call before it is due"
    rows = leads(due, {**due, "is_contacted": True}, {"sla_due_at": AS_OF - hours(1)}, {"sla_due_at": AS_OF + hours(3)})
    told = routed(rows, teams(a=late))["reasons"].str.contains(words)
    assert told.to_dict() == {"lead_0": True, "lead_1": False, "lead_2": False, "lead_3": False}
    assert words not in routed(leads(due), teams(a=late, b={"open_lead_capacity": 0})).loc["lead_0", "reasons"]


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ({"role": "nurse", "languages": "en"}, "no member licensed for this service line speaks its language"),
        ({"role": "nurse", "team_id": "bones"}, "no team that takes it otherwise has a member licensed"),
        ({"role": "assistant"}, "no team has a member licensed for this service line"),
    ],
)
def test_what_the_licence_left_nobody_for_is_said_as_it_is(member: dict[str, Any], reason: str) -> None:
    lead = {"service_line": "cardiology", "language": "es", "location_ids": "north"}
    capacity = teams(heart={}, bones={"location_ids": "south"})
    members = staff(ana={"team_id": "heart", **member}, bo={"team_id": "heart", "role": "assistant"})
    members = pd.concat([members, staff(cy={"team_id": "bones", "role": "assistant"})])
    route = routed(leads(lead), capacity, members, licences={"cardiology": ["nurse"]}).loc["lead_0"]
    assert route["deciding_constraint"] == "licence" and route["reasons"].startswith(reason)
