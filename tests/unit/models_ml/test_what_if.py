"""What a change of the criteria amounts to: cases by hand, properties, and intervals held to the world's own truth."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.what_if import (
    AFTER,
    BEFORE,
    GROUPS,
    Group,
    change_of,
    count_change,
    expected_count,
    groups_of,
    outcome_of,
    rate,
    rate_change,
    shift_by,
)
from models_ml.world import OutcomeModel, build_world

SINCE = pd.Timestamp("2026-03-01")
DAY = pd.Timedelta(days=1)


def at(*days: float | None) -> pd.Series:
    """Moments, in days after SINCE; None is no moment."""
    return pd.Series([pd.NaT if day is None else SINCE + day * DAY for day in days], dtype="datetime64[us]")


def test_leads_are_gained_lost_moved_or_kept() -> None:
    leads = pd.DataFrame({
        "mql_before": at(None, 3, 3, 3, 3, -2, None, -5),
        "mql_after": at(2, None, 2, 4, 3, -2, None, 1),
    })  # fmt: skip
    told = change_of(leads, SINCE).fillna("not spoken of").tolist()
    assert told == ["gained", "lost", "earlier", "later", "kept", "not spoken of", "not spoken of", "later"]


def test_what_nobody_brought_about_is_no_failure() -> None:
    mql_at = at(0, 0, 0, 0, 0, 25)
    reached = at(10, -3, None, None, 31, 26)
    worked = at(None, None, 2, None, None, 26)
    outcome = outcome_of(mql_at, reached, worked, as_of=SINCE + 40 * DAY, horizon_days=30)
    assert outcome.tolist() == ["yes", "yes", "no", "never_worked", "never_worked", "open"]


def test_work_after_the_horizon_does_not_count() -> None:
    outcome = outcome_of(at(0), at(None), at(31), as_of=SINCE + 40 * DAY, horizon_days=30)
    assert outcome.tolist() == ["never_worked"]


def test_groups_leave_the_open_ones_out() -> None:
    change = pd.Series(["gained", "gained", "gained", "lost", "earlier", "later", "later", "kept", None])
    before = pd.Series([None, None, None, "no", "yes", "yes", "no", "no", None])
    after = pd.Series(["yes", "never_worked", "open", None, "yes", "open", "yes", "no", None])
    assert groups_of(change, before, after) == {
        "kept": Group(2, 1, 0),
        "moved_before": Group(2, 1, 0),
        "moved_after": Group(1, 1, 0),
        "gained": Group(2, 1, 1),
        "lost": Group(1, 0, 0),
    }


def test_a_lead_that_moves_away_from_its_sql_is_an_sql_less() -> None:
    change = pd.Series(["earlier"] * 10)
    groups = groups_of(change, pd.Series(["yes"] * 10), pd.Series(["no"] * 10))
    assert rate_change(groups)[:2] == (-1.0, -1.0) and count_change(groups)[:2] == (-10.0, -10.0)


GROUP = st.integers(0, 60).flatmap(
    lambda leads: st.integers(0, leads).flatmap(
        lambda yes: st.integers(0, leads - yes).map(lambda unknown: Group(leads, yes, unknown))
    )
)
SIX = st.fixed_dictionaries({name: GROUP for name in GROUPS})


@given(SIX)
@settings(max_examples=60, deadline=None)
def test_bounds_hold_every_completion_and_intervals_hold_the_bounds(groups: dict[str, Group]) -> None:
    for name, effect in (("count", count_change), ("rate", rate_change)):
        found = effect(groups)
        if math.isnan(found.low):
            continue
        assert found.lower <= found.low <= found.high + 1e-12 and found.high <= found.upper + 1e-12
        for share in (0.0, 0.5, 1.0):
            yes = {key: group.yes + share * group.unknown for key, group in groups.items()}
            sums = {side: sum(yes[key] for key in side) for side in (BEFORE, AFTER)}
            sizes = {side: sum(groups[key].leads for key in side) for side in (BEFORE, AFTER)}
            if name == "count":
                value = sums[AFTER] - sums[BEFORE]
            else:
                value = sums[AFTER] / sizes[AFTER] - sums[BEFORE] / sizes[BEFORE]
            assert found.low - 1e-9 <= value <= found.high + 1e-9


@given(SIX)
@settings(max_examples=30, deadline=None)
def test_without_unknowns_the_bounds_meet(groups: dict[str, Group]) -> None:
    known = {name: group._replace(unknown=0) for name, group in groups.items()}
    for found in (
        count_change(known),
        rate_change(known),
        rate(known, *AFTER),
        expected_count(known["lost"]),
    ):
        assert found.low == pytest.approx(found.high, nan_ok=True)


def test_a_rate_without_leads_is_not_known() -> None:
    nobody = {name: Group(0, 0, 0) for name in GROUPS}
    assert math.isnan(rate_change(nobody).low) and math.isnan(rate(nobody, "kept").low)
    assert count_change(nobody) == (0, 0, 0, 0)


def test_shift_adds_up() -> None:
    leads = pd.DataFrame({"channel": ["email", "email", "direct", "direct", "direct"]})
    change = pd.Series(["gained", "kept", "lost", "later", None])
    table = shift_by(leads, change, "channel").set_index("value")
    assert table["before"].to_dict() == {"direct": 2, "email": 1}
    assert table["after"].to_dict() == {"direct": 1, "email": 2}
    assert table["change"].sum() == 0 and table["share_after"].sum() == pytest.approx(1)


class Cohorts:
    """Cohorts of leads of a world whose true chances are known, to whose criteria a useless signal is added.

    The signal fires by chance alone. Of the leads it fires for, those that were no MQLs are gained.
    """

    MQLS, OTHERS, FIRES = 500, 600, 0.25

    def __init__(self) -> None:
        world = build_world(leads=1500, seed=5, months=6)
        truth = world.truth["leads"]
        is_mql = truth["house_mql_at"].notna()
        others = truth[~is_mql]
        last = world.tables["leads"].drop_duplicates("lead_id", keep="last").set_index("lead_id")
        asked = last.loc[others["lead_id"], "created_at"] + pd.Timedelta(days=2)
        chances = OutcomeModel(world.plan).chances(others["lead_id"].tolist(), [30], at=list(asked))[:, 0]
        self.pools = {"kept": truth.loc[is_mql, "p_sql_within_30"].to_numpy(), "gained": chances[~np.isnan(chances)]}
        self.means = {name: float(pool.mean()) for name, pool in self.pools.items()}

    def draw(self, chance: np.random.Generator, *, hides_unworked: bool) -> dict[str, Group]:
        """One cohort's groups; staff, where not all are worked, choose whom they think ready."""
        sizes = {"kept": self.MQLS, "gained": int(chance.binomial(self.OTHERS, self.FIRES))}
        groups = {name: Group(0, 0, 0) for name in GROUPS}
        for name, size in sizes.items():
            p = chance.choice(self.pools[name], size)
            yes = chance.random(size) < p
            worked = chance.random(size) < (0.35 + 0.5 * p if hides_unworked and name == "gained" else 1.0)
            groups[name] = Group(size, int((yes & worked).sum()), int((~worked).sum()))
        return groups

    def true_rate_change(self, groups: dict[str, Group]) -> float:
        gained = groups["gained"].leads / (groups["gained"].leads + groups["kept"].leads)
        return gained * (self.means["gained"] - self.means["kept"])


@pytest.fixture(scope="module")
def cohorts() -> Cohorts:
    return Cohorts()


def covered(cohorts: Cohorts, count: int, *, hides_unworked: bool) -> dict[str, float]:
    """Share of cohorts whose interval holds the true effect."""
    chance, hits = np.random.default_rng(17), {"rate": 0, "count": 0}
    for _ in range(count):
        groups = cohorts.draw(chance, hides_unworked=hides_unworked)
        change, added = rate_change(groups), count_change(groups)
        hits["rate"] += change.lower <= cohorts.true_rate_change(groups) <= change.upper
        hits["count"] += added.lower <= groups["gained"].leads * cohorts.means["gained"] <= added.upper
    return {name: hit / count for name, hit in hits.items()}


def test_where_all_outcomes_are_known_the_interval_covers_the_truth_as_often_as_it_says(cohorts: Cohorts) -> None:
    assert cohorts.means["gained"] < cohorts.means["kept"] - 0.05, "a useless signal must cost something to be found"
    found = covered(cohorts, 2500, hides_unworked=False)
    assert 0.93 <= found["rate"] <= 0.97 and 0.93 <= found["count"] <= 0.97, found


def test_where_unworked_leads_are_bounded_it_covers_it_at_least_as_often(cohorts: Cohorts) -> None:
    found = covered(cohorts, 2500, hides_unworked=True)
    assert found["rate"] >= 0.95 and found["count"] >= 0.95, found


def test_more_leads_make_it_narrower() -> None:
    widths = []
    for size in (40, 400, 4000):
        found = rate_change(
            {name: Group(0, 0, 0) for name in GROUPS}
            | {"kept": Group(size, size // 3, 0), "gained": Group(size, size // 5, 0)}
        )
        widths.append(found.upper - found.lower)
    assert all(wide > 2 * narrow for wide, narrow in pairwise(widths))
