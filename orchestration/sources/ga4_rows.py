"""Reads files of nested GA4 events as flat rows of text, set-based in DuckDB.

What an event says of itself is flattened file by file into a table in memory; what no event says alone is then known
(the page and the source its session began with, which events share one identity), and the rows go out in blocks.
Nothing is written anywhere: what is read here holds web ids. A line that is no event is handed on as a bad row, with
its bytes. The files' own shapes are `ga4_files.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.lake.extract import Extract
from orchestration.lake.rows import BadRow, RowBlock, clean_table
from orchestration.sources.ga4_chunks import Chunk
from orchestration.sources.ga4_files import RawRows, read_chunks
from orchestration.sources.ga4_sql import FLAT, flat_sql, told_sql
from orchestration.sources.registry_ga4 import Ga4Source

_ROWS = 1 << 16
_VISITS = """
    create or replace temp table visits as
    select hash(session_key, delivery_no) as session, event_timestamp as moment, row_no, page, traffic from told
    where session_key is not null and (page is not null or traffic is not null)
"""
# Of events that are one by their identity, different ones are numbered by what they say; equal ones within a file too,
# while equal ones of two files of a day are one event brought twice. A day delivered is read by itself, also where
# several are read at once: its sessions begin in it, and it may bring what another brought.
_COPIES = """
    create or replace temp table copies as
    with seen as (
        select row_no, file_no, content, hash(identity, delivery_no) as identity_a,
            hash(identity || '.', delivery_no) as identity_b
        from told
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
class DeliveryTally:
    """Rows of one delivery, and what of them became no touch: events by name no signal maps, signals without any id."""

    rows: int = 0
    unmapped: Counter[str] = field(default_factory=Counter)
    nameless: int = 0


Ga4Tally = dict[str, DeliveryTally]
"""By delivery, as it was last read: one that is read again, by itself, is not counted twice."""


def read_events(extract: Extract, source: Ga4Source, tally: Ga4Tally) -> tuple[tuple[str, ...], Iterator[RowBlock]]:
    """Names and blocks of the events of all files of the deliveries; what became no touch is counted in `tally`.

    Raises
    ------
    FileRefused
        While the blocks are read: if a file is not what it is named, or lacks what every event has.
    """
    return FLAT, _blocks(extract, source, tally)


def _blocks(extract: Extract, source: Ga4Source, tally: Ga4Tally) -> Iterator[RowBlock]:
    with closing(_connect()) as connection:
        read = _read(connection, extract, told_sql(source, "events"))
        tally.update(read.told)
        if not read.rows:
            return
        connection.execute(_VISITS)
        connection.execute(_COPIES)
        connection.execute(_SESSIONS)
        flat = flat_sql(source, f"select * from temp.told where {_IS_IN_BLOCK}")
        raw = RawRows(extract)
        for first in range(1, read.rows + 1, _ROWS):
            last = first + _ROWS - 1
            found = connection.sql(flat, params={"first": first, "last": last}).to_arrow_table()
            _count(found, extract, tally)
            yield _block(_dated(found, extract), extract, read, (first, last), raw)


@dataclass
class _Read:
    """What was read: the number of rows, lines that are no event, and undeclared columns as (row_no, cell) tables."""

    told: Ga4Tally
    rows: int = 0
    bad: list[BadRow] = field(default_factory=list)
    extras: list[pa.Table] = field(default_factory=list)


def _read(connection: duckdb.DuckDBPyConnection, extract: Extract, told: str) -> _Read:
    """Fill `told` with every event of the files, those of small files together."""
    read = _Read({each.delivery_name: DeliveryTally() for each in extract.deliveries})
    delivery_of = [number for number, each in enumerate(extract.deliveries) for _ in each.files]
    verb = "create temp table told as"
    for chunks in _together(read_chunks(connection, extract)):
        events = []
        for chunk in chunks:
            number = delivery_of[chunk.file_no]
            numbers = pa.repeat(pa.scalar(number, pa.int32()), chunk.events.num_rows)
            events.append(chunk.events.append_column("delivery_no", numbers))
            read.told[extract.deliveries[number].delivery_name].rows += chunk.rows
            read.rows += chunk.rows
            read.bad += chunk.bad
            if chunk.extras:
                columns = [chunk.events.column("row_no"), *chunk.extras.values()]
                read.extras.append(pa.table(columns, names=["row_no", *chunk.extras]))
        connection.register("events", pa.concat_tables(events))
        connection.execute(f"{verb} {told}")
        connection.unregister("events")
        verb = "insert into told"
    return read


def _together(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    """Chunks in lists of about as many rows as a large one has."""
    waiting: list[Chunk] = []
    for chunk in chunks:
        waiting.append(chunk)
        if sum(each.rows for each in waiting) >= _ROWS:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _dated(found: pa.Table, extract: Extract) -> pa.Table:
    """With the day whose export each row stands in: its delivery's, or its own where files are of no day."""
    days = [each.restates.days[0] if each.restates and each.restates.days else None for each in extract.deliveries]
    told = pa.array([day and day.strftime("%Y%m%d") for day in days], pa.string())
    dates = pc.coalesce(told.take(found.column("delivery_no").combine_chunks()), found.column("event_date"))
    return found.append_column("export_date", dates)


def _block(found: pa.Table, extract: Extract, read: _Read, span: tuple[int, int], raw: RawRows) -> RowBlock:
    """The rows `found` of those numbered from the first to the last of `span`, and the bad ones between them."""
    numbers = found.column("row_no").to_numpy()
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


def _count(found: pa.Table, extract: Extract, tally: Ga4Tally) -> None:
    names = [each.delivery_name for each in extract.deliveries]
    ids = [pc.is_valid(found.column(name)) for name in ("lead_id", "anonymous_id", "click_id")]
    kinds = pa.table(
        [
            found.column("delivery_no"),
            pc.if_else(pc.is_valid(found.column("signal")), None, pc.coalesce(found.column("event_name"), "(no name)")),
            pc.or_(pc.or_(ids[0], ids[1]), ids[2]),
        ],
        names=["delivery_no", "unmapped", "has_id"],
    )
    for told in kinds.group_by(kinds.column_names).aggregate([([], "count_all")]).to_pylist():
        of_day, rows = tally[names[told["delivery_no"]]], told["count_all"]
        if told["unmapped"] is not None:
            of_day.unmapped[told["unmapped"]] += rows
        elif not told["has_id"]:
            of_day.nameless += rows


def _connect() -> duckdb.DuckDBPyConnection:
    """In memory, and nowhere else: what is read here holds web ids."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 2, "temp_directory": "", "autoinstall_known_extensions": False,
    }  # fmt: skip
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("set timezone = 'UTC'")
    return connection
