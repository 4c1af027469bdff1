"""A logistic regression on counts with a light penalty: small, fast, and finite whatever the counts are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Standard deviations, on the log-odds, of what is held possible beforehand: an effect of twelve times the odds lies one
# of them off (Gelman et al. 2008), any base rate well inside one. Where there are data they outweigh it.
SLOPE_SPREAD, LEVEL_SPREAD = 2.5, 10.0
_STEPS, _CLOSE = 50, 1e-9


class CountLogit:
    """Log-odds of a yes by indicators given each other, from rows of counts.

    Ridge-penalised maximum likelihood by Newton's method; the covariance is that of the penalised likelihood, so an
    effect the data do not speak of has a wide interval instead of none.

    Attributes
    ----------
    coef_ : ndarray of shape (slopes,)
        Log odds ratio of each indicator.
    error_ : ndarray of shape (slopes,)
        Standard error of each.
    """

    def fit(
        self, levels: npt.ArrayLike, indicators: npt.ArrayLike, trials: npt.ArrayLike, yes: npt.ArrayLike
    ) -> CountLogit:
        """Learn from rows: `levels` (rows, strata) one-hot, `indicators` (rows, slopes), counts of trials and yeses."""
        left, right = np.asarray(levels, dtype=np.float64), np.asarray(indicators, dtype=np.float64)
        design = np.hstack([left, right])
        count, success = np.asarray(trials, dtype=np.float64), np.asarray(yes, dtype=np.float64)
        penalty = np.repeat([LEVEL_SPREAD**-2, SLOPE_SPREAD**-2], [left.shape[1], right.shape[1]])
        weights = np.zeros(design.shape[1])
        value = _objective(design, count, success, penalty, weights)
        for _ in range(_STEPS):
            chance = _sigmoid(design @ weights)
            slope = design.T @ (success - count * chance) - penalty * weights
            step = np.linalg.solve(_curvature(design, count, chance, penalty), slope)
            # The objective is concave: a step that overshoots is halved until it gains.
            share, gained = 1.0, -np.inf
            while share > _CLOSE and gained < value:
                gained = _objective(design, count, success, penalty, weights + share * step)
                share /= 2
            weights, value = weights + 2 * share * step, gained
            if np.abs(step).max(initial=0.0) < _CLOSE:
                break
        spread = np.linalg.inv(_curvature(design, count, _sigmoid(design @ weights), penalty))
        self.coef_ = weights[left.shape[1] :]
        self.error_ = np.sqrt(np.diag(spread))[left.shape[1] :]
        return self


def _sigmoid(odds: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(odds / 2)))


def _curvature(design: Floats, count: Floats, chance: Floats, penalty: Floats) -> Floats:
    return np.asarray((design * (count * chance * (1 - chance))[:, None]).T @ design + np.diag(penalty))


def _objective(design: Floats, count: Floats, success: Floats, penalty: Floats, weights: Floats) -> float:
    odds = design @ weights
    return float(success @ odds - count @ np.logaddexp(0, odds) - (penalty * weights**2).sum() / 2)
