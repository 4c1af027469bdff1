"""The CRM's way of scoring leads: frequencies by hand, and what it does with what it never saw."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models_ml.readiness.baselines import LeadFrequencyClassifier

CHANNELS = pd.DataFrame({"channel": ["ad", "ad", "ad", "friend", "friend", None], "constant": ["x"] * 6})
WON = np.array([0, 0, 1, 1, 1, 0])


def test_a_value_adds_the_log_of_how_much_oftener_it_was_won() -> None:
    model = LeadFrequencyClassifier(smoothing=0.1).fit(CHANNELS, WON)
    # Won: 1 ad, 2 friends, 0 missing; lost: 2, 0, 1; a tenth is added to each of the three.
    expected = np.log((2.1 / 3.3) / (0.1 / 3.3))
    assert model.decision_function(CHANNELS)[3] == pytest.approx(expected)
    assert model.predict_proba(CHANNELS).sum(axis=1) == pytest.approx(np.ones(6))


def test_a_value_never_seen_says_nothing() -> None:
    model = LeadFrequencyClassifier().fit(CHANNELS, WON)
    fresh = pd.DataFrame({"channel": ["fair"], "constant": ["y"]})
    assert model.decision_function(fresh)[0] == pytest.approx(model.prior_) == pytest.approx(0.0)


def test_weights_are_leads_and_numbers_are_cut_at_quantiles() -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"days": random.random(300) * 50})
    won = (frame["days"] > 25).to_numpy().astype(int)
    model = LeadFrequencyClassifier(bins=4).fit(frame, won)
    assert len(model.edges_["days"]) == 3
    assert model.predict(frame.assign(days=np.where(won, 49.0, 1.0))).tolist() == won.tolist()
    twice = LeadFrequencyClassifier().fit(CHANNELS, WON, sample_weight=[2] * 6)
    doubled = LeadFrequencyClassifier().fit(pd.concat([CHANNELS, CHANNELS]), np.tile(WON, 2))
    assert twice.odds_ == doubled.odds_


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="two classes"):
        LeadFrequencyClassifier().fit(CHANNELS, np.zeros(6))
