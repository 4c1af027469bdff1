"""Many looks at once: adjusted p-values, limits of shares, and when a table of counts says anything at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]

# The points of the normal distribution that 95 % and 90 % lie between.
NORMAL_95 = float(stats.norm.ppf(0.975))
NORMAL_90 = float(stats.norm.ppf(0.95))
# Below so many expected in any cell of the four nothing is said (Cochran 1954), as in the project's SQL.
LEAST_EXPECTED = 5.0


def two_sided(z: npt.ArrayLike) -> Floats:
    """How often chance alone carries a normal variable that far from 0, to either side."""
    return np.asarray(2 * stats.norm.sf(np.abs(np.asarray(z, dtype=np.float64))))


def adjusted(p_values: npt.ArrayLike) -> Floats:
    """Benjamini and Hochberg's adjusted p-values of one family; what is NaN was not looked at and stays so."""
    given = np.asarray(p_values, dtype=np.float64)
    result = np.full(given.shape, np.nan)
    looked = np.isfinite(given)
    if looked.any():
        result[looked] = stats.false_discovery_control(given[looked], method="bh")
    return result


def least_expected(count: npt.ArrayLike, yes: npt.ArrayLike, whole: npt.ArrayLike) -> Floats:
    """Least of the four counts expected were `count` of the `whole` no different; `yes` of the whole converted."""
    n, s, m = (np.asarray(each, dtype=np.float64) for each in (count, yes, whole))
    return np.asarray(np.minimum(n, m - n) * np.minimum(s, m - s) / np.maximum(m, 1))


def wilson(yes: npt.ArrayLike, count: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Lower and upper 95 % limits of many shares at once, as `metrics.wilson_interval` gives one; counts above 0."""
    s, n = np.asarray(yes, dtype=np.float64), np.asarray(count, dtype=np.float64)
    square = NORMAL_95**2
    middle = (2 * s + square) / (2 * (n + square))
    reach = NORMAL_95 * np.sqrt(square + 4 * s * (n - s) / n) / (2 * (n + square))
    return np.asarray(np.maximum(middle - reach, 0.0)), np.asarray(np.minimum(middle + reach, 1.0))
