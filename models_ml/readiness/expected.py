"""How many SQLs a queue of leads is expected to give, with an interval that holds both kinds of doubt.

Chance: each lead becomes SQL or does not. The model: its probabilities are off, partly each by itself, partly all
together (`shared_error`), and that part does not average out however long the queue is. The marts say the same in SQL
(`fct_expected_sqls`), from the published scores alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from models_ml.readiness.uncertainty import NORMAL

Floats = npt.NDArray[np.float64]
_LEAST = 1e-6


@dataclass(frozen=True)
class ExpectedSqls:
    """Expected number of SQLs among `count` leads, 95 %: whole leads, outwards."""

    count: int
    expected: float
    low: int
    high: int


def expected_sqls(
    readiness: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, shared_error: npt.ArrayLike
) -> ExpectedSqls:
    """Expected SQLs of a queue.

    Parameters
    ----------
    readiness, low, high
        the leads' scores with their intervals, shape (n,); where the interval is missing only chance counts.
    shared_error
        standard error of log odds that the scores have in common, shape (n,) or one for all.
    """
    chance = np.asarray(readiness, dtype=np.float64)
    if not len(chance):
        return ExpectedSqls(0, 0.0, 0, 0)
    spread = chance * (1 - chance)
    own = log_odds_errors(low, high)
    common = np.minimum(np.nan_to_num(np.broadcast_to(np.asarray(shared_error, dtype=np.float64), chance.shape)), own)
    variance = float(spread.sum() + (spread**2 * (own**2 - common**2)).sum() + (spread @ common) ** 2)
    middle, reach = float(chance.sum()), NORMAL * variance**0.5
    lower, upper = max(0.0, np.floor(middle - reach)), min(float(len(chance)), np.ceil(middle + reach))
    return ExpectedSqls(len(chance), middle, int(lower), int(upper))


def still_expected(readiness: npt.ArrayLike, odds_left: npt.ArrayLike) -> Floats:
    """Probability of a lead that is still open, its odds times `odds_left`.

    `odds_left` of an age: the share of later SQLs that were not SQL by then, over the share of the others that were
    still open. Exact where how fast a lead goes does not hang on its readiness.
    """
    odds = np.asarray(readiness, dtype=np.float64) * np.asarray(odds_left, dtype=np.float64)
    return np.asarray(odds / (1 - np.asarray(readiness, dtype=np.float64) + odds), dtype=np.float64)


def log_odds_errors(low: npt.ArrayLike, high: npt.ArrayLike) -> Floats:
    """Standard errors of log odds, from the 95 % limits of probabilities; 0 where they are missing."""
    lower, upper = (np.clip(np.asarray(each, dtype=np.float64), _LEAST, 1 - _LEAST) for each in (low, high))
    return np.asarray(np.nan_to_num((logit(upper) - logit(lower)) / (2 * NORMAL)), dtype=np.float64)
