"""Logistic ridge whose penalties are learnt from the data, one for each block of columns (empirical Bayes).

A block's coefficients are draws around zero; how wide they spread is estimated with them, so a block that tells nothing
is shrunk to nothing and a strong one is left alone. This is the random-effects reading of partial pooling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.special import expit, logit

Floats = npt.NDArray[np.float64]
LEAST_PENALTY, MOST_PENALTY = 0.05, 1e5
PRIOR_COUNT = 0.5
ROUNDS, STEPS, TOLERANCE = 12, 25, 1e-8
ENOUGH, CHUNK = 20_000, 8192


@dataclass(frozen=True)
class Ridge:
    """A fitted logistic ridge: log odds = intercept + design @ weights."""

    intercept: float
    weights: Floats
    penalties: Floats


def fit_ridge(
    design: Floats, labels: Floats, sample_weight: Floats, blocks: npt.NDArray[np.intp], start: Floats, is_free: Any
) -> Ridge:
    """Fit by alternating a Newton step on the coefficients and an update of the penalties.

    `blocks` (columns,) the block of each column, `start` (blocks,) the penalties to begin with, `is_free` (blocks,)
    whether a block's penalty is learnt.
    """
    columns = design.shape[1]
    penalties = start.astype(np.float64).copy()
    mean = float(np.clip(np.average(labels, weights=sample_weight), 1e-6, 1 - 1e-6))
    beta = np.r_[logit(mean), np.zeros(columns)]
    if not columns:
        return Ridge(float(beta[0]), beta[1:], penalties)
    full = np.column_stack([np.ones(len(design)), design])
    # How widely effects spread is known well enough from some of the rows.
    some = slice(None, None, -(-len(full) // ENOUGH))
    part, part_labels, part_weight = full[some], labels[some], sample_weight[some]
    for _ in range(ROUNDS if np.any(is_free) else 0):
        beta, spread = _newton(part, part_labels, part_weight, beta, np.r_[1e-9, penalties[blocks]], steps=2)
        before = penalties.copy()
        for block in np.flatnonzero(is_free):
            mine = blocks == block
            count, freedom = mine.sum(), penalties[block] * spread[mine].sum()
            size = float(beta[1:][mine] @ beta[1:][mine])
            wanted = (max(count - freedom, 1e-3) + PRIOR_COUNT) / (size + PRIOR_COUNT / start[block])
            penalties[block] = np.clip(wanted, LEAST_PENALTY, MOST_PENALTY)
        if np.max(np.abs(np.log(penalties / before))) < 0.02:
            break
    beta, _ = _newton(full, labels, sample_weight, beta, np.r_[1e-9, penalties[blocks]], steps=STEPS)
    return Ridge(float(beta[0]), beta[1:], penalties)


def _newton(
    full: Floats, labels: Floats, weight: Floats, beta: Floats, penalty: Floats, *, steps: int
) -> tuple[Floats, Floats]:
    """A few steps of Newton with halving: (coefficients, posterior variances of those beside the intercept)."""
    logits = full @ beta
    loss = _loss(logits, labels, weight, beta, penalty)
    curvature: Any = None
    kind = _Wide if full.shape[1] > len(full) else _Tall
    for _ in range(steps):
        chance = expit(logits)
        curvature = kind(full, np.sqrt(weight * np.maximum(chance * (1 - chance), 1e-10)), penalty)
        step = curvature.solve(full.T @ (weight * (labels - chance)) - penalty * beta)
        share = 1.0
        while True:
            trial = beta + share * step
            trial_logits = full @ trial
            trial_loss = _loss(trial_logits, labels, weight, trial, penalty)
            if trial_loss <= loss or share < 1e-6:
                break
            share /= 2
        gain = loss - trial_loss
        if gain <= 0:
            break
        beta, logits, loss = trial, trial_logits, trial_loss
        if gain < TOLERANCE * max(1.0, abs(loss)):
            break
    return beta, curvature.variances()


class _Tall:
    """The penalised information of no more columns than rows, factored; the intercept is the first column."""

    def __init__(self, full: Floats, roots: Floats, penalty: Floats) -> None:
        information = _gram(full, roots)
        information[np.diag_indices_from(information)] += penalty
        self.factor: Any = cho_factor(information, lower=True)

    def solve(self, right: Floats) -> Floats:
        """Its inverse times a vector."""
        return np.asarray(cho_solve(self.factor, right))

    def variances(self) -> Floats:
        """The diagonal of its inverse, the intercept left out."""
        return np.diag(np.asarray(cho_solve(self.factor, np.eye(len(self.factor[0])))))[1:]


class _Wide:
    """The same of more columns than rows, by Woodbury's identity: what is factored is as large as the rows are many."""

    def __init__(self, full: Floats, roots: Floats, penalty: Floats) -> None:
        self.penalty, self.sides = penalty[1:], full[:, 1:] * roots[:, None]
        kernel = (self.sides / self.penalty) @ self.sides.T
        kernel[np.diag_indices_from(kernel)] += 1.0
        self.factor: Any = cho_factor(kernel, lower=True)
        # The intercept, hardly penalised, is eliminated apart.
        self.across = self.sides.T @ roots
        self.inner = self._inverse(self.across)
        self.rest = float(roots @ roots + penalty[0] - self.across @ self.inner)

    def _inverse(self, right: Floats) -> Floats:
        """The inverse of the block of the other columns, times a vector."""
        scaled = right / self.penalty
        return np.asarray(scaled - self.sides.T @ cho_solve(self.factor, self.sides @ scaled) / self.penalty)

    def solve(self, right: Floats) -> Floats:
        """Its inverse times a vector."""
        inner = self._inverse(right[1:])
        first = (right[0] - self.across @ inner) / self.rest
        return np.asarray(np.r_[first, inner - first * self.inner])

    def variances(self) -> Floats:
        """The diagonal of its inverse, the intercept left out."""
        halves = solve_triangular(self.factor[0], self.sides, lower=True) / self.penalty
        return np.asarray(1 / self.penalty - (halves * halves).sum(axis=0) + self.inner**2 / self.rest)


def _gram(full: Floats, roots: Floats) -> Floats:
    """Product of the scaled columns with each other; of many rows in single precision, which only costs a step."""
    kind: Any = np.float64 if len(full) <= ENOUGH else np.float32
    total: Floats = np.zeros((full.shape[1], full.shape[1]))
    for begin in range(0, len(full), CHUNK):
        scaled: Any = (full[begin : begin + CHUNK] * roots[begin : begin + CHUNK, None]).astype(kind, copy=False)
        total += scaled.T @ scaled
    return total


def _loss(logits: Floats, labels: Floats, weight: Floats, beta: Floats, penalty: Floats) -> float:
    return float(weight @ (np.logaddexp(0.0, logits) - labels * logits) + 0.5 * penalty @ (beta * beta))
