"""A whole training, from rows to card, is not fooled: by outcomes that mean nothing, or by what was filled in later."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models_ml.readiness import NoSkill, TrainedReadiness, train_and_watch, train_readiness
from tests.unit.models_ml.examples import AS_OF, made_examples
from tests.unit.models_ml.plain import plain

__all__ = ["plain"]
MIDDLE = pd.Timestamp("2026-09-01")


def holdout_of(result: Any) -> dict[str, Any]:
    """What a training measured on its hold-out, whether or not a model came of it."""
    assert isinstance(result, NoSkill | TrainedReadiness), result
    found: dict[str, Any] = result.card if isinstance(result, NoSkill) else result.card["holdout"]
    return found


def permuted_areas(count: int) -> list[float]:
    """AUC on the hold-out of 20 trainings, each on outcomes (and on who was worked) dealt out anew."""
    examples, attributes = made_examples(count)
    waited = examples["became_sql_at"] - examples["became_mql_at"]
    areas = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        dealt = waited.iloc[random.permutation(count)].to_numpy()
        worked = random.random(count) < 0.8
        rows = examples.assign(became_sql_at=examples["became_mql_at"] + dealt, is_worked=worked)
        # Without points there are no tiers to choose from: that costs most.
        found = holdout_of(train_readiness(rows, attributes, as_of=AS_OF, points=()))
        areas.append(found["measures"]["model"]["auc"]["estimate"])
    return areas


@pytest.mark.usefixtures("plain")
def test_permuted_outcomes_cannot_be_told_on_the_hold_out() -> None:
    assert 0.45 <= np.mean(permuted_areas(600)) <= 0.55


@pytest.mark.nightly
def test_permuted_outcomes_cannot_be_told_on_the_hold_out_by_the_classifier_itself() -> None:
    assert 0.45 <= np.mean(permuted_areas(900)) <= 0.55


def filled_in_later(examples: pd.DataFrame) -> pd.DataFrame:
    """An attribute that staff wrote when the outcome was known, but for three in a hundred, as if it had been there."""
    random = np.random.default_rng(5)
    known = examples["became_sql_at"].notna().to_numpy() ^ (random.random(len(examples)) < 0.03)
    keys = examples[["record_key", "became_mql_at"]].reset_index(drop=True)
    return keys.assign(kind="attribute", name="call_note", value=np.where(known, "booked", "cold"))


@pytest.mark.usefixtures("plain")
def test_what_was_filled_in_after_the_outcome_raises_a_severe_alarm_by_name_and_keeps_a_challenger_out() -> None:
    examples, attributes = made_examples(1500)
    planted = pd.concat([attributes, filled_in_later(examples)], ignore_index=True)
    train = partial(train_and_watch, candidates=examples.tail(50), as_of=AS_OF)
    model, alarms = train(examples, planted)
    assert isinstance(model, TrainedReadiness)
    assert [alarm.severity for alarm in alarms][:2] == ["severe", "severe"]
    assert {alarm.name for alarm in alarms} >= {"leak", "leaking_feature"}
    assert {alarm.figures["feature"] for alarm in alarms if alarm.name == "leaking_feature"} == {"attribute call_note"}

    early = examples["became_mql_at"] + pd.Timedelta(days=30) <= MIDDLE
    honest = train_readiness(examples[early], attributes, as_of=MIDDLE)
    assert isinstance(honest, TrainedReadiness) and not honest.card["alarms"]
    stays, _ = train(examples, planted, incumbent=honest)
    assert isinstance(stays, TrainedReadiness) and stays.version == honest.version
    assert "looks like a leak" in stays.card["promotion"]["why"]
