"""The qualification models' compiled SQL over versioned int_ tables given by hand, in a DuckDB in memory.

dbt compiles the models once a session, in full and as an incremental build sees them; a `Warehouse` runs them in dbt's
order with the same deletes and inserts. Criteria go through the validator and become rows as in a run.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.criteria_files import load_criteria
from tests.golden.builds import DbtBuilds
from tests.golden.compiled_models import CompiledProject, World, compiled_both_ways, in_building_order
from tests.integration.criteria.random_criteria import as_file
from tests.oracles.criteria import Criteria, Record

Row = dict[str, Any]
_TEXT, _TIME = pa.string(), pa.timestamp("us")
_SPAN = {"valid_from": _TIME, "valid_to": _TIME}
_EVENT = {"occurred_at": _TIME, "known_at": _TIME, **_SPAN}
TABLES: dict[str, dict[str, pa.DataType]] = {
    "int_records__versioned": {"record_key": _TEXT, "service_line": _TEXT, **_SPAN},
    "int_records__current": {"record_key": _TEXT, "effective_at": _TIME},
    "int_attributes__versioned": {"record_key": _TEXT, "name": _TEXT, "value": _TEXT, **_SPAN},
    "int_touches__owned": {
        **dict.fromkeys(
            ["record_key", "source", "touch_id", "signal", "service_line", "topic", "offer_id", "form_id", "channel",
             "campaign_id", "landing_page"], _TEXT,
        ),
        **_EVENT,
    },
    "int_work_events__versioned": {
        **dict.fromkeys(["record_key", "source", "event_id", "kind", "contact_channel", "outcome", "staff_id"], _TEXT),
        **_EVENT,
    },
    "int_appointments__versioned": {
        **dict.fromkeys(["record_key", "source", "appointment_id", "booked_by", "status"], _TEXT),
        "booked_at": _TIME, "known_at": _TIME, **_SPAN,
    },
    "int_records__touched": {"record_key": _TEXT},
}  # fmt: skip
_STAFF = {
    **dict.fromkeys(["staff_id", "role"], _TEXT), "valid_from": _TIME, "valid_to": _TIME, "known_at": _TIME,
    "_landed_as_of": _TIME, "_source": _TEXT, "_file_sha256": _TEXT, "_row_no": pa.int64(),
}  # fmt: skip
_SELECT = ["path:models/intermediate/qualification"]


def compile_qualification(scratch: Path) -> CompiledProject:
    """The qualification models in building order, compiled over empty tables."""
    builds, home = DbtBuilds(scratch), scratch / "home"
    home.mkdir(parents=True)
    full = {node.name: node for node in builds.compile(home, select=_SELECT, full_refresh=True)}
    order = in_building_order(full, list(full))
    # What is incremental shows only where the tables are there.
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_given(connection)
        write_inputs(connection, Criteria({}), datetime(2025, 1, 1))
        for name in order:
            connection.execute(f"create table {full[name].relation_name} as {full[name].compiled_code}")
    return CompiledProject(compiled_both_ways(builds, home, full, order, _SELECT), {}, {})


class Warehouse(World):
    """Records as rows of the given tables, and what the qualification models make of them."""

    def __init__(self, project: CompiledProject, criteria: Criteria) -> None:
        super().__init__(project)
        self.criteria = criteria
        create_given(self.connection)

    def give(self, records: Iterable[Record], as_of: datetime) -> None:
        """Put the records in place of what was given before."""
        write_inputs(self.connection, self.criteria, as_of)
        rows = rows_of(records)
        for name, columns in TABLES.items():
            self.connection.execute(f"delete from intermediate.{name}")
            if name in rows:
                _insert(self.connection, f"intermediate.{name}", columns, rows[name])

    def touch(self, keys: Iterable[str]) -> None:
        """The records the next build works out anew."""
        columns = TABLES["int_records__touched"]
        _insert(self.connection, "intermediate.int_records__touched", columns, [{"record_key": key} for key in keys])

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.connection.execute(query).fetchall()


def rows_of(records: Iterable[Record]) -> dict[str, list[Row]]:
    """The records' rows by given table."""
    rows: dict[str, list[Row]] = {name: [] for name in TABLES if name != "int_records__touched"}
    for record in records:
        key = {"record_key": record.key}
        rows["int_records__versioned"] += [key | row for row in record.lines]
        rows["int_records__current"].append(key | {"effective_at": record.effective_at})
        rows["int_attributes__versioned"] += [key | row for row in record.attributes]
        rows["int_touches__owned"] += [key | row for row in record.touches]
        rows["int_work_events__versioned"] += [key | row for row in record.work_events]
        rows["int_appointments__versioned"] += [
            key | row | {"booked_at": row["occurred_at"]} for row in record.appointments
        ]
    return rows


def create_given(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables the qualification models stand on, empty."""
    connection.execute("create schema if not exists intermediate; create schema if not exists input")
    for name, columns in TABLES.items():
        _create(connection, f"intermediate.{name}", columns, [])


def write_inputs(connection: duckdb.DuckDBPyConnection, criteria: Criteria, as_of: datetime) -> None:
    """Criteria, staff, sources and the run, in place of what was there."""
    for part, table in criteria_tables(criteria).items():
        connection.register("given", table)
        connection.execute(f"create or replace table input.input__criteria_{part} as select * from given")
        connection.unregister("given")
    connection.execute("create or replace table input.input__run as select ?::timestamp as as_of", [as_of])
    connection.execute(
        "create or replace table input.input__sources as select unnest(['a', 'b']) as source, source as id_space"
    )
    lineage = {"_source": "a", "_file_sha256": "f", "_row_no": 1}
    _create(connection, "input.input__staff", _STAFF, [row | lineage for row in criteria.staff])


def criteria_tables(criteria: Criteria) -> Mapping[str, pa.Table]:
    """What the validator makes of the criteria, part by part."""
    with tempfile.TemporaryDirectory() as folder:
        for line, versions in criteria.files.items():
            (Path(folder) / f"{line}.json").write_text(json.dumps(as_file(line, versions), indent=1))
        tables = load_criteria(Path(folder)).tables()
    return {part: tables[part] for part in ("versions", "rules", "exclusions")}


def _create(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, pa.DataType], rows: list[Row]
) -> None:
    empty = pa.schema(list(columns.items())).empty_table()
    connection.register("given", empty)
    connection.execute(f"create or replace table {relation} as select * from given")
    connection.unregister("given")
    _insert(connection, relation, columns, rows)


def _insert(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, pa.DataType], rows: list[Row]
) -> None:
    for block in _blocks(rows, 100_000):
        table = pa.Table.from_pylist(
            [{c: row.get(c) for c in columns} for row in block], pa.schema(list(columns.items()))
        )
        connection.register("given", table)
        connection.execute(f"insert into {relation} select * from given")
        connection.unregister("given")


def _blocks(rows: list[Row], size: int) -> Iterator[list[Row]]:
    for begin in range(0, len(rows), size):
        yield rows[begin : begin + size]
