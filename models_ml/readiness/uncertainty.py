"""How sure a score is: an interval around the probability of leads with just these features, 95 %.

Three parts, all in log odds. How well the training knows this kind of lead: the posterior variance of a logistic ridge
on the same columns (a rare kind, or a level never seen, has little behind it). How much the answer hangs on the form of
the model: what lies between ridge and classifier, for the lead and on the whole. How far forecasts of leads never
learned from lay off: an error all scores share. Learned once at training, kept as plain numbers; a row's interval hangs
on that row alone. An interval is of the share among such leads, not of one person: what no column tells stays outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from threadpoolctl import threadpool_limits

from models_ml.readiness.prepared import Feature, Prepared, places_of, prepare
from models_ml.readiness.ridge import fit_ridge

Floats = npt.NDArray[np.float64]
NORMAL = 1.959963984540054
MOST_ROWS, MOST_LEVELS, FARTHEST = 20_000, 12, 4.0
START = 4.0
# What counts of the posterior variance (more than it is: penalties learned of the same rows are taken for known), of a
# row's own squared distance between ridge and classifier (which may be small by chance), and of its mean over training.
# By simulation, 250, 700, 3,000, 8,000 examples: 95 % intervals hold the truth of .96, .94, .96, .96 of leads; with
# shares of 1, 1, 0 of .95, .94, .95, .93, and are wider, by a seventh at 3,000 and a fifth at 8,000.
KNOWN_SHARE, OWN_SHARE, MEAN_SHARE = 1.3, 0.25, 0.15
DIGITS = 9


@dataclass(frozen=True)
class Uncertainty:
    """What an interval needs, beside the classifier's own columns.

    Attributes
    ----------
    centres, scales : (numeric columns,) how numbers are put on one scale
    columns : for each categorical column the design column of each code
    ridge : (design columns,) its coefficients, the intercept last
    root : (design columns, design columns) a root of their posterior covariance
    shared : standard error in log odds that all scores of the model have in common
    form : mean squared distance between ridge and classifier over training, in log odds
    """

    centres: Floats
    scales: Floats
    columns: tuple[tuple[int, ...], ...]
    ridge: Floats
    root: Floats
    shared: float
    form: float

    def errors(self, rows: Prepared, logits: Floats) -> Floats:
        """Standard error of the classifier's `logits` of the rows, shape (rows,)."""
        design = _design(rows, self.centres, self.scales, self.columns, len(self.ridge))
        known = ((design @ self.root) ** 2).sum(axis=1)
        form = OWN_SHARE * (logits - design @ self.ridge) ** 2 + MEAN_SHARE * self.form
        return np.asarray(np.sqrt(KNOWN_SHARE * known + form + self.shared**2), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {
            "centres": self.centres.tolist(),
            "scales": self.scales.tolist(),
            "columns": [list(places) for places in self.columns],
            "ridge": self.ridge.tolist(),
            "root": [[float(f"{value:.{DIGITS}g}") for value in row] for row in self.root],
            "shared": self.shared,
            "form": self.form,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Uncertainty:
        """What `to_dict` gave."""
        return cls(
            np.array(content["centres"], dtype=np.float64),
            np.array(content["scales"], dtype=np.float64),
            tuple(tuple(int(place) for place in places) for places in content["columns"]),
            np.array(content["ridge"], dtype=np.float64),
            np.array(content["root"], dtype=np.float64),
            float(content["shared"]),
            # A model stored before this was learned cannot say how sure its scores are: their intervals are empty.
            float(content.get("form", np.nan)),
        )


def interval_of(logits: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """(low, high) of the probabilities, 95 %: symmetric in log odds."""
    return expit(logits - NORMAL * errors), expit(logits + NORMAL * errors)


def learn_uncertainty(
    frame: pd.DataFrame,
    classifier: Any,
    labels: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    residuals: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Uncertainty:
    """Learn how sure scores are.

    Parameters
    ----------
    classifier
        a fitted `ReadinessClassifier`.
    frame, labels, weights
        what it was fitted to; weights None: all 1.
    residuals
        `TrainedReadiness.residuals`: the hold-out's line of outcome on logit(forecast) and its calibration bins.
    seed
        draws which rows are learned from where there are more than 20,000.
    """
    outcome = np.asarray(labels, dtype=np.float64)
    weight = np.ones(len(outcome)) if weights is None else np.asarray(weights, dtype=np.float64)
    chosen = np.flatnonzero(weight > 0)
    effective = float(weight.sum() ** 2 / (weight @ weight))
    if len(chosen) > MOST_ROWS:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, MOST_ROWS, replace=False))
    rows, features = prepare(frame.iloc[chosen], classifier.features_), classifier.features_
    centres, scales = _scales(rows.numbers)
    columns, blocks = _columns(rows, features)
    design = _design(rows, centres, scales, columns, len(blocks) + 1)
    # So many rows as the weighted ones are worth: what is learned of fewer rows is scaled to all.
    share = weight[chosen] * (effective / weight[chosen].sum())
    with threadpool_limits(limits=1):
        coefficients, root, common = _posterior(design, outcome[chosen], share, blocks)
        logits = np.asarray(classifier.decision_function(frame.iloc[chosen]), dtype=np.float64)
    shared = float(np.sqrt(common + shared_variance(residuals or {})))
    form = float(np.average((logits - design @ coefficients) ** 2, weights=share))
    return Uncertainty(centres, scales, columns, coefficients, root, shared, form)


def shared_variance(residuals: Mapping[str, Any]) -> float:
    """Variance in log odds of what the hold-out's bins lay off beyond chance; 0 where nothing is known."""
    bins = pd.DataFrame(residuals.get("bins", []))
    if bins.empty or not {"count", "mean_predicted", "observed_rate"} <= set(bins.columns):
        return 0.0
    predicted = np.clip(bins["mean_predicted"].to_numpy(dtype=np.float64), 1e-6, 1 - 1e-6)
    steep = predicted * (1 - predicted)
    off = (bins["observed_rate"].to_numpy(dtype=np.float64) - predicted) / steep
    chance = 1 / (bins["count"].to_numpy(dtype=np.float64) * steep)
    # DerSimonian and Laird's estimate of what varies between bins beyond their sampling.
    inverse = 1 / chance
    excess = float(inverse @ off**2) - len(off)
    return max(0.0, excess / float(inverse.sum()))


def _scales(numbers: Floats) -> tuple[Floats, Floats]:
    with np.errstate(invalid="ignore"):
        known = np.isfinite(numbers)
        count = np.maximum(known.sum(axis=0), 1)
        centres = np.where(known, numbers, 0.0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, numbers - centres, 0.0) ** 2).sum(axis=0) / count)
    return centres, np.where(spread > 0, spread, 1.0)


def _columns(rows: Prepared, features: Sequence[Feature]) -> tuple[tuple[tuple[int, ...], ...], npt.NDArray[np.intp]]:
    """Design columns of each category's codes (rarer levels share one), and the block of each column."""
    categorical = [features[place] for place in places_of(features, "categorical")]
    width = 2 * rows.numbers.shape[1]
    blocks = [0] * rows.numbers.shape[1] + [1] * rows.numbers.shape[1]
    found = []
    for place, feature in enumerate(categorical):
        codes = len(feature.levels) + 2
        counts = np.bincount(rows.codes[:, place], minlength=codes)
        kept = set(np.argsort(-counts, kind="stable")[:MOST_LEVELS].tolist()) | {codes - 1}
        own = {code: width + number for number, code in enumerate(sorted(kept))}
        other = width + len(kept)
        found.append(tuple(own.get(code, other) for code in range(codes)))
        # The column rarer codes share is there only if there are any.
        own_width = len(kept) + (len(kept) < codes)
        width += own_width
        blocks += [2 + place] * own_width
    return tuple(found), np.array(blocks, dtype=np.intp)


def _design(rows: Prepared, centres: Floats, scales: Floats, columns: Sequence[Sequence[int]], width: int) -> Floats:
    numeric = rows.numbers.shape[1]
    design = np.zeros((len(rows.numbers), width))
    known = np.isfinite(rows.numbers)
    scaled = np.where(known, (rows.numbers - centres) / scales, 0.0)
    design[:, :numeric] = np.clip(scaled, -FARTHEST, FARTHEST)
    design[:, numeric : 2 * numeric] = ~known
    every = np.arange(len(design))
    for place, places in enumerate(columns):
        design[every, np.array(places, dtype=np.intp)[rows.codes[:, place]]] = 1.0
    design[:, -1] = 1.0
    return design


def _posterior(
    design: Floats, labels: Floats, weights: Floats, blocks: npt.NDArray[np.intp]
) -> tuple[Floats, Floats, float]:
    """(coefficients, root of their posterior covariance, variance that scores share on average)."""
    sides = design[:, :-1]
    count = int(blocks.max(initial=0)) + 1
    ridge = fit_ridge(sides, labels, weights, blocks, np.full(count, START), np.ones(count, dtype=bool))
    chance = expit(ridge.intercept + sides @ ridge.weights)
    curve = weights * np.maximum(chance * (1 - chance), 1e-6)
    information = (design * curve[:, None]).T @ design
    penalties = np.r_[ridge.penalties[blocks], 1e-6]
    information[np.diag_indices_from(information)] += penalties
    values, vectors = np.linalg.eigh(information)
    root = vectors / np.sqrt(np.maximum(values, 1e-9))
    middle = (curve @ design) / curve.sum()
    return np.r_[ridge.weights, ridge.intercept], root, float(((middle @ root) ** 2).sum())
