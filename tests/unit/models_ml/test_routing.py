"""Routing: every open lead once, within lists and capacity, in one order, with no needless change."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.routing import route_leads

AS_OF = pd.Timestamp("2026-05-01 12:00:00")
LEAD: dict[str, Any] = {
    "lead_key": "lead",
    "record_key": "record",
    "service_line": None,
    "location_id": None,
    "complexity_level": None,
    "language": None,
    "worked_team_id": None,
    "band": None,
    "routed_team_id": None,
    "routed_queue": None,
    "routed_constraint": None,
    "is_past_horizon": False,
    "is_contacted": False,
    "readiness": None,
    "route_no": 0,
    "became_mql_at": pd.Timestamp("2026-04-20"),
    "sla_due_at": pd.NaT,
}
TEAM: dict[str, Any] = {
    "team_id": "team",
    "queue": "queue",
    "service_lines": None,
    "location_ids": None,
    "complexity_levels": None,
    "languages": None,
    "daily_capacity": None,
    "open_lead_capacity": None,
    "routed_today_count": 0,
    "open_lead_count": 0,
}


def leads(*rows: dict[str, Any]) -> pd.DataFrame:
    """Open leads with keys of their own where none is given."""
    return pd.DataFrame(
        [
            {**LEAD, "lead_key": f"lead_{place}", "record_key": f"record_{place}", **row}
            for place, row in enumerate(rows)
        ],
        columns=list(LEAD),
    )


def teams(**by_id: dict[str, Any]) -> pd.DataFrame:
    """Teams by id, each with its own queue."""
    return pd.DataFrame(
        [{**TEAM, "team_id": name, "queue": f"queue_{name}", **row} for name, row in by_id.items()], columns=list(TEAM)
    )


def routed(open_leads: pd.DataFrame, capacity: pd.DataFrame, **rules: Any) -> pd.DataFrame:
    """Routes by lead_key."""
    return route_leads(open_leads, capacity, pd.DataFrame(), rules, as_of=AS_OF).set_index("lead_key")


def test_the_team_of_the_service_line_and_location_gets_the_lead() -> None:
    capacity = teams(
        heart={"service_lines": "cardiology", "location_ids": "north|south"},
        bones={"service_lines": "orthopaedics|physical_therapy", "location_ids": "north"},
        bones_south={"service_lines": "orthopaedics", "location_ids": "south"},
    )
    routes = routed(
        leads({"service_line": "cardiology"}, {"service_line": "orthopaedics", "location_id": "south"}), capacity
    )
    assert routes["team_id"].to_dict() == {"lead_0": "heart", "lead_1": "bones_south"}
    assert routes["queue"].to_dict() == {"lead_0": "queue_heart", "lead_1": "queue_bones_south"}
    assert routes["deciding_constraint"].to_dict() == {"lead_0": "service_line", "lead_1": "location"}
    assert (routes["reasons"] == ["by service line; no readiness score", "by location; no readiness score"]).all()


@pytest.mark.parametrize(
    ("lead", "constraint"),
    [
        ({"service_line": "dermatology"}, "service_line"),
        ({"service_line": "cardiology", "location_id": "west"}, "location"),
        ({"service_line": "cardiology", "language": "vi"}, "language"),
        ({"service_line": "cardiology", "complexity_level": "3"}, "complexity"),
    ],
)
def test_a_lead_no_team_may_take_stands_in_the_fallback_queue_with_the_constraint(
    lead: dict[str, Any], constraint: str
) -> None:
    capacity = teams(
        heart={"service_lines": "cardiology", "location_ids": "north", "languages": "en|es", "complexity_levels": "1|2"}
    )
    route = routed(leads(lead), capacity).loc["lead_0"]
    assert pd.isna(route["team_id"]) and route["queue"] == "unassigned" and route["deciding_constraint"] == constraint


def test_without_teams_everybody_is_unassigned_for_want_of_a_team() -> None:
    route = routed(leads({}), teams(), fallback_queue="front desk").loc["lead_0"]
    assert pd.isna(route["team_id"]) and route["queue"] == "front desk" and route["deciding_constraint"] == "no_team"


def test_an_unknown_wish_and_an_empty_list_admit_all() -> None:
    capacity = teams(heart={"service_lines": "cardiology"}, anyone={})
    routes = routed(leads({}, {"service_line": "dermatology"}, {"service_line": "cardiology"}), capacity)
    assert routes["team_id"].to_dict() == {"lead_0": "heart", "lead_1": "anyone", "lead_2": "heart"}


def test_full_teams_leave_the_lead_waiting_in_their_queue_the_readiest_first_served() -> None:
    capacity = teams(
        heart={"daily_capacity": 10, "routed_today_count": 8, "open_lead_capacity": 50, "open_lead_count": 49}
    )
    routes = routed(leads({"band": "low"}, {"band": "high"}, {"band": "medium"}), capacity)
    assert list(routes.index) == ["lead_1", "lead_2", "lead_0"]
    assert routes["team_id"].notna().to_dict() == {"lead_1": True, "lead_2": False, "lead_0": False}
    assert set(routes["queue"]) == {"queue_heart"}
    assert routes["deciding_constraint"].to_dict()["lead_0"] == "capacity"
    assert routes["priority"].to_dict() == {"lead_1": 1, "lead_2": 2, "lead_0": 3}


def test_a_lead_past_its_horizon_is_routed_last_and_takes_no_capacity() -> None:
    capacity = teams(heart={"open_lead_capacity": 1})
    routes = routed(
        leads({"is_past_horizon": True, "band": "high"}, {"is_past_horizon": True}, {"band": "low"}), capacity
    )
    assert list(routes.index)[0] == "lead_2" and routes["team_id"].notna().all()
    assert routes["priority"].to_dict() == {"lead_2": 3, "lead_0": 4, "lead_1": 4}


def test_a_first_contact_due_soon_moves_a_lead_up_unless_it_was_contacted() -> None:
    soon = AS_OF + pd.Timedelta(minutes=30)
    routes = routed(
        leads(
            {"sla_due_at": soon},
            {"sla_due_at": soon, "is_contacted": True},
            {"sla_due_at": soon + pd.Timedelta(days=1)},
        ),
        teams(heart={}),
    )
    assert routes["priority"].to_dict() == {"lead_0": 1, "lead_1": 2, "lead_2": 2}
    assert "first contact due soon" in routes.loc["lead_0", "reasons"]


def test_the_team_that_worked_the_lead_keeps_it_if_it_may() -> None:
    capacity = teams(
        heart={"service_lines": "cardiology"},
        other={"service_lines": "cardiology"},
        bones={"service_lines": "orthopaedics"},
    )
    routes = routed(
        leads(
            {"service_line": "cardiology", "worked_team_id": "other"},
            {"service_line": "cardiology", "worked_team_id": "bones"},
        ),
        capacity,
    )
    assert routes["team_id"].to_dict() == {"lead_0": "other", "lead_1": "heart"}
    assert routes.loc["lead_0", "deciding_constraint"] == "already_worked"


def test_a_route_that_still_holds_is_not_made_again_and_one_that_does_not_is() -> None:
    capacity = teams(heart={"service_lines": "cardiology"}, bones={"service_lines": "orthopaedics"})
    before = {
        "routed_team_id": "heart",
        "routed_queue": "queue_heart",
        "routed_constraint": "service_line",
        "route_no": 1,
    }
    routes = routed(
        leads({"service_line": "cardiology", **before}, {"service_line": "orthopaedics", **before}), capacity
    )
    assert routes[["team_id", "route_no"]].to_dict(orient="index") == {"lead_1": {"team_id": "bones", "route_no": 2}}


def test_a_lead_waiting_for_capacity_gets_no_second_decision_until_there_is_room() -> None:
    waits = leads({"routed_queue": "queue_heart", "routed_constraint": "capacity", "route_no": 1})
    assert routed(waits, teams(heart={"open_lead_capacity": 5, "open_lead_count": 5})).empty
    assert routed(waits, teams(heart={"open_lead_capacity": 5, "open_lead_count": 4}))["team_id"].to_list() == ["heart"]


NAMES = st.sampled_from([None, "a", "b", "c"])
LISTS = st.sampled_from([None, "a", "b", "a|b", "a|b|c"])
OPEN = st.fixed_dictionaries(
    {
        "service_line": NAMES,
        "location_id": NAMES,
        "language": NAMES,
        "worked_team_id": st.sampled_from([None, "0", "1"]),
        "band": st.sampled_from([None, "high", "low"]),
        "is_past_horizon": st.booleans(),
    }
)
TEAMS = st.fixed_dictionaries(
    {
        "service_lines": LISTS,
        "location_ids": LISTS,
        "languages": LISTS,
        "daily_capacity": st.sampled_from([None, 0, 1, 3]),
        "open_lead_count": st.integers(0, 2),
        "open_lead_capacity": st.sampled_from([None, 2, 4]),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(OPEN, min_size=1, max_size=12), st.lists(TEAMS, max_size=4), st.randoms(use_true_random=False))
def test_every_lead_is_routed_once_within_lists_and_capacity_whatever_the_order(
    rows: list[dict[str, Any]], lists: list[dict[str, Any]], random: Any
) -> None:
    open_leads, capacity = leads(*rows), teams(**{str(place): row for place, row in enumerate(lists)})
    routes = route_leads(open_leads, capacity, pd.DataFrame(), {}, as_of=AS_OF)
    assert sorted(routes["lead_key"]) == sorted(open_leads["lead_key"])
    assert routes["queue"].notna().all() and routes["deciding_constraint"].notna().all()
    by_lead = open_leads.set_index("lead_key")
    taken = dict.fromkeys(map(str, range(len(lists))), 0)
    for route in routes[routes["team_id"].notna()].to_dict(orient="records"):
        lead, team = by_lead.loc[route["lead_key"]], lists[int(route["team_id"])]
        for wish, members in (
            ("service_line", "service_lines"),
            ("location_id", "location_ids"),
            ("language", "languages"),
        ):
            assert pd.isna(lead[wish]) or team[members] is None or lead[wish] in team[members].split("|")
        taken[route["team_id"]] += not lead["is_past_horizon"] and lead["worked_team_id"] != route["team_id"]
    for place, team in enumerate(lists):
        assert team["daily_capacity"] is None or taken[str(place)] <= team["daily_capacity"]
        assert (
            team["open_lead_capacity"] is None
            or taken[str(place)] <= team["open_lead_capacity"] - team["open_lead_count"]
        )
    order = random.sample(range(len(rows)), len(rows))
    again = route_leads(open_leads.iloc[order], capacity.iloc[::-1], pd.DataFrame(), {}, as_of=AS_OF)
    pd.testing.assert_frame_equal(routes, again)
