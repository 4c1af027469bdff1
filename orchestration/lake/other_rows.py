"""Reads NDJSON, Parquet and the record batches of a system as text columns.

Numbers and booleans become the text a CSV would hold, times ISO 8601 in UTC where they carry a zone, lists of plain
values their items joined by `|`. A row's raw bytes are its line, or its cells as one JSON object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.lake.contract import LISTS
from orchestration.lake.extract import Extract
from orchestration.lake.header import check_names
from orchestration.lake.rows import BadRow, RowBlock, clean_table
from orchestration.lake.sniff import read_lines, refuse

_BLOCK = 1 << 23
_ROWS = 1 << 17


def read_ndjson_rows(extract: Extract) -> tuple[Sequence[str], Iterator[RowBlock]]:
    """Declared columns (a line may leave any out), and the rows in blocks; the undeclared ones join as they come."""
    return [column.name for column in extract.spec.columns], _ndjson_blocks(extract)


def read_parquet_rows(extract: Extract) -> tuple[Sequence[str], Iterator[RowBlock]]:
    """Column names of the file, and its rows in blocks.

    Raises
    ------
    FileRefused
        If its footer or a page cannot be read, or a column holds something that is no plain value.
    """
    try:
        file = pq.ParquetFile(extract.path)
    except (pa.ArrowInvalid, OSError):
        refuse(extract, "damaged_parquet", "its footer cannot be read: send it again")
    names = check_names(extract, [str(name) for name in file.schema_arrow.names])
    return names, _arrow_blocks(extract, names, _batches_of(extract, file))


def read_batch_rows(extract: Extract) -> tuple[Sequence[str], Iterator[RowBlock]]:
    """Declared columns, and the rows of the system in blocks; a column the system does not give is null."""
    if extract.batches is None:
        raise ValueError("an extract needs a path or batches")
    return [column.name for column in extract.spec.columns], _arrow_blocks(extract, None, extract.batches())


def recode(extract: Extract, table: pa.Table) -> pa.Table:
    """The source's codes as the registry translates them, and the columns it gives one value for all rows.

    Of a list in one cell each item is translated, unless the cell as it stands is a code itself.
    """
    for name, renamed in extract.renamed.items():
        if name in table.column_names and renamed:
            cells = table.column(name)
            if extract.spec.entity and name in LISTS:
                cells = pa.chunked_array([[_recoded(cell, renamed) for cell in cells.to_pylist()]], pa.string())
            found = pc.index_in(cells, value_set=pa.array(list(renamed), pa.string()))
            ours = pa.array(list(renamed.values()), pa.string()).take(found.combine_chunks())
            table = table.set_column(table.column_names.index(name), name, pc.coalesce(ours, cells))
    for name, value in extract.constants.items():
        others = table.select([each for each in table.column_names if each != name])
        table = others.append_column(name, pa.repeat(pa.scalar(value, pa.string()), table.num_rows))
    return table


def _recoded(cell: str | None, renamed: Mapping[str, str]) -> str | None:
    if cell is None or cell in renamed:
        return cell
    return "|".join(renamed.get(item.strip(), item) for item in cell.split("|"))


def as_text(cells: pa.Array) -> pa.Array:
    """A column of any plain type as text."""
    kind = cells.type
    if pa.types.is_dictionary(kind):
        return as_text(cells.dictionary_decode())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pc.binary_join(cells.cast(pa.list_(pa.string())), "|")
    if pa.types.is_timestamp(kind):
        zoned = kind.tz is not None
        return pc.cast(cells, pa.timestamp("us", "UTC" if zoned else None), safe=False).cast(pa.string())
    return cells.cast(pa.string())


def _batches_of(extract: Extract, file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.iter_batches(batch_size=_ROWS)
    except (pa.ArrowInvalid, OSError):
        refuse(extract, "damaged_parquet", "one of its pages cannot be read: send it again")


def _arrow_blocks(
    extract: Extract, names: Sequence[str] | None, batches: Iterator[pa.RecordBatch]
) -> Iterator[RowBlock]:
    row_no = 1
    for batch in batches:
        if not batch.num_rows:
            continue
        try:
            columns = [as_text(batch.column(place)) for place in range(batch.num_columns)]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            refuse(extract, "unreadable_column_type", "a column holds nested or binary values: export plain ones")
        table = pa.table(columns, names=list(names or batch.schema.names))
        yield _table_block(extract, table, row_no)
        row_no += batch.num_rows


def _table_block(extract: Extract, table: pa.Table, row_no: int) -> RowBlock:
    numbers = np.arange(row_no, row_no + table.num_rows, dtype=np.int64)
    holds_nul = np.zeros(table.num_rows, dtype=bool)
    for column in table.columns:
        found = pc.fill_null(pc.match_substring(column, "\0"), False)
        if pc.any(found).as_py():
            holds_nul |= found.to_numpy()

    def raw(index: int) -> bytes:
        return json.dumps(table.slice(index, 1).to_pylist()[0], ensure_ascii=False).encode()

    bad = tuple(
        BadRow(int(numbers[at]), int(numbers[at]), "nul_byte", None, raw(int(at))) for at in np.flatnonzero(holds_nul)
    )
    places = np.flatnonzero(~holds_nul)
    kept = table if not bad else table.take(pa.array(places))
    return RowBlock(
        clean_table(recode(extract, kept), extract.rules.null_tokens),
        numbers[places],
        lambda index: (int(numbers[places[index]]), raw(int(places[index]))),
        bad,
    )


def _ndjson_blocks(extract: Extract) -> Iterator[RowBlock]:
    row_no, line = 1, 1
    seen: set[str] = set()
    for lines in read_lines(extract, _BLOCK):
        if done := object_block(extract, lines, row_no, line):
            seen.update(done.table.column_names)
            row_no += done.rows_read
            yield done
        line += len(lines)
    if row_no > 1:
        check_names(extract, sorted(seen))


def object_block(extract: Extract, lines: Sequence[bytes], row_no: int, line: int) -> RowBlock | None:
    """The rows of lines of one JSON object each, the first of which is row `row_no` on line `line`; None: no rows."""
    rows: list[dict[str, Any]] = []
    places: list[tuple[int, int, bytes]] = []
    bad: list[BadRow] = []
    for offset, raw in enumerate(lines):
        if not raw.strip():
            continue
        number = row_no + len(rows) + len(bad)
        parsed = _parse_line(raw)
        if isinstance(parsed, str):
            bad.append(BadRow(number, line + offset, parsed, None, raw))
        else:
            rows.append(parsed)
            places.append((number, line + offset, raw))
    if not rows and not bad:
        return None
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: pa.array([_cell(row.get(name)) for row in rows], pa.string()) for name in names})
    if not names:
        table = pa.table({"": pa.nulls(len(rows), pa.string())}).rename_columns(["column_1"])
    return RowBlock(
        clean_table(recode(extract, table), extract.rules.null_tokens),
        np.array([number for number, _, _ in places], dtype=np.int64),
        lambda index: places[index][1:],
        tuple(bad),
    )


def _parse_line(raw: bytes) -> dict[str, Any] | str:
    """The object of one line, numbers as they are written; else why it is none."""
    if b"\0" in raw or b"\\u0000" in raw:
        return "nul_byte"
    try:
        found = json.loads(raw.decode("utf-8"), parse_float=str, parse_int=str, parse_constant=str)
    except UnicodeDecodeError:
        return "invalid_utf8"
    except (ValueError, RecursionError):
        return "not_json"
    return found if isinstance(found, dict) else "not_an_object"


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    if isinstance(value, list) and all(item is None or isinstance(item, (str, bool)) for item in value):
        return "|".join(_cell(item) or "" for item in value)
    return json.dumps(value, ensure_ascii=False)
