"""Scoring: once, each row by itself, with interval, band and control."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.readiness import score_readiness, uncertainty
from models_ml.readiness.columns import feature_frame, raw_features
from models_ml.readiness.control import drawn_control
from models_ml.readiness.expected import log_odds_errors
from tests.unit.models_ml.scored import AS_OF, PROTECTED, WORDS, leads, model

NONE_YET = pd.DataFrame({"record_key": [], "became_mql_at": []})
PROBABILITIES = ["readiness", "readiness_low", "readiness_high"]


def scored(rows: pd.DataFrame, facts: pd.DataFrame, **options: object) -> pd.DataFrame:
    return score_readiness(model(), rows, facts, already_scored=NONE_YET, as_of=AS_OF, words=WORDS, **options)


ROWS, FACTS, _ = leads(120, seed=5)
CROWD = scored(ROWS, FACTS).set_index("record_key")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 119), min_size=1, max_size=3, unique=True))
def test_a_lead_alone_is_scored_as_in_a_crowd(places: list[int]) -> None:
    alone = scored(ROWS.iloc[places], FACTS).set_index("record_key")
    crowd = CROWD.loc[alone.index]
    np.testing.assert_allclose(alone[PROBABILITIES], crowd[PROBABILITIES], rtol=0, atol=1e-6)
    rest = [name for name in alone if name not in PROBABILITIES]
    pd.testing.assert_frame_equal(alone[rest], crowd[rest])


def test_what_is_scored_already_is_left_alone() -> None:
    fresh = score_readiness(model(), ROWS, FACTS, already_scored=ROWS.head(10), as_of=AS_OF)
    assert set(fresh["record_key"]) == set(ROWS["record_key"].iloc[10:])
    nothing = score_readiness(model(), ROWS, FACTS, already_scored=ROWS, as_of=AS_OF)
    assert nothing.empty and list(nothing.columns) == list(fresh.columns) and (nothing.dtypes == fresh.dtypes).all()


def test_no_candidates_and_none_scored_before_give_no_scores() -> None:
    assert scored(ROWS.head(0), FACTS).empty


def test_unknown_columns_are_ignored_and_missing_ones_handled() -> None:
    more = scored(ROWS.assign(shoe_size=44), FACTS).set_index("record_key")
    pd.testing.assert_frame_equal(more, CROWD)
    bare = scored(ROWS[["record_key", "became_mql_at"]], FACTS.head(0))
    assert bare["readiness"].between(0, 1).all() and (bare["horizon_days"] == 30).all()


def test_probability_lies_in_its_interval_and_band_follows_the_cut_points() -> None:
    low, middle, high = (CROWD[name] for name in ("readiness_low", "readiness", "readiness_high"))
    assert (low < middle).all() and (middle < high).all() and low.gt(0).all() and high.lt(1).all()
    by_hand = np.select([CROWD["readiness"] >= 0.6, CROWD["readiness"] >= 0.3], ["high", "medium"], "low")
    assert (CROWD["band"] == by_hand).all() and set(by_hand) == {"high", "medium", "low"}
    # 5 in 100 more is a lot where the bins of the hold-out lay off by so much.
    assert (CROWD["shared_error"] > 0).all()


def test_horizon_is_that_of_the_service_line() -> None:
    lines = ROWS.set_index("record_key")["service_line"].reindex(CROWD.index)
    assert (CROWD["horizon_days"] == np.where(lines == "cardiology", 45, 30)).all()


def test_a_level_nobody_was_learned_from_makes_the_score_less_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    def widths() -> list[Any]:
        scores = [scored(ROWS.assign(channel=name), FACTS) for name in ("direct", "a new one")]
        return [log_odds_errors(each["readiness_low"], each["readiness_high"]) for each in scores]

    known, unknown = widths()
    assert unknown.mean() > known.mean()
    # How far ridge and classifier lie apart is another matter, and may by chance be less for a level never seen.
    monkeypatch.setattr(uncertainty, "OWN_SHARE", 0.0)
    known, unknown = widths()
    assert (unknown > known).all()


def test_contributions_sum_to_the_log_odds_of_the_score() -> None:
    parts = [json.loads(text) for text in CROWD["contributions"]]
    total = np.array([sum(part["log_odds"] for part in each) for each in parts])
    np.testing.assert_allclose(1 / (1 + np.exp(-total)), CROWD["readiness"], atol=1e-5)
    frame = feature_frame(raw_features(ROWS, FACTS, excluded_attributes=PROTECTED), model().schema)
    pulls = model().classifier.contributions(frame).set_axis(ROWS["record_key"])
    of_payer = {key: part["log_odds"] for key, each in zip(CROWD.index, parts, strict=True) for part in each
                if part["feature"] == "attribute payer_type"}  # fmt: skip
    assert len(of_payer) > 50
    for key, pull in of_payer.items():
        assert abs(pull - pulls.loc[key, "attribute payer_type"]) < 1e-6


def test_control_is_drawn_by_share_and_changes_no_score() -> None:
    half = scored(ROWS, FACTS, control_share=0.5, seed=3).set_index("record_key")
    assert 0.3 < half["is_control"].mean() < 0.7 and not CROWD["is_control"].any()
    assert (half["is_control"] == drawn_control(half.reset_index(), 0.5, 3)).all()
    pd.testing.assert_frame_equal(half.drop(columns="is_control"), CROWD.drop(columns="is_control"))


def test_a_model_that_cannot_say_how_sure_it_is_leaves_the_interval_empty() -> None:
    unsure = replace(model(), uncertainty=None)
    scores = score_readiness(unsure, ROWS, FACTS, already_scored=NONE_YET, as_of=AS_OF)
    assert scores[["readiness_low", "readiness_high", "shared_error"]].isna().all(axis=None)
    assert scores["readiness"].notna().all()
