"""The model that a training ends with: the chosen tier on all mature examples, its card, and its intercept moved if
need be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from models_ml.model_selection import Rows, TemporalSplit
from models_ml.readiness.card import make_card, recalibrated_card
from models_ml.readiness.columns import FeatureSchema, feature_frame
from models_ml.readiness.fairness import protected_groups
from models_ml.readiness.judging import Judged, alarms_of, residuals
from models_ml.readiness.promotion import MIN_UNSEEN, Verdict
from models_ml.readiness.proxies import protected_values, proxy_report
from models_ml.readiness.recalibrate import find_recalibration, with_shift
from models_ml.readiness.trained import TrainedReadiness
from models_ml.readiness.training_data import Floats, TrainingData, fit_classifier, forecast, version_frame
from models_ml.readiness.uncertainty import Uncertainty, learn_uncertainty
from models_ml.readiness.versions import training_version

PROTECTED = "protected"


@dataclass(frozen=True)
class Training:
    """What one call of `train_readiness` works with."""

    data: TrainingData
    attributes: pd.DataFrame
    as_of: pd.Timestamp
    excluded: dict[str, str]
    points: tuple[str, ...] | None
    horizons: dict[str, int]
    version: str
    hashes: dict[str, str]
    parameters: dict[str, Any]

    @classmethod
    def of(
        cls,
        examples: pd.DataFrame,
        attributes: pd.DataFrame,
        *,
        as_of: pd.Timestamp,
        excluded_attributes: Collection[str] | Mapping[str, str] = (),
        points: Collection[str] | None = None,
        horizons: Mapping[str, int] | None = None,
        random_state: int = 7,
    ) -> Training | None:
        """As `train_readiness` takes it; None without an example."""
        if examples.empty:
            return None
        why = excluded_attributes if isinstance(excluded_attributes, Mapping) else {}
        excluded = {name: why.get(name, PROTECTED) for name in sorted(excluded_attributes)}
        data = TrainingData.of(
            examples, attributes, as_of=as_of, excluded_attributes=excluded, random_state=random_state
        )
        known = dict(horizons or data.horizons())
        named = None if points is None else tuple(sorted(points))
        parameters = {"horizons": known, "random_state": random_state, "excluded": list(excluded), "points": named}
        version, hashes = training_version(version_frame(data), parameters)
        return cls(data, attributes, as_of, excluded, named, known, version, hashes, parameters)

    @property
    def protected(self) -> list[str]:
        """Attributes whose proxies are reported: of all that is kept out, what is so because it is protected."""
        return [name for name, why in self.excluded.items() if why == PROTECTED]


def fit_final(training: Training, split: TemporalSplit, judged: Judged, verdict: Verdict) -> TrainedReadiness:
    """The chosen tier, fitted on all mature examples; bands are cut where the hold-out's predictions fell."""
    data = training.data
    classifier, schema = fit_classifier(data, judged.tier, training.points)
    alarms = alarms_of(judged, data, schema)
    protected = protected_values(data.examples, training.attributes, protected=training.protected)
    card = make_card(
        data,
        split,
        judged.report | {"by_protected": _groups(protected, split.is_holdout & data.used, judged)},
        tier=str(classifier.tier_),
        schema=schema,
        as_of=training.as_of,
        horizons=training.horizons,
        excluded=training.excluded,
        parameters=training.parameters,
        hashes=training.hashes,
        alarms=[alarm.to_dict() for alarm in alarms],
        proxies=proxy_report(data.raw[list(schema.names)], protected, random_state=data.random_state),
        verdict=verdict,
        bands=judged.bands,
    )
    off = residuals(judged)
    model = TrainedReadiness(
        training.version,
        classifier,
        schema,
        training.horizons,
        judged.bands,
        tuple(training.excluded),
        card,
        off,
        _uncertainty(classifier, schema, data, off),
    )
    # It has learned from the latest outcomes, but beside all earlier ones: of a base rate that moved that is an
    # average.
    held = judged.holdout
    again = forecast(classifier, schema, held.raw[held.used])
    return recalibrated(model, held.known, again, held.weights, training.as_of)


def _groups(protected: Mapping[str, pd.Series], is_judged: Rows, judged: Judged) -> list[dict[str, Any]]:
    held = judged.holdout
    return protected_groups(
        protected,
        is_judged,
        held.known,
        judged.forecasts["model"],
        high=judged.bands["high"],
        weights=held.weights,
    )


def _uncertainty(classifier: Any, schema: FeatureSchema, data: TrainingData, off: dict[str, Any]) -> Uncertainty:
    return learn_uncertainty(
        feature_frame(data.raw, schema)[data.used],
        classifier,
        data.known,
        data.weights,
        residuals=off,
        seed=data.random_state,
    )


def recalibrated(
    model: TrainedReadiness, labels: Any, predicted: Floats, weights: Floats | None, as_of: pd.Timestamp
) -> TrainedReadiness:
    """The model with its intercept moved to where the latest outcomes lie, if they lie elsewhere; else as it is."""
    shift = find_recalibration(labels, predicted, min_each=MIN_UNSEEN, weights=weights)
    if shift is None:
        return model
    version, card = recalibrated_card(model, model.card, shift, as_of)
    moved: TrainedReadiness = with_shift(model, shift.shift, version=version, card=card)
    return moved
