"""The label of a training example: became SQL within its horizon, and only where that is known for certain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

_DAY = pd.Timedelta(days=1)


def mature_labels(examples: pd.DataFrame, as_of: pd.Timestamp) -> npt.NDArray[np.int8]:
    """Labels (0 or 1) of `ml_readiness__training_examples`, in its order.

    1: became SQL at most `horizon_days` of its row after it became MQL, and was not disqualified before that.
    0: anything else.

    Parameters
    ----------
    examples
        became_mql_at, became_sql_at, horizon_days; disqualified_at where it is told.
    as_of
        naive UTC.

    Raises
    ------
    ValueError: an example whose horizon ends after as_of, or one that was SQL or disqualified when it became MQL.
    """
    began = pd.to_datetime(examples["became_mql_at"])
    ends = horizon_ends(examples)
    immature = int((ends > as_of).sum())
    if immature:
        raise ValueError(
            f"{immature} training examples are still inside their horizon at {as_of}: their label is not known"
        )
    became = pd.to_datetime(examples["became_sql_at"])
    if (became <= began).any():
        raise ValueError("a training example was SQL before it became MQL: nothing is left to predict there")
    within = became.notna() & (became <= ends)
    if "disqualified_at" in examples:
        ended = pd.to_datetime(examples["disqualified_at"])
        if (ended <= began).any():
            raise ValueError("a training example was disqualified when it became MQL: scoring never sees such a lead")
        within &= ~(ended < became)
    return np.asarray(within, dtype=np.int8)


def horizon_ends(examples: pd.DataFrame) -> pd.Series:
    """The last moment of each row's horizon (naive UTC)."""
    return pd.to_datetime(examples["became_mql_at"]) + examples["horizon_days"].astype("int64") * _DAY
