"""One logical table of leads and one of touches in every shape a connector reads, so that one suite holds for all."""

from __future__ import annotations

import csv
import gzip
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from orchestration.sources.registry import load_registry
from orchestration.sources.registry_schema import BaseSource
from tests.contract.connectors.databases import run

Row = Mapping[str, str | None]


class Shape(ABC):
    """A place a source lives in. `put` adds rows as the system would: a further file, or rows committed to a table."""

    folder = "contract_files"

    def __init__(self, place: Path) -> None:
        self.place = place
        self.place.mkdir(parents=True, exist_ok=True)
        self.parts = 0

    @abstractmethod
    def put(self, name: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """Add rows with these columns (in this order) to a contract table."""

    @abstractmethod
    def entry(self) -> str:
        """The registry entry, without the common settings."""

    def environ(self) -> dict[str, str]:
        """Variables the entry names."""
        return {}

    def source(self, **settings: Any) -> BaseSource:
        """The source as the registry gives it, in Chicago unless said otherwise."""
        common = {"timezone": "America/Chicago", **settings}
        lines = [f"    {name}: {value}" for name, value in common.items()]
        text = "\n".join(["sources:", "  clinic:", *lines, self.entry()])
        (self.place / "sources.yaml").write_text(text + "\n", encoding="utf-8")
        return load_registry(self.place / "sources.yaml", environ=self.environ()).sources["clinic"]

    def part(self, name: str, suffix: str) -> Path:
        """A further file of that table."""
        self.parts += 1
        path = self.place / "export" / name / f"{self.parts:03d}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def csv_text(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """The rows as CSV with a header."""
    stream = StringIO()
    writer = csv.writer(stream)
    writer.writerow(columns)
    writer.writerows([row.get(name) for name in columns] for row in rows)
    return stream.getvalue()


class CsvShape(Shape):
    """`contract_files`, a folder of CSV files per table."""

    def put(self, name: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """A further CSV file."""
        self.part(name, ".csv").write_text(csv_text(rows, columns), encoding="utf-8")

    def entry(self) -> str:
        """Connector and path."""
        (self.place / "export").mkdir(exist_ok=True)
        return "    connector: contract_files\n    path: export"


class CsvGzShape(CsvShape):
    """The same, packed."""

    def put(self, name: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """A further packed file."""
        self.part(name, ".csv.gz").write_bytes(gzip.compress(csv_text(rows, columns).encode()))


class NdjsonShape(CsvShape):
    """The same as NDJSON."""

    def put(self, name: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """A further file of one object a line."""
        lines = [json.dumps({column: row.get(column) for column in columns}) + "\n" for row in rows]
        self.part(name, ".ndjson").write_text("".join(lines), encoding="utf-8")


class ParquetShape(CsvShape):
    """The same as Parquet."""

    def put(self, name: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """A further file with text columns."""
        cells = {column: pa.array([row.get(column) for row in rows], pa.string()) for column in columns}
        pq.write_table(pa.table(cells), self.part(name, ".parquet"))


class FilesShape(CsvShape):
    """Connector `files`: the same CSV files, declared in the registry."""

    folder = "shop"

    def entry(self) -> str:
        """Both objects in full."""
        (self.place / "export").mkdir(exist_ok=True)
        return """\
    connector: files
    path: export
    staging: shop
    objects:
      leads:
        files: "leads/*.csv"
        key: lead_id
        event_time: created_at
        columns:
          lead_id: text
          created_at: {type: timestamp, required: true}
          channel: {type: text, optional: true}
          email: {type: text, passes_as: email, optional: true}
          first_name: {type: text, identifier: true, optional: true}
          is_deleted: {type: boolean, optional: true}
          known_at: {type: timestamp, optional: true}
      touches:
        files: "touches/*.csv"
        key: touch_id
        event_time: occurred_at
        one_of: [lead_id, anonymous_id]
        columns:
          touch_id: text
          lead_id: {type: text, optional: true}
          anonymous_id: {type: text, passes_as: anonymous_id, optional: true}
          occurred_at: {type: timestamp, required: true}
          signal: {type: text, required: true}
"""


class SqlShape(Shape):
    """Connector `crm_sql`: text tables with a growing row number, which the contract's names need no mapping for."""

    folder = "crm_sql"

    def __init__(self, place: Path, url: str) -> None:
        super().__init__(place)
        self.url = url
        self.written = 0

    def put(self, name: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """Rows committed to the table; columns it lacks are added."""
        run(self.url, lambda connection: self._make(connection, name, columns))
        for row in rows:
            self.written += 1
            values = {**{column: row.get(column) for column in columns}, "row_no": self.written}
            table = sa.table(name, *(sa.column(column) for column in values))
            run(self.url, lambda connection, table=table, values=values: connection.execute(sa.insert(table), [values]))

    def _make(self, connection: sa.Connection, name: str, columns: Sequence[str]) -> None:
        inspector = sa.inspect(connection)
        there = {column["name"] for column in inspector.get_columns(name)} if inspector.has_table(name) else set()
        if not there:
            connection.execute(sa.text(f"create table {name} (row_no integer)"))
        for column in columns:
            if column not in there:
                connection.execute(sa.text(f"alter table {name} add column {column} varchar(200)"))

    def entry(self) -> str:
        """The tables that are there, by name."""
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        tables = [name for name in sa.inspect(engine).get_table_names() if name in ("leads", "touches")]
        lines = [
            f"      {name}: {{table: {name}, append_only: true, cursor: row_no, overlap: 1}}" for name in sorted(tables)
        ]
        return "\n".join(["    connector: crm_sql", "    url: env:CRM_URL", "    tables:", *lines])

    def environ(self) -> dict[str, str]:
        """The database's address."""
        return {"CRM_URL": self.url}


FILE_SHAPES: dict[str, type[Shape]] = {
    "csv": CsvShape,
    "ndjson": NdjsonShape,
    "parquet": ParquetShape,
    "files": FilesShape,
}
