"""The header of a text file: which column is which, and whether it is a header at all.

Names are compared exactly after trimming. A header none of whose names is declared is taken for data, and its words
are then not repeated in the message: they may be somebody's name.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.lake.csv_split import split_rows
from orchestration.lake.extract import Extract
from orchestration.lake.rows import ECHO_PREFIX
from orchestration.lake.sniff import refuse

DELIMITERS = (b",", b";", b"\t", b"|")


@dataclass(frozen=True)
class Header:
    """Names of a file's columns in their order, its delimiter, and how many bytes and lines the header took."""

    names: tuple[str, ...]
    delimiter: bytes
    used: int
    lines: int


def read_header(extract: Extract, start: bytes) -> Header:
    """The header at the start of a file, or as the extract gives it.

    Raises
    ------
    FileRefused
        If there is none, or a declared column is missing or named twice.
    """
    found = [(delimiter, *_first_row(start, delimiter)) for delimiter in DELIMITERS]
    if extract.header:
        return _given(extract, found)
    declared = {column.name for column in extract.spec.columns}
    delimiter, cells, used, lines = max(found, key=lambda each: len(declared.intersection(each[1])))
    if not declared.intersection(cells):
        refuse(
            extract,
            "missing_header",
            "its first line names none of the declared columns: give it a header, or declare `header` for it",
        )
    return Header(check_names(extract, cells), delimiter, used, lines)


def check_names(extract: Extract, cells: Sequence[str]) -> tuple[str, ...]:
    """Unique names for all columns of a file; the declared ones must be there once.

    Raises
    ------
    FileRefused
        If a declared column is missing and not optional, or stands there twice.
    """
    missing = [column.name for column in extract.spec.columns if not column.optional and column.name not in cells]
    if missing:
        refuse(extract, "missing_column", f"it lacks the declared columns {', '.join(missing)}: export it with them")
    declared = {column.name for column in extract.spec.columns}
    names: list[str] = []
    for place, cell in enumerate(cells, start=1):
        if cell in names and cell in declared:
            refuse(extract, "duplicate_column", f"it has the column {cell} twice: keep one")
        name = cell or f"column_{place}"
        names.append(name if name not in names else f"{name}_{place}")
    return tuple(names)


def unknown_names(extract: Extract, names: Sequence[str]) -> tuple[str, ...]:
    """Columns nobody declared, in the file's order; our own `handoff_*` are none."""
    declared = {column.name for column in extract.spec.columns}
    return tuple(name for name in names if name not in declared and not name.lower().startswith(ECHO_PREFIX))


def _given(extract: Extract, found: list[tuple[bytes, list[str], int, int]]) -> Header:
    """Names from the registry; the first line is skipped only where it repeats them."""
    names = check_names(extract, extract.header)
    fitting = [each for each in found if len(each[1]) == len(names)] or found
    delimiter, cells, used, lines = fitting[0]
    is_repeated = tuple(cells) == tuple(extract.header)
    return Header(names, delimiter, used if is_repeated else 0, lines if is_repeated else 0)


def _first_row(start: bytes, delimiter: bytes) -> tuple[list[str], int, int]:
    """Cells of the first line that is not blank, and the bytes and lines up to its end (0: not whole)."""
    skipped = len(start) - len(start.lstrip(b"\r\n"))
    blank = start[:skipped].count(b"\n")
    split = split_rows(start[skipped : skipped + (1 << 20)] + b"\n", delimiter, is_last=True)
    if not len(split.starts):
        return [], 0, 0
    row = start[skipped + int(split.starts[0]) : skipped + int(split.ends[0])]
    try:
        text = row.decode("utf-8")
        cells = [cell.strip() for cell in next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter.decode()))]
    except (UnicodeDecodeError, csv.Error, StopIteration):
        cells = []
    after = skipped + (int(split.starts[1]) if len(split.starts) > 1 else len(start) - skipped)
    return cells, min(after, len(start)), blank + 1 + row.count(b"\n")
