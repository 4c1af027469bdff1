"""The model that scores now, held against what came since: its card, outcomes it had not seen, the newest leads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from models_ml.metrics import Interval, predicted_over_actual
from models_ml.readiness.alarms import MIN_ROWS, Alarm, balance_alarms, base_rate_alarms, drift_alarms
from models_ml.readiness.columns import feature_frame, raw_features
from models_ml.readiness.judging import unseen_by
from models_ml.readiness.trained import TrainedReadiness
from models_ml.readiness.training_data import TrainingData, forecast


def watch_readiness(
    model: TrainedReadiness,
    examples: pd.DataFrame,
    candidates: pd.DataFrame,
    attributes: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
) -> list[Alarm]:
    """Alarms of a model, the severe ones first.

    Parameters
    ----------
    model
        the champion.
    examples, attributes
        as `train_readiness` takes them.
    candidates
        rows of `ml_readiness__scoring_candidates`: the newest leads, held against those it learned from.
    as_of
        naive UTC.
    """
    if examples.empty:
        return _severe_first([Alarm(**alarm) for alarm in model.card["alarms"]])
    data = TrainingData.of(
        examples,
        attributes,
        as_of=as_of,
        excluded_attributes=model.excluded_attributes,
        random_state=int(model.card["parameters"]["random_state"]),
    )
    return watch_prepared(model, data, candidates, attributes, as_of=as_of)


def watch_prepared(
    model: TrainedReadiness,
    data: TrainingData,
    candidates: pd.DataFrame,
    attributes: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
) -> list[Alarm]:
    """`watch_readiness` on examples prepared already; nothing the model may look at may be kept out of them."""
    found = [Alarm(**alarm) for alarm in model.card["alarms"]]
    is_new = unseen_by(data, model.card["learned_until"])
    if moved := _base_rate(model, data):
        found = [alarm for alarm in found if alarm.name != moved[0].name] + moved
    found += _before_move(model, as_of) + _since(model, data.where(is_new))
    newest = raw_features(candidates, attributes, excluded_attributes=model.excluded_attributes)
    learned = feature_frame(data.raw[~is_new], model.schema)
    return _severe_first(found + drift_alarms(learned, feature_frame(newest, model.schema)))


def _severe_first(alarms: list[Alarm]) -> list[Alarm]:
    return sorted(alarms, key=lambda alarm: alarm.severity != "severe")


def _since(model: TrainedReadiness, data: TrainingData) -> list[Alarm]:
    """Whether as many became SQL as forecast, of the leads whose outcome it had not seen."""
    if not data.used.any():
        return []
    predicted = forecast(model.classifier, model.schema, data.raw[data.used])
    ratio = predicted_over_actual(data.known, predicted, data.weights)
    return balance_alarms(ratio, {}) if np.isfinite(ratio.estimate) else []


def _base_rate(model: TrainedReadiness, data: TrainingData) -> list[Alarm]:
    """Whether outcomes come at another rate than those its classifier learned from; a move learns a level only."""
    later = unseen_by(data, model.card["trained_as_of"])
    if later.sum() < MIN_ROWS:
        return []
    every = data.every_weight
    learned, latest = (data.where(rows, given=every[rows]) for rows in (~later, later))
    if not (learned.used.any() and latest.used.any()):
        return []
    return base_rate_alarms(learned.known, latest.known, learned_weights=learned.weights, latest_weights=latest.weights)


def _before_move(model: TrainedReadiness, as_of: pd.Timestamp) -> list[Alarm]:
    """How far off it was before new outcomes moved its chances: severe in the training that moved them, then told."""
    moved = model.card.get("recalibration")
    if not moved or pd.Timestamp(moved["as_of"]) <= pd.Timestamp(model.card["trained_as_of"]):
        return []
    is_now = pd.Timestamp(moved["as_of"]) == as_of
    return [
        replace(
            alarm,
            severity="severe" if is_now else "notice",
            words=f"{alarm.words} Its chances were moved ({moved['shift']:+.2f} in log odds): find out what changed.",
        )
        for alarm in balance_alarms(Interval(**moved["before"]), {})
    ]
