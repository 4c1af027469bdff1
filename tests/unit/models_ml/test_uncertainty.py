"""Intervals of scores and of queues, where the truth is known: they hold it about as often as they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.special import expit

from models_ml.readiness import ReadinessClassifier
from models_ml.readiness.expected import expected_sqls, log_odds_errors, still_expected
from models_ml.readiness.prepared import prepare
from models_ml.readiness.uncertainty import (
    MEAN_SHARE,
    Uncertainty,
    interval_of,
    learn_uncertainty,
    shared_variance,
)

Floats = npt.NDArray[np.float64]


def world(count: int, random: np.random.Generator, *, crossed: float = 0.0) -> tuple[pd.DataFrame, Floats]:
    """Leads and the true probability of each; `crossed` is how strong an effect only two columns together have."""
    rows = pd.DataFrame(
        {
            "fit_points": random.integers(0, 6, count) * 10.0,
            "days": random.exponential(5.0, count),
            "age": np.where(random.random(count) < 0.2, np.nan, random.normal(50, 15, count)),
            "channel": random.choice(list("abcde"), count, p=[0.4, 0.3, 0.15, 0.1, 0.05]),
            "payer": random.choice(["commercial", "self", "medicare", None], count),
            "state": random.choice([f"s{number}" for number in range(20)], count),
            "asked": random.poisson(0.4, count).astype(float),
        }
    )
    odds = -1.4 + 0.03 * (rows["fit_points"] - 25) + 1.2 * (rows["asked"] > 0) - 0.4 * np.log1p(rows["days"])
    odds += rows["channel"].map({"a": 0, "b": 0.3, "c": -0.5, "d": 0.8, "e": -0.2})
    odds += rows["payer"].map({"commercial": 0.5, "self": -0.7, "medicare": 0.1}).fillna(-0.2)
    odds += np.where(rows["age"].isna(), 0, -0.01 * (rows["age"] - 50))
    odds += crossed * ((rows["channel"] == "a") & (rows["payer"] == "self"))
    return rows, np.asarray(expit(odds))


def coverage(learned: int, *, seed: int, tier: str, crossed: float = 0.0) -> tuple[float, float]:
    """Shares of leads whose true probability, and of queues whose SQLs, lie in their interval."""
    random = np.random.default_rng(seed)
    rows, chance = world(learned, random, crossed=crossed)
    labels = (random.random(learned) < chance).astype(int)
    model = ReadinessClassifier(points=("fit_points",), tier=tier, random_state=0).fit(rows, labels)  # type: ignore[arg-type]
    sure = learn_uncertainty(rows, model, labels)
    fresh, truth = world(2000, random, crossed=crossed)
    logits = model.decision_function(fresh)
    low, high = interval_of(logits, sure.errors(prepare(fresh, model.features_), logits))
    held = []
    for draw in range(40):
        # Every other queue is one channel's: leads alike, whose errors are alike.
        among = np.flatnonzero(fresh["channel"] == "a") if draw % 2 else np.arange(len(fresh))
        queue = random.choice(among, 100, replace=False)
        came = (random.random(100) < truth[queue]).sum()
        found = expected_sqls(expit(logits)[queue], low[queue], high[queue], sure.shared)
        held.append(found.low <= came <= found.high)
    return float(((low <= truth) & (truth <= high)).mean()), float(np.mean(held))


def test_intervals_of_leads_and_queues_hold_the_truth_about_as_often_as_they_say() -> None:
    found = np.array([coverage(700, seed=seed, tier="small") for seed in range(4)])
    leads, queues = found.mean(axis=0)
    assert 0.90 <= leads <= 0.99 and queues >= 0.91, found


@pytest.mark.nightly
@pytest.mark.parametrize(("learned", "tier"), [(250, "auto"), (700, "auto"), (3000, "auto"), (8000, "full")])
def test_intervals_hold_the_truth_at_every_size(learned: int, tier: str) -> None:
    found = np.array([coverage(learned, seed=seed, tier=tier) for seed in range(10, 16)])
    leads, queues = found.mean(axis=0)
    assert 0.92 <= leads <= 0.98 and queues >= 0.92, found


@pytest.mark.nightly
def test_what_the_model_cannot_express_costs_some_of_it_and_not_all() -> None:
    found = np.array([coverage(3000, seed=seed, tier="auto", crossed=1.0) for seed in range(20, 24)])
    assert found[:, 0].mean() >= 0.85, found


def test_more_leads_learned_from_make_it_surer_and_a_rare_kind_less_sure() -> None:
    widths = []
    for count in (300, 3000):
        random = np.random.default_rng(2)
        rows, chance = world(count, random)
        labels = (random.random(count) < chance).astype(int)
        model = ReadinessClassifier(tier="small", random_state=0).fit(rows, labels)
        sure = learn_uncertainty(rows, model, labels)
        fresh = world(300, random)[0].assign(channel="a")
        by_channel = []
        for channel in ("a", "e", "never seen"):
            each = prepare(fresh.assign(channel=channel), model.features_)
            by_channel.append(float(np.median(sure.errors(each, model.decision_function(fresh)))))
        assert by_channel[0] < min(by_channel[1:])
        widths.append(by_channel[0])
    assert widths[1] < 0.6 * widths[0]


def test_a_lead_on_which_ridge_and_classifier_agree_is_no_surer_than_the_like() -> None:
    """They agree by chance as well: such leads had the narrowest intervals, and missed the truth most."""
    random = np.random.default_rng(5)
    rows, chance = world(800, random)
    model = ReadinessClassifier(tier="small", random_state=0).fit(rows, (random.random(800) < chance).astype(int))
    sure = learn_uncertainty(rows, model, (random.random(800) < chance).astype(int))
    without = replace(sure, form=0.0)
    fresh, agreeing = prepare(rows, model.features_), model.decision_function(rows)
    one, other = (each.errors(fresh, agreeing) ** 2 for each in (sure, without))
    assert sure.form > 0.01
    np.testing.assert_allclose(one - other, MEAN_SHARE * sure.form, rtol=1e-9)


def test_weights_count_as_what_they_are_worth() -> None:
    random = np.random.default_rng(3)
    rows, chance = world(800, random)
    labels = (random.random(800) < chance).astype(int)
    model = ReadinessClassifier(tier="small", random_state=0).fit(rows, labels)
    fresh = prepare(rows, model.features_)
    logits = model.decision_function(rows)
    plain, tripled, uneven = (
        np.median(learn_uncertainty(rows, model, labels, weights).errors(fresh, logits))
        for weights in (None, np.full(800, 3.0), np.where(np.arange(800) % 8 == 0, 8.0, 0.01))
    )
    assert plain == pytest.approx(tripled, rel=1e-6) and uneven > 1.5 * plain


def test_it_survives_json() -> None:
    random = np.random.default_rng(4)
    rows, chance = world(400, random)
    labels = (random.random(400) < chance).astype(int)
    model = ReadinessClassifier(tier="small", random_state=0).fit(rows, labels)
    sure = learn_uncertainty(rows, model, labels)
    again = Uncertainty.from_dict(sure.to_dict())
    logits = model.decision_function(rows)
    before, after = (one.errors(prepare(rows, model.features_), logits) for one in (sure, again))
    np.testing.assert_allclose(before, after, rtol=1e-7)
    older = Uncertainty.from_dict({name: part for name, part in sure.to_dict().items() if name != "form"})
    assert np.isnan(older.errors(prepare(rows, model.features_), logits)).all()


def test_bins_that_lie_off_by_more_than_chance_are_an_error_all_scores_share() -> None:
    fair = [{"count": 400, "mean_predicted": p, "observed_rate": p + off} for p, off in ((0.2, 0.01), (0.5, -0.02))]
    off = [{"count": 400, "mean_predicted": p, "observed_rate": p + 0.1} for p in (0.2, 0.4, 0.6)]
    assert shared_variance({"bins": fair}) == 0 == shared_variance({})
    # A tenth too low is about half a logit everywhere.
    assert 0.3 < shared_variance({"bins": off}) ** 0.5 < 0.6


def test_a_queue_counts_both_doubts() -> None:
    chance = np.full(400, 0.3)
    sure = expected_sqls(chance, chance, chance, 0.0)
    assert (sure.count, round(sure.expected, 6)) == (400, 120.0)
    # Chance alone: 1.96 × √(400 × .3 × .7) = 17.96, whole leads outwards.
    assert (sure.low, sure.high) == (102, 138)
    low, high = interval_of(np.log(chance / (1 - chance)), np.full(400, 0.2))
    np.testing.assert_allclose(log_odds_errors(low, high), 0.2, atol=1e-9)
    each, together = expected_sqls(chance, low, high, 0.0), expected_sqls(chance, low, high, 0.2)
    assert together.high - together.low > 2 * (each.high - each.low) - 40 and each.high - each.low <= 38
    # All of one mind: 84 × .2 = 16.8 more SQLs or fewer for one standard error.
    assert (together.low, together.high) == (82, 158)


def test_a_queue_of_nobody_and_limits_nobody_can_pass() -> None:
    assert expected_sqls([], [], [], 0.1).high == 0
    small = expected_sqls([0.9, 0.95], [0.8, 0.9], [0.95, 0.98], 0.1)
    assert (small.low, small.high) == (1, 2)
    unknown = expected_sqls([0.5], [np.nan], [np.nan], np.nan)
    assert (unknown.low, unknown.high) == (0, 1)


def test_what_is_left_of_the_odds_is_exact_where_speed_hangs_on_nothing() -> None:
    random = np.random.default_rng(6)
    chance = random.uniform(0.05, 0.9, 200_000)
    converts = random.random(200_000) < chance
    # SQLs go fast, the others are turned away slowly; after 10 days some of each are left.
    leaves = np.where(converts, random.exponential(5, 200_000), random.exponential(40, 200_000))
    still = leaves > 10
    left = (leaves[converts] > 10).mean() / (leaves[~converts] > 10).mean()
    for low, high in ((0.05, 0.3), (0.3, 0.6), (0.6, 0.9)):
        inside = still & (chance >= low) & (chance < high)
        assert still_expected(chance[inside], left).mean() == pytest.approx(converts[inside].mean(), abs=0.012)
