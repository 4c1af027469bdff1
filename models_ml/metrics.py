"""Measures of probabilities and their uncertainty: intervals, calibration, discrimination, paired comparison.

What scikit-learn and scipy already measure (Brier score, log loss) is called from there, not repeated here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

Floats = npt.NDArray[np.float64]


class Interval(NamedTuple):
    """An estimate with its confidence limits."""

    estimate: float
    lower: float
    upper: float


def wilson_interval(successes: int, count: int, *, confidence: float = 0.95) -> Interval:
    """A rate with its Wilson interval; all NaN without observations."""
    if count == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    limits = stats.binomtest(successes, count).proportion_ci(confidence_level=confidence, method="wilson")
    return Interval(successes / count, float(limits.low), float(limits.high))


def calibration_table(labels: npt.ArrayLike, predicted: npt.ArrayLike, *, bins: int = 10) -> pd.DataFrame:
    """Predicted beside observed, one row per bin of about equal size (equal predictions share a bin).

    Columns: bin, count, mean_predicted, observed_rate, lower, upper (Wilson, 95 %).
    """
    outcome, forecast = np.asarray(labels, dtype=np.int64), np.asarray(predicted, dtype=np.float64)
    edges = np.unique(np.quantile(forecast, np.linspace(0, 1, bins + 1)[1:-1])) if forecast.size else np.empty(0)
    which = np.searchsorted(edges, forecast, side="right")
    rows = []
    for number, place in enumerate(np.unique(which)):
        inside = which == place
        rate = wilson_interval(int(outcome[inside].sum()), int(inside.sum()))
        rows.append((number + 1, int(inside.sum()), float(forecast[inside].mean()), *rate))
    return pd.DataFrame(rows, columns=["bin", "count", "mean_predicted", "observed_rate", "lower", "upper"])


def expected_calibration_error(table: pd.DataFrame) -> float:
    """Mean distance of predicted from observed over a calibration table, weighted by count."""
    distance = (table["mean_predicted"] - table["observed_rate"]).abs()
    return float((distance * table["count"]).sum() / table["count"].sum())


def auc_interval(labels: npt.ArrayLike, predicted: npt.ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Area under the ROC curve with its DeLong interval; NaN where one class is absent."""
    outcome, forecast = np.asarray(labels, dtype=bool), np.asarray(predicted, dtype=np.float64)
    positive, negative = forecast[outcome], forecast[~outcome]
    if not len(positive) or not len(negative):
        return Interval(float("nan"), float("nan"), float("nan"))
    ranks = stats.rankdata(forecast)
    over_negative = (ranks[outcome] - stats.rankdata(positive)) / len(negative)
    over_positive = 1 - (ranks[~outcome] - stats.rankdata(negative)) / len(positive)
    area = float(over_negative.mean())
    variance = sum(float(part.var(ddof=1)) / len(part) for part in (over_negative, over_positive) if len(part) > 1)
    reach = float(stats.norm.ppf(0.5 + confidence / 2)) * variance**0.5
    return Interval(area, max(0.0, area - reach), min(1.0, area + reach))


def row_log_loss(labels: npt.ArrayLike, predicted: npt.ArrayLike) -> Floats:
    """Log loss of each row, shape (rows,)."""
    outcome = np.asarray(labels, dtype=np.float64)
    forecast = np.clip(np.asarray(predicted, dtype=np.float64), 1e-12, 1 - 1e-12)
    return np.asarray(-(outcome * np.log(forecast) + (1 - outcome) * np.log1p(-forecast)), dtype=np.float64)


def paired_difference(left: npt.ArrayLike, right: npt.ArrayLike, *, seed: int, repeats: int = 1000) -> Interval:
    """Mean of left − right with a 95 % bootstrap interval over rows; negative where left is the smaller loss."""
    difference = np.asarray(left, dtype=np.float64) - np.asarray(right, dtype=np.float64)
    random = np.random.default_rng(seed)
    count = len(difference)
    means = np.array([difference[random.integers(0, count, count)].mean() for _ in range(repeats)])
    lower, upper = np.quantile(means, [0.025, 0.975])
    return Interval(float(difference.mean()), float(lower), float(upper))
