"""SQL that reads one cell: from trimmed text to a typed value, or to the reason why it is none.

DuckDB's own casts are kinder than a contract may be (they ignore offsets, round, take `infinity`): each type is let
in by its pattern first. Columns come as `c<i>` and leave as `v<i>`; times are naive UTC. The source's zone is a table
`zone_days` the caller makes with `make_zone_days`. What becomes of values at the door is `door.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.lake.contract import Type
from orchestration.lake.extract import ColumnSpec
from orchestration.lake.zones import offset_spans

LANDED_TYPES: dict[Type, str] = {
    "text": "varchar",
    "timestamp": "timestamp",
    "date": "date",
    "decimal": "decimal(18,6)",
    "integer": "bigint",
    "boolean": "boolean",
    "time": "varchar",
}
UNREADABLE: dict[Type, str] = {
    "timestamp": "not_a_timestamp",
    "date": "not_a_date",
    "decimal": "not_a_number",
    "integer": "not_an_integer",
    "boolean": "not_a_boolean",
    "time": "not_a_time",
}
_OFFSET = r"( ?(Z|UTC|[+-]([01]\d|2[0-3])(:?[0-5]\d)?))?"
_ISO = r"\d{4}-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.]\d{1,9})?)?" + _OFFSET + ")?"
_ISO_MIDNIGHT = r"\d{4}-\d\d-\d\d([T ]00:00(:00([.]0{1,9})?)?)?"
_DECIMAL = r"[+-]?(\d{1,12}([.]\d*)?|[.]\d+)([eE][+-]?\d{1,2})?"
_INTEGER = r"[+-]?\d{1,18}([.]0*)?"
_TIME = r"(([01]?\d|2[0-3]):[0-5]\d(:00([.]0+)?)?|24:00(:00([.]0+)?)?)"
_TRUE = ("true", "t", "yes", "y", "1", "1.0")
_FALSE = ("false", "f", "no", "n", "0", "0.0")
_END = "timestamp '9999-12-31 23:59:59.999999'"


@dataclass(frozen=True)
class ParsedCell:
    """SQL of one column: `local` its value before any zone, `is_naive` whether it still needs the source's zone."""

    local: str
    is_naive: str = "false"


def quote(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def quote_all(texts: tuple[str, ...]) -> str:
    """Several as a list for `in`."""
    return ", ".join(quote(text) for text in texts)


def parse_cell(column: ColumnSpec, cell: str) -> ParsedCell:
    """SQL that reads the text `cell` as the column's type; null where it cannot."""
    if column.type == "timestamp":
        return _parse_timestamp(column, cell)
    return ParsedCell(_parse_plain(column, cell))


def _parse_plain(column: ColumnSpec, cell: str) -> str:
    match column.type:
        case "date":
            if column.formats:
                return f"cast({_strptime(column.formats, cell)} as date)"
            return _guarded(f"{cell}[:10]", _ISO_MIDNIGHT, "date", cell)
        case "decimal":
            return _guarded(cell, _DECIMAL, "decimal(18,6)", cell)
        case "integer":
            return _guarded(f"split_part({cell}, '.', 1)", _INTEGER, "bigint", cell)
        case "boolean":
            folded = f"lower({cell})"
            yes, no = f"{folded} in ({quote_all(_TRUE)})", f"{folded} in ({quote_all(_FALSE)})"
            return f"case when {yes} then true when {no} then false end"
        case "time":
            return _guarded(f"lpad(regexp_extract({cell}, '^\\d+:\\d\\d'), 5, '0')", _TIME, "varchar", cell)
    return cell


def _guarded(value: str, pattern: str, target: str, cell: str) -> str:
    return f"case when regexp_full_match({cell}, {quote(pattern)}) then try_cast({value} as {target}) end"


def _parse_timestamp(column: ColumnSpec, cell: str) -> ParsedCell:
    if column.formats:
        zoned = tuple(each for each in column.formats if "%z" in each)
        naive = tuple(each for each in column.formats if "%z" not in each)
        parsed = [f"cast({_strptime(each, cell)} as timestamp)" for each in (zoned, naive) if each]
        is_naive = "true" if not zoned else f"{_strptime(zoned, cell)} is null"
        return ParsedCell(parsed[0] if len(parsed) == 1 else f"coalesce({', '.join(parsed)})", is_naive)
    has_offset = (
        f"length({cell}) > 10 and ({cell}[-1] in ('Z', 'C') or {cell}[-6] in ('+', '-') or {cell}[-5] in ('+', '-')"
        f" or {cell}[-3] in ('+', '-'))"
    )
    return ParsedCell(f"cast({_guarded(cell, _ISO, 'timestamptz', cell)} as timestamp)", f"not ({has_offset})")


def _strptime(formats: tuple[str, ...], cell: str) -> str:
    return f"try_strptime({cell}, [{quote_all(formats)}])"


def make_zone_days(connection: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Show `zone_days`: for each local day the offset it begins with, and the one that begins within it, if any.

    Columns: day; a_from, a_shift; b_local, b_from, b_shift (null where no offset begins within the day).
    """
    connection.register("zone_days", _zone_days(zone))


@lru_cache(maxsize=64)
def _zone_days(zone: str) -> pa.Table:
    spans = offset_spans(zone)
    days = np.arange(np.datetime64("1900-01-01"), np.datetime64("2102-01-01"))
    utc_from, local_from = (
        np.array([getattr(span, name) for span in spans], dtype="datetime64[us]") for name in ("utc_from", "local_from")
    )
    shift = np.array([span.offset_seconds for span in spans], dtype="timedelta64[s]")
    first = np.searchsorted(local_from, days.astype("datetime64[us]"), side="right") - 1
    then = np.minimum(first + 1, len(spans) - 1)
    is_none = (first + 1 >= len(spans)) | (local_from[then].astype("datetime64[D]") != days)
    return pa.table(
        {
            "day": pa.array(days),
            "a_from": pa.array(utc_from[first]),
            "a_shift": pa.array(shift[first]),
            "b_local": pa.array(local_from[then], mask=is_none),
            "b_from": pa.array(utc_from[then], mask=is_none),
            "b_shift": pa.array(shift[then], mask=is_none),
        }
    )


def zone_join(alias: str, local: str, is_naive: str) -> str:
    """Join that finds the day a naive local time lies in; days beyond the table take its first or last."""
    day = f"least(greatest(cast({local} as date), date '1900-01-01'), date '2101-12-31')"
    return f"left join zone_days as {alias} on {alias}.day = case when {is_naive} then {day} end"


def to_utc(alias: str, local: str, is_naive: str) -> str:
    """The instant of a local time: in a gap where the clock jumps to, twice there the first.

    Nulls are let through first: DuckDB's `greatest` and `least` pass over them.
    """
    return (
        f"case when {local} is null or not {is_naive} then {local}"
        f" when {alias}.b_local is null or {local} < {alias}.b_local"
        f" then greatest({alias}.a_from, {local} - {alias}.a_shift)"
        f" else greatest({alias}.b_from, {local} - {alias}.b_shift) end"
    )


def find_fault(
    columns: tuple[ColumnSpec, ...], one_of: tuple[str, ...], *, has_zone: bool
) -> tuple[str, list[tuple[str, str | None]]]:
    """SQL giving the number of the first fault of a row, null if none, and what the numbers mean (reason, column).

    `columns` are `c<i>` (text), `v<i>` (typed) and, of timestamps, `n<i>` (naive) in this order.
    """
    faults: list[tuple[str, str | None]] = []
    cases: list[str] = []

    def add(condition: str, reason: str, column: str | None) -> None:
        cases.append(f"when {condition} then {len(faults)}")
        faults.append((reason, column))

    for place, column in enumerate(columns):
        cell, value = f"c{place}", f"v{place}"
        if column.required:
            add(f"{cell} is null", "empty_required", column.name)
        if column.type == "timestamp":
            wrong = f"{cell} is not null and ({value} is null or {value} > {_END})"
            add(wrong, UNREADABLE[column.type], column.name)
            if not has_zone:
                add(f"{cell} is not null and n{place}", "naive_time_without_zone", column.name)
        elif column.type != "text":
            add(f"{cell} is not null and {value} is null", UNREADABLE[column.type], column.name)
        if column.digits:
            add(f"not regexp_full_match({cell}, '[0-9]{{1,20}}')", "not_an_id", column.name)
        if column.allowed:
            add(f"{cell} not in ({quote_all(column.allowed)})", column.not_allowed, column.name)
    places = {column.name: place for place, column in enumerate(columns)}
    if one_of:
        empty = " and ".join(f"c{places[name]} is null" for name in one_of if name in places)
        add(empty or "true", "empty_one_of", "|".join(one_of))
    return (f"case {' '.join(cases)} end" if cases else "null"), faults
