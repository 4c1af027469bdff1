"""Measures of probabilities and their uncertainty: intervals, calibration, discrimination, gain, paired comparison.

What scikit-learn and scipy already measure (Brier score, log loss, average precision) is called from there, not
repeated here. `weights`, where a measure takes them, say how many leads a row stands for; without them each stands
for itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

Floats = npt.NDArray[np.float64]
_NORMAL = 1.959963984540054
_CLIP = 1e-12


class Interval(NamedTuple):
    """An estimate with its confidence limits."""

    estimate: float
    lower: float
    upper: float


NOT_KNOWN = Interval(float("nan"), float("nan"), float("nan"))


class BrierParts(NamedTuple):
    """Brier score = reliability − resolution + uncertainty + within_bins, exactly, for the bins of the table.

    `within_bins` is what forecasts that differ inside one bin add or take (Stephenson et al. 2008).
    """

    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float


class CalibrationLine(NamedTuple):
    """Outcome on logit(forecast): `level` is the intercept at slope 1 (0: as many as forecast), `slope` 1: as spread as
    forecast; `intercept` and `covariance` (2 × 2) belong to the line itself.
    """

    level: Interval
    slope: Interval
    intercept: float
    covariance: Floats


def wilson_interval(successes: int, count: int, *, confidence: float = 0.95) -> Interval:
    """A rate with its Wilson interval; all NaN without observations."""
    if count == 0:
        return NOT_KNOWN
    limits = stats.binomtest(successes, count).proportion_ci(confidence_level=confidence, method="wilson")
    return Interval(successes / count, float(limits.low), float(limits.high))


def weighted_rate(labels: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Interval:
    """Rate of a label with its 95 % Wilson interval; weighted rows count as their effective number (Kish)."""
    outcome = np.asarray(labels, dtype=np.float64)
    if weights is None:
        return wilson_interval(int(outcome.sum()), len(outcome))
    weight = np.asarray(weights, dtype=np.float64)
    if not weight.sum() > 0:
        return NOT_KNOWN
    rate, count = float(weight @ outcome / weight.sum()), float(weight.sum() ** 2 / (weight @ weight))
    shrink = 1 + _NORMAL**2 / count
    middle = (rate + _NORMAL**2 / (2 * count)) / shrink
    reach = _NORMAL / shrink * (rate * (1 - rate) / count + _NORMAL**2 / (4 * count**2)) ** 0.5
    return Interval(rate, max(0.0, middle - reach), min(1.0, middle + reach))


def predicted_over_actual(
    labels: npt.ArrayLike, predicted: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> Interval:
    """Outcomes predicted per outcome seen, 95 % by the interval of the rate seen; estimate inf where none was seen."""
    forecast = np.asarray(predicted, dtype=np.float64)
    rate = weighted_rate(labels, weights)
    if rate.estimate != rate.estimate:
        return NOT_KNOWN
    mean = float(np.average(forecast, weights=None if weights is None else np.asarray(weights, dtype=np.float64)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return Interval(*(float(np.divide(mean, part)) for part in (rate.estimate, rate.upper, rate.lower)))


def calibration_table(
    labels: npt.ArrayLike, predicted: npt.ArrayLike, *, bins: int = 10, weights: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Predicted beside observed, one row per bin of about equal size (equal predictions share a bin).

    Columns: bin, count, mean_predicted, observed_rate, lower, upper (Wilson, 95 %). Bins are those of the rows; means
    and rates are weighted.
    """
    outcome, forecast = np.asarray(labels, dtype=np.int64), np.asarray(predicted, dtype=np.float64)
    weight = None if weights is None else np.asarray(weights, dtype=np.float64)
    rows = []
    which = _bins(forecast, bins)
    for number in range(int(which.max(initial=-1)) + 1):
        inside = which == number
        own = None if weight is None else weight[inside]
        mean = float(np.average(forecast[inside], weights=own))
        rows.append((number + 1, int(inside.sum()), mean, *weighted_rate(outcome[inside], own)))
    return pd.DataFrame(rows, columns=["bin", "count", "mean_predicted", "observed_rate", "lower", "upper"])


def expected_calibration_error(table: pd.DataFrame) -> float:
    """Mean distance of predicted from observed over a calibration table, weighted by count."""
    distance = (table["mean_predicted"] - table["observed_rate"]).abs()
    return float((distance * table["count"]).sum() / table["count"].sum())


def calibration_error_interval(
    labels: npt.ArrayLike, predicted: npt.ArrayLike, *, seed: int, bins: int = 10, repeats: int = 500
) -> Interval:
    """Expected calibration error with a 95 % bootstrap interval over rows, bins kept.

    Chance alone makes it positive: of a perfect forecast, too, the estimate lies above 0.
    """
    outcome, forecast = np.asarray(labels, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    which = _bins(forecast, bins)
    gap, random, count = outcome - forecast, np.random.default_rng(seed), len(outcome)

    def error(rows: npt.NDArray[np.int64]) -> float:
        return float(np.abs(np.bincount(which[rows], weights=gap[rows])).sum() / count)

    drawn = [error(random.integers(0, count, count)) for _ in range(repeats)]
    lower, upper = np.quantile(drawn, [0.025, 0.975])
    estimate = error(np.arange(count))
    return Interval(estimate, float(min(lower, estimate)), float(max(upper, estimate)))


def brier_parts(labels: npt.ArrayLike, predicted: npt.ArrayLike, *, bins: int = 10) -> BrierParts:
    """The parts of the Brier score over the bins of `calibration_table`."""
    outcome, forecast = np.asarray(labels, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    which = _bins(forecast, bins)
    count = np.bincount(which)
    share = count / count.sum()
    observed, mean = np.bincount(which, weights=outcome) / count, np.bincount(which, weights=forecast) / count
    rate = float(outcome.mean())
    reliability = float(share @ (mean - observed) ** 2)
    resolution, uncertainty = float(share @ (observed - rate) ** 2), rate * (1 - rate)
    inside = (forecast - mean[which]) * (forecast - mean[which] - 2 * (outcome - observed[which]))
    return BrierParts(reliability, resolution, uncertainty, float(inside.mean()))


def calibration_line(
    labels: npt.ArrayLike, predicted: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> CalibrationLine:
    """Logistic regression of the outcome on the forecast's logit, Wald intervals (95 %; sandwich, so weights may be
    any).

    NaN where the data do not tell: one class only, equal forecasts (slope), or a forecast that separates the classes.
    """
    outcome, odds = np.asarray(labels, dtype=np.float64), special.logit(_inside(predicted))
    weight = np.ones(len(outcome)) if weights is None else np.asarray(weights, dtype=np.float64)
    ones = np.ones((len(odds), 1))
    level, spread = _logit_fit(ones, odds, outcome, weight)
    line, covariance = _logit_fit(np.column_stack([ones, odds]), np.zeros(len(odds)), outcome, weight)
    return CalibrationLine(_wald(level[0], spread[0, 0]), _wald(line[1], covariance[1, 1]), float(line[0]), covariance)


def auc_interval(labels: npt.ArrayLike, predicted: npt.ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Area under the ROC curve with its DeLong interval; NaN where one class is absent."""
    outcome, forecast = np.asarray(labels, dtype=bool), np.asarray(predicted, dtype=np.float64)
    positive, negative = forecast[outcome], forecast[~outcome]
    if not len(positive) or not len(negative):
        return NOT_KNOWN
    ranks = stats.rankdata(forecast)
    over_negative = (ranks[outcome] - stats.rankdata(positive)) / len(negative)
    over_positive = 1 - (ranks[~outcome] - stats.rankdata(negative)) / len(positive)
    area = float(over_negative.mean())
    variance = sum(float(part.var(ddof=1)) / len(part) for part in (over_negative, over_positive) if len(part) > 1)
    reach = float(stats.norm.ppf(0.5 + confidence / 2)) * variance**0.5
    return Interval(area, max(0.0, area - reach), min(1.0, area + reach))


def gain_at(labels: npt.ArrayLike, predicted: npt.ArrayLike, share: float) -> Interval:
    """Share of all outcomes among the best `share` of the rows (cumulative gain; lift is this over `share`), with the
    Wilson interval of that share. Rows of equal forecast are taken in no order: each counts by its part.
    """
    outcome, forecast = np.asarray(labels, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    total = int(outcome.sum())
    if not total:
        return NOT_KNOWN
    values, place = np.unique(-forecast, return_inverse=True)
    rows = np.concatenate([[0], np.bincount(place, minlength=len(values)).cumsum()])
    won = np.concatenate([[0], np.bincount(place, weights=outcome, minlength=len(values)).cumsum()])
    found = float(np.interp(share * len(outcome), rows, won))
    limits = wilson_interval(round(found), total)
    return Interval(found / total, min(limits.lower, found / total), max(limits.upper, found / total))


def row_log_loss(labels: npt.ArrayLike, predicted: npt.ArrayLike) -> Floats:
    """Log loss of each row, shape (rows,)."""
    outcome, forecast = np.asarray(labels, dtype=np.float64), _inside(predicted)
    return np.asarray(-(outcome * np.log(forecast) + (1 - outcome) * np.log1p(-forecast)), dtype=np.float64)


def paired_difference(
    left: npt.ArrayLike, right: npt.ArrayLike, *, seed: int, repeats: int = 1000, weights: npt.ArrayLike | None = None
) -> Interval:
    """Mean of left − right with a 95 % bootstrap interval over rows; negative where left is the smaller loss."""
    # Forecasts that are the same but for their last bits are the same.
    difference = np.round(np.asarray(left, dtype=np.float64) - np.asarray(right, dtype=np.float64), 12)
    weight = np.ones(len(difference)) if weights is None else np.asarray(weights, dtype=np.float64)
    random, count = np.random.default_rng(seed), len(difference)
    drawn = (random.integers(0, count, count) for _ in range(repeats))
    means = np.array([weight[rows] @ difference[rows] / weight[rows].sum() for rows in drawn])
    lower, upper = np.quantile(means, [0.025, 0.975])
    return Interval(float(np.average(difference, weights=weight)), float(lower), float(upper))


def _bins(forecast: Floats, bins: int) -> npt.NDArray[np.int64]:
    """The bin of each forecast, 0 up, none empty."""
    edges = np.unique(np.quantile(forecast, np.linspace(0, 1, bins + 1)[1:-1])) if forecast.size else np.empty(0)
    return np.unique(np.searchsorted(edges, forecast, side="right"), return_inverse=True)[1].astype(np.int64)


def _inside(predicted: npt.ArrayLike) -> Floats:
    return np.clip(np.asarray(predicted, dtype=np.float64), _CLIP, 1 - _CLIP)


def _wald(estimate: float, variance: float) -> Interval:
    reach = _NORMAL * float(variance) ** 0.5
    return Interval(float(estimate), float(estimate - reach), float(estimate + reach))


def _logit_fit(design: Floats, offset: Floats, outcome: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Coefficients and their sandwich covariance by Newton's method; NaN where it does not settle."""
    beta, size = np.zeros(design.shape[1]), design.shape[1]
    unknown = np.full(size, np.nan), np.full((size, size), np.nan)
    for _ in range(50):
        chance = special.expit(offset + design @ beta)
        curve = (design * (weight * chance * (1 - chance))[:, None]).T @ design
        if not np.isfinite(curve).all() or np.linalg.cond(curve) > 1e10:
            return unknown
        step = np.linalg.solve(curve, design.T @ (weight * (outcome - chance)))
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            turned = np.linalg.inv(curve)
            scores = design * (weight * (outcome - chance))[:, None]
            return beta, turned @ (scores.T @ scores) @ turned
    return unknown
