"""Groups the model must not know: a score that is off for one is told, a fair one is not, and nobody is singled out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.readiness.fairness import protected_groups


def test_a_group_that_is_scored_too_low_is_told_and_the_others_are_as_forecast() -> None:
    random = np.random.default_rng(1)
    language = pd.Series(random.choice(["en", "es", "vi"], 4000, p=[0.7, 0.29, 0.01]), dtype=object)
    language[random.random(4000) < 0.1] = None
    chance = random.uniform(0.1, 0.5, 4000)
    labels = (random.random(4000) < np.where(language == "es", 1.6 * chance, chance)).astype(int)
    judged = np.arange(4000) >= 1500
    rows = protected_groups(
        {"language": language, "few": language.where(language == "vi")},
        judged,
        labels[judged],
        chance[judged],
        high=0.4,
    )
    assert {row["attribute"] for row in rows} == {"language"}, "an attribute hardly anybody told is left out"
    found = {row["group"]: row for row in rows}
    assert set(found) == {"en", "es", "(none)"}, "of vi there are too few"
    assert found["es"]["predicted_over_actual"]["upper"] < 0.75
    for group in ("en", "(none)"):
        ratio = found[group]["predicted_over_actual"]
        assert ratio["lower"] < 1 < ratio["upper"]
    own = (language == "es").to_numpy() & judged
    assert found["es"]["rows"] == own.sum() and found["es"]["converted"] == labels[own].sum()
    assert found["es"]["high_rate"] == (chance[own] >= 0.4).mean()


def test_weights_count_in_rates_and_not_in_counts() -> None:
    level = pd.Series(["a"] * 60 + ["b"] * 60, dtype=object)
    labels = np.tile([1, 0], 60)
    weights = np.where(labels == 1, 3.0, 1.0)
    one, _ = protected_groups({"kind": level}, np.ones(120, bool), labels, np.full(120, 0.5), high=0.9, weights=weights)
    assert (one["rows"], one["converted"], one["high_rate"]) == (60, 30, 0.0)
    assert abs(one["observed_rate"]["estimate"] - 0.75) < 1e-9
