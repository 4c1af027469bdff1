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

# Each export has a format of its own, as exports do; touches are the many.
WEB_FORMATS = {"touches": "parquet", "identities": "ndjson", "ad_clicks": "csv", "spend": "csv"}


def write_web_files(folder: Path, tables: Mapping[str, pd.DataFrame], *, by: str = "month") -> list[Path]:
    """Append files of the rows given, one for each month or day (`by`) in which they became known, UTC.

    A period that already has a file gets another, numbered one: what stands is never changed.
    """
    written = []
    lengths = {"month": 7, "day": 10}
    for name, suffix in WEB_FORMATS.items():
        frame = tables.get(name)
        if frame is None:
            continue
        known = frame["known_at"].dt.strftime("%Y-%m-%d").str[: lengths[by]]
        for period, part in frame.groupby(known.to_numpy(), sort=True):
            written.append(_write(_free_name(folder / name, str(period), suffix), part, suffix))
    return written


def _free_name(folder: Path, period: str, suffix: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    number, path = 1, folder / f"{period}.{suffix}"
    while path.exists():
        number += 1
        path = folder / f"{period}-{number:03d}.{suffix}"
    return path


def _write(path: Path, frame: pd.DataFrame, suffix: str) -> Path:
    unfinished = path.with_name(f".{path.name}")
    texts = as_texts(frame)
    if suffix == "parquet":
        pq.write_table(pa.table({name: _typed(frame[name], values) for name, values in texts.items()}), unfinished)
    elif suffix == "ndjson":
        with unfinished.open("w", encoding="utf-8") as stream:
            for values in zip(*texts.values(), strict=True):
                row = {name: value for name, value in zip(texts, values, strict=True) if value is not None}
                stream.write(json.dumps(row) + "\n")
    else:
        pd.DataFrame(texts).to_csv(unfinished, index=False, lineterminator="\n")
    os.replace(unfinished, path)
    return path


def _typed(column: pd.Series, texts: list[str | None]) -> pa.Array:
    """Times and truth values in Parquet's own types, the rest as text."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return pa.array(column.dt.as_unit("us"), pa.timestamp("us", tz="UTC"))
    return pa.array(column, pa.bool_()) if column.dtype == bool else pa.array(texts, pa.string())
