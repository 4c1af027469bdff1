r"""Finds the rows of CSV bytes: where each begins and ends, and whether it is whole.

RFC 4180 with `\n` or `\r\n`: a field is quoted from its first byte to its last or not at all, a quote inside is
doubled, quoted fields may span lines. Where a quote stands anywhere else the row is bad, and reading goes on at the
next line: one lost quote costs one row, not the file. Vectorised while quotes are well placed, row by row otherwise.
Cells are not looked at here (`csv_rows.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from orchestration.lake.rows import Rows

LONGEST_ROW = 1 << 22
_QUOTE, _NEWLINE, _RETURN = 34, 10, 13
_QUOTED = rb'"[^"]*+(?:""[^"]*+)*+"'


@dataclass(frozen=True)
class Split:
    """Rows of one buffer.

    Row i is bytes starts[i]:ends[i], line end left out, has fields[i] fields and begins on line lines[i] of the buffer
    (from 0). `has_quotes_wrong[i]`: it cannot be cut into fields. `used` bytes are dealt with; `used_lines` line ends
    lie in them.
    """

    starts: Rows
    ends: Rows
    lines: Rows
    fields: Rows
    has_quotes_wrong: np.ndarray[tuple[int], np.dtype[np.bool_]]
    used: int
    used_lines: int


def split_rows(data: bytes, delimiter: bytes, *, is_last: bool) -> Split:
    """Split `data`, which begins at the start of a row; what may be an unfinished row is left for the next call."""
    if b'"' not in data:
        return _split_plain(data, delimiter, is_last)
    return _split_quoted(data, delimiter, is_last) or _split_one_by_one(data, delimiter, is_last)


def _split_plain(data: bytes, delimiter: bytes, is_last: bool) -> Split:
    buffer = np.frombuffer(data, np.uint8)
    line_ends = np.flatnonzero(buffer == _NEWLINE)
    ends = line_ends
    if is_last and data and not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    lines = np.arange(len(ends), dtype=np.int64)
    delimiters = np.flatnonzero(buffer == delimiter[0])
    return _finish(buffer, ends, lines, delimiters, len(data), len(line_ends), is_last)


def _split_quoted(data: bytes, delimiter: bytes, is_last: bool) -> Split | None:
    """As `_split_plain` where each quote opens, closes or doubles as it should; None where one does not."""
    buffer = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(buffer == _QUOTE)
    line_ends = np.flatnonzero(buffer == _NEWLINE)
    ends = line_ends[np.searchsorted(quotes, line_ends) % 2 == 0]
    if is_last and not data.endswith(b"\n"):
        if len(quotes) % 2:
            return None
        ends = np.append(ends, len(data))
    used = min(int(ends[-1]) + 1, len(data)) if len(ends) else 0
    if (is_last and used < len(data)) or len(data) - used > LONGEST_ROW:
        return None
    if not _quotes_are_well_placed(buffer, quotes[quotes < used], delimiter[0]):
        return None
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    delimiters = np.flatnonzero(buffer == delimiter[0])
    delimiters = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
    lines = np.searchsorted(line_ends, starts).astype(np.int64)
    return _finish(buffer, ends, lines, delimiters, used, int(np.searchsorted(line_ends, used)), is_last)


def _quotes_are_well_placed(buffer: np.ndarray[tuple[int], np.dtype[np.uint8]], quotes: Rows, delimiter: int) -> bool:
    opening, closing = quotes[0::2], quotes[1::2]
    before = np.where(opening > 0, buffer[opening - 1], _NEWLINE)
    after = np.where(closing + 1 < len(buffer), buffer[np.minimum(closing + 1, len(buffer) - 1)], _NEWLINE)
    may_precede = (before == delimiter) | (before == _NEWLINE) | (before == _QUOTE)
    may_follow = (after == delimiter) | (after == _NEWLINE) | (after == _QUOTE) | (after == _RETURN)
    return bool(may_precede.all() and may_follow.all())


def _finish(
    buffer: np.ndarray[tuple[int], np.dtype[np.uint8]],
    ends: Rows,
    lines: Rows,
    delimiters: Rows,
    used: int,
    used_lines: int,
    is_last: bool,
) -> Split:
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64) if len(ends) else ends
    used = used if is_last else (int(ends[-1]) + 1 if len(ends) else 0)
    counts = np.searchsorted(delimiters, ends) - np.searchsorted(delimiters, starts) + 1
    has_return = (ends > starts) & (buffer[np.maximum(ends - 1, 0)] == _RETURN) if len(ends) else ends.astype(bool)
    return Split(starts, ends - has_return, lines, counts, np.zeros(len(ends), bool), used, used_lines)


@lru_cache(maxsize=8)
def _patterns(delimiter: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    mark = re.escape(delimiter)
    field = rb"(?:" + _QUOTED + rb'|[^"\r\n' + mark + rb"]*+)"
    row = re.compile(field + rb"(?:" + mark + field + rb")*+(?:\r?\n|\Z)")
    open_end = rb'(?:"[^"]*+(?:""[^"]*+)*+(?:"\r?)?|[^"\r\n' + mark + rb"]*+\r?)"
    unfinished = re.compile(rb"(?:" + field + mark + rb")*+" + open_end + rb"\Z")
    return row, unfinished, re.compile(_QUOTED)


def _split_one_by_one(data: bytes, delimiter: bytes, is_last: bool) -> Split:
    row_pattern, unfinished, quoted = _patterns(delimiter)
    found: list[tuple[int, int, int, int, bool]] = []
    at = line = 0
    while at < len(data):
        match = row_pattern.match(data, at)
        end = match.end() if match else -1
        is_wrong = match is None
        if match is None or (end == len(data) and not is_last and not data.endswith(b"\n", at)):
            may_go_on = not is_last and len(data) - at <= LONGEST_ROW
            if may_go_on and (match is not None or unfinished.match(data, at)):
                break
            if match is None:
                end = data.find(b"\n", at) + 1
                if not end and may_go_on:
                    break
                end = end or len(data)
        row = data[at:end].removesuffix(b"\n").removesuffix(b"\r")
        found.append((at, at + len(row), line, quoted.sub(b"", row).count(delimiter) + 1, is_wrong))
        line += data.count(b"\n", at, end)
        at = end
    columns = np.array(found, dtype=np.int64).reshape(-1, 5).T
    return Split(columns[0], columns[1], columns[2], columns[3], columns[4].astype(bool), at, line)
