"""Reads files of nested GA4 events as flat rows of text, set-based in DuckDB.

What an event says of itself is flattened file by file into a table in memory; what no event says alone is then known
(the page and the source its session began with, which events share one identity), and the rows go out in blocks.
Nothing is written anywhere: what is read here holds web ids. A line that is no event is handed on as a bad row, with
its bytes. The files' own shapes are `ga4_files.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.lake.extract import Extract
from orchestration.lake.rows import BadRow, RowBlock, clean_table
from orchestration.sources.ga4_files import RawRows, read_chunks
from orchestration.sources.ga4_sql import FLAT, flat_sql, told_sql
from orchestration.sources.registry_ga4 import Ga4Source

_ROWS = 1 << 16
_VISITS = """
    create or replace temp table visits as
    select hash(session_key) as session, event_timestamp as moment, row_no, page, traffic from told
    where session_key is not null and (page is not null or traffic is not null)
"""
# Of events that are one by their identity, different ones are numbered by what they say; equal ones within a file too,
# while equal ones of two files of a day are one event brought twice.
_COPIES = """
    create or replace temp table copies as
    with seen as (
        select row_no, file_no, hash(identity) as identity_a, hash(identity || '.') as identity_b, content from told
    ),
    crowded as (
        select identity_a, identity_b from seen group by identity_a, identity_b having count(*) > 1
    ),
    placed as (
        select row_no,
            dense_rank() over (partition by identity_a, identity_b order by content) as place,
            row_number() over (partition by identity_a, identity_b, content, file_no order by row_no) as copy_no
        from seen semi join crowded using (identity_a, identity_b)
    )
    select row_no, place || case when copy_no > 1 then '.' || copy_no else '' end as number
    from placed
    where place > 1 or copy_no > 1
"""
_SESSIONS = """
    create or replace temp table sessions as
    select session,
        arg_min(page, lpad(moment, 20, '0') || lpad(row_no::varchar, 20, '0')) filter (page is not null)
            as landing_page,
        arg_min(traffic, traffic.grade || lpad(moment, 20, '0') || lpad(row_no::varchar, 20, '0'))
            filter (traffic is not null) as traffic
    from visits
    group by session
"""
_IS_IN_BLOCK = "row_no between $first and $last"


@dataclass
class Ga4Tally:
    """What was read and became no touch: events by name that no signal is mapped to, signals without any id."""

    unmapped: Counter[str] = field(default_factory=Counter)
    nameless: int = 0
    empty: list[str] = field(default_factory=list)


def read_events(extract: Extract, source: Ga4Source, tally: Ga4Tally) -> tuple[tuple[str, ...], Iterator[RowBlock]]:
    """Names and blocks of the events of all files of a delivery; what became no touch is counted in `tally`.

    Raises
    ------
    FileRefused
        While the blocks are read: if a file is not what it is named, or lacks what every event has.
    """
    return FLAT, _blocks(extract, source, tally)


def _blocks(extract: Extract, source: Ga4Source, tally: Ga4Tally) -> Iterator[RowBlock]:
    with closing(_connect()) as connection:
        read = _read(connection, extract, told_sql(source, "events"))
        if not read.rows:
            tally.empty.append(extract.delivery_name)
            return
        connection.execute(_VISITS)
        connection.execute(_COPIES)
        connection.execute(_SESSIONS)
        flat = flat_sql(source, f"select * from temp.told where {_IS_IN_BLOCK}")
        raw = RawRows(extract)
        for first in range(1, read.rows + 1, _ROWS):
            yield _block(connection, extract, read, flat, (first, first + _ROWS - 1), raw, tally)


@dataclass
class _Read:
    """What was read: the number of rows, lines that are no event, and undeclared columns as (row_no, cell) tables."""

    rows: int = 0
    bad: list[BadRow] = field(default_factory=list)
    extras: list[pa.Table] = field(default_factory=list)


def _read(connection: duckdb.DuckDBPyConnection, extract: Extract, told: str) -> _Read:
    """Fill `told` with every event of the files."""
    read = _Read()
    for chunk in read_chunks(connection, extract):
        connection.register("events", chunk.events)
        connection.execute(f"insert into told {told}" if read.rows else f"create temp table told as {told}")
        connection.unregister("events")
        read.rows += chunk.rows
        read.bad += chunk.bad
        if chunk.extras:
            columns = [chunk.events.column("row_no"), *chunk.extras.values()]
            read.extras.append(pa.table(columns, names=["row_no", *chunk.extras]))
    return read


def _block(
    connection: duckdb.DuckDBPyConnection,
    extract: Extract,
    read: _Read,
    flat: str,
    span: tuple[int, int],
    raw: RawRows,
    tally: Ga4Tally,
) -> RowBlock:
    """The rows numbered from the first to the last of `span`."""
    found = connection.sql(flat, params={"first": span[0], "last": span[1]}).to_arrow_table()
    numbers = found.column("row_no").to_numpy()
    day = extract.restates.days[0].strftime("%Y%m%d") if extract.restates and extract.restates.days else None
    dates = pa.repeat(pa.scalar(day), found.num_rows) if day else found.column("event_date")
    found = found.append_column("export_date", dates)
    _count(found, tally)
    table = _with_extras(found, read.extras)
    bad = tuple(row for row in read.bad if span[0] <= row.row_no <= span[1])
    return RowBlock(
        clean_table(table, extract.rules.null_tokens), numbers, lambda index: raw.at(int(numbers[index])), bad
    )


def _with_extras(found: pa.Table, extras: Sequence[pa.Table]) -> pa.Table:
    """The flat columns, and the undeclared ones of the same rows; one that is named as ours gets another name."""
    table = found.select(list(FLAT))
    numbers = found.column("row_no")
    near = [each for each in extras if pc.any(pc.is_in(numbers, value_set=each.column("row_no"))).as_py()]
    if near:
        beside = pa.concat_tables(near, promote_options="default")
        place = pc.index_in(numbers, value_set=beside.column("row_no"))
        for name in beside.column_names[1:]:
            told = name if name not in FLAT else f"{name} (export)"
            table = table.append_column(told, beside.column(name).take(place))
    return table


def _count(found: pa.Table, tally: Ga4Tally) -> None:
    is_mapped = pc.is_valid(found.column("signal"))
    names = found.column("event_name").filter(pc.invert(is_mapped))
    for entry in pc.value_counts(names).to_pylist():
        tally.unmapped[entry["values"] or "(no name)"] += entry["counts"]
    ids = [pc.is_valid(found.column(name)) for name in ("lead_id", "anonymous_id", "click_id")]
    nameless = pc.and_(is_mapped, pc.invert(pc.or_(pc.or_(ids[0], ids[1]), ids[2])))
    tally.nameless += pc.sum(nameless).as_py() or 0


def _connect() -> duckdb.DuckDBPyConnection:
    """In memory, and nowhere else: what is read here holds web ids."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 2, "temp_directory": "", "autoinstall_known_extensions": False,
    }  # fmt: skip
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("set timezone = 'UTC'")
    return connection
