"""A home's history as a replay reads it: the relations the qualification models stand on, for the records asked for.

The writer's warehouse is attached read-only, and a shared lease keeps runs out meanwhile: two processes cannot have it
open, one of them writing. Nothing is written there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import duckdb
import pyarrow as pa

from orchestration.lake.lease import LeaseHeld, share_lease
from orchestration.lake.paths import HomePaths
from orchestration.lake.run_log import RunLog
from orchestration.replay.inputs import SCHEMAS
from orchestration.replay.scratch import Scratch


class HomeUnreadable(Exception):
    """The home has no warehouse, or a run holds it. `is_held` tells the two apart."""

    def __init__(self, message: str, *, is_held: bool = False) -> None:
        super().__init__(message)
        self.is_held = is_held


@contextmanager
def reading(scratch: Scratch, paths: HomePaths, *, who: str) -> Iterator[None]:
    """The home readable as `home` in the scratch, and no run on it, for the body of a `with`.

    Raises HomeUnreadable.
    """
    if not paths.warehouse.exists():
        raise HomeUnreadable(f"{paths.home} {_UNDECIDED}")
    try:
        with share_lease(paths, who=who):
            if not RunLog(paths).is_whole():
                raise HomeUnreadable(f"the last run of {paths.home} did not build to its end: run it again first")
            attach_home(scratch, paths)
            yield
            scratch.connection.execute("detach home")
    except LeaseHeld as held:
        raise HomeUnreadable(f"{held}: its history cannot be read until then", is_held=True) from None


_UNDECIDED = "has decided nothing yet: run `handoff run` with that home first"
# Beside those the models stand on, what a question compares with.
COMPARED = (
    *("int_records__merged", "int_leads__current", "int_leads__staged", "int_contacts__made"),
    *("int_stage_authorities__set", "int_qualification_decisions__made", "int_qualification_evidence__collected"),
)


def attach_home(scratch: Scratch, paths: HomePaths) -> None:
    """Make the home's warehouse readable as `home` in the scratch. Raises HomeUnreadable."""
    name = str(paths.warehouse).replace("'", "''")
    try:
        scratch.connection.execute(f"attach '{name}' as home (read_only)")
    except duckdb.Error as error:
        if "lock" in str(error):
            raise HomeUnreadable(
                f"somebody writes {paths.warehouse}: try again when they are done", is_held=True
            ) from None
        raise HomeUnreadable(f"{paths.warehouse} cannot be read: it is no warehouse of this version") from None
    there = {
        row["table_name"] for row in scratch.rows("select table_name from duckdb_tables() where database_name = 'home'")
    }
    needed = {relation.partition(".")[2] for relation in SCHEMAS} | set(COMPARED)
    if needed - there or not scratch.rows("select 1 from home.input.input__run"):
        raise HomeUnreadable(f"{paths.home} {_UNDECIDED}")


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
