"""Lands the validated criteria: one Parquet file per part, replaced whole, so that dbt reads them like any source."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq

from orchestration.criteria_files.load import Criteria


def land_criteria(criteria: Criteria, landed_dir: Path) -> dict[str, int]:
    """Writes `<landed_dir>/criteria/<part>/current.parquet` for every part, each atomically.

    Returns
    -------
    part → rows. A file whose content did not change is left as it is.
    """
    counts = {}
    for part, table in criteria.tables().items():
        target = landed_dir / "criteria" / part / "current.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        counts[part] = table.num_rows
        if target.exists() and pq.read_table(target).equals(table):
            continue
        # No name ending in .parquet until it is whole: readers take every Parquet file of the folder.
        unfinished = target.with_suffix(".unfinished")
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, target)
    return counts
