"""The routing game in small: its rules hold in every arm, and routing by readiness wins over the usual ways."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from models_ml.routing import route_leads
from models_ml.world.clock import HOUR, NEVER, stamps
from models_ml.world.intake import HANDED_AFTER
from tests.benchmarks import desk_router
from tests.benchmarks.desk import staff_minutes
from tests.benchmarks.desk_game import Desk, Played, who_may_call
from tests.benchmarks.desk_leads import Arrivals
from tests.benchmarks.desk_measures import difference, lead_rows
from tests.benchmarks.desk_policies import FirstCome, NewestFirst, RoundRobin
from tests.benchmarks.desk_roster import Roster, roster_of
from tests.benchmarks.desk_router import ByReadiness, routes_of, ticks
from tests.benchmarks.desk_small import small_world

LEADS, SEEDS, SCARCITY = 10_000, (21, 22), 0.8
Games = list[tuple[Arrivals, Roster, dict[str, Played]]]


@pytest.fixture(scope="module")
def games() -> Games:
    """Each arm in each small world, with eight tenths of the staff that calling everybody at once would take."""
    made = []
    for seed in SEEDS:
        arrivals = small_world(LEADS, seed)
        roster = roster_of(arrivals.plan)
        supply, demand = staff_minutes(arrivals, roster)
        routes = routes_of(arrivals, roster)
        arms = [FirstCome(), RoundRobin(), NewestFirst(), ByReadiness(routes, order="oldest_overdue")]
        played = {arm.name: Desk(arrivals, roster, arm, supply / (SCARCITY * demand)).play() for arm in arms}
        made.append((arrivals, roster, played))
    return made


@pytest.mark.parametrize("other", ["first come", "round-robin"])
def test_readiness_beats_the_other_arm_on_sqls_within_sla_at_equal_staff(games: Games, other: str) -> None:
    rows = {
        name: pd.concat([lead_rows(arrivals, roster, played[name]) for arrivals, roster, played in games])
        for name in (other, "readiness")
    }
    assert difference(rows["readiness"], rows[other], "sql_in_time", repeats=200).low > 1.0


def test_calls_are_made_by_members_of_the_team_on_shift_who_speak_the_language_in_opening_hours(games: Games) -> None:
    for arrivals, roster, played in games:
        _, may_call = who_may_call(arrivals, roster)
        hours = arrivals.plan.business.hours
        for arm in played.values():
            rows = np.flatnonzero(arm.contacted_at < NEVER)
            assert len(rows) > 0.5 * len(arrivals.leads)
            for row in rows.tolist():
                now, member = int(arm.contacted_at[row]), int(arm.member[row])
                begin, end = roster.shift_at(member, now)
                spans = hours[arrivals.leads["calendar"].iloc[row]]
                place = np.searchsorted(spans.opens, now, side="right") - 1
                assert begin <= now < end and may_call[member, row] and now < spans.closes[place]


def test_nobody_is_called_before_the_hand_over_nor_twice_at_once(games: Games) -> None:
    for arrivals, _, played in games:
        for arm in played.values():
            tried = arm.attempted_at < NEVER
            assert (arm.attempted_at[tried] >= arrivals.leads["at"].to_numpy()[tried] + HANDED_AFTER).all()
            for member in np.unique(arm.member[arm.member >= 0]).tolist():
                moments = np.sort(arm.contacted_at[arm.member == member])
                assert all(later - earlier >= HOUR // 2 for earlier, later in pairwise(moments.tolist()))


def test_a_lead_reached_by_the_same_member_at_the_same_moment_has_the_same_outcome_in_every_arm(games: Games) -> None:
    for arrivals, roster, played in games:
        staff = np.array(roster.staff_ids, dtype=object)
        one, two = played["first come"], played["newest first"]
        alike = (one.contacted_at == two.contacted_at) & (one.member == two.member)
        outcomes = [arrivals.outcomes(staff[each.member], each.contacted_at) for each in (one, two)]
        assert alike.sum() > 10
        assert (outcomes[0][alike] == outcomes[1][alike]).all()
        assert (outcomes[0] != outcomes[1]).any()


def test_all_leads_in_one_call_are_answered_as_they_are_tick_by_tick(games: Games) -> None:
    arrivals, roster, _ = games[0]
    at_once = routes_of(arrivals, roster)
    frame = desk_router._open_leads(arrivals.leads, None)
    moments = ticks(arrivals.leads["at"].to_numpy() + HANDED_AFTER, roster)
    for now in np.unique(moments)[::60].tolist():
        as_of = pd.Timestamp(stamps(np.array([now]))[0]).tz_localize(None)
        house = desk_router._teams(roster, as_of), desk_router._staff(roster, as_of)
        alone = route_leads(frame[moments == now], *house, {}, as_of=as_of)
        rows = alone["lead_key"].astype("int64").to_numpy()
        assert alone["priority"].tolist() == at_once.priority[rows].tolist()
