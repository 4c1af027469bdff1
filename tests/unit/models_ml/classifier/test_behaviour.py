"""Tiers, additive contributions, monotone points, weights, one row alone, the same bits, and the way to disk."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier

from models_ml.readiness import TRUSTED, ReadinessClassifier
from models_ml.readiness.paths import tree_effects
from tests.unit.models_ml.classifier.leads import bits, leads

TIERS = ("points", "small", "full")


@pytest.fixture(scope="module", params=TIERS)
def fitted(request: Any) -> tuple[ReadinessClassifier, pd.DataFrame]:
    frame, labels = leads(400)
    model = ReadinessClassifier(points=("fit points",), tier=request.param, random_state=0)
    return model.fit(frame, labels), frame


def test_contributions_sum_to_the_logit(fitted: tuple[ReadinessClassifier, pd.DataFrame]) -> None:
    model, frame = fitted
    pulls = model.contributions(frame)
    assert list(pulls.columns) == list(model.feature_names_in_) and pulls.index.equals(frame.index)
    assert np.abs(model.base_logit_ + pulls.sum(axis=1) - model.decision_function(frame)).max() < 1e-9
    assert (pulls[["always", "never"]] == 0).all(axis=None)
    assert bits(pulls) == bits(model.contributions(frame))


def test_a_lead_alone_scores_as_in_a_crowd(fitted: tuple[ReadinessClassifier, pd.DataFrame]) -> None:
    model, frame = fitted
    alone = np.concatenate([model.predict_proba(frame.iloc[[place]]) for place in range(25)])
    assert bits(alone) == bits(model.predict_proba(frame)[:25])


def test_the_way_to_disk_and_back(fitted: tuple[ReadinessClassifier, pd.DataFrame]) -> None:
    model, frame = fitted
    stored = skops.io.dumps(model)
    assert set(skops.io.get_untrusted_types(data=stored)) <= set(TRUSTED)
    again = skops.io.loads(stored, trusted=list(TRUSTED))
    assert bits(again.decision_function(frame)) == bits(model.decision_function(frame))
    assert bits(again.contributions(frame)) == bits(model.contributions(frame))


def test_points_only_ever_raise(fitted: tuple[ReadinessClassifier, pd.DataFrame]) -> None:
    model, frame = fitted
    grid = pd.concat([frame[:1]] * 50, ignore_index=True).assign(**{"fit points": np.linspace(0, 120, 50)})
    assert (np.diff(model.decision_function(grid)) >= -1e-12).all()


def test_points_that_mislead_are_not_followed() -> None:
    frame, labels = leads(400)
    model = ReadinessClassifier(points=("fit points",), tier="points").fit(frame, 1 - labels)
    assert np.ptp(model.predict_proba(frame)[:, 1]) == 0
    assert model.predict_proba(frame)[0, 1] == pytest.approx(1 - labels.mean())


@pytest.mark.parametrize(("conversions", "tier"), [(39, "points"), (40, "small"), (300, "small"), (301, "full")])
def test_the_tier_follows_the_conversions(conversions: int, tier: str) -> None:
    frame = pd.DataFrame({"number": np.arange(700.0)})
    model = ReadinessClassifier(random_state=0).fit(frame, np.arange(700) < conversions)
    assert (model.tier_, model.conversions_count_) == (tier, conversions)


def test_without_points_the_lowest_tier_learns_from_the_rest() -> None:
    frame, labels = leads(120)
    model = ReadinessClassifier(tier="points").fit(frame, labels)
    assert np.ptp(model.predict_proba(frame)[:, 1]) > 0.1


def test_levels_are_shrunk_the_more_the_fewer_they_are() -> None:
    frame = pd.DataFrame({"line": ["a"] * 200 + ["b"] * 200 + ["c"] * 200 + ["few"] * 6})
    labels = np.r_[np.arange(400) % 5 == 0, np.arange(200) % 2 == 0, np.ones(6)].astype(int)
    model = ReadinessClassifier(tier="points").fit(frame, labels)
    chance = dict(zip(frame["line"], model.predict_proba(frame)[:, 1], strict=True))
    assert chance["a"] == pytest.approx(0.2, abs=0.03) and chance["c"] == pytest.approx(0.5, abs=0.05)
    assert 0.3 < chance["few"] < 0.9


def test_weights_count_rows_and_nothing_is_left_of_weight_zero() -> None:
    frame, labels = leads(150)
    twice = pd.concat([frame, frame[:50]], ignore_index=True)
    weights = np.r_[np.full(50, 2.0), np.ones(100)]
    model = ReadinessClassifier(tier="points")
    repeated = model.fit(twice, np.r_[labels, labels[:50]]).decision_function(frame)
    assert np.allclose(model.fit(frame, labels, sample_weight=weights).decision_function(frame), repeated, atol=1e-6)
    half = np.r_[np.ones(100), np.zeros(50)]
    some = ReadinessClassifier(tier="full", random_state=0)
    assert bits(some.fit(frame, labels, sample_weight=half).decision_function(frame)) == bits(
        some.fit(frame[:100], labels[:100]).decision_function(frame)
    )


def test_the_seed_gives_the_same_bits() -> None:
    frame, labels = leads(200)
    first, second, other = (
        ReadinessClassifier(tier="full", random_state=seed).fit(frame, labels).predict_proba(frame)
        for seed in (1, 1, 2)
    )
    assert bits(first) == bits(second) != bits(other)


def test_probabilities_are_calibrated_on_rows_never_seen() -> None:
    frame, labels = leads(3000, seed=5)
    model = ReadinessClassifier(random_state=0).fit(frame[:1500], labels[:1500])
    chance = model.predict_proba(frame[1500:])[:, 1]
    assert model.tier_ == "full" and 0.9 <= chance.mean() / labels[1500:].mean() <= 1.1


def test_tree_effects_are_shapley_values() -> None:
    """Against the definition: every coalition of columns, an unknown split taken both ways by its training rows."""
    random = np.random.default_rng(0)
    matrix = random.normal(size=(500, 4))
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    labels = (np.nan_to_num(matrix).sum(axis=1) + matrix[:, 0] * np.nan_to_num(matrix[:, 1]) > 0).astype(int)
    booster = HistGradientBoostingClassifier(max_iter=5, max_leaf_nodes=8, early_stopping=False).fit(matrix, labels)
    _, effects = tree_effects(booster, matrix[:4])

    def value(nodes: Any, place: int, row: Any, known: set[int]) -> float:
        node = nodes[place]
        if node["is_leaf"]:
            return float(node["value"])
        left, right, cell = int(node["left"]), int(node["right"]), row[node["feature_idx"]]
        if node["feature_idx"] in known:
            is_left = cell <= node["num_threshold"] or (np.isnan(cell) and node["missing_go_to_left"])
            return value(nodes, left if is_left else right, row, known)
        parts = [nodes["count"][child] * value(nodes, child, row, known) for child in (left, right)]
        return float(sum(parts) / node["count"])

    def worth(row: Any, known: set[int]) -> float:
        return sum(value(trees[0].nodes, 0, row, known) for trees in booster._predictors)

    for row, effect in zip(matrix[:4], effects, strict=True):
        for column in range(4):
            others = [other for other in range(4) if other != column]
            expected = sum(
                factorial(size) * factorial(3 - size) / factorial(4)
                * (worth(row, {*chosen, column}) - worth(row, set(chosen)))
                for size in range(4)
                for chosen in combinations(others, size)
            )  # fmt: skip
            assert effect[column] == pytest.approx(expected, abs=1e-12)


def test_a_spike_may_stand_off_the_values_beside_it() -> None:
    """Those with none of something are another kind of people than those with little."""
    seconds = np.r_[np.zeros(400), np.arange(1.0, 601.0)]
    labels = np.r_[np.arange(400) % 10 < 6, np.arange(600) % 10 < 2].astype(int)
    model = ReadinessClassifier(tier="points").fit(pd.DataFrame({"seconds": seconds}), labels)
    none, little = model.predict_proba(pd.DataFrame({"seconds": [0.0, 2.0]}))[:, 1]
    # Shrunk, yet nearer to the 0.2 of those with some than to the 0.6 of those with none.
    assert none > 0.55 and little < 0.4


def test_a_level_needs_twenty_rows_or_a_fiftieth_of_few() -> None:
    for rows, kept in ((1500, False), (500, True)):
        frame = pd.DataFrame({"line": ["rare"] * 12 + ["a", "b"] * ((rows - 12) // 2)})
        model = ReadinessClassifier(tier="points").fit(frame, np.arange(rows) % 3 == 0)
        assert ("rare" in model.features_[0].levels) == kept


def test_a_value_of_one_heavy_row_is_no_level() -> None:
    frame, labels = leads(300)
    frame = frame.assign(trade=["Sole Trader of Elm Street", *(["a", "b", "c"] * 100)[:299]])
    model = ReadinessClassifier(random_state=0).fit(frame, labels, sample_weight=np.r_[40.0, np.ones(299)])
    (trade,) = (feature for feature in model.features_ if feature.name == "trade")
    assert trade.levels == ("a", "b", "c")
