"""The model that scores now, held against what came since: its card, outcomes it had not seen, the newest leads."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.metrics import predicted_over_actual
from models_ml.readiness.alarms import Alarm, balance_alarms, drift_alarms
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
    found = [Alarm(**alarm) for alarm in model.card["alarms"]]
    if len(examples):
        data = TrainingData.of(
            examples,
            attributes,
            as_of=as_of,
            excluded_attributes=model.excluded_attributes,
            random_state=int(model.card["parameters"]["random_state"]),
        )
        is_new = unseen_by(data, model.card["learned_until"])
        found += _since(model, data.where(is_new))
        newest = raw_features(candidates, attributes, excluded_attributes=model.excluded_attributes)
        learned = feature_frame(data.raw[~is_new], model.schema)
        found += drift_alarms(learned, feature_frame(newest, model.schema))
    return sorted(found, key=lambda alarm: alarm.severity != "severe")


def _since(model: TrainedReadiness, data: TrainingData) -> list[Alarm]:
    """Whether as many became SQL as forecast, of the leads whose outcome it had not seen."""
    if not data.used.any():
        return []
    predicted = forecast(model.classifier, model.schema, data.raw[data.used])
    ratio = predicted_over_actual(data.known, predicted, data.weights)
    return balance_alarms(ratio, {}) if np.isfinite(ratio.estimate) else []
