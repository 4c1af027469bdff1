"""Rows on their way in: blocks of text columns, cleaned alike whatever they were read from.

`RowBlock` is what the readers (`csv_rows`, `other_rows`) stream and `landing` checks; `BadRow` a row that cannot
even be read as cells. Reading files and checking values do not belong here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

ECHO_PREFIX = "handoff_"
SUPERSEDED = "superseded"  # the reason of a row that can be read, and has no place any more
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BadRow:
    """A row that is quarantined: where it stands, why (`column` where one is to blame), and its bytes as they came.

    `key_hash` tells its key, and `day` the whole day it is of where its delivery restates days, where its cells could
    be read.
    """

    row_no: int
    line: int
    reason: str
    column: str | None
    raw: bytes = field(repr=False)
    key_hash: str | None = field(default=None, repr=False)
    day: str | None = field(default=None, repr=False)

    @property
    def told(self) -> str:
        """The reason as it is counted: with `:column` where one is to blame."""
        return self.reason if self.column is None else f"{self.reason}:{self.column}"


@dataclass(frozen=True)
class CsvShape:
    """How the bytes of a CSV row are cut into cells. `is_declared`: the names are the registry's, not the file's."""

    names: tuple[str, ...]
    delimiter: str
    is_declared: bool = False

    def to_text(self) -> str:
        """The shape as JSON."""
        return json.dumps([list(self.names), self.delimiter, self.is_declared], ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> CsvShape:
        """The shape `to_text` wrote."""
        names, delimiter, is_declared = json.loads(text)
        return cls(tuple(names), delimiter, is_declared)


@dataclass(frozen=True)
class RowBlock:
    """Some rows of an extract, in order.

    `table` has one text column per column of the source, cells trimmed, null where empty; `row_no` (from 1) counts the
    data rows of the extract, bad ones too. `raw_at(i)` gives line and bytes of row i of the block. `bad` are the rows
    between them that could not be read. `shape` is None where the bytes of a row are one JSON object.
    """

    table: pa.Table = field(repr=False)
    row_no: Rows
    raw_at: Callable[[int], tuple[int, bytes]]
    bad: tuple[BadRow, ...] = ()
    shape: CsvShape | None = None

    @property
    def rows_read(self) -> int:
        """Rows of the block, bad ones too."""
        return int(self.table.num_rows) + len(self.bad)


def clean_cells(cells: pa.ChunkedArray, null_tokens: frozenset[str], *, is_nulled: bool = False) -> pa.ChunkedArray:
    """Trim text cells of white space and make empty ones, and null tokens, null.

    With `is_nulled` the reader has done the second already, but for what trimming brings to light.
    """
    trimmed = pc.utf8_trim_whitespace(cells)
    if is_nulled and pc.sum(pc.binary_length(trimmed)) == pc.sum(pc.binary_length(cells)):
        return cells
    empty = pa.array(["", *sorted(null_tokens)], type=trimmed.type)
    return pc.if_else(pc.is_in(trimmed, value_set=empty), pa.scalar(None, type=trimmed.type), trimmed)


def clean_table(
    table: pa.Table, null_tokens: frozenset[str], *, is_nulled: bool = False, is_trimmed: bool = False
) -> pa.Table:
    """`clean_cells` on every column; our own `handoff_*` fields are never read back.

    With `is_nulled` and `is_trimmed` the reader vouches for both, and the cells stay as they are.
    """
    names = [name for name in table.column_names if not name.lower().startswith(ECHO_PREFIX)]
    if is_nulled and is_trimmed:
        return table.select(names)
    cleaned = [clean_cells(table.column(name).cast(pa.string()), null_tokens, is_nulled=is_nulled) for name in names]
    return pa.table(cleaned, names=names) if names else table.select([])
