"""The spline basis of a number: a line over the column's quantiles, and a bend at each inner one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import isotonic_regression

from models_ml.readiness.cells import Floats

KNOTS, ALL_KNOTS = 10, 600
TAIL, SPIKE = 0.02, 0.1


@dataclass(frozen=True)
class Basis:
    """Columns of one number: line, bends, and a flag for missing (where any was); the others are 0 if missing."""

    places: Floats
    means: Floats
    scale: float
    has_flag: int

    @property
    def width(self) -> int:
        """Count of columns."""
        return len(self.means) + self.has_flag

    def columns(self, values: Floats) -> Floats:
        """Columns for the values, shape (rows, width)."""
        gaps = np.isnan(values)
        matrix = (_raw(values, self.places) - self.means) / self.scale
        matrix[gaps] = 0.0
        return np.column_stack([matrix, gaps]) if self.has_flag else matrix

    def curve(self, weights: Floats, *, is_rising: bool) -> tuple[Floats, float]:
        """(effect at each place, effect of missing) for weights of the columns; `is_rising` levels every descent."""
        effects = ((_raw(self.places, self.places) - self.means) / self.scale) @ weights[: len(self.means)]
        if is_rising:
            effects = isotonic_regression(effects)
        return effects, float(weights[-1]) if self.has_flag else 0.0


def spline_basis(values: Floats, weights: Floats, *, columns: int) -> Basis:
    """The basis for a column's training values; with many `columns` each has fewer places."""
    known = ~np.isnan(values)
    places = _places(values[known], weights[known], int(np.clip(ALL_KNOTS // max(columns, 1), 2, KNOTS)))
    matrix = _raw(values[known], places)
    share = weights[known] / max(weights[known].sum(), 1e-300)
    means = share @ matrix
    scale = float(np.sqrt(share @ (matrix[:, 0] - means[0]) ** 2))
    return Basis(places, means, scale if scale > 0 else 1.0, int(not known.all()))


def _places(values: Floats, weights: Floats, count: int) -> Floats:
    """Distinct quantiles by weight, from near the least to near the greatest value; a spike may stand off its sides."""
    if not len(values):
        return np.array([0.0, 1.0])
    order = np.argsort(values, kind="stable")
    ordered, reached = values[order], np.cumsum(weights[order])
    wanted = np.linspace(TAIL, 1 - TAIL, count) * reached[-1]
    places = ordered[np.minimum(np.searchsorted(reached, wanted), len(ordered) - 1)]
    kept = _apart(np.unique(np.r_[places, _spike(ordered, reached)]))
    if len(kept) < 2:
        kept = _apart(np.array([ordered[0], places[0], ordered[-1]]))
    return kept if len(kept) > 1 else np.array([kept[0], kept[0] + max(1.0, abs(kept[0]))])


def _spike(ordered: Floats, reached: Floats) -> Floats:
    """The commonest value and the values next to it, where a tenth of the rows have it (the zero of a count)."""
    firsts = np.flatnonzero(np.r_[True, np.diff(ordered) > 0])
    sums = np.diff(np.r_[0.0, reached[np.r_[firsts[1:] - 1, len(ordered) - 1]]])
    most = int(np.argmax(sums))
    return ordered[firsts[max(most - 1, 0) : most + 2]] if sums[most] >= SPIKE * reached[-1] else ordered[:0]


def _apart(places: Floats) -> Floats:
    """The places without those too close to the one before for a slope to be computed."""
    kept = [float(places[0])]
    for place in places[1:]:
        if place - kept[-1] > max(1e-12 * max(abs(place), abs(kept[-1])), 1e-250):
            kept.append(float(place))
    return np.array(kept)


def _raw(values: Floats, places: Floats) -> Floats:
    """On the even scale of the places (each step between places is 1): the line, and a bend at each inner place."""
    scaled = np.interp(values, places, np.arange(len(places), dtype=np.float64))
    return np.column_stack([scaled, *(np.maximum(scaled - place, 0.0) for place in range(1, len(places) - 1))])
