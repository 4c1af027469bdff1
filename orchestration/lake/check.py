"""Checks one block of rows in DuckDB: text in, typed columns past the door and the rows that fail out.

`Checker` holds the statement made once for an object and its connection; `check` runs it on one block. What is then
done with good and bad rows is `landing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.lake.cell_sql import LANDED_TYPES, find_fault, make_zone_days, parse_cell, to_utc, zone_join
from orchestration.lake.door import LandedColumn, door_columns, token_kinds, vault_columns
from orchestration.lake.extract import ColumnSpec, Extract
from orchestration.lake.once import make_once
from orchestration.lake.row_hashes import NULL, hash_columns, joined, known_name, passing
from orchestration.lake.rows import BadRow, RowBlock
from orchestration.lake.tokens import declare_keys, token_sql
from orchestration.lake.versions import ADD_FRESH, FRESH
from orchestration.lake.whole_days import day_columns, told_columns
from orchestration.lake.zones import zone_names

_WHOLE_DAYS = ("spend", "ad_clicks")


@dataclass(frozen=True)
class CheckedBlock:
    """Good rows, typed, in the order of the block, and the bad ones.

    `rows` has `_row_no`, the columns past the door, `known_at`, `_known_at_basis`, the hashes, and `_cursor`;
    `is_good` marks the block's rows that are in it. `every` holds all rows, bad ones too, with `_fault` and, where days
    are restated, `_day`, `_part`, `_whole_day`, `_is_key_read` and `_is_day_read`.
    """

    rows: pa.Table = field(repr=False)
    is_good: pa.Array = field(repr=False)
    bad: list[BadRow] = field(repr=False)
    every: pa.Table = field(repr=False)


class Checker:
    """The check of one extract's rows on one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, extract: Extract, *, as_of: str, key: bytes) -> None:
        self._connection = connection
        self._columns = tuple(_with_own_rules(column, extract) for column in extract.spec.columns)
        self._extract = extract
        declare_keys(connection, token_kinds(extract.spec), key)
        connection.execute(FRESH)
        if extract.rules.timezone is not None:
            make_zone_days(connection, extract.rules.timezone)
        fault, self._faults = find_fault(
            self._columns, extract.spec.one_of, has_zone=extract.rules.timezone is not None
        )
        self._fault = fault
        self._as_of = as_of
        self._columns_past = door_columns(extract.spec, extract.rules)
        self._statements: dict[frozenset[int], str] = {}

    def check(self, block: RowBlock) -> CheckedBlock:
        """Check a block; its good rows are added to `fresh`."""
        names = set(block.table.column_names)
        given = frozenset(place for place, column in enumerate(self._columns) if column.name in names)
        cells = {f"c{place}": block.table.column(self._columns[place].name) for place in sorted(given)}
        made = make_once(self._connection, self._columns_past, cells)
        # In one piece: DuckDB keeps the order of rows through joins then, and nothing need be sorted after.
        chunk = pa.table({"_row_no": pa.array(block.row_no), **cells, **made}).combine_chunks()
        self._connection.register("chunk", chunk)
        if given not in self._statements:
            self._statements[given] = _statement(self._extract, self._columns, given, self._fault, self._as_of)
        checked = self._connection.sql(self._statements[given]).to_arrow_table()
        self._connection.unregister("chunk")
        checked = _in_order(checked)
        fault = checked.column("_fault")
        is_good = pc.is_null(fault).combine_chunks()
        bad = self._bad_rows(block, checked) if fault.null_count < len(fault) else []
        rows = checked.filter(is_good) if bad else checked
        self._connection.register("checked", rows)
        self._connection.execute(ADD_FRESH)
        self._connection.unregister("checked")
        return CheckedBlock(rows, is_good, [*block.bad, *bad], checked)

    def _bad_rows(self, block: RowBlock, checked: pa.Table) -> list[BadRow]:
        bad = []
        faults, keys = checked.column("_fault"), checked.column("_key_hash")
        days = checked.column("_whole_day") if self._extract.restates is not None else pa.nulls(len(faults))
        for place in pc.indices_nonzero(pc.is_valid(faults)).to_pylist():
            reason, column = self._faults[faults[place].as_py()]
            line, raw = block.raw_at(place)
            bad.append(
                BadRow(int(block.row_no[place]), line, reason, column, raw, keys[place].as_py(), days[place].as_py())
            )
        return bad


def _in_order(checked: pa.Table) -> pa.Table:
    """Rows in the order of the block: no join promises it."""
    row_no = checked.column("_row_no").to_numpy()
    is_sorted = bool((row_no[1:] > row_no[:-1]).all())
    return checked if is_sorted else checked.sort_by("_row_no")


def _with_own_rules(column: ColumnSpec, extract: Extract) -> ColumnSpec:
    """A source's own objects must fill their keys; calendars name zones and weekdays that exist."""
    spec = extract.spec
    if spec.entity is None and column.name in spec.key:
        return replace(column, required=True)
    if spec.entity == "calendars" and column.landed == "timezone":
        return replace(column, allowed=tuple(sorted(zone_names())))
    if spec.entity == "calendars" and column.landed == "iso_weekday":
        return replace(column, allowed=tuple("1234567"))
    return column


def _statement(extract: Extract, columns: tuple[ColumnSpec, ...], given: frozenset[int], fault: str, as_of: str) -> str:
    landed = door_columns(extract.spec, extract.rules)
    parsed, zoned, joins = _reading(extract, columns, given)
    told, named = told_columns(columns, extract), ", _is_key_read, _is_day_read" if extract.restates else ""
    hashes = hash_columns(extract, landed) + day_columns(extract, landed)
    return f"""
        with parsed as (select {", ".join(parsed)} from chunk),
        zoned as (select {", ".join(["parsed.*", *zoned])} from parsed {" ".join(joins)}),
        {_event_days(extract, columns)}
        judged as (select *, cast({fault} as smallint) as _fault, {_event(extract, columns)} as _event_at,
            {_value(columns, known_name(extract.spec), "cast(null as timestamp)")} as _given_at{told}
            from {"dated" if _event_day(extract, columns) else "zoned"}),
        passed as (select _row_no, _fault, _given_at, _event_at{named}, {_cursor(extract, columns)},
            {", ".join(f'{_made(each, given)} as "{each.name}"' for each in passing(landed))},
            {_token_text(extract, columns)}
            from judged cross join token_keys)
        select * exclude (_kept), {_known_at(extract, as_of)}, {hashes}
        from passed
    """


def _made(column: LandedColumn, given: frozenset[int]) -> str:
    """SQL of a column past the door; what is made once for equal cells stands in the chunk already."""
    return column.sql if column.place is None or column.place not in given else f"m{column.place}"


def _reading(
    extract: Extract, columns: tuple[ColumnSpec, ...], given: frozenset[int]
) -> tuple[list[str], list[str], list[str]]:
    """SQL that parses each cell, that takes times to UTC, and the joins this needs; columns not given are null."""
    has_zone = extract.rules.timezone is not None
    parsed, zoned, joins = ["*"], [], []

    def to_instant(name: str, alias: str, local: str, is_naive: str) -> None:
        zoned.append(f"{to_utc(alias, local, is_naive) if has_zone else local} as {name}")
        if has_zone:
            joins.append(zone_join(alias, local, is_naive))

    for place, column in enumerate(columns):
        cell = parse_cell(column, f"c{place}")
        if place not in given:
            parsed += [f"cast(null as varchar) as c{place}", f"cast(null as {LANDED_TYPES[column.type]}) as v{place}"]
            parsed += [f"false as n{place}"] if column.type == "timestamp" else []
        elif column.type == "timestamp":
            parsed += [f"{cell.local} as l{place}", f"coalesce({cell.is_naive}, false) as n{place}"]
            to_instant(f"v{place}", f"z{place}", f"l{place}", f"n{place}")
        else:
            parsed.append(f"{cell.local} as v{place}")
    day = _event_day(extract, columns)
    if day is not None:
        zoned.append(f"cast({day} as timestamp) as event_local")
    return parsed, zoned, joins


def _value(columns: tuple[ColumnSpec, ...], name: str | None, otherwise: str) -> str:
    return next((f"v{place}" for place, column in enumerate(columns) if column.name == name), otherwise)


def _event_day(extract: Extract, columns: tuple[ColumnSpec, ...]) -> str | None:
    """Where the event is a day: its midnight; what a day cost, and its clicks, are known when the day is over."""
    for place, column in enumerate(columns):
        if column.name == extract.spec.event_time and column.type == "date":
            return f"v{place} + 1" if extract.spec.entity in _WHOLE_DAYS else f"v{place}"
    return None


def _event_days(extract: Extract, columns: tuple[ColumnSpec, ...]) -> str:
    """Where the event is a day, a step that finds the instant of its midnight."""
    if _event_day(extract, columns) is None:
        return ""
    if extract.rules.timezone is None:
        return "dated as (select *, event_local as event_utc from zoned),"
    utc = to_utc("ze", "event_local", "true")
    return f"dated as (select zoned.*, {utc} as event_utc from zoned {zone_join('ze', 'event_local', 'true')}),"


def _event(extract: Extract, columns: tuple[ColumnSpec, ...]) -> str:
    if extract.spec.event_time is None:
        return "cast(null as timestamp)"
    moment = _value(columns, extract.spec.event_time, "cast(null as timestamp)")
    if _event_day(extract, columns) is not None:
        moment = "event_utc"
    lag = round(extract.rules.delivery_lag / timedelta(microseconds=1))
    return f"{moment} + to_microseconds({lag})" if lag else moment


def _cursor(extract: Extract, columns: tuple[ColumnSpec, ...]) -> str:
    for place, column in enumerate(columns):
        if column.name == extract.spec.cursor:
            return f"c{place} as _cursor, v{place} as _cursor_value"
    return "cast(null as varchar) as _cursor, cast(null as varchar) as _cursor_value"


def _token_text(extract: Extract, columns: tuple[ColumnSpec, ...]) -> str:
    """What the vault keeps of a row, under a token of its own: a change of it is a version too."""
    kept = {column.name for column in vault_columns(extract.spec, extract.rules)}
    cells = [f"coalesce(c{place}, {NULL})" for place, column in enumerate(columns) if column.name in kept]
    return f"{token_sql('row', joined(cells)) if cells else 'cast(null as varchar)'} as _kept"


def _known_at(extract: Extract, as_of: str) -> str:
    """What holds of a key's first version; `versions.py` decides on the others."""
    if extract.spec.is_reference:
        return "_given_at as known_at, case when _given_at is not null then 'given' end as _known_at_basis"
    return (
        f"coalesce(_given_at, _event_at, timestamp '{as_of}') as known_at, case when _given_at is not null then 'given'"
        " when _event_at is not null then 'event' else 'landed' end as _known_at_basis"
    )
