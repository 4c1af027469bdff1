"""The additive part: one curve for each number, one effect for each level, all shrunk as far as the data ask for.

log odds = intercept + the sum over columns of that column's effect. Fitted as a logistic ridge on a spline basis and
on indicators of levels; kept as plain tables, so a row's effect is looked up and depends on that row alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models_ml.readiness.prepared import Feature, Floats, Prepared
from models_ml.readiness.ridge import Ridge, fit_ridge

KNOTS = 8
START = {"line": 4.0, "bend": 40.0, "flag": 8.0, "level": 8.0}
FIXED_LEVEL = 1.0


@dataclass(frozen=True)
class Curve:
    """The effect of one column: piecewise linear between `places` (numbers), or `effects` by code (categories)."""

    places: Floats
    effects: Floats
    missing: float

    def of_numbers(self, values: Floats) -> Floats:
        """Effect of each value, shape (rows,); beyond the outer places it stays level."""
        effect = np.interp(values, self.places, self.effects)
        return np.where(np.isnan(values), self.missing, effect)

    def of_codes(self, codes: npt.NDArray[np.int32]) -> Floats:
        """Effect of each code, shape (rows,)."""
        return self.effects[codes]


@dataclass(frozen=True)
class Curves:
    """All effects, numbers first, each centred at its mean over the training rows."""

    intercept: float
    numbers: tuple[Curve, ...]
    codes: tuple[Curve, ...]

    def effects(self, rows: Prepared) -> Floats:
        """Effects, shape (rows, numeric + categorical columns)."""
        result = np.empty((len(rows.numbers), len(self.numbers) + len(self.codes)), order="F")
        for place, curve in enumerate(self.numbers):
            result[:, place] = curve.of_numbers(rows.numbers[:, place])
        for place, curve in enumerate(self.codes):
            result[:, len(self.numbers) + place] = curve.of_codes(rows.codes[:, place])
        return result

    def logits(self, rows: Prepared) -> Floats:
        """Log odds, shape (rows,); summed column by column, so that a row alone gives the same bits."""
        total = np.full(len(rows.numbers), self.intercept)
        for place, curve in enumerate(self.numbers):
            total += curve.of_numbers(rows.numbers[:, place])
        for place, curve in enumerate(self.codes):
            total += curve.of_codes(rows.codes[:, place])
        return total


def fit_curves(
    rows: Prepared, labels: Floats, weights: Floats, features: Sequence[Feature], *, pooled: Collection[str] | None
) -> Curves:
    """Fit the additive part; categories named in `pooled` (None: all) are shrunk as far as the data ask for."""
    numeric = [feature for feature in features if feature.kind == "numeric"]
    categorical = [feature for feature in features if feature.kind == "categorical"]
    bases = [_basis(rows.numbers[:, place], weights) for place in range(len(numeric))]
    parts, owners, blocks, start, free = [], [], [], [3.0], []
    names = ["line", "bend", "flag"]
    start, free = [START[name] for name in names], [True] * 3
    for place, (places, matrix, flags) in enumerate(bases):
        parts.append(matrix)
        blocks += [0] + [1] * (matrix.shape[1] - 1 - flags) + [2] * flags
        owners += [place] * matrix.shape[1]
    for place, feature in enumerate(categorical):
        width = len(feature.levels) + 2
        parts.append(np.eye(width)[rows.codes[:, place]])
        is_pooled = pooled is None or feature.name in pooled
        if is_pooled and width <= 4:
            blocks += [2] * width
        else:
            blocks += [len(start)] * width
            start.append(START["level"] if is_pooled else FIXED_LEVEL)
            free.append(is_pooled)
        owners += [len(numeric) + place] * width
    design = np.column_stack(parts) if parts else np.empty((len(labels), 0))
    ridge = fit_ridge(design, labels, weights, np.array(blocks, dtype=np.intp), np.array(start), np.array(free))
    return _curves(ridge, rows, weights, bases, np.array(owners, dtype=np.intp), len(categorical))


def _basis(values: Floats, weights: Floats) -> tuple[Floats, Floats, int]:
    """(places, columns: line, bends, perhaps a flag for missing; count of flags). Missing rows are 0 elsewhere."""
    known = ~np.isnan(values)
    places = _places(values[known], weights[known])
    matrix, _ = _columns(values, places)
    share = weights / weights.sum()
    matrix[known] -= (share[known] / max(share[known].sum(), 1e-12)) @ matrix[known]
    scale = np.sqrt(share @ (matrix[:, 0] ** 2)) or 1.0
    matrix /= scale
    if known.all():
        return places, matrix, 0
    return places, np.column_stack([matrix, ~known]), 1


def _places(values: Floats, weights: Floats) -> Floats:
    if not len(values):
        return np.array([0.0, 1.0])
    order = np.argsort(values, kind="stable")
    ordered, reached = values[order], np.cumsum(weights[order])
    wanted = np.linspace(0.005, 0.995, KNOTS) * reached[-1]
    places = np.unique(ordered[np.minimum(np.searchsorted(reached, wanted), len(ordered) - 1)])
    if len(places) < 2:
        places = np.unique([ordered[0], *places, ordered[-1]])
    return places if len(places) > 1 else np.array([places[0], places[0] + 1.0])


def _columns(values: Floats, places: Floats) -> tuple[Floats, Floats]:
    """Columns on the even scale of the places (each step between places is 1): the line and a bend at each place."""
    even = np.arange(len(places), dtype=np.float64)
    scaled = np.interp(values, places, even)
    matrix = np.column_stack([scaled, *(np.maximum(scaled - place, 0.0) for place in even[1:-1])])
    matrix[np.isnan(values)] = 0.0
    return matrix, even


def _curves(
    ridge: Ridge,
    rows: Prepared,
    weights: Floats,
    bases: list[tuple[Floats, Floats, int]],
    owners: npt.NDArray[np.intp],
    categorical: int,
) -> Curves:
    share = weights / weights.sum()
    intercept = ridge.intercept
    numbers: list[Curve] = []
    for place, (places, _, flags) in enumerate(bases):
        mine = ridge.weights[owners == place]
        numbers.append(_number_curve(rows.numbers[:, place], share, places, mine, flags))
    codes: list[Curve] = []
    for place in range(categorical):
        effects = ridge.weights[owners == len(bases) + place]
        mean = float(share @ effects[rows.codes[:, place]])
        codes.append(Curve(np.empty(0), effects - mean, 0.0))
        intercept += mean
    for place, curve in enumerate(numbers):
        mean = float(share @ curve.of_numbers(rows.numbers[:, place]))
        numbers[place] = Curve(curve.places, curve.effects - mean, curve.missing - mean)
        intercept += mean
    return Curves(intercept, tuple(numbers), tuple(codes))


def _number_curve(values: Floats, share: Floats, places: Floats, weights: Floats, flags: int) -> Curve:
    known = ~np.isnan(values)
    matrix, _ = _columns(values, places)
    mean = (share[known] / max(share[known].sum(), 1e-12)) @ matrix[known]
    centred = np.where(known[:, None], matrix - mean, 0.0)
    scale = np.sqrt(share @ (centred[:, 0] ** 2)) or 1.0
    at_places, _ = _columns(places, places)
    shape = weights[: len(weights) - flags] / scale
    missing = float(weights[-1]) if flags else 0.0
    return Curve(places, (at_places - mean) @ shape, missing)
