"""The additive part: one curve for each number, one effect for each level, all shrunk as far as the data ask for.

log odds = intercept + the sum over columns of that column's effect. Fitted as a logistic ridge on a spline basis and
on indicators of levels; kept as plain tables, so a row's effect is looked up and depends on that row alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models_ml.readiness.basis import Basis, spline_basis
from models_ml.readiness.cells import Floats
from models_ml.readiness.prepared import Feature, Prepared
from models_ml.readiness.ridge import fit_ridge

LINE, BEND, FLAG = 0, 1, 2
START = (4.0, 40.0, 8.0)
START_LEVEL, FIXED_LEVEL, POINTS_PENALTY = 8.0, 1.0, 1.0


@dataclass(frozen=True)
class Curve:
    """The effect of one column: piecewise linear between `places` (numbers), or `effects` by code (categories)."""

    places: Floats
    effects: Floats
    missing: float

    def of_numbers(self, values: Floats) -> Floats:
        """Effect of each value, shape (rows,); beyond the outer places it stays level."""
        effect = np.interp(values, self.places, self.effects)
        effect[np.isnan(values)] = self.missing
        return effect

    def of_codes(self, codes: npt.NDArray[np.int32]) -> Floats:
        """Effect of each code, shape (rows,)."""
        return self.effects[codes]


@dataclass(frozen=True)
class Curves:
    """The effects of all used columns, numbers first (None: no effect), centred at their mean over training."""

    intercept: float
    numbers: tuple[Curve | None, ...]
    codes: tuple[Curve | None, ...]

    def effects(self, rows: Prepared) -> tuple[float, Floats]:
        """(base, effects), effects of shape (rows, numeric + categorical columns)."""
        result = np.zeros((len(rows.numbers), len(self.numbers) + len(self.codes)), order="F")
        for place, curve in enumerate(self.numbers):
            if curve:
                result[:, place] = curve.of_numbers(rows.numbers[:, place])
        for place, curve in enumerate(self.codes):
            if curve:
                result[:, len(self.numbers) + place] = curve.of_codes(rows.codes[:, place])
        return self.intercept, result

    def logits(self, rows: Prepared) -> Floats:
        """Log odds, shape (rows,); summed column by column, so that a row alone gives the same bits."""
        total = np.full(len(rows.numbers), self.intercept)
        for place, curve in enumerate(self.numbers):
            if curve:
                total += curve.of_numbers(rows.numbers[:, place])
        for place, curve in enumerate(self.codes):
            if curve:
                total += curve.of_codes(rows.codes[:, place])
        return total


def fit_curves(
    rows: Prepared,
    labels: Floats,
    weights: Floats,
    features: Sequence[Feature],
    *,
    pooled: Collection[str] | None,
    increasing: Collection[str] = (),
) -> Curves:
    """Fit the additive part; categories named in `pooled` (None: all) are shrunk as far as the data ask for."""
    numeric = [feature for feature in features if feature.kind == "numeric"]
    categorical = [feature for feature in features if feature.kind == "categorical"]
    bases = [spline_basis(rows.numbers[:, place], weights, columns=len(numeric)) for place in range(len(numeric))]
    parts: list[Floats] = []
    blocks: list[int] = []
    start, free = list(START), [True] * len(START)
    for place, basis in enumerate(bases):
        parts.append(basis.columns(rows.numbers[:, place]))
        blocks += [LINE, *[BEND] * (basis.width - 1 - basis.has_flag), *[FLAG] * basis.has_flag]
    for place, feature in enumerate(categorical):
        width = len(feature.levels) + 2
        parts.append(np.eye(width)[rows.codes[:, place]])
        is_pooled = pooled is None or feature.name in pooled
        if is_pooled and len(feature.levels) <= 2:
            blocks += [FLAG] * width
            continue
        blocks += [len(start)] * width
        start.append(START_LEVEL if is_pooled else FIXED_LEVEL)
        free.append(is_pooled)
    design = np.column_stack(parts) if parts else np.empty((len(labels), 0))
    ridge = fit_ridge(design, labels, weights, np.array(blocks, dtype=np.intp), np.array(start), np.array(free))
    widths = [part.shape[1] for part in parts]
    pieces = np.split(ridge.weights, np.cumsum(widths)[:-1]) if parts else []
    rising = [feature.name in increasing for feature in numeric]
    return _as_curves(ridge.intercept, rows, weights, bases, pieces, rising)


def fit_points(
    rows: Prepared, labels: Floats, weights: Floats, features: Sequence[Feature], points: Collection[str]
) -> Curves:
    """Hand-made points through a sigmoid: the sum of the points columns, times a slope that is never negative."""
    share = weights / weights.sum()
    numeric = [feature.name for feature in features if feature.kind == "numeric"]
    # Points that none of these rows tell have no scale here, and say nothing.
    chosen = [
        place for place, name in enumerate(numeric) if name in points and not np.isnan(rows.numbers[:, place]).all()
    ]
    known = rows.numbers[:, chosen]
    gaps = np.isnan(known)
    counted = np.where(gaps, 0.0, share[:, None])
    means = (counted * np.where(gaps, 0.0, known)).sum(axis=0) / counted.sum(axis=0)
    total = np.where(gaps, 0.0, known - means).sum(axis=1)
    scale = float(np.sqrt(share @ total**2)) or 1.0
    one = np.zeros(1, dtype=np.intp)
    ridge = fit_ridge((total / scale)[:, None], labels, weights, one, np.array([POINTS_PENALTY]), np.array([False]))
    slope = max(float(ridge.weights[0]), 0.0) / scale
    curves: list[Curve | None] = [None] * len(numeric)
    for place, column, mean in zip(chosen, known.T, means, strict=True):
        ends = np.array([np.nanmin(column), np.nanmax(column)])
        curves[place] = Curve(ends, (ends - mean) * slope, 0.0)
    if slope == 0.0:
        ridge = fit_ridge(np.empty((len(labels), 0)), labels, weights, one[:0], np.array([]), np.array([]))
    return Curves(ridge.intercept, tuple(curves), (None,) * (len(features) - len(numeric)))


def _as_curves(
    intercept: float, rows: Prepared, weights: Floats, bases: list[Basis], pieces: list[Floats], rising: list[bool]
) -> Curves:
    """The fitted ridge as tables, each centred at its mean over the training rows."""
    share = weights / weights.sum()
    numbers: list[Curve] = []
    codes: list[Curve] = []
    for place, piece in enumerate(pieces):
        if place < len(bases):
            effects, missing = bases[place].curve(piece, is_rising=rising[place])
            raw = Curve(bases[place].places, effects, missing)
            mean = float(share @ raw.of_numbers(rows.numbers[:, place]))
            numbers.append(Curve(raw.places, raw.effects - mean, raw.missing - mean))
        else:
            mean = float(share @ piece[rows.codes[:, place - len(bases)]])
            codes.append(Curve(np.empty(0), piece - mean, 0.0))
        intercept += mean
    return Curves(intercept, tuple(numbers), tuple(codes))
