"""Made-up leads of mixed columns for the classifier's tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd


def leads(rows: int = 300, seed: int = 0, rate_shift: float = 0.0) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Numbers, texts, booleans, gaps and points; the outcome depends on points, page count and channel."""
    random = np.random.default_rng(seed)
    channel = np.array(["search", "social", "referral", "email"], dtype=object)[random.integers(0, 4, rows)]
    frame = pd.DataFrame(
        {
            "pages seen": random.poisson(4, rows).astype(float),
            "channel": channel,
            "fit points": random.normal(50, 10, rows),
            "days since": random.exponential(10, rows),
            "has insurance": random.random(rows) < 0.5,
            "zip": random.integers(0, 40, rows).astype(str),
            "always": "same",
            "never": None,
        }
    )
    logits = -1.2 + rate_shift + 0.06 * (frame["fit points"] - 50) + 0.25 * (frame["pages seen"] - 4)
    logits += 0.8 * (channel == "referral")
    labels = (random.random(rows) < 1 / (1 + np.exp(-logits))).to_numpy().astype(np.int64)
    frame.loc[random.random(rows) < 0.1, "days since"] = np.nan
    frame.loc[random.random(rows) < 0.1, "channel"] = None
    return frame, labels


def bits(values: Any) -> bytes:
    """The exact content of an array."""
    return np.ascontiguousarray(np.asarray(values, dtype=np.float64)).tobytes()
