"""A home's history as a replay reads it: the relations the qualification models stand on, for the records asked for.

The writer's warehouse is attached read-only; while a run holds it, it cannot be read. Nothing is written there.
"""

from __future__ import annotations

from datetime import datetime

import duckdb
import pyarrow as pa

from orchestration.lake.paths import HomePaths
from orchestration.replay.inputs import SCHEMAS
from orchestration.replay.scratch import Scratch


class HomeUnreadable(Exception):
    """The home has no warehouse, or a run holds it. `is_held` tells the two apart."""

    def __init__(self, message: str, *, is_held: bool = False) -> None:
        super().__init__(message)
        self.is_held = is_held


def attach_home(scratch: Scratch, paths: HomePaths) -> None:
    """Make the home's warehouse readable as `home` in the scratch. Raises HomeUnreadable."""
    if not paths.warehouse.exists():
        raise HomeUnreadable(f"{paths.home} has decided nothing yet: run `handoff run` with that home first")
    name = str(paths.warehouse).replace("'", "''")
    try:
        scratch.connection.execute(f"attach '{name}' as home (read_only)")
    except duckdb.IOException:
        message = f"a run holds {paths.home}: its history cannot be read until it is done; try again then"
        raise HomeUnreadable(message, is_held=True) from None
    if not scratch.rows("select 1 from duckdb_tables() where database_name = 'home' and table_name = 'input__run'"):
        raise HomeUnreadable(f"{paths.home} has decided nothing yet: run `handoff run` with that home first")


def as_of(scratch: Scratch) -> datetime:
    """The moment the home answers for."""
    found: datetime = scratch.rows("select as_of from home.input.input__run")[0]["as_of"]
    return found


def criteria_rows(scratch: Scratch, part: str) -> pa.Table:
    """`versions`, `rules` or `exclusions` the home has decided with."""
    return scratch.connection.sql(f"select * from home.input.input__criteria_{part}").to_arrow_table()


def take_records(scratch: Scratch, chosen: str, *, until: datetime | None = None) -> None:
    """Fill the scratch with all rows of the records the query `chosen` names, as they were known at `until`.

    Versions that took effect later do not exist then, and what they ended still holds.
    """
    scratch.connection.execute(f"create or replace temp table chosen as select distinct record_key from ({chosen})")
    moment = "null" if until is None else f"timestamp '{until.isoformat(sep=' ')}'"
    for relation, schema in SCHEMAS.items():
        if relation.startswith("input."):
            source = f"select * from home.{relation}"
        elif relation == "intermediate.int_records__touched":
            source = "select record_key from chosen"
        else:
            source = _versions(relation, schema, until=moment)
        scratch.connection.execute(f"create or replace table {relation} as {source}")
    if until is not None:
        scratch.connection.execute(f"update input.input__run set as_of = {moment}")


def _versions(relation: str, schema: pa.Schema, *, until: str) -> str:
    begins = "effective_at" if "effective_at" in schema.names else "valid_from"
    columns = [
        f"case when valid_to > {until} then timestamp '9999-12-31' else valid_to end as valid_to"
        if name == "valid_to" and until != "null"
        else name
        for name in schema.names
    ]
    known = f" where {begins} <= {until}" if until != "null" else ""
    return f"select {', '.join(columns)} from home.{relation} semi join chosen using (record_key){known}"
