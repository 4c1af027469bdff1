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
        plain = plain_block(extract, header, data, row_no, line) if not is_last or data.endswith(b"\n") else None
        if plain is not None:
            yield plain
            used, used_lines, row_no = data.rfind(b"\n") + 1, plain.rows_read, row_no + plain.rows_read
        else:
            split = split_rows(data, header.delimiter, is_last=is_last)
            if len(split.starts):
                done, row_no = cut_block(extract, header, data, split, row_no, line)
                yield done
            used, used_lines = split.used, split.used_lines
        line += used_lines
        carried = data[used:]


def plain_block(extract: Extract, header: Header, data: bytes, row_no: int, line: int) -> RowBlock | None:
    """The whole lines of `data`, where all are rows and need no cutting to know it; None where one must look closer.

    No quotes, no other line ends, only ASCII: then a line is a row, and the parser counts its fields.
    """
    used = data.rfind(b"\n") + 1
    if not used or not data.isascii() or any(mark in data for mark in (b'"', b"\r", b"\0")):
        return None
    nulls = ["", *sorted(extract.rules.null_tokens)]
    table = _parse_fast(pa.py_buffer(data).slice(0, used), header, nulls, has_quotes=False)
    if table is None or table.num_rows != np.count_nonzero(np.frombuffer(data, np.uint8) == _NEWLINE):
        return None
    ends: list[Rows] = []

    def raw_at(index: int) -> tuple[int, bytes]:
        if not ends:
            ends.append(np.flatnonzero(np.frombuffer(data, np.uint8) == _NEWLINE))
        start = int(ends[0][index - 1]) + 1 if index else 0
        return line + index, data[start : int(ends[0][index])]

    is_trimmed = not _may_need_trimming(data[:used], header.delimiter)
    cleaned = clean_table(table, extract.rules.null_tokens, is_nulled=True, is_trimmed=is_trimmed)
    numbers = np.arange(row_no, row_no + table.num_rows, dtype=np.int64)
    return RowBlock(cleaned, numbers, raw_at, shape=_shape_of(extract, header))


def _shape_of(extract: Extract, header: Header) -> CsvShape:
    return CsvShape(header.names, header.delimiter.decode(), is_declared=bool(extract.header))


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
    return RowBlock(cleaned, numbers[good], raw_at, bad, _shape_of(extract, header)), row_no + len(starts)


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
    buffer = np.frombuffer(data, np.uint8)
    if np.count_nonzero(buffer <= _LAST_BLANK) == sum(
        np.count_nonzero(buffer == edge) for edge in edges if edge <= _LAST_BLANK
    ):
        return False
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
    table = _parse_fast(pa.py_buffer(content), header, nulls, has_quotes=b'"' in content)
    if table is None or table.num_rows != len(starts):
        return _parse_slowly(data, header, starts, ends, nulls)
    return table


def _parse_fast(content: pa.Buffer, header: Header, nulls: list[str], *, has_quotes: bool) -> pa.Table | None:
    """Rows of plain CSV; None where a row has another number of fields than the header."""
    names = list(header.names)
    reads = pa_csv.ReadOptions(column_names=names, block_size=max(1 << 20, content.size + 2), use_threads=False)
    parses = pa_csv.ParseOptions(delimiter=header.delimiter.decode(), newlines_in_values=has_quotes)
    converts = pa_csv.ConvertOptions(
        column_types={name: pa.string() for name in names},
        strings_can_be_null=True,
        null_values=nulls,
        check_utf8=False,
    )
    try:
        return pa_csv.read_csv(pa.BufferReader(content), reads, parses, converts)
    except pa.ArrowInvalid:
        return None


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
