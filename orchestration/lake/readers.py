"""Opens what an extract holds, by what it is and not by its name: the column names, and the rows in blocks.

How each format is read stands in its own file; checking cells is `check.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from orchestration.lake.csv_rows import read_csv_rows
from orchestration.lake.extract import Extract
from orchestration.lake.header import unknown_names
from orchestration.lake.other_rows import read_batch_rows, read_ndjson_rows, read_parquet_rows
from orchestration.lake.prefetch import prefetch
from orchestration.lake.rows import RowBlock
from orchestration.lake.sniff import sniff

Rows = tuple[Sequence[str], Iterator[RowBlock]]
_READERS: dict[str, Callable[[Extract], Rows]] = {
    "csv": read_csv_rows,
    "ndjson": read_ndjson_rows,
    "parquet": read_parquet_rows,
}


def open_rows(extract: Extract) -> Rows:
    """Names and rows. Files are read ahead in a thread of their own; systems are not, their handles may not travel.

    Raises FileRefused where the file is not what it was declared to be.
    """
    if extract.path is None:
        return read_batch_rows(extract)
    names, blocks = _READERS[sniff(extract)](extract)
    return names, prefetch(blocks)


def undeclared_columns(extract: Extract) -> tuple[str, ...]:
    """Columns of a file that nobody declared, by its beginning alone; NDJSON names its own row by row.

    A system gives only what was asked of it: none. Raises FileRefused as landing would.
    """
    if extract.path is None:
        return ()
    names, _ = _READERS[sniff(extract)](extract)
    return unknown_names(extract, names)
