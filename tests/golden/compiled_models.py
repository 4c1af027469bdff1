"""The project's compiled SQL, run over input rows given by hand: hundreds of small builds a minute.

dbt compiles each selected model twice (in full, and as an incremental build sees it); `World` then runs that SQL in a
DuckDB in memory, in dbt's order, with the same deletes and inserts. For properties over many random worlds; whether
dbt itself does the same is tested once by a real build (`builds.py`). Rows are made by `lake_rows.landed_rows`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from tests.golden.builds import DbtBuilds


@dataclass(frozen=True)
class CompiledModel:
    """One model: its relation, how it is materialized, and its SQL."""

    name: str
    relation: str
    materialized: str
    full_sql: str
    incremental_sql: str


@dataclass(frozen=True)
class CompiledProject:
    """Selected models in building order, and the empty input tables they stand on."""

    models: tuple[CompiledModel, ...]
    input_ddl: Mapping[str, str] = field(repr=False)
    input_schemas: Mapping[str, pa.Schema] = field(repr=False)


def compile_project(builds: DbtBuilds, home: Path, *, select: Sequence[str]) -> CompiledProject:
    """Build the selection once over an empty lake in `home`, then compile it both ways."""
    upstream = [f"+{each}" for each in select]
    builds.build(home, select=upstream)
    full = {node.name: node for node in builds.compile(home, select=upstream, full_refresh=True)}
    derived = [name for name in full if not name.startswith(("stg_", "base_", "input__"))]
    models = compiled_both_ways(builds, home, full, in_building_order(full, derived), upstream)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'input'"
        ).fetchall()
        schemas = {}
        for (name,) in names:
            schemas[name] = connection.sql(f"select * from input.{name} limit 0").to_arrow_table().schema
        ddl = {
            name: ", ".join(
                f'"{column}" {kind}' for column, kind, *_ in connection.execute(f"describe input.{name}").fetchall()
            )
            for (name,) in names
        }
    return CompiledProject(models, ddl, schemas)


def compiled_both_ways(
    builds: DbtBuilds, home: Path, full: Mapping[str, Any], order: Sequence[str], select: Sequence[str]
) -> tuple[CompiledModel, ...]:
    """The models just compiled in full, and as an incremental build of the same home sees them."""
    # A node keeps only what it was last compiled to.
    in_full = {name: node.compiled_code for name, node in full.items()}
    nodes = {node.name: node for node in builds.compile(home, select=select)}
    return tuple(
        CompiledModel(
            name=name,
            relation=nodes[name].relation_name,
            materialized=nodes[name].config.materialized,
            full_sql=in_full[name],
            incremental_sql=nodes[name].compiled_code,
        )
        for name in order
    )


def needed_for(project: CompiledProject, names: Sequence[str]) -> CompiledProject:
    """The project with the named models only, and what they are made of."""
    wanted = {model.relation for model in project.models if model.name in names}
    kept = []
    for model in reversed(project.models):
        if model.relation in wanted:
            kept.append(model)
            sql = model.full_sql + model.incremental_sql
            wanted |= {other.relation for other in project.models if other.relation in sql}
    return replace(project, models=tuple(reversed(kept)))


class World:
    """An input, and what is derived from it, in memory.

    `add` appends input rows, `replace` puts rows in place of a table's; `build` runs every model, `upto` only the
    first of them, as a killed build would have.
    """

    def __init__(self, project: CompiledProject) -> None:
        self.project = project
        self.connection = duckdb.connect()
        self.connection.execute("attach ':memory:' as warehouse; use warehouse; set threads = 1")
        for schema in ("input", "intermediate", "ml", "marts", "routing", "syncs"):
            self.connection.execute(f"create schema {schema}")
        for name, columns in project.input_ddl.items():
            self.connection.execute(f"create table input.{name} ({columns})")
        self.built: set[str] = set()

    def add(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append rows (values by column; absent ones null) to `input__<table>`."""
        schema = self.project.input_schemas[f"input__{table}"]
        found = pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)
        if found.num_rows:
            self.connection.register("added_rows", found)
            self.connection.execute(f"insert into input.input__{table} select * from added_rows")
            self.connection.unregister("added_rows")

    def replace(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put rows in place of all of `input__<table>`."""
        self.connection.execute(f"delete from input.input__{table}")
        self.add(table, rows)

    def build(self, *, full: bool = False, upto: int | None = None) -> None:
        """Run the models in order."""
        for model in self.project.models[:upto]:
            run_model(self.connection, model, full=full or model.name not in self.built)
            self.built.add(model.name)

    def read(self, statement: str) -> pd.DataFrame:
        """Query what was built."""
        return self.connection.execute(statement).df()

    def close(self) -> None:
        """Give the memory back."""
        self.connection.close()


def run_model(connection: duckdb.DuckDBPyConnection, model: CompiledModel, *, full: bool) -> None:
    """Build one model as dbt would: a view, a table, or what is touched of a table."""
    if model.materialized == "view":
        connection.execute(f"create or replace view {model.relation} as {model.full_sql}")
    elif model.materialized == "table" or full:
        sql = model.full_sql if full else model.incremental_sql
        connection.execute(f"create or replace table {model.relation} as {sql}")
    else:
        connection.execute(f"create or replace temp table fresh_rows as {model.incremental_sql}")
        columns = [name for name, *_ in connection.execute(f"describe {model.relation}").fetchall()]
        key = "record_key" if "record_key" in columns else "lead_key"
        touched = "select record_key from intermediate.int_records__touched"
        connection.execute(f"delete from {model.relation} where {key} in ({touched})")
        connection.execute(f"insert into {model.relation} by name select * from fresh_rows")
        connection.execute("drop table fresh_rows")


def in_building_order(nodes: Mapping[str, Any], wanted: Sequence[str]) -> list[str]:
    """Names of the wanted nodes, each after those it depends on."""
    by_id = {node.unique_id: name for name, node in nodes.items()}
    done: list[str] = []

    def visit(name: str) -> None:
        if name in done or name not in wanted:
            return
        for upstream in sorted(nodes[name].depends_on.nodes):
            if upstream in by_id:
                visit(by_id[upstream])
        done.append(name)

    for name in sorted(wanted):
        visit(name)
    return done
