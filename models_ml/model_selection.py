"""Splits in time: what is judged lies after what was learned, and no training label peeks past the split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True)
class TemporalSplit:
    """`is_training` and `is_holdout` (shape (rows,)) never overlap; rows in the gap belong to neither."""

    split_at: pd.Timestamp
    is_training: npt.NDArray[np.bool_]
    is_holdout: npt.NDArray[np.bool_]


def temporal_holdout(began_at: pd.Series, *, horizon_days: int, holdout_share: float = 0.25) -> TemporalSplit:
    """Hold out the latest `holdout_share` of the rows; train on those whose horizon ended by the split.

    Rows that began at one instant stay on one side. Raises ValueError on an empty series.
    """
    began = pd.to_datetime(began_at).reset_index(drop=True)
    if began.empty:
        raise ValueError("nothing to split: no rows")
    ordered = began.sort_values(ignore_index=True)
    split_at = ordered.iloc[min(int(np.ceil(len(ordered) * (1 - holdout_share))), len(ordered) - 1)]
    matured = began + pd.Timedelta(days=horizon_days)
    return TemporalSplit(split_at, (matured <= split_at).to_numpy(), (began >= split_at).to_numpy())
