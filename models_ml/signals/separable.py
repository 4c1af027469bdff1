"""What of a rule's firing is its own: where others tell whether it fires, outcomes cannot tell what it adds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

# Below so much of its own a rule's firing is told by others, but for rounding.
NOTHING = 1e-8
# From this on the others blow up a rule's variance tenfold: by custom, too much to read it.
LITTLE = 0.1


def own_shares(levels: Floats, indicators: Floats, beside: Floats, leads: Floats) -> Floats:
    """Of each indicator's variation within strata the share that no other column tells (1 / variance inflation).

    0 where nothing is left: rules for every value of one attribute, of which one always fires, or a rule that fires for
    all of a stratum and none of another. `levels` one-hot; `beside`: columns of the model that are not looked at.
    """
    columns = np.hstack([levels, indicators, beside]) * np.sqrt(leads)[:, None]
    size = np.sqrt((columns**2).sum(axis=0))
    columns = columns / np.where(size > 0, size, 1.0)
    table = columns.T @ columns
    strata, every = np.arange(levels.shape[1]), np.arange(len(table))
    shares = np.zeros(indicators.shape[1])
    for place in range(len(shares)):
        at = len(strata) + place
        within = _untold(table, at, strata)
        if within > NOTHING:
            shares[place] = max(_untold(table, at, np.delete(every, at)), 0.0) / within
    return shares


def _untold(table: Floats, at: int, others: Ints) -> float:
    """What is left of a column (of size 1) once the others have told theirs."""
    given = table[others, at]
    inverse = np.linalg.pinv(table[np.ix_(others, others)], rcond=1e-10, hermitian=True)
    return float(table[at, at] - given @ inverse @ given)
