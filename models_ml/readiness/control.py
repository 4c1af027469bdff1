"""Which MQLs are routed as if nobody had scored them: a random share, to judge scores without their own effect.

Drawn from a hash of seed, record and moment: the same lead is drawn whoever asks, whenever, and beside whomever.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd


def drawn_control(keys: pd.DataFrame, share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Which rows are control.

    Parameters
    ----------
    keys
        record_key (text), became_mql_at (naive UTC); other columns are ignored.
    share
        0 (nobody) to 1 (everybody). A lead drawn at a share is drawn at every greater one.
    seed
        of the run.

    Returns
    -------
    Boolean array, shape (n,), in the order of the rows.

    Raises
    ------
    ValueError: a share below 0 or above 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"the share of control must be from 0 to 1, not {share}")
    moments = pd.to_datetime(keys["became_mql_at"]).astype("datetime64[us]").astype("int64")
    lots = [_lot(f"control|{seed}|{key}|{moment}") for key, moment in zip(keys["record_key"], moments, strict=True)]
    return np.asarray(lots, dtype=np.float64) < share


def _lot(text: str) -> float:
    """A number from 0 to below 1."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / 2.0**56
