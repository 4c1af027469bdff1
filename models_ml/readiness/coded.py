"""Any column as a few codes: its values, or the interval a number falls in; missing is a code of its own.

What counts leads by value works on these: the CRM's baseline, leaks, drift, proxies. Not what models learn from.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

MISSING = "(missing)"
Edges = dict[str, npt.NDArray[np.float64]]


def learn_edges(frame: pd.DataFrame, *, bins: int = 10) -> Edges:
    """Inner edges, at their quantiles, of the intervals of every number of more than `bins` values."""
    edges = {}
    for name in frame.columns:
        if pd.api.types.is_bool_dtype(frame[name]) or not pd.api.types.is_numeric_dtype(frame[name]):
            continue
        known = frame[name].dropna().to_numpy(dtype=np.float64)
        if len(np.unique(known)) > bins:
            edges[name] = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1]))
    return edges


def coded(values: pd.Series, edges: Edges) -> pd.Series:
    """Value or interval of each row as text, missing ones told."""
    inner = edges.get(str(values.name))
    if inner is None:
        return values.astype(object).where(values.notna(), MISSING).astype(str)
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    codes = pd.Series(np.searchsorted(inner, numbers, side="right").astype(str), index=values.index, dtype=object)
    return codes.where(~np.isnan(numbers), MISSING)


def coded_frame(frame: pd.DataFrame, edges: Edges | None = None) -> pd.DataFrame:
    """Every column coded, by its own edges where none are given."""
    known = learn_edges(frame) if edges is None else edges
    return pd.DataFrame({name: coded(frame[name], known) for name in frame.columns}, index=frame.index)
