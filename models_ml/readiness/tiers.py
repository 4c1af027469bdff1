"""The tiers: which parts a model has, by how many conversions there are to learn from.

Below 40 conversions only the points are trusted (without points: the additive part alone). From 40 to 300 points, the
additive part and a small boosting are blended; above, the additive part and boosting.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold

from models_ml.readiness.blended import Blend, fit_blend, plain_mean
from models_ml.readiness.cells import Floats
from models_ml.readiness.curves import Curves, fit_curves, fit_points
from models_ml.readiness.prepared import Feature, Prepared
from models_ml.readiness.trees import FULL, SMALL, Trees, fit_trees, level_tables

SMALL_FROM, FULL_ABOVE = 40, 300
FOLDS, LARGE_FOLDS, LARGE = 5, 3, 30_000
FEW_LEVELS, STRENGTH = 12, 30.0
Part = Curves | Trees


@dataclass(frozen=True)
class Setting:
    """What a fit is told beside the rows."""

    points: frozenset[str]
    increasing: frozenset[str]
    pooled: Collection[str] | None
    seed: int


@dataclass(frozen=True)
class Tiered:
    """A fitted model: parts and their blend."""

    parts: tuple[Part, ...]
    blend: Blend

    def logits(self, rows: Prepared) -> Floats:
        """Calibrated log odds, shape (rows,)."""
        return self.blend.of([part.logits(rows) for part in self.parts])

    def effects(self, rows: Prepared) -> tuple[float, Floats]:
        """(base, effects): effects have shape (rows, used columns) and sum with the base to the log odds."""
        base, total = self.blend.intercept, np.zeros((len(rows.numbers), rows.numbers.shape[1] + rows.codes.shape[1]))
        for slope, part in zip(self.blend.slopes, self.parts, strict=True):
            part_base, effects = part.effects(rows)
            base += slope * part_base
            total += slope * effects
        return float(base), total


def tier_for(conversions: float) -> str:
    """The tier for so many rows of the rarer outcome."""
    return "points" if conversions < SMALL_FROM else "small" if conversions <= FULL_ABOVE else "full"


def fit_tier(
    tier: str, rows: Prepared, labels: Floats, weights: Floats, features: Sequence[Feature], setting: Setting
) -> Tiered:
    """Fit the tier's parts on all rows and their blend on cross-fitted log odds."""
    parts = fit_parts(tier, rows, labels, weights, features, setting)
    if tier == "points":
        return Tiered(parts, plain_mean(1))
    rarer = int(min(labels.sum(), len(labels) - labels.sum()))
    folds = min(FOLDS if len(labels) < LARGE else LARGE_FOLDS, rarer)
    if folds < 2:
        return Tiered(parts, plain_mean(len(parts)))
    logits = [np.empty(len(labels)) for _ in parts]
    split = StratifiedKFold(folds, shuffle=True, random_state=0).split(labels, labels)
    for learn, judge in split:
        fold = fit_parts(tier, rows.take(learn), labels[learn], weights[learn], features, setting)
        judged = rows.take(judge)
        for place, part in enumerate(fold):
            logits[place][judge] = part.logits(judged)
    return Tiered(parts, fit_blend(logits, labels, weights))


def fit_parts(
    tier: str, rows: Prepared, labels: Floats, weights: Floats, features: Sequence[Feature], setting: Setting
) -> tuple[Part, ...]:
    """The parts of a tier, fitted on these rows alone, encoders included."""
    points = [feature.name for feature in features if feature.kind == "numeric" and feature.name in setting.points]
    rising = setting.increasing | setting.points
    parts: list[Part] = []
    if points and tier != "full":
        parts.append(fit_points(rows, labels, weights, features, points))
    if tier == "points" and points:
        return tuple(parts)
    parts.append(fit_curves(rows, labels, weights, features, pooled=setting.pooled, increasing=rising))
    if tier != "points" and features:
        # With few rows a level's own rate is mostly chance, and trees would believe it.
        few = FEW_LEVELS if tier == "full" else None
        tables = level_tables(rows, labels, weights, features, few=few, strength=STRENGTH)
        parameters: dict[str, Any] = SMALL if tier == "small" else FULL
        parts.append(
            fit_trees(
                rows, labels, weights, features, tables, increasing=rising, parameters=parameters, seed=setting.seed
            )
        )
    return tuple(parts)


def canonical_order(rows: Prepared, labels: Floats, weights: Floats) -> npt.NDArray[np.intp]:
    """An order of the rows by their content, so that the order they came in changes nothing."""
    keys = [weights, labels, *rows.codes.T, *rows.numbers.T]
    return np.lexsort(keys)
