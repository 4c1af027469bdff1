"""Reads GA4 events from lines of JSON, a block at a time; a line that is no event is told apart with its reason.

Which files there are, and Parquet, is `ga4_files.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import duckdb
import pyarrow as pa

from orchestration.lake.cell_sql import quote
from orchestration.lake.extract import Extract
from orchestration.lake.rows import BadRow
from orchestration.lake.sniff import read_lines
from orchestration.sources.ga4_chunks import Chunk, is_unknown, refuse_if_lacking
from orchestration.sources.ga4_sql import EVENT

_BLOCK = 1 << 24
_Lines: TypeAlias = Sequence[tuple[int, bytes]]
_JSON_SHAPE = quote(json.dumps(EVENT))
_JSON_EVENTS = f"""
    with parsed as (select row_no, json_transform(line, {_JSON_SHAPE}) as event from lines)
    select row_no, cast($file as integer) as file_no, event.* from parsed order by row_no
"""
_NAMES = "select distinct unnest(json_keys(line)) from lines"
_JUDGE = """
    select row_no, case
        when not json_valid(line) then 'not_json'
        when json_type(line) <> 'OBJECT' then 'not_an_object'
        when json_type(line, '/event_params') not in ('ARRAY', 'NULL') then 'not_a_parameter_list'
    end as reason
    from lines
    where reason is not null
"""
_IS_STRANGE = "event_params is null or (event_timestamp is null and event_name is null)"


def line_blocks(file: Extract) -> Iterator[_Lines]:
    """Whole lines that hold something, with their numbers, in blocks."""
    number = 1
    for lines in read_lines(file, _BLOCK):
        if kept := [(number + offset, line) for offset, line in enumerate(lines) if line.strip()]:
            yield kept
        number += len(lines)


def ndjson_chunks(connection: duckdb.DuckDBPyConnection, file: Extract, file_no: int, row_no: int) -> Iterator[Chunk]:
    """The events of a file of JSON lines, rows numbered from `row_no`; lines that are none come as bad rows."""
    names: set[str] = set()
    events = 0
    for lines in line_blocks(file):
        chunk = _json_chunk(connection, lines, file_no, row_no, names)
        yield chunk
        row_no += chunk.rows
        events += chunk.events.num_rows
    if events:
        refuse_if_lacking(file, names)


def _json_chunk(
    connection: duckdb.DuckDBPyConnection,
    lines: Sequence[tuple[int, bytes]],
    file_no: int,
    row_no: int,
    names: set[str],
) -> Chunk:
    """The events among some lines; `names` grows by their columns."""
    reasons = {row_no + place: reason for place, (_, raw) in enumerate(lines) if (reason := _unreadable(raw))}
    texts = {row_no + place: raw for place, (_, raw) in enumerate(lines) if row_no + place not in reasons}
    events = _parse(connection, texts, file_no, reasons)
    found = {str(name) for (name,) in connection.execute(_NAMES).fetchall()}
    names |= found
    extras = {name: _json_extra(connection, name) for name in sorted(found) if is_unknown(name)}
    connection.unregister("lines")
    bad = [BadRow(each, *_place(lines[each - row_no], reason)) for each, reason in sorted(reasons.items())]
    return Chunk(file_no, events, extras, tuple(bad))


def _place(line: tuple[int, bytes], reason: str) -> tuple[int, str, None, bytes]:
    return line[0], reason, None, line[1]


def _parse(
    connection: duckdb.DuckDBPyConnection, texts: Mapping[int, bytes], file_no: int, reasons: dict[int, str]
) -> pa.Table:
    """Events of the lines that are some, registered as `lines`; the others get their reason.

    All are parsed at once; only where that fails, or gives an event without what events have, one looks closer.
    """
    query = _JSON_EVENTS.replace("$file", str(file_no))
    table = _line_table(texts)
    connection.register("lines", table)
    try:
        events = connection.sql(query).to_arrow_table()
        connection.register("parsed", events)
        strange = (
            connection.sql(f"select row_no from parsed where {_IS_STRANGE}").to_arrow_table().column(0).to_pylist()
        )
        connection.unregister("parsed")
        if not strange:
            return events
    except duckdb.Error:
        strange = list(texts)
    connection.register("lines", _line_table({row_no: texts[row_no] for row_no in strange}))
    judged = dict(connection.execute(_JUDGE).fetchall())
    connection.register("lines", table)
    if not judged:
        return events
    reasons |= judged
    connection.register("lines", _line_table({row_no: raw for row_no, raw in texts.items() if row_no not in judged}))
    return connection.sql(query).to_arrow_table()


def _line_table(texts: Mapping[int, bytes]) -> pa.Table:
    lines = pa.array(texts.values(), pa.binary()).cast(pa.string())
    return pa.table({"row_no": pa.array(texts, pa.int64()), "line": lines})


def _unreadable(line: bytes) -> str | None:
    if b"\0" in line or b"\\u0000" in line:
        return "nul_byte"
    try:
        line.decode()
    except UnicodeDecodeError:
        return "invalid_utf8"
    return None


def _json_extra(connection: duckdb.DuckDBPyConnection, name: str) -> pa.Array:
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    query = "select json_extract_string(line, $at) as cell from lines order by row_no"
    cells = connection.sql(query, params={"at": pointer})
    return cells.to_arrow_table().column(0).cast(pa.string()).combine_chunks()
