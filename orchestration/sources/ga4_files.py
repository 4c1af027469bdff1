"""Files of GA4's export as chunks of events in one shape, whether lines of JSON (packed or not) or Parquet.

A chunk is an Arrow table of `row_no`, `file_no` and the columns of `ga4_sql.EVENT`, every leaf as text; what a file
lacks is null, what nobody declared comes apart. `RawRows` finds a row's bytes again, for those that are quarantined.
Lines are read by `ga4_lines.py`, flattened by `ga4_sql.py`; listing the files is `ga4_export.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.lake.extract import Extract
from orchestration.lake.sniff import HEAD, read_blocks, refuse, sniff
from orchestration.sources.ga4_chunks import Chunk, is_unknown, refuse_if_lacking
from orchestration.sources.ga4_lines import line_blocks, ndjson_chunks
from orchestration.sources.ga4_sql import EVENT, sql_type

_ROWS = 1 << 15
_LISTS = tuple(name for name, shape in EVENT.items() if isinstance(shape, list))
_STRUCTS = tuple(name for name, shape in EVENT.items() if isinstance(shape, dict))


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
        origin = extract.origin if len(extract.files) == 1 else "/".join(path.parts[-2:])
        is_parquet = path.suffix.lower() == ".parquet"
        yield replace(extract, path=path, parts=(), origin=origin, format="parquet" if is_parquet else "ndjson")


def _is_empty(file: Extract) -> bool:
    """A day without events, or a shard of one, is a file of lines without any."""
    return file.format == "ndjson" and not next(read_blocks(file, HEAD), b"").strip()


def _chunks_of(connection: duckdb.DuckDBPyConnection, file: Extract, file_no: int, row_no: int) -> Iterator[Chunk]:
    if _is_empty(file):
        return
    read = _parquet_chunks if sniff(file) == "parquet" else ndjson_chunks
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
            for lines in line_blocks(file):
                yield from lines


def _parquet_chunks(connection: duckdb.DuckDBPyConnection, file: Extract, file_no: int, row_no: int) -> Iterator[Chunk]:
    try:
        opened = pq.ParquetFile(file.path)
    except (pa.ArrowInvalid, OSError):
        refuse(file, "damaged_parquet", "its footer cannot be read: send it again")
    with opened:
        schema = opened.schema_arrow
        refuse_if_lacking(file, set(schema.names))
        _refuse_other_types(file, schema)
        wanted = [name for name in schema.names if name in EVENT or is_unknown(name)]
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
    for name in (name for name in batch.schema.names if is_unknown(name)):
        query = f"select json_extract_string(to_json({_quoted(name)}), '$') as cell from batch order by row_no"
        extras[name] = connection.sql(query).to_arrow_table().column(0).cast(pa.string()).combine_chunks()
    connection.unregister("batch")
    return Chunk(file_no, events, extras)


def _cast(name: str, is_given: bool) -> str:
    kind = sql_type(EVENT[name])
    return f"cast({_quoted(name) if is_given else 'null'} as {kind}) as {name}"


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
