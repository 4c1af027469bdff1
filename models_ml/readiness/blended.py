"""The blend: calibrated log odds as one sigmoid over the plain mean of the parts' log odds.

Intercept and slope (Platt) are learnt on cross-fitted log odds; the slope is drawn to one while rows are few. How much
each part deserves is not learnt (judged forward in time that was never better), but where the rows leave no doubt that
one part deserves more, as where columns tell only together, the mean is moved towards it. It is linear, so
contributions stay additive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from models_ml.readiness.cells import Floats

# How strongly the slope is drawn to one: as if it were known to about a sixth beforehand.
PULL = 40.0
# How far the mean may be moved towards one part, and by how many standard errors of the gain that has to pay.
MOVES, SURE = (0.25, 0.5, 0.75, 1.0), 4.0


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


def fit_blend(logits: list[Floats], labels: Floats, weights: Floats) -> Blend:
    """Fit on log odds of rows that the parts were not fitted on."""
    equal = plain_mean(len(logits)).slopes
    found = _scaled(equal, logits, labels, weights)
    if len(logits) == 1:
        return found
    before = _losses(found, logits, labels, weights)
    moved = [
        _scaled((1 - move) * equal + move * one, logits, labels, weights)
        for one in np.eye(len(logits))
        for move in MOVES
    ]
    best = min(moved, key=lambda blend: float(_losses(blend, logits, labels, weights).sum()))
    gain = before - _losses(best, logits, labels, weights)
    return best if gain.sum() > SURE * np.sqrt(len(gain)) * gain.std() else found


def _losses(blend: Blend, logits: list[Floats], labels: Floats, weights: Floats) -> Floats:
    """Weighted log loss of each row."""
    total = blend.of(logits)
    return np.asarray(weights * (np.logaddexp(0.0, total) - labels * total))


def _scaled(shares: Floats, logits: list[Floats], labels: Floats, weights: Floats) -> Blend:
    """The parts in these shares, through the sigmoid that fits best."""
    mean = Blend(0.0, shares).of(logits)

    def loss(values: Floats) -> tuple[float, Floats]:
        total = values[0] + values[1] * mean
        away = values[1] - 1.0
        size = weights @ (np.logaddexp(0.0, total) - labels * total) + 0.5 * PULL * away**2
        slope = weights * (expit(total) - labels)
        return float(size), np.array([slope.sum(), slope @ mean + PULL * away])

    options = {"ftol": 1e-12, "gtol": 1e-8, "maxiter": 500}
    found = minimize(
        loss, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B", bounds=[(None, None), (0.0, None)], options=options
    )
    return Blend(float(found.x[0]), float(found.x[1]) * shares)
