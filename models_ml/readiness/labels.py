"""The label of a training example: became SQL within the horizon, and only where that is known for certain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd


def mature_labels(examples: pd.DataFrame, *, horizon_days: int, as_of: pd.Timestamp) -> npt.NDArray[np.int8]:
    """Labels (0 or 1) of `ml_readiness__training_examples`, in its order.

    Raises
    ------
    ValueError: an example of another horizon, one whose horizon ends after as_of, or one that was SQL already.
    """
    began = pd.to_datetime(examples["became_mql_at"])
    if (examples["horizon_days"] != horizon_days).any():
        raise ValueError(
            f"training examples of another horizon than {horizon_days} days: rebuild ml_readiness__training_examples"
        )
    immature = int((began + pd.Timedelta(days=horizon_days) > as_of).sum())
    if immature:
        raise ValueError(
            f"{immature} training examples are still inside their horizon at {as_of}: their label is not known"
        )
    became = pd.to_datetime(examples["became_sql_at"])
    if (became <= began).any():
        raise ValueError("a training example was SQL before it became MQL: nothing is left to predict there")
    within = became.notna() & (became <= began + pd.Timedelta(days=horizon_days))
    return np.asarray(within, dtype=np.int8)
