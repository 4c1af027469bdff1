"""SQL of the whole day a row is of, where its delivery restates days, and of whether its cells tell it.

What a restatement ends is `restatement.py`; what of the quarantine it overtakes, `sightings.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.lake.cell_sql import find_fault
from orchestration.lake.door import LandedColumn
from orchestration.lake.extract import ColumnSpec, Extract, Restates
from orchestration.lake.row_hashes import NEXT, joined, text_of


def told_columns(columns: tuple[ColumnSpec, ...], extract: Extract) -> str:
    """SQL, over checked cells, of whether a row's key, and its day, can be read; nothing where no day is restated."""
    restates = extract.restates
    if restates is None:
        return ""
    key = _is_read(columns, frozenset(extract.spec.key), extract, restates)
    day = _is_read(columns, frozenset((restates.day, *restates.within)), extract, restates, required=restates.day)
    return f", {key} as _is_key_read, {day} as _is_day_read"


def day_columns(extract: Extract, landed: Sequence[LandedColumn]) -> str:
    """SQL, over landed columns, of the day a row is of: `_day`, `_part` (the columns it is complete within), and both.

    `_whole_day` is one text of both, null where the day cannot be read.
    """
    restates = extract.restates
    if restates is None:
        return ""
    part, day = part_sql(restates, landed), day_sql(restates, landed)
    return f", {part} as _part, {day} as _day, {whole_day(part, day)} as _whole_day"


def _is_read(
    columns: tuple[ColumnSpec, ...],
    names: frozenset[str],
    extract: Extract,
    restates: Restates,
    *,
    required: str | None = None,
) -> str:
    asked = tuple(
        ColumnSpec(
            column.name,
            column.landed,
            column.type,
            required=column.required or column.name == required,
            # An account nobody knows is read all the same: its rows are no other account's.
            allowed=() if column.name in restates.within else column.allowed,
            digits=column.digits,
        )
        if column.name in names
        else ColumnSpec(column.name, column.landed)
        for column in columns
    )
    fault, _ = find_fault(asked, (), has_zone=extract.rules.timezone is not None)
    return f"({fault}) is null"


def day_sql(restates: Restates, landed: Sequence[LandedColumn]) -> str:
    """SQL of the day a landed row is of."""
    return next(f'"{each.name}"' for each in landed if each.source_column == restates.day)


def whole_day(part: str, day: str) -> str:
    """SQL of a day and its part as one text."""
    return f"{part} || {NEXT} || cast({day} as varchar)"


def part_sql(restates: Restates, landed: Sequence[LandedColumn]) -> str:
    """SQL of what its day is complete within, as text; one and the same where that is nothing."""
    within = [text_of(each) for name in restates.within for each in landed if each.source_column == name]
    return joined(within) if within else "''"
