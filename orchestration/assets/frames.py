"""Frames in and out of Python steps: read from the warehouse, landed append-only like any source."""

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.lake.private_files import write_table
from orchestration.runs import Run


def read_tables(warehouse: Path, schema: str, *names: str) -> list[pd.DataFrame]:
    """Tables of one schema of the warehouse as frames, their rows in a fixed order."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return [connection.execute(f'select * from "{schema}"."{name}" order by all').df() for name in names]


def land_frame(run: Run, name: str, frame: pd.DataFrame, schema: pa.Schema) -> int:
    """Land a frame as this run's batch of `handoff/<name>`; an empty one lands nothing. Returns its rows."""
    if frame.empty:
        return 0
    batch_id = run.batch_id(name)
    lineage = frame.assign(_batch_id=batch_id, _landed_as_of=pd.Timestamp(run.as_of))
    table = pa.Table.from_pandas(lineage, schema=with_lineage(schema), preserve_index=False)
    write_table(run.paths.objects("handoff", name) / f"{batch_id}.parquet", table)
    return int(table.num_rows)


def replace_frame(run: Run, name: str, frame: pd.DataFrame, schema: pa.Schema) -> int:
    """Put a frame in place of all `handoff/<name>` holds: what every run works out anew. Returns its rows."""
    # Column by column: one without any value has no type of its own.
    told = frame.astype(object).where(frame.notna(), None)
    table = pa.Table.from_pandas(told, schema=schema, preserve_index=False)
    write_table(run.paths.objects("handoff", name) / "current.parquet", table)
    return int(table.num_rows)


def land_rows(run: Run, name: str, batch_id: str, rows: list[dict[str, object]], schema: pa.Schema) -> int:
    """Land rows under a batch id given earlier: landing them again writes the same file."""
    lineage = [{**row, "_batch_id": batch_id, "_landed_as_of": run.as_of} for row in rows]
    write_table(
        run.paths.objects("handoff", name) / f"{batch_id}.parquet",
        pa.Table.from_pylist(lineage, schema=with_lineage(schema)),
    )
    return len(lineage)


def with_lineage(schema: pa.Schema) -> pa.Schema:
    """The schema of what lands: with the batch and the as_of it landed at."""
    return schema.append(pa.field("_batch_id", pa.string())).append(pa.field("_landed_as_of", pa.timestamp("us")))


def landed_rows(run: Run, name: str) -> int:
    """Rows of `handoff/<name>` in the lake."""
    files = run.paths.objects("handoff", name).glob("*.parquet")
    return sum(pq.read_metadata(file).num_rows for file in files)
