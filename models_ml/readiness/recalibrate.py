"""The answer to a base rate that moved: the same model with its intercept moved, for leads that become MQL from then
on.

The order of leads, and what each feature adds, stay; every probability moves by the same log odds. A model moved is a
model of its own, with its own version. When it is done is decided in `train`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin

from models_ml.metrics import Interval, calibration_line, predicted_over_actual, row_log_loss
from models_ml.readiness.alarms import is_off

Floats = npt.NDArray[np.float64]
# Log odds are kept to this many decimals: a shift is part of a version.
_DECIMALS = 4


class ShiftedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier whose logit is moved by `shift`; everything else is the classifier's.

    Parameters
    ----------
    classifier : fitted ReadinessClassifier
    shift : float
        Added to the logit of every row.
    """

    def __init__(self, *, classifier: Any, shift: float) -> None:
        self.classifier = classifier
        self.shift = shift

    def __getattr__(self, name: str) -> Any:
        """What was learned (`…_`) is the classifier's."""
        if name.endswith("_") and not name.startswith("__") and "classifier" in self.__dict__:
            return getattr(self.classifier, name)
        raise AttributeError(name)

    @property
    def base_logit_(self) -> float:
        """The logit of a lead without any contribution."""
        return float(self.classifier.base_logit_) + self.shift

    def decision_function(self, X: Any) -> Floats:
        """Logit of the probability, shape (rows,)."""
        return np.asarray(self.classifier.decision_function(X) + self.shift, dtype=np.float64)

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities, shape (rows, 2)."""
        chance = expit(self.decision_function(X))
        return np.column_stack([1 - chance, chance])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likelier class, shape (rows,)."""
        return np.asarray(self.classes_[(self.decision_function(X) > 0).astype(int)])

    def contributions(self, X: Any) -> pd.DataFrame:
        """What each column adds to the logit, rows × columns."""
        found: pd.DataFrame = self.classifier.contributions(X)
        return found


@dataclass(frozen=True)
class Recalibration:
    """A shift in log odds with its interval, and predicted per actual before and after it, on the rows it rests on."""

    shift: float
    interval: Interval
    before: Interval
    after: Interval
    log_loss_gain: float
    rows: int
    converted: int

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        plain: dict[str, Any] = dict(self.__dict__)
        return plain | {name: plain[name]._asdict() for name in ("interval", "before", "after")}


def find_recalibration(
    labels: npt.ArrayLike, predicted: npt.ArrayLike, *, min_each: int, weights: npt.ArrayLike | None = None
) -> Recalibration | None:
    """The shift that makes outcomes forecast those seen; None where it is not needed, or too little is known.

    Needed is: predicted per actual outside [0.8, 1.25] and its interval (95 %) without 1, on at least `min_each` rows
    of either label that the model had not learned from.
    """
    outcome, forecast = np.asarray(labels), np.asarray(predicted, dtype=np.float64)
    if min(int(outcome.sum()), int(len(outcome) - outcome.sum())) < min_each:
        return None
    before = predicted_over_actual(outcome, forecast, weights)
    level = calibration_line(outcome, forecast, weights).level
    if not is_off(before) or level.lower <= 0 <= level.upper or level.estimate != level.estimate:
        return None
    shift = round(level.estimate, _DECIMALS)
    moved = shifted(forecast, shift)
    gain = np.average(
        row_log_loss(outcome, forecast) - row_log_loss(outcome, moved),
        weights=None if weights is None else np.asarray(weights, dtype=np.float64),
    )
    after = predicted_over_actual(outcome, moved, weights)
    return Recalibration(shift, level, before, after, float(gain), len(outcome), int(outcome.sum()))


def shifted(predicted: npt.ArrayLike, shift: float) -> Floats:
    """Probabilities moved by so many log odds."""
    inside = np.clip(np.asarray(predicted, dtype=np.float64), 1e-12, 1 - 1e-12)
    return np.asarray(expit(logit(inside) + shift), dtype=np.float64)


def shifted_classifier(classifier: Any, shift: float) -> Any:
    """The classifier moved; one that was moved before is moved on, not wrapped again."""
    if isinstance(classifier, ShiftedClassifier):
        return ShiftedClassifier(classifier=classifier.classifier, shift=round(classifier.shift + shift, _DECIMALS))
    return ShiftedClassifier(classifier=classifier, shift=shift)


def moved_bands(bands: dict[str, float], shift: float) -> dict[str, float]:
    """Cut points moved with the forecasts, so that as many leads as before are in each band."""
    return {name: float(shifted([cut], shift)[0]) for name, cut in bands.items()}


def with_shift(model: Any, shift: float, *, version: str, card: dict[str, Any]) -> Any:
    """A `TrainedReadiness` moved by `shift`, under a version and a card of its own."""
    residuals = dict(model.residuals)
    if residuals.get("intercept") is not None:
        # The line speaks of the forecasts as they were: moved, they are read at what they had been before.
        residuals["intercept"] = residuals["intercept"] + shift * (1 - residuals["slope"])
    sure = model.uncertainty and replace(
        model.uncertainty, ridge=np.r_[model.uncertainty.ridge[:-1], model.uncertainty.ridge[-1] + shift]
    )
    return replace(
        model,
        uncertainty=sure,
        version=version,
        classifier=shifted_classifier(model.classifier, shift),
        bands=moved_bands(model.bands, shift),
        card=card,
        residuals=residuals,
    )
