"""Columns past the door that are dear to make and depend on one cell alone: made once for all cells of one text.

Web ids and pages come again and again, and a keyed token is two hashes. `check.py` puts what is made here beside the
cells of a block, as `m<i>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from orchestration.lake.door import LandedColumn


def make_once(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[LandedColumn], cells: Mapping[str, pa.ChunkedArray]
) -> dict[str, pa.Array]:
    """`m<i>`, in the order of the rows, for each column with a `place` whose `c<i>` is among the cells."""
    dear = [column for column in columns if column.place is not None and f"c{column.place}" in cells]
    return {f"m{column.place}": _made(connection, column, cells[f"c{column.place}"]) for column in dear}


def _made(connection: duckdb.DuckDBPyConnection, column: LandedColumn, cells: pa.ChunkedArray) -> pa.Array:
    encoded = cells.combine_chunks().dictionary_encode()
    texts = encoded.dictionary
    connection.register("texts", pa.table({"place": pa.array(range(len(texts))), f"c{column.place}": texts}))
    statement = f"select {column.sql} as made from texts cross join token_keys order by place"
    made = connection.sql(statement).to_arrow_table().column("made").combine_chunks()
    connection.unregister("texts")
    return made.take(encoded.indices)
