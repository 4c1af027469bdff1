"""Writes a batch's rows as they come, and once more where some of them turn out to be no news.

The Parquet file grows in the scratch folder, one row group a block. What the vault keeps of good rows goes there at
once, inside its open transaction: no identifier is ever in a scratch file. Deciding what is news is `versions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.lake.batches import BatchNote, footer
from orchestration.lake.check import CheckedBlock
from orchestration.lake.door import VaultColumn, landed_schema, vault_columns
from orchestration.lake.extract import Extract
from orchestration.lake.header import unknown_names
from orchestration.lake.rows import BadRow, CsvShape, RowBlock, Rows
from orchestration.lake.vault import Vault
from orchestration.lake.versions import NO_TIME, Verdicts

_HASHES = ("_key_hash", "_row_hash", "_token_hash")


@dataclass
class Tally:
    """What was read so far."""

    rows_read: int = 0
    rows_good: int = 0
    bad: list[BadRow] = field(default_factory=list, repr=False)
    shape: CsvShape | None = None
    unknown_columns: list[str] = field(default_factory=list)
    unmapped_stages: dict[str, int] = field(default_factory=dict)
    cursor_max: str | None = None
    cursor_value: Any = None
    rows_withdrawn: int = 0
    days_withheld: int = 0


class BatchWriter:
    """The growing file of one batch."""

    def __init__(
        self,
        extract: Extract,
        scratch: Path,
        vault: Vault,
        batch_id: str,
        digest: str | None,
        extracted_at: datetime,
        as_of: datetime,
    ) -> None:
        self.tally = Tally()
        self._extract = extract
        self._vault = vault
        self._batch_id = batch_id
        self._schema = landed_schema(extract.spec)
        self._kept = vault_columns(extract.spec, extract.rules)
        self._lineage = {
            "_source": extract.rules.source,
            "_object": extract.spec.name,
            "_batch_id": batch_id,
            "_file_sha256": digest,
            "_extracted_at": extracted_at,
            "_landed_as_of": as_of,
            "_id_space": extract.rules.id_space,
            "_is_repeat": False,
        }
        self._staged = scratch / "staged.parquet"
        self._final = scratch / "batch.parquet"
        spec = extract.spec
        self._keys = frozenset(column.landed or "" for column in spec.columns if column.name in spec.key)
        self._writer = _open_writer(self._staged, self._schema, self._keys)

    def add(self, block: RowBlock, checked: CheckedBlock) -> None:
        """Write the good rows of a block, keep what the vault keeps, count."""
        rows = checked.rows
        if rows.num_rows:
            self._writer.write_table(self._with_lineage(rows))
        self.tally.rows_read += block.rows_read
        self.tally.rows_good += rows.num_rows
        self.tally.bad += checked.bad
        self.tally.shape = block.shape
        self._keep(block, checked)
        self._count_labels(rows)
        self._move_cursor(rows)

    def withdraw(self, tables: Iterable[pa.Table]) -> None:
        """Write versions that end what a restated day no longer holds, numbered after the rows that were read."""
        for table in tables:
            first = self.tally.rows_read + self.tally.rows_withdrawn + 1
            numbers = pa.array(range(first, first + table.num_rows), pa.int64())
            self._writer.write_table(self._with_lineage(table.append_column("_row_no", numbers)))
            self.tally.rows_withdrawn += table.num_rows

    def finish(self, verdicts: Verdicts, note: BatchNote) -> Path:
        """Close the file with its note in the footer; written again only where a verdict says so."""
        changes_nothing = not len(verdicts.dropped) and self._is_as_assumed(verdicts)
        if changes_nothing:
            self._writer.add_key_value_metadata(footer([note]))
        self._writer.close()
        if changes_nothing:
            return self._staged
        with _open_writer(self._final, self._schema, self._keys) as final, pq.ParquetFile(self._staged) as staged:
            for group in range(staged.num_row_groups):
                table = _apply(staged.read_row_group(group), verdicts)
                if table.num_rows:
                    final.write_table(table)
            final.add_key_value_metadata(footer([note]))
        return self._final

    def _is_as_assumed(self, verdicts: Verdicts) -> bool:
        return not verdicts.is_repeat.any() and not len(verdicts.changed)

    def _with_lineage(self, rows: pa.Table) -> pa.Table:
        columns = []
        for name in self._schema.names:
            kind = self._schema.field(name).type
            if name in self._lineage:
                columns.append(pa.repeat(pa.scalar(self._lineage[name], kind), rows.num_rows))
            else:
                columns.append(rows.column(name).cast(kind))
        return pa.table(columns, schema=self._schema)

    def _keep(self, block: RowBlock, checked: CheckedBlock) -> None:
        given = block.table.column_names
        extras = unknown_names(self._extract, given)
        self.tally.unknown_columns += [name for name in extras if name not in self.tally.unknown_columns]
        for column in [*self._kept, *(VaultColumn(name, "extra") for name in extras)]:
            if column.name not in given:
                continue
            wanted = pc.and_(pc.is_valid(block.table.column(column.name)), checked.is_good)
            if column.only_where is not None:
                chosen = pa.array(sorted(column.values), pa.string())
                wanted = pc.and_(wanted, pc.is_in(block.table.column(column.only_where), value_set=chosen))
            if pc.any(wanted).as_py():
                numbers = pa.array(block.row_no).filter(wanted.combine_chunks()).to_pylist()
                values = block.table.column(column.name).filter(wanted).to_pylist()
                cells = zip(numbers, values, strict=True)
                self._vault.keep_cells(self._batch_id, column.name, column.kind, cells)

    def _count_labels(self, rows: pa.Table) -> None:
        if self._extract.spec.entity != "stage_events" or "stage" not in rows.column_names:
            return
        unmapped = rows.filter(pc.is_null(rows.column("stage"))).column("stage_raw")
        for entry in pc.value_counts(unmapped).to_pylist():
            label = entry["values"]
            self.tally.unmapped_stages[label] = self.tally.unmapped_stages.get(label, 0) + entry["counts"]

    def _move_cursor(self, rows: pa.Table) -> None:
        values = rows.column("_cursor_value")
        if values.null_count == len(values):
            return
        greatest = pc.max(values)
        if self.tally.cursor_value is None or greatest.as_py() > self.tally.cursor_value:
            self.tally.cursor_value = greatest.as_py()
            self.tally.cursor_max = rows.column("_cursor")[pc.index(values, greatest).as_py()].as_py()


def _open_writer(path: Path, schema: pa.Schema, keys: frozenset[str]) -> pq.ParquetWriter:
    path.touch(mode=0o600)
    # What is nearly always new is no word for a dictionary, and nobody looks for a hash by its range.
    words = [field.name for field in schema if pa.types.is_string(field.type) and field.name not in {*_HASHES, *keys}]
    ranges = [name for name in schema.names if name not in _HASHES]
    return pq.ParquetWriter(
        path, schema, compression="zstd", compression_level=1, use_dictionary=words, write_statistics=ranges
    )


def _apply(table: pa.Table, verdicts: Verdicts) -> pa.Table:
    """One row group without the rows to drop, the changed ones as decided."""
    row_no = table.column("_row_no").to_numpy()
    known = table.column("known_at").cast(pa.int64()).fill_null(NO_TIME).to_numpy().copy()
    repeat = np.zeros(len(row_no), dtype=bool)
    basis = table.column("_known_at_basis").to_pylist()
    at = np.searchsorted(verdicts.changed, row_no)
    hits = np.flatnonzero((at < len(verdicts.changed)) & (_at(verdicts.changed, at) == row_no))
    known[hits] = verdicts.known_at[at[hits]]
    repeat[hits] = verdicts.is_repeat[at[hits]]
    for hit in hits:
        basis[hit] = verdicts.basis[at[hit]]
    times = pa.array(known, pa.int64(), mask=known == NO_TIME).cast(pa.timestamp("us"))
    decided: Iterable[tuple[str, pa.Array]] = (
        ("known_at", times),
        ("_is_repeat", pa.array(repeat)),
        ("_known_at_basis", pa.array(basis, pa.string())),
    )
    for name, column in decided:
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), column)
    return table.filter(pa.array(~np.isin(row_no, verdicts.dropped)))


def _at(values: Rows, places: Rows) -> Rows:
    return values[np.minimum(places, max(len(values) - 1, 0))] if len(values) else np.full(len(places), -1, np.int64)
