"""Promotion: who takes over, by constructed forecasts; and the answer to a base rate that moved."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from models_ml.readiness.promotion import MIN_UNSEEN, judge_challenger, judge_first, may_not_stay
from models_ml.readiness.recalibrate import (
    ShiftedClassifier,
    find_recalibration,
    moved_bands,
    shifted,
    shifted_classifier,
)


def outcomes(count: int = 1000, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """(labels, the true chances)."""
    random = np.random.default_rng(seed)
    truth = expit(random.normal(-1, 1, count))
    return (random.random(count) < truth).astype(int), truth


def test_the_first_model_has_to_beat_the_base_rate() -> None:
    labels, truth = outcomes()
    rate = np.full(len(labels), labels.mean())
    assert judge_first(labels, truth, rate, seed=1).decision == "challenger"
    refused = judge_first(labels, rate * 1.001, rate, seed=1)
    assert refused.decision == "nobody" and "no better than the base rate" in refused.why


def test_a_better_challenger_takes_over_a_worse_one_does_not_and_an_equal_one_does_not() -> None:
    labels, truth = outcomes()
    blurred = expit(0.4 * logit(truth) - 0.6)
    better, worse, equal = (
        judge_challenger(labels, *pair, seed=1) for pair in ((truth, blurred), (blurred, truth), (truth, truth))
    )
    assert (better.decision, worse.decision, equal.decision) == ("challenger", "incumbent", "incumbent")
    assert "surely better" in better.why and "worse" in worse.why and "no better in the middle" in equal.why
    assert better == judge_challenger(labels, truth, blurred, seed=1)


def test_better_in_the_middle_and_not_worse_is_enough() -> None:
    labels, truth = outcomes()
    nearly = expit(logit(truth) + np.random.default_rng(3).normal(0, 0.15, len(truth)))
    verdict = judge_challenger(labels, truth, nearly, seed=1)
    assert verdict.difference is not None
    assert verdict.difference.estimate < 0 < verdict.difference.upper
    assert verdict.decision == "challenger" and "better in the middle and not worse" in verdict.why


@pytest.mark.parametrize("converted", [0, MIN_UNSEEN - 1])
def test_with_too_few_new_outcomes_the_incumbent_stays_and_it_says_how_many_there_are(converted: int) -> None:
    labels = (np.arange(500) < converted).astype(int)
    verdict = judge_challenger(labels, np.where(labels, 0.9, 0.1), np.full(500, 0.5), seed=1)
    assert verdict.decision == "incumbent" and verdict.difference is None
    assert f"{converted} leads became SQL" in verdict.why
    verdict.to_dict()


def test_an_attribute_barred_since_or_another_horizon_ends_an_incumbent() -> None:
    features, month = ["channel", "attribute language"], {"default": 30}
    assert may_not_stay(features, month, excluded=["ethnicity"], horizons=month) is None
    assert "language" in str(may_not_stay(features, month, excluded=["ethnicity", "language"], horizons=month))
    assert "channel" in str(may_not_stay(features, month, excluded=["channel"], horizons=month))
    assert "horizon" in str(may_not_stay(features, month, excluded=[], horizons={"default": 45}))


def test_a_base_rate_that_halved_is_answered_and_one_that_held_is_not() -> None:
    labels, truth = outcomes(3000)
    assert find_recalibration(labels, truth, min_each=20) is None
    found = find_recalibration(labels, shifted(truth, 1.0), min_each=20)
    assert found is not None and found.shift == pytest.approx(-1, abs=0.15)
    assert found.before.estimate > 1.25 and found.after.estimate == pytest.approx(1, abs=1e-3)
    assert found.log_loss_gain > 0
    assert find_recalibration(labels[:30], shifted(truth, 1.0)[:30], min_each=20) is None


def test_a_shifted_classifier_moves_its_logits_and_nothing_else() -> None:
    random = np.random.default_rng(2)
    rows = random.normal(size=(200, 2))
    plain = LogisticRegression().fit(rows, rows[:, 0] + random.normal(size=200) > 0)
    plain.base_logit_ = 0.25
    moved = shifted_classifier(shifted_classifier(plain, 0.5), -0.2)
    assert isinstance(moved, ShiftedClassifier) and moved.classifier is plain
    assert np.allclose(moved.decision_function(rows), plain.decision_function(rows) + 0.3)
    assert np.allclose(moved.predict_proba(rows)[:, 1], shifted(plain.predict_proba(rows)[:, 1], 0.3))
    assert moved.base_logit_ == pytest.approx(0.55) and moved.n_features_in_ == 2
    assert set(moved.predict(rows)) <= set(plain.classes_)


def test_bands_move_with_the_forecasts() -> None:
    _, truth = outcomes()
    bands = {"high": 0.4, "medium": 0.2}
    moved = moved_bands(bands, -0.7)
    assert ((truth >= bands["high"]) == (shifted(truth, -0.7) >= moved["high"])).all()
