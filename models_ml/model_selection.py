"""Splits in time: what is judged lies after what was learned, no training label peeks past the split, and nobody is on
both sides of it.

A row's horizon may differ from its neighbour's. Rows that began at one instant stay together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Rows = npt.NDArray[np.bool_]
MOST_HELD_OUT = 0.5
_SHARE_STEP = 0.05


@dataclass(frozen=True)
class TemporalSplit:
    """`is_training` and `is_holdout` (shape (rows,)) never overlap; rows in the gap belong to neither."""

    split_at: pd.Timestamp
    is_training: Rows
    is_holdout: Rows


def temporal_holdout(
    began_at: pd.Series,
    *,
    horizon_days: int | npt.ArrayLike,
    groups: Sequence[object] | pd.Series | None = None,
    holdout_share: float = 0.25,
    labels: npt.ArrayLike | None = None,
    least_each: int = 0,
) -> TemporalSplit:
    """Hold out the latest `holdout_share` of the rows; train on those whose horizon ended by the split.

    Parameters
    ----------
    began_at
        when each row's horizon began, shape (rows,).
    horizon_days
        one for all, or shape (rows,).
    groups
        who a row is of (None or NaN: nobody known); a group seen in the hold-out leaves training.
    holdout_share
        of the rows, 0 to 1.
    labels, least_each
        where the hold-out would hold fewer than `least_each` rows of label 0 or 1, it grows, to half of the rows at
        most.

    Raises ValueError without rows.
    """
    began = pd.to_datetime(began_at).reset_index(drop=True)
    if began.empty:
        raise ValueError("nothing to split: no rows")
    ordered = began.sort_values(ignore_index=True)
    share = holdout_share
    split = _split(began, _quantile(ordered, 1 - share), None, horizon_days, groups)
    while labels is not None and share + _SHARE_STEP <= MOST_HELD_OUT + 1e-9 and _rarer(labels, split) < least_each:
        share += _SHARE_STEP
        split = _split(began, _quantile(ordered, 1 - share), None, horizon_days, groups)
    return split


def forward_folds(
    began_at: pd.Series,
    *,
    horizon_days: int | npt.ArrayLike,
    groups: Sequence[object] | pd.Series | None = None,
    folds: int = 3,
    first_share: float = 0.4,
) -> list[TemporalSplit]:
    """Splits that walk forward: each judges the block of rows after it and learns from all whose horizon had ended.

    The first `first_share` of the rows is only learned from; the rest is cut into `folds` blocks of about equal size. A
    block that nothing can be learned for, or that holds no row, is left out.
    """
    began = pd.to_datetime(began_at).reset_index(drop=True)
    if began.empty:
        return []
    ordered = began.sort_values(ignore_index=True)
    starts = [_quantile(ordered, share) for share in np.linspace(first_share, 1, folds + 1)[:-1]]
    splits = [
        _split(began, start, end, horizon_days, groups)
        for start, end in zip(starts, [*starts[1:], None], strict=True)
        if end is None or start < end
    ]
    return [split for split in splits if split.is_training.any() and split.is_holdout.any()]


def _split(
    began: pd.Series,
    start: pd.Timestamp,
    end: pd.Timestamp | None,
    horizon_days: int | npt.ArrayLike,
    groups: Sequence[object] | pd.Series | None,
) -> TemporalSplit:
    days = np.broadcast_to(np.asarray(horizon_days, dtype=np.float64), len(began))
    matured = began + pd.to_timedelta(days, unit="D")
    is_holdout = (began >= start).to_numpy() & (True if end is None else (began < end).to_numpy())
    is_training = (matured <= start).to_numpy() & ~is_holdout
    if groups is not None:
        people = pd.Series(list(groups), dtype=object)
        seen = set(people[is_holdout].dropna())
        is_training &= ~people.isin(seen).to_numpy()
    return TemporalSplit(start, is_training, is_holdout)


def _quantile(ordered: pd.Series, share: float) -> pd.Timestamp:
    return pd.Timestamp(ordered.iloc[min(int(np.ceil(len(ordered) * share - 1e-9)), len(ordered) - 1)])


def _rarer(labels: npt.ArrayLike, split: TemporalSplit) -> int:
    held = np.asarray(labels)[split.is_holdout]
    return int(min((held == 1).sum(), (held == 0).sum()))
