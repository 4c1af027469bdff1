"""Files of GA4's export as chunks of events in one shape, whether lines of JSON (packed or not) or Parquet.

A chunk is an Arrow table of `row_no`, `file_no` and the columns of `ga4_sql.EVENT`, every leaf as text; what a file
lacks is null, what nobody declared comes apart. `RawRows` finds a row's bytes again, for those that are quarantined.
Flattening is `ga4_sql.py`, listing the files `ga4_export.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.lake.cell_sql import quote
from orchestration.lake.extract import Extract
from orchestration.lake.rows import ECHO_PREFIX, BadRow
from orchestration.lake.sniff import read_blocks, refuse, sniff
from orchestration.sources.ga4_sql import EVENT, PASSED_OVER, REQUIRED, sql_type

_BLOCK = 1 << 24
_ROWS = 1 << 15
_JSON_SHAPE = quote(json.dumps(EVENT))
_LISTS = tuple(name for name, shape in EVENT.items() if isinstance(shape, list))
_STRUCTS = tuple(name for name, shape in EVENT.items() if isinstance(shape, dict))
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


@dataclass(frozen=True)
class Chunk:
    """Some events of one file, in order. `extras`: columns nobody declared, as text; `bad`: lines that are no event."""

    events: pa.Table = field(repr=False)
    extras: Mapping[str, pa.Array] = field(default_factory=dict, repr=False)
    bad: tuple[BadRow, ...] = ()

    @property
    def rows(self) -> int:
        """Events, and lines that are none."""
        return int(self.events.num_rows) + len(self.bad)


def read_chunks(connection: duckdb.DuckDBPyConnection, extract: Extract) -> Iterator[Chunk]:
    """The events of every file of a delivery, rows numbered through all of them.

    Raises
    ------
    FileRefused
        If a file is not what it is named, or lacks what every event has.
    """
    row_no = 1
    for file_no, file in enumerate(_files(extract)):
        for chunk in _chunks_of(connection, file, file_no, row_no):
            yield chunk
            row_no += chunk.rows


class RawRows:
    """Finds the bytes of rows by their number; asked in order, it reads the files once more at most."""

    def __init__(self, extract: Extract) -> None:
        self._extract = extract
        self._rows = _raw_rows(extract)
        self._next = 1

    def at(self, row_no: int) -> tuple[int, bytes]:
        """Line within its file, and bytes, of that row."""
        if row_no < self._next:
            self._rows, self._next = _raw_rows(self._extract), 1
        for line, raw in self._rows:
            self._next += 1
            if self._next > row_no:
                return line, raw
        raise IndexError(row_no)


def _files(extract: Extract) -> Iterator[Extract]:
    """One extract for each file, named apart where there are several."""
    for path in extract.files:
        origin = extract.origin if len(extract.files) == 1 else path.name
        is_parquet = path.suffix.lower() == ".parquet"
        yield replace(extract, path=path, parts=(), origin=origin, format="parquet" if is_parquet else "ndjson")


def _is_empty(file: Extract) -> bool:
    """A day without events, or a shard of one, is a file of lines without any."""
    return file.format == "ndjson" and not next(read_blocks(file, _BLOCK), b"").strip()


def _chunks_of(connection: duckdb.DuckDBPyConnection, file: Extract, file_no: int, row_no: int) -> Iterator[Chunk]:
    if _is_empty(file):
        return
    read = _parquet_chunks if sniff(file) == "parquet" else _ndjson_chunks
    yield from read(connection, file, file_no, row_no)


def _raw_rows(extract: Extract) -> Iterator[tuple[int, bytes]]:
    for file in _files(extract):
        if _is_empty(file):
            continue
        if sniff(file) == "parquet":
            with pq.ParquetFile(file.path) as opened:
                cells = (row for batch in opened.iter_batches(batch_size=1024) for row in batch.to_pylist())
                for line, row in enumerate(cells, start=1):
                    yield line, json.dumps(row, ensure_ascii=False, default=str).encode()
        else:
            for lines in _line_blocks(file):
                yield from lines


def _line_blocks(file: Extract) -> Iterator[list[tuple[int, bytes]]]:
    """Whole lines that hold something, with their numbers, in blocks."""
    carried, number = b"", 1
    for block in _with_end(read_blocks(file, _BLOCK)):
        whole, _, carried = (carried + block).rpartition(b"\n") if block else (carried, b"", b"")
        lines = whole.split(b"\n")
        if kept := [(number + offset, line) for offset, line in enumerate(lines) if line.strip()]:
            yield kept
        number += len(lines) if whole or block else 0


def _with_end(blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield from blocks
    yield b""


def _ndjson_chunks(connection: duckdb.DuckDBPyConnection, file: Extract, file_no: int, row_no: int) -> Iterator[Chunk]:
    names: set[str] = set()
    events = 0
    for lines in _line_blocks(file):
        chunk = _json_chunk(connection, lines, file_no, row_no, names)
        yield chunk
        row_no += chunk.rows
        events += chunk.events.num_rows
    if events:
        _refuse_if_lacking(file, names)


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
    extras = {name: _json_extra(connection, name) for name in sorted(found) if _is_unknown(name)}
    connection.unregister("lines")
    bad = [BadRow(each, *_place(lines[each - row_no], reason)) for each, reason in sorted(reasons.items())]
    return Chunk(events, extras, tuple(bad))


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
    except duckdb.Error:
        strange = list(texts)
    connection.register("lines", _line_table({row_no: texts[row_no] for row_no in strange}))
    found = dict(connection.execute(_JUDGE).fetchall())
    connection.register("lines", table)
    if not found:
        return events
    reasons |= found
    connection.register("lines", _line_table({row_no: raw for row_no, raw in texts.items() if row_no not in found}))
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


def _parquet_chunks(connection: duckdb.DuckDBPyConnection, file: Extract, file_no: int, row_no: int) -> Iterator[Chunk]:
    try:
        opened = pq.ParquetFile(file.path)
    except (pa.ArrowInvalid, OSError):
        refuse(file, "damaged_parquet", "its footer cannot be read: send it again")
    with opened:
        schema = opened.schema_arrow
        _refuse_if_lacking(file, set(schema.names))
        _refuse_other_types(file, schema)
        wanted = [name for name in schema.names if name in EVENT or _is_unknown(name)]
        try:
            for batch in opened.iter_batches(batch_size=_ROWS, columns=wanted):
                yield _arrow_chunk(connection, batch, file_no, row_no)
                row_no += batch.num_rows
        except (pa.ArrowInvalid, OSError):
            refuse(file, "damaged_parquet", "one of its pages cannot be read: send it again")


def _arrow_chunk(connection: duckdb.DuckDBPyConnection, batch: pa.RecordBatch, file_no: int, row_no: int) -> Chunk:
    numbers = pa.array(range(row_no, row_no + batch.num_rows), pa.int64())
    connection.register("batch", pa.Table.from_batches([batch]).append_column("row_no", numbers))
    columns = [_cast(name, name in batch.schema.names) for name in EVENT]
    select = ", ".join(["row_no", f"cast({file_no} as integer) as file_no", *columns])
    events = connection.sql(f"select {select} from batch order by row_no").to_arrow_table()
    extras: dict[str, pa.Array] = {}
    for name in (name for name in batch.schema.names if _is_unknown(name)):
        query = f"select json_extract_string(to_json({_quoted(name)}), '$') as cell from batch order by row_no"
        extras[name] = connection.sql(query).to_arrow_table().column(0).cast(pa.string()).combine_chunks()
    connection.unregister("batch")
    return Chunk(events, extras)


def _cast(name: str, is_given: bool) -> str:
    kind = sql_type(EVENT[name])
    return f"cast({_quoted(name) if is_given else 'null'} as {kind}) as {name}"


def _is_unknown(name: str) -> bool:
    return name not in EVENT and name not in PASSED_OVER and not name.lower().startswith(ECHO_PREFIX)


def _refuse_if_lacking(file: Extract, names: set[str]) -> None:
    if missing := [name for name in REQUIRED if name not in names]:
        refuse(file, "missing_column", f"it lacks {', '.join(missing)}, which every event has: export it with them")


def _refuse_other_types(file: Extract, schema: pa.Schema) -> None:
    """Plain values may be of any type; what is nested must be nested as in GA4's export."""
    for name in (name for name in schema.names if name in EVENT):
        kind = schema.field(name).type
        if name in _LISTS:
            is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
            fits = is_list and pa.types.is_struct(kind.value_type) and _has_pairs(kind.value_type)
        else:
            fits = pa.types.is_struct(kind) if name in _STRUCTS else not pa.types.is_nested(kind)
        if not fits and not pa.types.is_null(kind):
            refuse(file, "unreadable_column_type", f"its {name} is not shaped as in GA4's export: export it as it is")


def _has_pairs(kind: pa.StructType) -> bool:
    names = {field.name for field in kind}
    return {"key", "value"} <= names and pa.types.is_struct(kind.field("value").type)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
