"""From raw columns to numbers and codes: what each column is, learnt without ever looking at an outcome.

A number is float64 (missing, unreadable and infinite: NaN). A category is a code: 0 … L-1 its common levels, L all
others (rare, unseen), L+1 missing. Each row's result depends on that row alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from models_ml.readiness.cells import Floats, as_numbers, factorized, is_number, level_of, plain

Codes = npt.NDArray[np.int32]
Kind = Literal["numeric", "categorical", "dropped"]

READABLE_SHARE, MIN_NUMBERS = 0.95, 10
FEWEST_LEVELS, ALL_LEVELS, LEAST_LEVEL_SHARE = 12, 600, 0.0002
# In small data a level may have fewer rows: a fiftieth of all, but this many.
ENOUGH_SHARE, FEWEST_ROWS = 0.02, 5


@dataclass(frozen=True)
class Feature:
    """One column as the model takes it.

    `levels`: the levels with an effect of their own (all others share one). `reference`: the median of a number, the
    commonest level of a category (None: mostly missing, or dropped).
    """

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()
    reference: float | str | None = None


@dataclass(frozen=True)
class Prepared:
    """Rows in the model's terms: `numbers` (rows, numeric columns), `codes` (rows, categorical columns)."""

    numbers: Floats
    codes: Codes

    def take(self, rows: npt.NDArray[Any]) -> Prepared:
        """Some of the rows."""
        return Prepared(self.numbers[rows], self.codes[rows])


def refuse_repeated(names: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise ValueError if one of the names wanted stands among the names more than once."""
    if repeated := sorted({name for name in wanted if names.count(name) > 1}):
        raise ValueError(f"columns of the same name: {', '.join(repeated)}; each needs a name of its own")


def learn_features(frame: pd.DataFrame, weights: Floats, *, min_level_rows: int, max_levels: int) -> list[Feature]:
    """What each column of the training rows is, in the frame's order; many texts have fewer levels each."""
    texts = sum(not is_number(kind) for kind in frame.dtypes)
    most = min(max_levels, max(FEWEST_LEVELS, ALL_LEVELS // max(texts, 1)))
    rows = float(weights.sum())
    least = max(min(min_level_rows, max(FEWEST_ROWS, ENOUGH_SHARE * rows)), LEAST_LEVEL_SHARE * rows)
    columns = ((str(name), plain(frame.iloc[:, place])) for place, name in enumerate(frame.columns))
    return [_feature(name, values, weights, least, most) for name, values in columns]


def prepare(frame: pd.DataFrame, features: Sequence[Feature]) -> Prepared:
    """Rows in the terms of `features`; the frame's columns stand in their order, the result's by name."""
    numeric, categorical = places_of(features, "numeric"), places_of(features, "categorical")
    numbers = np.empty((len(frame), len(numeric)), order="F")
    codes = np.empty((len(frame), len(categorical)), dtype=np.int32, order="F")
    for target, place in enumerate(numeric):
        numbers[:, target] = as_numbers(plain(frame.iloc[:, place]))
    for target, place in enumerate(categorical):
        codes[:, target] = _coded(plain(frame.iloc[:, place]), features[place].levels)
    return Prepared(numbers, codes)


def places_of(features: Sequence[Feature], kind: Kind) -> list[int]:
    """Places of the features of a kind, by name: the order the model takes them in, whatever the frame's order."""
    places = [place for place, feature in enumerate(features) if feature.kind == kind]
    return sorted(places, key=lambda place: features[place].name)


def _coded(values: pd.Series, levels: Sequence[str]) -> Codes:
    places, cells = factorized(values)
    known = {level: code for code, level in enumerate(levels)}
    missing, other = len(levels) + 1, len(levels)
    table = np.full(len(cells) + 1, missing, dtype=np.int32)
    for place, cell in enumerate(cells):
        level = level_of(cell)
        table[place] = missing if level is None else known.get(level, other)
    return np.asarray(table[places], dtype=np.int32)


def _feature(name: str, values: pd.Series, weights: Floats, min_rows: float, max_levels: int) -> Feature:
    numbers = _numeric_or_none(values)
    if numbers is not None:
        known = np.isfinite(numbers)
        if not known.any() or (known.all() and np.ptp(numbers) == 0):
            return Feature(name, "dropped")
        return Feature(name, "numeric", (), _weighted_median(numbers[known], weights[known]))
    places, cells = factorized(values)
    sums: dict[str, float] = {}
    rows: dict[str, int] = {}
    told = places[places >= 0]
    missing = float(weights[places < 0].sum())
    by_cell = zip(
        cells, np.bincount(told, weights[places >= 0], len(cells)), np.bincount(told, None, len(cells)), strict=True
    )
    for cell, weight, count in by_cell:
        level = level_of(cell)
        if level is None:
            missing += float(weight)
        else:
            sums[level] = sums.get(level, 0.0) + float(weight)
            rows[level] = rows.get(level, 0) + int(count)
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    # However much one row weighs, a value of few rows could tell who somebody is.
    kept = [level for level, weight in ranked if weight >= min_rows and rows[level] >= FEWEST_ROWS][:max_levels]
    other = sum(sums.values()) - sum(sums[level] for level in kept)
    if not kept or sum(part > 0 for part in (*(sums[level] for level in kept), other, missing)) < 2:
        return Feature(name, "dropped")
    return Feature(name, "categorical", tuple(sorted(kept)), kept[0] if sums[kept[0]] >= missing else None)


def _numeric_or_none(values: pd.Series) -> Floats | None:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return None
    if is_number(values.dtype):
        return as_numbers(values)
    numbers = as_numbers(values)
    places, cells = factorized(values)
    known = np.array([*(level_of(cell) is not None for cell in cells), False])[places]
    readable = np.isfinite(numbers)
    if not known.any() or readable.sum() < READABLE_SHARE * known.sum():
        return None
    return numbers if len(np.unique(numbers[readable])) > MIN_NUMBERS else None


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, 0.5 * reached[-1])])
