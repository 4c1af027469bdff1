"""Whether scores do by some groups otherwise: forecasts beside outcomes of each level of what the model must not know.

Judged on leads the model had not learned from. The attributes stand beside the model; only counts and rates of groups
of many leads leave this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models_ml.readiness.evaluate import by_group
from models_ml.readiness.proxies import in_intervals

# A group of fewer leads tells nothing, and could tell of somebody.
MIN_ROWS = 30
NOT_TOLD = "(none)"


def protected_groups(
    protected: Mapping[str, pd.Series],
    judged: npt.NDArray[np.bool_],
    labels: npt.ArrayLike,
    predicted: npt.NDArray[np.float64],
    *,
    high: float,
    weights: npt.ArrayLike | None = None,
) -> list[dict[str, Any]]:
    """Forecast beside seen of each level of each protected attribute.

    Parameters
    ----------
    protected
        by name a value (None: not told) of every example (`proxies.protected_values`); numbers are looked at by
        intervals.
    judged
        which examples are judged, shape (examples,).
    labels, predicted, weights
        of the judged ones.
    high
        least probability of the band `high`.

    Returns
    -------
    Rows `attribute`, `group` (`(none)`: not told), those of `evaluate.by_group`, and `high_rate`, the share of its
    leads in the band high. Levels of fewer than 30 judged leads are left out, and an attribute with fewer than two
    levels that were told.
    """
    is_high = np.asarray(predicted, dtype=np.float64) >= high
    found: list[dict[str, Any]] = []
    for name, values in sorted(protected.items()):
        level = in_intervals(values)[judged].fillna(NOT_TOLD).astype(str).to_numpy()
        rows = [row for row in by_group(labels, predicted, level, weights) if row["rows"] >= MIN_ROWS]
        if sum(row["group"] not in (NOT_TOLD, "(other)") for row in rows) < 2:
            continue
        named = [row for row in rows if row["group"] != "(other)"]
        found += [
            {"attribute": name, **row, "high_rate": float(is_high[level == row["group"]].mean())} for row in named
        ]
    return found
