"""The blend: calibrated log odds as an intercept plus a multiple of each part's, learnt on cross-fitted log odds.

With one part this is the sigmoid of Platt; with more it also says how much each part deserves. It stays additive, so
contributions do. Multiples are never negative and are drawn to the plain mean of the parts while rows are few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from models_ml.readiness.prepared import Floats


@dataclass(frozen=True)
class Blend:
    """Log odds = intercept + parts' log odds @ slopes."""

    intercept: float
    slopes: Floats

    def of(self, logits: list[Floats]) -> Floats:
        """Blended log odds of the parts' log odds, shape (rows,)."""
        total = np.full(len(logits[0]), self.intercept)
        for slope, part in zip(self.slopes, logits, strict=True):
            total += slope * part
        return total


def plain_mean(parts: int) -> Blend:
    """The mean of the parts, uncalibrated."""
    return Blend(0.0, np.full(parts, 1.0 / parts))


def fit_blend(logits: list[Floats], labels: Floats, weights: Floats, pull: float) -> Blend:
    """Fit on log odds of rows that the parts were not fitted on; `pull` draws the multiples to the plain mean."""
    matrix = np.column_stack(logits)
    prior = np.full(matrix.shape[1], 1.0 / matrix.shape[1])

    def loss(values: Floats) -> tuple[float, Floats]:
        total = values[0] + matrix @ values[1:]
        away = values[1:] - prior
        size = weights @ (np.logaddexp(0.0, total) - labels * total) + 0.5 * pull * away @ away
        slope = weights * (expit(total) - labels)
        return float(size), np.r_[slope.sum(), slope @ matrix + pull * away]

    bounds = [(None, None)] + [(0.0, None)] * len(prior)
    options = {"ftol": 1e-12, "gtol": 1e-8, "maxiter": 500}
    found = minimize(loss, np.r_[0.0, prior], jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return Blend(float(found.x[0]), np.asarray(found.x[1:], dtype=np.float64))
