"""The boosted part: conservative gradient boosting on numbers and on levels ordered by their shrunken effect."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logit
from sklearn.ensemble import HistGradientBoostingClassifier

from models_ml.readiness.cells import Floats
from models_ml.readiness.paths import tree_effects
from models_ml.readiness.prepared import Feature, Prepared

FULL: dict[str, Any] = {
    "learning_rate": 0.04,
    "max_iter": 300,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 30,
    "l2_regularization": 20.0,
    "max_features": 0.5,
}
SMALL: dict[str, Any] = {
    "learning_rate": 0.05,
    "max_iter": 100,
    "max_leaf_nodes": 4,
    "min_samples_leaf": 10,
    "l2_regularization": 20.0,
    "max_features": 0.5,
}


@dataclass(frozen=True)
class Trees:
    """A fitted booster and, for each categorical column, the number that stands for each code."""

    booster: Any
    tables: tuple[Floats, ...]

    def logits(self, rows: Prepared) -> Floats:
        """Log odds, shape (rows,)."""
        return np.asarray(self.booster.decision_function(self.matrix(rows)), dtype=np.float64)

    def effects(self, rows: Prepared) -> tuple[float, Floats]:
        """(base, effects), effects of shape (rows, numeric + categorical columns)."""
        return tree_effects(self.booster, self.matrix(rows))

    def matrix(self, rows: Prepared) -> Floats:
        """What the booster takes, shape (rows, numeric + categorical columns)."""
        matrix = np.empty((len(rows.numbers), rows.numbers.shape[1] + len(self.tables)))
        matrix[:, : rows.numbers.shape[1]] = rows.numbers
        for place, table in enumerate(self.tables):
            matrix[:, rows.numbers.shape[1] + place] = table[rows.codes[:, place]]
        return matrix


def fit_trees(
    rows: Prepared,
    labels: Floats,
    weights: Floats,
    features: Sequence[Feature],
    tables: Sequence[Floats],
    *,
    increasing: Collection[str],
    parameters: dict[str, Any],
    seed: int,
) -> Trees:
    """Fit the boosted part; numbers named in `increasing` may only raise the odds."""
    directions = [int(feature.kind == "numeric" and feature.name in increasing) for feature in features]
    booster = HistGradientBoostingClassifier(
        **parameters, monotonic_cst=directions, early_stopping=False, categorical_features=None, random_state=seed
    )
    fitted = Trees(booster, tuple(tables))
    # Weights of one change nothing but make scikit-learn's binning several times slower.
    unequal = weights if np.any(weights != 1.0) else None
    matrix = fitted.matrix(rows)
    # A number none of these rows know cannot be cut in bins; as one value it is never split at.
    matrix[:, np.isnan(matrix).all(axis=0)] = 0.0
    booster.fit(matrix, labels.astype(np.int8), sample_weight=unequal)
    return fitted


def level_tables(
    rows: Prepared, labels: Floats, weights: Floats, features: Sequence[Feature], *, few: int | None, strength: float
) -> list[Floats]:
    """The number that stands for each code, by categorical column: the code itself up to `few` levels (None: always).

    Beyond, it is the logit of the level's rate in these rows, shrunk to the whole by `strength` rows. A code that none
    of these rows has is no neighbour of the last level: it is missing, and goes with the most rows at every split.
    """
    mean = float(np.clip(np.average(labels, weights=weights), 1e-6, 1 - 1e-6))
    tables = []
    for place, feature in enumerate(feature for feature in features if feature.kind == "categorical"):
        codes, width = rows.codes[:, place], len(feature.levels) + 2
        count = np.asarray(np.bincount(codes, weights, width), dtype=np.float64)
        if few is None or len(feature.levels) <= few:
            tables.append(np.where(count > 0, np.arange(width), np.nan))
            continue
        won = np.bincount(codes, weights * labels, width)
        rate = (won + strength * mean) / (count + strength)
        tables.append(logit(rate))
    return tables
