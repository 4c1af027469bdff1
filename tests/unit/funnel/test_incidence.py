"""The share converted by each age is what lifelines says, and an independent walk lead by lead, with its limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest
from lifelines import AalenJohansenFitter, KaplanMeierFitter

from tests.oracles.incidence import Life, curve, life
from tests.unit.funnel.rendered import Funnel, RefusedError, model_sql, rendered

AS_OF = datetime(2026, 3, 1, 12)
LAST = 90
SEEDS = 16
STATISTIC = rendered(
    "select * from {{ cumulative_incidence('counted', ['cohort']) }} as curves order by cohort, age_days"
)


def counted(lives: Sequence[Life], last: int) -> pd.DataFrame:
    """The counts the statistic starts from."""
    rows = []
    for age in range(last + 1):
        here = [each for each in lives if each.is_at_risk(age)]
        converted = sum(each.converted == age for each in here)
        competing = sum(each.left == age and each.converted is None for each in here)
        followed = sum(each.is_watched(age) for each in lives)
        rows.append((age, len(here), converted, competing, followed))
    return pd.DataFrame(
        rows, columns=["age_days", "at_risk_count", "converted_count", "competing_count", "followed_count"]
    )


def computed(cohorts: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """What the SQL makes of the counts of several cohorts at once."""
    given = pd.concat(cohorts, keys=range(len(cohorts)), names=["cohort", None]).reset_index("cohort")
    with duckdb.connect() as connection:
        connection.register("given", given)
        connection.execute("create table counted as select * from given")
        found = connection.execute(STATISTIC).df()
    return [part for _, part in found.groupby("cohort")]


def drawn(seed: int, *, competing: bool, untied: bool, delayed: bool) -> list[Life]:
    """A cohort of which some left, some are young, and some were observed late."""
    chance = np.random.default_rng(seed)
    size = int(chance.integers(2, 60))
    gone = chance.permutation(200)[:size] if untied else chance.integers(0, 25, size)
    how = chance.choice([0, 1, 2] if competing else [0, 1], size)
    followed = chance.integers(0, 220 if untied else 30, size)
    unseen = np.where(chance.random(size) < (0.3 if delayed else 0), chance.integers(1, 12, size), -1)
    return [
        Life(
            int(followed[i]),
            int(gone[i]) if how[i] == 1 else None,
            int(gone[i]) if how[i] == 2 else None,
            int(unseen[i]) if unseen[i] > 0 else None,
        )
        for i in range(size)
    ]


def as_durations(lives: Sequence[Life]) -> pd.DataFrame:
    """The same for lifelines, a day later: it has nobody at risk at 0. Who was never watched is not there.

    Of those observed late one of its fitters counts the day they come, the other does not: they come half a day after.
    """
    rows = []
    for each in lives:
        event = each.converted if each.converted is not None else each.left
        kind = 0 if event is None else 1 if each.converted is not None else 2
        is_seen = event is not None and event <= each.followed
        duration = event if is_seen and event is not None else each.followed
        begin = 0.0 if each.unseen_until is None else each.unseen_until + 1.5
        if duration + 1 > begin:
            rows.append((duration + 1, kind if is_seen else 0, begin))
    return pd.DataFrame(rows, columns=["duration", "kind", "entry"])


def compare(found: pd.DataFrame, at: pd.Series) -> int:
    """Rates against a step function of lifelines' days; gives how many were compared."""
    known = found.dropna(subset="rate")
    expected = [at[at.index <= age + 1].iloc[-1] for age in known["age_days"]]
    np.testing.assert_allclose(known["rate"], expected, atol=1e-9, rtol=0)
    return len(known)


@pytest.mark.parametrize("delayed", [False, True], ids=["from entry", "observed late"])
def test_with_one_way_out_it_is_kaplan_meier(delayed: bool) -> None:
    cohorts = [drawn(seed, competing=False, untied=False, delayed=delayed) for seed in range(SEEDS)]
    total = 0
    for lives, found in zip(cohorts, computed([counted(each, 40) for each in cohorts]), strict=True):
        frame = as_durations(lives)
        if len(frame):
            fitted = KaplanMeierFitter().fit(frame["duration"], frame["kind"] == 1, entry=frame["entry"])
            total += compare(found, 1 - fitted.survival_function_["KM_estimate"])
    assert total > 200


@pytest.mark.parametrize("delayed", [False, True], ids=["from entry", "observed late"])
def test_with_several_ways_out_it_is_aalen_johansen(delayed: bool) -> None:
    """On ages that never tie: lifelines moves tied ones apart by chance."""
    cohorts = [drawn(seed, competing=True, untied=True, delayed=delayed) for seed in range(SEEDS)]
    total = 0
    for lives, found in zip(cohorts, computed([counted(each, 221) for each in cohorts]), strict=True):
        frame = as_durations(lives)
        if (frame["kind"] == 1).any():
            fitted = AalenJohansenFitter(calculate_variance=False).fit(
                frame["duration"], frame["kind"], event_of_interest=1, entry=frame["entry"]
            )
            total += compare(found, fitted.cumulative_density_["CIF_1"])
    assert total > 200


def moments(seed: int, size: int) -> pd.DataFrame:
    """Leads with their moments, many of them to the second whole days apart; what as_of does not know is absent."""
    chance = np.random.default_rng(seed)

    def later(scale: int, share: float) -> pd.Series:
        seconds = chance.integers(-86_400, scale * 86_400, size)
        whole = chance.random(size) < 0.5
        seconds = np.where(whole, seconds // 86_400 * 86_400, seconds) + chance.integers(-1, 2, size) * ~whole
        return (entered + pd.to_timedelta(seconds, unit="s")).where(chance.random(size) < share)

    since = chance.integers(0, 60 * 86_400, size)
    since = np.where(chance.random(size) < 0.4, since // 86_400 * 86_400, since)
    entered = pd.Series(AS_OF - pd.to_timedelta(since, unit="s"))
    frame = pd.DataFrame({"entered_at": entered, "converted_at": later(50, 0.5), "left_at": later(50, 0.4)})
    frame["observed_from"] = later(20, 0.2)
    for name in ("converted_at", "left_at"):
        frame[name] = frame[name].where(frame[name] <= AS_OF)
    frame["left_at"] = frame["left_at"].where(frame["converted_at"].isna())
    frame["observed_from"] = frame["observed_from"].where(frame["observed_from"] > entered)
    return frame.assign(campaign_id=[f"c{i}" for i in chance.integers(0, size // 20, size)])


@pytest.mark.parametrize("seed", range(3))
def test_leads_are_counted_as_a_walk_from_lead_to_lead_counts_them(seed: int) -> None:
    steps = moments(seed, 700)
    found = Funnel(steps, AS_OF).read(
        "select * from fct_conversion_cohorts where dimension = 'campaign' order by dimension_value, age_days"
    )
    names = ["at_risk_count", "converted_count", "competing_count", "censored_count", "rate", "rate_low", "rate_high"]
    assert found["rate"].notna().sum() > 500
    for campaign, rows in steps.groupby("campaign_id"):
        asked = rows[["entered_at", "converted_at", "left_at", "observed_from"]].astype(object)
        lives = [life(AS_OF, *row) for row in asked.where(asked.notna(), None).itertuples(index=False)]
        mine = found[found["dimension_value"] == campaign]
        last = min(LAST, max(each.followed for each in lives))
        expected = pd.DataFrame([vars(each) for each in curve(lives, last)])
        assert list(mine["age_days"]) == list(range(last + 1))
        np.testing.assert_allclose(
            mine[names].to_numpy(float), expected.to_numpy(float), atol=1e-9, rtol=0, err_msg=f"{seed}: {campaign}"
        )
        is_mature = [
            all(each.followed >= age and each.unseen_until is None for each in lives) for age in range(last + 1)
        ]
        assert list(mine["is_mature"]) == is_mature


def test_all_followed_it_is_the_plain_share_to_the_last_bit() -> None:
    steps = moments(5, 900).assign(observed_from=pd.NaT)
    found = Funnel(steps, AS_OF + timedelta(days=60)).read(
        "select * from fct_conversion_rates where cohort_month = '(all)' and dimension in ('all', 'campaign')"
    )
    assert found["is_mature"].all() and len(found) > 40
    age = (steps["converted_at"] - steps["entered_at"]) <= timedelta(days=30)
    by = age.groupby(steps["campaign_id"]).agg(["sum", "size"])
    by.loc["all"] = [age.sum(), len(age)]
    assert all(row.rate == by.loc[row.dimension_value, "sum"] / row.entered_count for row in found.itertuples())
    assert all(row.naive_rate >= row.rate for row in found.itertuples())


def test_a_line_may_have_a_horizon_of_its_own_and_nothing_else_may() -> None:
    steps = pd.DataFrame({"entered_at": [AS_OF - timedelta(days=days) for days in (50, 40, 35)]})
    steps = steps.assign(service_line=["slow", "slow", "quick"])
    usual = {"default": 30}
    settings = {
        "lead_to_mql": usual,
        "lead_to_sql": usual,
        "sql_to_appointment": usual,
        "appointment_to_consult": usual,
    }
    mine = {**settings, "mql_to_sql": {"default": 30, "slow": 45}}
    asked = "select dimension_value, horizon_days, at_risk_count from fct_conversion_rates where cohort_month = '(all)'"
    found = Funnel(steps, AS_OF, conversion_horizons=mine).read(
        f"{asked} and dimension in ('all', 'service_line', 'channel')"
    )
    assert sorted(found.itertuples(index=False, name=None)) == [
        ("(none)", 30, 3), ("all", 30, 3), ("quick", 30, 1), ("slow", 45, 1)
    ]  # fmt: skip
    for wrong, says in (
        ({**mine, "mql_to_consult": usual}, "there is no step mql_to_consult"),
        (settings, "mql_to_sql needs a default"),
        ({**settings, "mql_to_sql": {"default": 30, "slow": "45"}}, "mql_to_sql, slow must be whole days"),
        ({**settings, "mql_to_sql": {"default": 91}}, "mql_to_sql, default must be whole days"),
    ):
        with pytest.raises(RefusedError, match=says):
            model_sql("fct_conversion_rates", conversion_horizons=wrong)
