"""Any frame goes in: mixed columns, gaps, levels never seen, infinite and huge numbers; rows are left as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from models_ml.readiness import ReadinessClassifier
from models_ml.readiness.prepared import prepare
from tests.unit.models_ml.classifier.leads import leads


def _odd(frame: pd.DataFrame) -> pd.DataFrame:
    rows = len(frame)
    return frame.assign(
        huge=np.where(np.arange(rows) % 7 == 0, 1.7e308, np.arange(rows)),
        endless=np.where(np.arange(rows) % 5 == 0, -np.inf, 1.0 * np.arange(rows)),
        outlier=np.r_[1e300, np.random.default_rng(0).normal(size=rows - 1)],
        tiny=np.r_[np.zeros(rows // 2), np.full(rows - rows // 2, 1e-310)],
        text_numbers=[str(value) if value % 9 else " " for value in range(rows)],
        day=pd.date_range("2026-01-01", periods=rows).astype(str),
        moment=pd.date_range("2026-01-01", periods=rows, tz="UTC"),
        span=pd.to_timedelta(np.arange(rows), unit="h"),
        whole=pd.array([None if value % 4 == 0 else value for value in range(rows)], dtype="Int64"),
        yes=pd.array([None if value % 3 == 0 else bool(value % 2) for value in range(rows)], dtype="boolean"),
        grade=pd.Categorical(np.array(["a", "b", "c"])[np.arange(rows) % 3]),
        mixed=[(1, "1", 1.0, True, None, ["x"])[value % 6] for value in range(rows)],
        rare=["r" if value < 5 else "often" for value in range(rows)],
    )


@pytest.mark.parametrize("tier", ["points", "small", "full"])
def test_odd_columns_go_in(tier: Any) -> None:
    frame, labels = leads(240)
    odd = _odd(frame)
    before = odd.copy(deep=True)
    model = ReadinessClassifier(tier=tier, random_state=0).fit(odd, labels)
    chance = model.predict_proba(odd)
    assert np.isfinite(chance).all() and model.tier_ == tier
    pd.testing.assert_frame_equal(odd, before)
    kinds = {feature.name: feature.kind for feature in model.features_}
    assert kinds["always"] == kinds["never"] == "dropped"
    assert kinds["text_numbers"] == kinds["yes"] == kinds["moment"] == "numeric"
    assert kinds["mixed"] == kinds["rare"] == kinds["grade"] == "categorical"


@pytest.mark.parametrize("tier", ["small", "full"])
def test_an_unseen_level_is_nobodys_neighbour(tier: Any) -> None:
    """It came to stand beside the last level in the alphabet, and was scored like it."""
    random = np.random.default_rng(0)
    for odd in ("aaa", "zzz"):
        frame = pd.DataFrame({"origin": np.where(random.random(600) < 0.25, odd, "m"), "pages": random.poisson(4, 600)})
        labels = (random.random(600) < np.where(frame["origin"] == odd, 0.95, 0.3)).astype(int)
        model = ReadinessClassifier(tier=tier, random_state=0).fit(frame, labels)
        asked = pd.DataFrame({"origin": ["m", odd, "zzzz", "b"], "pages": 4})
        common, rare, unseen, other = model.decision_function(asked)
        trees = model.model_.parts[-1].logits(prepare(asked, model.features_))
        assert trees[2] == trees[0] < trees[1] - 1 and unseen == other
        assert common <= unseen < (common + rare) / 2 + 0.1
        total = model.base_logit_ + model.contributions(asked).sum(axis=1)
        np.testing.assert_allclose(total, [common, rare, unseen, other], atol=1e-9)


def test_unseen_missing_and_infinite_are_scored() -> None:
    frame, labels = leads()
    model = ReadinessClassifier(random_state=0).fit(frame, labels)
    strange = frame[:3].assign(channel=["carrier pigeon", None, ""], **{"days since": [np.inf, np.nan, 1e300]})
    scored = model.decision_function(strange.assign(**{"fit points": [None, 50, 60]}))
    assert np.isfinite(scored).all()
    unseen, other = (frame[:1].assign(channel=[name]) for name in ("carrier pigeon", "fax"))
    assert model.decision_function(unseen) == model.decision_function(other)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("tier", ["small", "full"])
def test_a_number_that_hardly_anybody_tells_goes_in(tier: Any) -> None:
    frame, labels = leads(240)
    told = frame.assign(seldom=np.where(np.arange(240) == 100, 3.0, np.nan))
    for points in ((), ("seldom",)):
        model = ReadinessClassifier(points=points, tier=tier, random_state=0).fit(told, labels)
        assert np.isfinite(model.decision_function(told)).all()


def test_wide_arrays_go_in() -> None:
    random = np.random.default_rng(0)
    wide = random.normal(size=(80, 400))
    labels = (wide[:, 0] > 0).astype(int)
    model = ReadinessClassifier(random_state=0).fit(wide, labels)
    assert model.contributions(wide).shape == wide.shape and list(model.contributions(wide).columns[:2]) == ["x0", "x1"]


def test_columns_are_matched_by_name_and_their_order_changes_nothing() -> None:
    frame, labels = leads()
    model = ReadinessClassifier(random_state=0).fit(frame, labels)
    turned = frame[frame.columns[::-1]]
    assert np.array_equal(model.decision_function(frame), model.decision_function(turned.assign(extra=1)))
    other = ReadinessClassifier(random_state=0).fit(turned, labels)
    assert np.array_equal(model.decision_function(frame), other.decision_function(frame))
    with pytest.raises(ValueError, match="missing"):
        model.predict_proba(frame.drop(columns="channel"))


def test_the_order_of_rows_changes_nothing() -> None:
    frame, labels = leads()
    order = np.random.default_rng(1).permutation(len(frame))
    first = ReadinessClassifier(random_state=0).fit(frame, labels)
    second = ReadinessClassifier(random_state=0).fit(frame.iloc[order], labels[order])
    assert np.array_equal(first.decision_function(frame), second.decision_function(frame))


def test_refusals_say_what_is_wrong() -> None:
    frame, labels = leads(60)
    with pytest.raises(ValueError, match="tier"):
        ReadinessClassifier(tier="best").fit(frame, labels)
    with pytest.raises(ValueError, match="binary"):
        ReadinessClassifier().fit(frame, np.arange(60) % 3)
    with pytest.raises(ValueError, match="one class"):
        ReadinessClassifier().fit(frame, np.zeros(60))
