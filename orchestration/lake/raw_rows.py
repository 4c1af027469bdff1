"""Rows of the quarantine as blocks again: their bytes cut into cells as the file they came from was.

Rows keep the numbers and lines they had there. Checking the cells, and what becomes of them, is `replay.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from orchestration.lake.csv_rows import cut_block
from orchestration.lake.csv_split import split_rows
from orchestration.lake.extract import Extract
from orchestration.lake.header import Header, check_names
from orchestration.lake.other_rows import object_block
from orchestration.lake.rows import BadRow, CsvShape, RowBlock

_AT_ONCE = 20_000
_MAY_SWALLOW_OTHERS = frozenset({"unbalanced_quote", "stray_carriage_return", "nul_byte", "invalid_utf8"})


def read_again(extract: Extract, shape: CsvShape | None, rows: Sequence[BadRow]) -> Iterator[RowBlock]:
    """The rows in blocks, read as `extract` says today. `shape` None: each is one JSON object.

    Raises
    ------
    FileRefused
        If they lack a declared column.
    """
    if shape is None:
        for chunk in _chunks(rows):
            if block := object_block(extract, [row.raw for row in chunk], 1, 1):
                yield _renumbered(block, chunk)
        return
    header = _header(extract, shape)
    apart = [row for row in rows if row.reason in _MAY_SWALLOW_OTHERS]
    together = [row for row in rows if row.reason not in _MAY_SWALLOW_OTHERS]
    for chunk in [*_chunks(together), *([row] for row in apart)]:
        yield from _csv_blocks(extract, header, chunk)


def _chunks(rows: Sequence[BadRow]) -> Iterator[Sequence[BadRow]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]


def _header(extract: Extract, shape: CsvShape) -> Header:
    """The file's own names; where it had none, those the registry gives today."""
    names = extract.header if shape.is_declared and extract.header else shape.names
    return Header(check_names(extract, names), shape.delimiter.encode(), 0, 0)


def _csv_blocks(extract: Extract, header: Header, rows: Sequence[BadRow]) -> Iterator[RowBlock]:
    data = b"".join(row.raw + b"\n" for row in rows)
    split = split_rows(data, header.delimiter, is_last=True)
    lengths = np.array([len(row.raw) + 1 for row in rows], np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    if np.array_equal(split.starts, starts):
        block, _ = cut_block(extract, header, data, split, 1, 1)
        yield _renumbered(block, rows)
    elif len(rows) > 1:
        for row in rows:
            yield from _csv_blocks(extract, header, [row])
    else:
        empty = pa.table({name: pa.array([], pa.string()) for name in header.names})
        yield RowBlock(empty, np.empty(0, np.int64), lambda _: (0, b""), (rows[0],))


def _renumbered(block: RowBlock, rows: Sequence[BadRow]) -> RowBlock:
    """A block of the `rows` counted from 1, with the numbers and lines they have where they came from."""
    places = block.row_no - 1
    numbers = np.array([row.row_no for row in rows], np.int64)

    def raw_at(index: int) -> tuple[int, bytes]:
        row = rows[places[index]]
        return row.line, row.raw

    bad = tuple(replace(rows[each.row_no - 1], reason=each.reason, column=each.column) for each in block.bad)
    return RowBlock(block.table, numbers[places], raw_at, bad, block.shape)
