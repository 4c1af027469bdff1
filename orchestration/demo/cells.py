"""Values of the world's frames as a system would write them: times as ISO 8601 with offset, missing as None."""

from __future__ import annotations

import numpy as np
import pandas as pd


def as_texts(frame: pd.DataFrame) -> dict[str, list[str | None]]:
    """Every column as text (None where missing): times end in Z, booleans are true and false."""
    return {str(name): _texts(frame[name]) for name in frame.columns}


def _texts(column: pd.Series) -> list[str | None]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _moments(column)
    if column.dtype == np.bool_:
        return ["true" if value else "false" for value in column.tolist()]
    if column.dtype.kind in "if":
        return [None if value != value else str(value) for value in column.tolist()]
    missing = column.isna().to_numpy()
    texts = column.to_numpy(dtype=np.object_, copy=True)
    texts[missing] = None
    return list(texts)


def _moments(column: pd.Series) -> list[str | None]:
    naive = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    text = np.datetime_as_string(naive, unit="s").astype(object)
    text = text + "Z"
    text[np.isnat(naive)] = None
    return list(text)
