"""Models of the funnel as SQL, without dbt: their templates rendered with the project's macros and variables.

`Funnel()` is a DuckDB in memory; `read` gives what a model makes of the rows put into the tables it refers to. For
properties over many frames; that dbt makes the same of them is what the golden stories and unit tests hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pandas as pd
import yaml

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"
_FILES = (
    *("ages", "clocks", "conversions", "horizons", "incidence"),
    *("intervals", "marginals", "readiness", "stages", "waiting"),
)
VARIABLES = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
DIMENSIONS = ("service_line", "channel", "platform", "campaign_id", "landing_page", "location_id", "team_id")
_MOMENTS = ("entered_at", "converted_at", "left_at", "observed_from")


class RefusedError(Exception):
    """What the project says to settings it does not take."""


class _Adapter:
    def __init__(self, macros: Mapping[str, Any]) -> None:
        self.macros = macros

    def dispatch(self, name: str, project: str) -> Any:
        return self.macros[f"duckdb__{name}"]


class _Exceptions:
    @staticmethod
    def raise_compiler_error(message: str) -> None:
        raise RefusedError(message)


def rendered(template: str, **variables: Any) -> str:
    """A template as SQL of DuckDB, with the project's macros and its variables, some of them replaced."""
    environment = jinja2.Environment()
    found: dict[str, Any] = {}
    given = {
        "adapter": _Adapter(found),
        "return": lambda value: value,
        "ref": lambda name: name,
        "var": {**VARIABLES, **variables}.__getitem__,
        "exceptions": _Exceptions,
    }
    text = "\n".join((PROJECT / "macros" / f"{name}.sql").read_text(encoding="utf-8") for name in _FILES)
    module = environment.from_string(text).make_module(given)
    found.update({name: macro for name, macro in vars(module).items() if callable(macro)})
    return environment.from_string(template).render({**given, **found})


def model_sql(name: str, **variables: Any) -> str:
    """The SQL of a model of the funnel's marts."""
    place = PROJECT / "models" / "marts" / "funnel" / f"{name}.sql"
    return rendered(place.read_text(encoding="utf-8"), **variables)


class Funnel:
    """Steps of leads as of a moment, and the cohorts, rates and horizons that come of them."""

    def __init__(self, steps: pd.DataFrame, as_of: datetime, **variables: Any) -> None:
        """`steps`: entered_at, and what else is known of a step; other columns are filled in, as of one campaign."""
        self.connection = duckdb.connect()
        self.connection.execute("set threads = 1; set timezone = 'UTC'")
        frame = steps.copy()
        for name in ("step", *DIMENSIONS):
            frame[name] = frame.get(name, "mql_to_sql" if name == "step" else "(none)")
        for name in _MOMENTS:
            frame[name] = pd.to_datetime(frame.get(name)).astype("datetime64[us]") if name in frame else pd.NaT
        self.connection.register("given", frame)
        columns = ", ".join(["step", *DIMENSIONS, *(f"cast({name} as timestamp) as {name}" for name in _MOMENTS)])
        self.connection.execute(
            f"create table int_funnel_steps__entered as select {columns}, cast(entered_at as date) as cohort_date "
            "from given"
        )
        self.connection.execute("create table input__run as select cast(? as timestamp) as as_of", [as_of])
        for name in ("fct_conversion_cohorts", "fct_conversion_rates", "fct_conversion_horizons"):
            self.connection.execute(f"create table {name} as {model_sql(name, **variables)}")

    def read(self, statement: str) -> pd.DataFrame:
        """Query what came of them."""
        return self.connection.execute(statement).df()
