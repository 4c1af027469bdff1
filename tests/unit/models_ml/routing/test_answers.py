"""What an answer says of itself is true, and given the same again nothing is answered anew."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from models_ml.routing import route_leads
from tests.oracles.routing_places import LISTS, Places, Row, members_of, none
from tests.unit.models_ml.routing.frames import AS_OF, Draw, carried, loaded

# With a team: only this one was left. Without one: none was.
NARROWING = {"service_line", "location", "complexity", "language", "licence", "hours", "consent", "only_team",
             "no_constraint", "no_team"}  # fmt: skip


def _faults(route: Row, who: Places, lead: Row) -> list[str]:
    """What a route claims and an intake lead who looks it up finds otherwise."""
    begins, due = who.begins(lead), who.due(lead)
    team_id, staff_id, constraint = none(route["team_id"]), none(route["staff_id"]), route["deciding_constraint"]
    left = {team for team, _ in begins}
    if team_id is None:
        claims = {"is told": none(route["told"]) is not None, "nobody may": bool(left) == (constraint == "capacity")}
        return [claim for claim, holds in claims.items() if not holds]
    said = str(route["reasons"])
    breadth = {team: sum(not members_of(who.teams[team][name]) for name in LISTS.values()) for team in left}
    is_known = team_id == none(lead["previous_team_id"]) or staff_id == (none(lead["previous_staff_id"]) or "")
    claims = {
        "may take it": (team_id, staff_id) in begins,
        "nobody is told": none(route["told"]) is None,
        "only this team": constraint not in NARROWING or left == {team_id},
        "in time": constraint != "sla" or begins[team_id, staff_id] < due,
        "knows the person": constraint != "continuity" or is_known,
        "most meant": constraint != "specialist" or breadth[team_id] == min(breadth.values()),
        "nobody in time": "nobody can call" not in said or min(begins.values()) >= due,
        "only member": "the only member" not in said or sum(team == team_id for team, _ in begins) == 1,
    }
    return [claim for claim, holds in claims.items() if not holds]


@pytest.mark.parametrize("with_members", [False, True], ids=["teams", "members"])
def test_what_an_answer_says_of_itself_is_true(with_members: bool) -> None:
    constraints = set()
    for seed in range(60):
        draw = Draw(20_000 * with_members + seed)
        house = draw.house(with_members=with_members)
        open_leads = draw.leads(house, most=9)
        who = Places(open_leads, *house, as_of=AS_OF)
        by_key = {lead["lead_key"]: lead for lead in who.leads}
        for route in route_leads(open_leads, *house, as_of=AS_OF).to_dict(orient="records"):
            assert not _faults(route, who, by_key[route["lead_key"]]), f"case {seed}: {route}"
            constraints.add((route["deciding_constraint"], none(route["team_id"]) is None))
    assert len(constraints) > 15


def _disturbed(draw: Draw, open_leads: pd.DataFrame, members: pd.DataFrame, *, with_members: bool) -> pd.DataFrame:
    """Leads with routes, work and settings of staff as they come: teams and members that are there, gone or typed."""
    who = [*members["staff_id"], "gone"]

    def drawn(*values: Any) -> list[Any]:
        return [draw.of(*values) for _ in range(len(open_leads))]

    routed = drawn(None, "t0", "t1", "t9")
    return open_leads.assign(
        is_past_horizon=drawn(True, False, False),
        is_contacted=drawn(True, False, False),
        worked_team_id=drawn(None, None, "t0", "t1", "t9"),
        worked_staff_id=drawn(None, *who),
        override_team_id=drawn(*[None] * 6, "t0", "t1", "typo"),
        routed_team_id=routed,
        routed_staff_id=[draw.of(None, *who) if with_members and team else None for team in routed],
        routed_constraint=["balance" if team else None for team in routed],
        routed_told=[draw.of(None, None, "desk") if team else None for team in routed],
        routed_priority=[draw.of(1, 2, 3) if team else None for team in routed],
        route_no=[int(team is not None) for team in routed],
    )


@pytest.mark.parametrize("with_members", [False, True], ids=["teams", "members"])
def test_whatever_happened_every_lead_is_answered_and_the_next_run_only_gives_room_to_who_waits(
    with_members: bool,
) -> None:
    for seed in range(60):
        draw = Draw(500_000 + 20_000 * with_members + seed)
        capacity, members, rules = draw.house(with_members=with_members)
        capacity = capacity.assign(has_known_members=[draw.of(True, False, None) for _ in range(len(capacity))])
        before = draw.leads((capacity, members, rules), most=12)
        before = _disturbed(draw, before, members, with_members=with_members)
        first = route_leads(before, capacity, members, rules, as_of=AS_OF)
        after = carried(before, first)
        assert first["lead_key"].is_unique and after["routed_constraint"].notna().all(), f"case {seed}"
        capacity = loaded(capacity, before, after, "team_id")
        members = loaded(members, before, after, "staff_id") if len(members) else members
        again = route_leads(after, capacity, members, rules, as_of=AS_OF)
        had = after.set_index("lead_key").loc[again["lead_key"]]
        assert (had["routed_team_id"].isna() | had["routed_told"].notna()).all(), f"case {seed}"
