"""Cells of raw columns of any dtype, read as numbers or as levels; each cell by itself, missing ones told.

A number, a moment and a span of time is a number (times in days, UTC), however it is held: as numpy, pandas, Arrow or
Python has it, or as text. The same cell reads the same in whatever dtype it comes.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
HUGE = 1e100
_DAY = pd.Timedelta(days=1)
_DATE = r"\s*\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?\s*"
_WORDS = {"true": 1.0, "false": 0.0}


def plain(values: Any) -> Any:
    """The column without Arrow, periods and sparse storage, whose dtypes pandas treats apart.

    Raises ValueError for complex numbers.
    """
    kind = values.dtype
    if pd.api.types.is_complex_dtype(kind):
        raise ValueError(f"Complex data not supported: column {values.name!r}")
    if isinstance(kind, pd.ArrowDtype):
        if kind.kind in "Mm":
            zone = getattr(kind.pyarrow_dtype, "tz", None)
            times = f"datetime64[us, {zone}]" if zone else "datetime64[us]"
            return values.astype(times if kind.kind == "M" else "timedelta64[us]")
        if kind.kind == "b":
            return values.astype("boolean")
        return values if kind.kind in "iuf" or pd.api.types.is_string_dtype(kind) else values.astype(object)
    if isinstance(kind, pd.PeriodDtype):
        return values.dt.to_timestamp()
    return values.sparse.to_dense() if isinstance(kind, pd.SparseDtype) else values


def is_number(kind: Any) -> bool:
    """Whether every column of the dtype is a number: a boolean, a date and a span of time are."""
    types = pd.api.types
    return bool(types.is_numeric_dtype(kind) or types.is_datetime64_any_dtype(kind) or types.is_timedelta64_dtype(kind))


def as_numbers(values: Any) -> Floats:
    """A column (`plain`) as float64: what is no number NaN, infinite ones too."""
    if is_number(values.dtype):
        numbers = _days(values) if values.dtype.kind in "Mm" else values.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        places, cells = factorized(values)
        numbers = np.append(_read(cells), np.nan)[places]
    with np.errstate(over="ignore", invalid="ignore"):
        is_tame = bool(np.abs(numbers).sum() < HUGE)
    if is_tame:
        return np.asarray(numbers)
    return np.asarray(np.clip(np.where(np.isfinite(numbers), numbers, np.nan), -HUGE, HUGE))


def level_of(value: Any) -> str | None:
    """The level a cell stands for; None is missing. `1`, `1.0` and `"1"` are one level."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def factorized(values: Any) -> tuple[npt.NDArray[np.intp], list[Any]]:
    """(code by row, distinct cells); missing rows have code -1."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy(dtype=np.intp), list(values.cat.categories)
    try:
        places, cells = pd.factorize(values)
    except TypeError:  # lists, sets and dicts cannot be hashed
        places, cells = pd.factorize(values.map(level_of))
    return np.asarray(places, dtype=np.intp), list(cells)


def _days(values: Any) -> Floats:
    """Moments and spans as days since 1970 (UTC), or days."""
    if values.dtype.kind == "M":
        zone = getattr(values.dtype, "tz", None)
        values = values - pd.Timestamp(0, tz="UTC" if zone else None)
    return np.asarray((values / _DAY).to_numpy(dtype=np.float64, na_value=np.nan))


def _read(cells: list[Any]) -> Floats:
    """Distinct cells as numbers; text that reads as a number, a boolean or a date is one."""
    numbers = np.array([_number_of(cell) for cell in cells], dtype=np.float64)
    texts = pd.Series({place: cell for place, cell in enumerate(cells) if isinstance(cell, str)}, dtype=object)
    if len(texts):
        numbers[texts.index] = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        open_yet = texts[np.isnan(numbers[texts.index])]
        numbers[open_yet.index] = open_yet.str.strip().str.lower().map(_WORDS).to_numpy(dtype=np.float64)
        dates = open_yet[open_yet.str.fullmatch(_DATE).astype(bool)].str.strip()
        numbers[dates.index] = _days(pd.to_datetime(dates, format="ISO8601", utc=True, errors="coerce"))
    return numbers


def _number_of(cell: Any) -> float:
    """A cell that is no text as a number; NaN where it is none."""
    if isinstance(cell, str) or cell is None or cell is pd.NaT:
        return np.nan
    if isinstance(cell, datetime.datetime | datetime.date | np.datetime64):
        moment = pd.Timestamp(cell)
        return float((moment - pd.Timestamp(0, tz="UTC" if moment.tzinfo else None)) / _DAY)
    if isinstance(cell, datetime.timedelta | np.timedelta64):
        return float(pd.Timedelta(cell) / _DAY)
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return np.nan
