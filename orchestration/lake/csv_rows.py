"""Reads CSV as text: rows that can be cut into the header's fields, and the bad ones with their bytes.

The header decides the delimiter (`,` `;` tab or `|`, whichever gives the declared names); nothing else is guessed.
Refused whole: no header, a header that is data, a declared column missing. Types are checked in `landing.py`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from orchestration.lake.csv_split import LONGEST_ROW, Split, split_rows
from orchestration.lake.extract import Extract
from orchestration.lake.header import Header, read_header
from orchestration.lake.rows import BadRow, CsvShape, RowBlock, Rows, clean_table
from orchestration.lake.sniff import read_blocks

BLOCK = 1 << 24
_NEWLINE, _RETURN, _LAST_BLANK = 10, 13, 32
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


def read_csv_rows(extract: Extract, *, block_size: int = BLOCK) -> tuple[Sequence[str], Iterator[RowBlock]]:
    """Column names of the file, and its rows in blocks.

    Raises
    ------
    FileRefused
        If the header cannot be used; while iterating, if the file turns out cut off.
    """
    blocks = _unix_lines(read_blocks(extract, block_size))
    start = next(blocks, b"")
    while len(start) < LONGEST_ROW and (more := next(blocks, b"")):
        start += more
    header = read_header(extract, start)
    return header.names, _rows(extract, header, start[header.used :], blocks)


def _unix_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Give a file whose lines end in a bare carriage return the usual line ends."""
    first = next(blocks, b"")
    is_old = b"\r" in first and b"\n" not in first
    yield first.replace(b"\r", b"\n") if is_old else first
    for block in blocks:
        yield block.replace(b"\r", b"\n") if is_old else block


def _rows(extract: Extract, header: Header, carried: bytes, blocks: Iterator[bytes]) -> Iterator[RowBlock]:
    row_no, line = 1, header.lines + 1
    is_last = False
    while not is_last:
        block = next(blocks, None)
        is_last = block is None
        data = carried + (block or b"")
        split = split_rows(data, header.delimiter, is_last=is_last)
        if len(split.starts):
            done, row_no = cut_block(extract, header, data, split, row_no, line)
            yield done
        line += split.used_lines
        carried = data[split.used :]


def cut_block(
    extract: Extract, header: Header, data: bytes, split: Split, row_no: int, line: int
) -> tuple[RowBlock, int]:
    """The rows of `split`, the first of which is row `row_no` on line `line`; and the number of the row after them."""
    kept = split.ends > split.starts
    starts, ends, lines = split.starts[kept], split.ends[kept], split.lines[kept] + line
    numbers = np.arange(row_no, row_no + len(starts), dtype=np.int64)
    faults = _faults(data, split, starts, ends, split.fields[kept], split.has_quotes_wrong[kept], len(header.names))
    good = np.ones(len(starts), dtype=bool)
    good[list(faults)] = False
    bad = tuple(
        BadRow(int(numbers[at]), int(lines[at]), reason, None, data[starts[at] : ends[at]])
        for at, reason in sorted(faults.items())
    )
    nulls = ["", *sorted(extract.rules.null_tokens)]
    table = _parse(data, header, starts[good], ends[good], nulls, is_whole=not faults)
    places = np.flatnonzero(good)

    def raw_at(index: int) -> tuple[int, bytes]:
        at = places[index]
        return int(lines[at]), data[starts[at] : ends[at]]

    is_trimmed = not _may_need_trimming(data[: split.used], header.delimiter)
    cleaned = clean_table(table, extract.rules.null_tokens, is_nulled=True, is_trimmed=is_trimmed)
    shape = CsvShape(header.names, header.delimiter.decode(), is_declared=bool(extract.header))
    return RowBlock(cleaned, numbers[good], raw_at, bad, shape), row_no + len(starts)


def _faults(
    data: bytes, split: Split, starts: Rows, ends: Rows, fields: Rows, quotes_wrong: Flags, width: int
) -> dict[int, str]:
    """Index of each row that cannot be read → reason; the first reason found holds."""
    faults = {int(at): "wrong_field_count" for at in np.flatnonzero(fields != width)}
    buffer = np.frombuffer(data, np.uint8)
    returns = np.flatnonzero(buffer[: split.used] == 13) if b"\r" in data else np.empty(0, np.int64)
    for at in _holders(returns, starts, ends):
        row = data[starts[at] : ends[at]]
        if b'"' not in row or b"\r" in _outside_quotes(row):
            faults[at] = "stray_carriage_return"
    for at in np.flatnonzero(quotes_wrong).tolist():
        has_quote = b'"' in data[starts[at] : ends[at]]
        faults[at] = "unbalanced_quote" if has_quote else "stray_carriage_return"
    if b"\0" in data:
        faults.update(dict.fromkeys(_holders(np.flatnonzero(buffer == 0), starts, ends), "nul_byte"))
    if not _is_utf8(data[: split.used]):
        high = _holders(np.flatnonzero(buffer[: split.used] >= 0x80), starts, ends)
        faults.update((at, "invalid_utf8") for at in high if not _is_utf8(data[starts[at] : ends[at]]))
    return faults


def _holders(positions: Rows, starts: Rows, ends: Rows) -> list[int]:
    """Indices of the rows that hold one of `positions`."""
    if not len(positions) or not len(starts):
        return []
    rows = np.searchsorted(starts, positions, side="right") - 1
    inside = (rows >= 0) & (positions < ends[np.maximum(rows, 0)])
    return [int(at) for at in np.unique(rows[inside])]


def _outside_quotes(row: bytes) -> bytes:
    return b"".join(row.split(b'"')[0::2])


def _may_need_trimming(data: bytes, delimiter: bytes) -> bool:
    """Whether a cell may begin or end with white space; where it is not plain to see, it may."""
    if not data.isascii() or b'"' in data:
        return True
    edges = bytes({_NEWLINE, _RETURN, delimiter[0]})
    if not any(bytes([code]) in data for code in range(_LAST_BLANK + 1) if code not in edges):
        return False
    buffer = np.frombuffer(data, np.uint8)
    is_edge = np.isin(np.arange(256), list(edges))
    blanks = np.flatnonzero((buffer <= _LAST_BLANK) & ~is_edge[buffer])
    if blanks[0] == 0 or blanks[-1] == len(buffer) - 1:
        return True
    return bool(is_edge[buffer[blanks - 1]].any() or is_edge[buffer[blanks + 1]].any())


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _parse(data: bytes, header: Header, starts: Rows, ends: Rows, nulls: list[str], *, is_whole: bool) -> pa.Table:
    """Cells of the good rows. A second reader steps in where the fast one counts rows otherwise."""
    names = list(header.names)
    if not len(starts):
        return pa.table({name: pa.array([], pa.string()) for name in names})
    if is_whole:
        content = data[int(starts[0]) : int(ends[-1])]
    else:
        content = b"\n".join(data[begin:end] for begin, end in zip(starts.tolist(), ends.tolist(), strict=True))
    reads = pa_csv.ReadOptions(column_names=names, block_size=max(1 << 20, len(content) + 2), use_threads=False)
    parses = pa_csv.ParseOptions(delimiter=header.delimiter.decode(), newlines_in_values=b'"' in content)
    converts = pa_csv.ConvertOptions(
        column_types={name: pa.string() for name in names},
        strings_can_be_null=True,
        null_values=nulls,
        check_utf8=False,
    )
    try:
        table = pa_csv.read_csv(io.BytesIO(content), reads, parses, converts)
    except pa.ArrowInvalid:
        table = None
    if table is None or table.num_rows != len(starts):
        return _parse_slowly(data, header, starts, ends, nulls)
    return table


def _parse_slowly(data: bytes, header: Header, starts: Rows, ends: Rows, nulls: list[str]) -> pa.Table:
    cells: list[list[str]] = []
    for begin, end in zip(starts.tolist(), ends.tolist(), strict=True):
        text = io.StringIO(data[begin:end].decode("utf-8"), newline="")
        cells.append(next(csv.reader(text, delimiter=header.delimiter.decode(), strict=True)))
    columns = {
        name: pa.array([None if cell in nulls else cell for cell in column], pa.string())
        for name, column in zip(header.names, zip(*cells, strict=True), strict=True)
    }
    return pa.table(columns)
