"""Writes what ad accounts and web analytics export: folders of the input contract's columns that grow file by file.

A file is written under a hidden name and renamed when whole, so that nobody reads half of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.demo.cells import as_texts
from orchestration.demo.mess import Cells, Mess

# Each export has a format of its own, as exports do; touches are the many.
WEB_FORMATS = {"touches": "parquet", "identities": "ndjson", "ad_clicks": "csv", "spend": "csv"}
# Text takes any cell; the types of Parquet would not.
_MESSY_FORMATS = {**WEB_FORMATS, "touches": "csv"}


def write_web_files(
    folder: Path, tables: Mapping[str, pd.DataFrame], *, by: str = "month", mess: Mess | None = None
) -> list[Path]:
    """Append files of the rows given, one for each month or day (`by`) in which they were delivered, UTC.

    A period that already has a file gets another, numbered one: what stands is never changed. Without `mess` a row is
    delivered when it is known.
    """
    written = []
    lengths = {"month": 7, "day": 10}
    for name, suffix in (_MESSY_FORMATS if mess else WEB_FORMATS).items():
        frame = tables.get(name)
        if frame is None:
            continue
        delivered = mess.delivered_at(name, frame) if mess else frame["known_at"]
        periods = delivered.dt.strftime("%Y-%m-%d").str[: lengths[by]]
        for period, part in frame.groupby(periods.to_numpy(), sort=True):
            path = _free_name(folder / name, str(period), suffix)
            written.append(_write_messy(path, name, str(period), part, mess) if mess else _write(path, part))
    return written


def _free_name(folder: Path, period: str, suffix: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    number, path = 1, folder / f"{period}.{suffix}"
    while path.exists():
        number += 1
        path = folder / f"{period}-{number:03d}.{suffix}"
    return path


def _write(path: Path, frame: pd.DataFrame) -> Path:
    if path.suffix != ".parquet":
        return _write_cells(path, as_texts(frame))
    unfinished = path.with_name(f".{path.name}")
    pq.write_table(pa.table({str(name): _typed(frame[name]) for name in frame.columns}), unfinished)
    os.replace(unfinished, path)
    return path


def _write_messy(path: Path, name: str, period: str, frame: pd.DataFrame, mess: Mess) -> Path:
    rows = mess.shuffled(name, frame)
    cells = mess.spoil(name, rows, as_texts(rows))
    return _write_cells(path, mess.drift(name, period, rows, cells))


def _write_cells(path: Path, cells: Cells) -> Path:
    unfinished = path.with_name(f".{path.name}")
    if path.suffix == ".ndjson":
        with unfinished.open("w", encoding="utf-8") as stream:
            for values in zip(*cells.values(), strict=True):
                row = {name: value for name, value in zip(cells, values, strict=True) if value is not None}
                stream.write(json.dumps(row) + "\n")
    else:
        pd.DataFrame(cells).to_csv(unfinished, index=False, lineterminator="\n")
    os.replace(unfinished, path)
    return path


def _typed(column: pd.Series) -> pa.Array:
    """Times and truth values in Parquet's own types, the rest as text."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return pa.array(column.dt.as_unit("us"), pa.timestamp("us", tz="UTC"))
    if column.dtype == bool:
        return pa.array(column, pa.bool_())
    return pa.array(column if isinstance(column.dtype, pd.StringDtype) else column.astype("str"), pa.string())
