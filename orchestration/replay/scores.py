"""The readiness score a record was given, as a home has published it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from orchestration.replay.scratch import Scratch

_TABLE = "fct_lead_scores"


def score_given(scratch: Scratch, record_key: str, moment: datetime) -> dict[str, Any] | None:
    """The latest score of a record given by then; None without one. Homes built by older code lack some columns."""
    there = scratch.rows(
        "select 1 from duckdb_tables() where database_name = 'home' and schema_name = 'marts' and table_name = ?",
        [_TABLE],
    )
    if not there:
        return None
    found = scratch.rows(
        f"select * from home.marts.{_TABLE} where record_key = ? and scored_at <= ? "
        "order by became_mql_at desc limit 1",
        [record_key, moment],
    )
    return found[0] if found else None
