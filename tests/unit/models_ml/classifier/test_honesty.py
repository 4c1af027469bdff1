"""Where there is nothing to learn nothing is learnt, and encoders and calibrators see their own fold alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from models_ml.readiness import ReadinessClassifier, tiers
from tests.unit.models_ml.classifier.leads import leads


def _judged(model: ReadinessClassifier, frame: pd.DataFrame, labels: Any, folds: int) -> float:
    forecast = np.empty(len(labels))
    for learn, judge in StratifiedKFold(folds, shuffle=True, random_state=0).split(frame, labels):
        forecast[judge] = model.fit(frame.iloc[learn], labels[learn]).predict_proba(frame.iloc[judge])[:, 1]
    # Folds are told apart by their base rate alone where nothing is learnt, so each row is judged in its own fold.
    areas = [
        roc_auc_score(labels[judge], forecast[judge])
        for _, judge in StratifiedKFold(folds, shuffle=True, random_state=0).split(frame, labels)
    ]
    return float(np.mean(areas))


TIERS = ["points", *(pytest.param(tier, marks=pytest.mark.nightly) for tier in ("small", "full"))]


@pytest.mark.parametrize("tier", TIERS)
def test_permuted_outcomes_cannot_be_told(tier: Any) -> None:
    frame, labels = leads(200)
    model = ReadinessClassifier(tier=tier, random_state=0)
    areas = [_judged(model, frame, np.random.default_rng(seed).permutation(labels), folds=2) for seed in range(20)]
    assert 0.45 <= np.mean(areas) <= 0.55


@pytest.mark.parametrize("tier", TIERS)
def test_a_random_column_of_many_levels_tells_nothing(tier: Any) -> None:
    areas = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        labels = random.permutation(np.r_[np.ones(60, int), np.zeros(240, int)])
        frame = pd.DataFrame({"page": random.integers(0, 60, 300).astype(str)})
        areas.append(_judged(ReadinessClassifier(tier=tier, random_state=0), frame, labels, folds=2))
    assert 0.45 <= np.mean(areas) <= 0.55


def test_a_noisy_column_of_many_levels_does_not_drown_a_good_one() -> None:
    random = np.random.default_rng(3)
    good = random.normal(size=700)
    labels = (random.random(700) < 1 / (1 + np.exp(-1.5 * good))).astype(int)
    frame = pd.DataFrame({"good": good, "page": random.integers(0, 100, 700).astype(str)})
    model = ReadinessClassifier(tier="full", random_state=0).fit(frame[:400], labels[:400])
    assert roc_auc_score(labels[400:], model.predict_proba(frame[400:])[:, 1]) > 0.95 * roc_auc_score(
        labels[400:], good[400:]
    )


def test_an_id_of_every_row_is_no_help() -> None:
    frame, labels = leads()
    with_id = frame.assign(record=[f"L{place}" for place in range(len(frame))])
    plain, other = (ReadinessClassifier(tier="full", random_state=0).fit(each, labels) for each in (frame, with_id))
    assert np.array_equal(plain.decision_function(frame), other.decision_function(with_id))


def test_every_part_of_a_fold_is_fitted_without_the_rows_it_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    """By construction: outcomes of the judged rows are turned round, and their cross-fitted log odds stay the same."""
    frame, labels = leads()
    seen: list[list[npt.NDArray[Any]]] = []
    inner = tiers.fit_blend

    def spy(logits: Any, *rest: Any) -> Any:
        seen.append(logits)
        return inner(logits, *rest)

    monkeypatch.setattr(tiers, "fit_blend", spy)
    model = ReadinessClassifier(tier="full", random_state=0)
    features = model.fit(frame, labels)._used()
    rows = model._prepared(frame)
    setting, weights = model._setting(), np.ones(len(frame))
    split = list(StratifiedKFold(tiers.FOLDS, shuffle=True, random_state=0).split(labels, labels))
    learn, judge = split[0]
    truth = labels.astype(float)
    changed = truth.copy()
    changed[judge] = 1 - changed[judge]
    monkeypatch.setattr(StratifiedKFold, "split", lambda *_: iter(split))
    seen.clear()
    for outcome in (truth, changed):
        tiers.fit_tier("full", rows, outcome, weights, features, setting)
    before, after = seen
    for first, second in zip(before, after, strict=True):
        assert np.array_equal(first[judge], second[judge])
        assert not np.array_equal(first[learn], second[learn])
