"""The analyses as an analyst without dbt asks them: over a publication, with `marts.` in place of a ref."""

from __future__ import annotations

import re

import duckdb
import pandas as pd

from tests.integration.harness import ROOT, Home

FOLDER = ROOT / "dbt_project" / "analyses"
TEN = (
    "channels_that_bring_sql", "cost_per_sql", "where_leads_get_lost", "is_it_getting_better", "how_long_it_takes",
    "whom_to_call_first", "called_in_time", "labels_that_disagree", "rules_that_mislead", "kept_appointments",
)  # fmt: skip


def ask(home: Home, question: str) -> pd.DataFrame:
    """What `analyses/<question>.sql` answers of the home's current publication."""
    text = (FOLDER / f"{question}.sql").read_text(encoding="utf-8")
    return ask_sql(home, re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"marts.\1", text))


def ask_sql(home: Home, sql: str) -> pd.DataFrame:
    """The answer to a query over the home's current publication."""
    place = (home.path / "published" / "current").resolve() / "warehouse.duckdb"
    with duckdb.connect(str(place), read_only=True) as connection:
        connection.execute("set schema 'marts'")
        return connection.execute(sql).df()
