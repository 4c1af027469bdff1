"""The short table a run ends with, read from what it published; a missing table leaves its line out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table

from models_ml.metrics import wilson_interval
from orchestration.lake.manifest import Manifest
from orchestration.readiness_notes import readiness_lines
from orchestration.runs import Run

_STAGES = """
select count(*), count(became_mql_at), count(became_sql_at)
from marts.fct_lead_lifecycles where not is_deleted and excluded_by is null
"""
_CONVERSION = """
select coalesce(sum(at_risk_count), 0), coalesce(sum(converted_count), 0)
from marts.fct_funnel_conversions where step = 'mql_to_sql' and horizon_days = 30
"""

_SIGNALS = "select signal, count(*) from marts.fct_touches group by signal order by count(*) desc, signal"
_MOST_SIGNALS = 12


def summary_table(run: Run, path: Path) -> Table:
    """Leads, MQL, SQL with mature conversion, readiness beside its baselines, writes."""
    table = Table(title=f"as of {Manifest.read(path / 'manifest.json').as_of}", show_header=False, title_justify="left")
    for label, text in summary_lines(run, path):
        table.add_row(label, text)
    return table


def summary_lines(run: Run, path: Path) -> Iterator[tuple[str, str]]:
    """The lines of the table, label and text."""
    with duckdb.connect(str(path / "warehouse.duckdb"), read_only=True) as connection:
        counts = _first(connection, _STAGES)
        if counts:
            yield "leads", f"{counts[0]:,}"
            yield "MQL", f"{counts[1]:,}"
            yield "SQL", f"{counts[2]:,}"
        at_risk, converted = _first(connection, _CONVERSION) or (0, 0)
        if at_risk:
            rate, lower, upper = wilson_interval(int(converted), int(at_risk))
            yield "MQL to SQL in 30 days, mature", f"{rate:.1%} [{lower:.1%}, {upper:.1%}] of {at_risk:,}"
    yield from readiness_lines(run.home.models)
    for name, states in run.write_states().items():
        told = ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in sorted(states.items()))
        yield f"writes to {name}", told or "none yet"


def unknown_signals(run: Run, path: Path) -> str | None:
    """A notice that names the signals of leads' touches of which the criteria know nothing: a typo loses leads."""
    known = run.criteria.known_signals()
    with duckdb.connect(str(path / "warehouse.duckdb"), read_only=True) as connection:
        try:
            found = connection.execute(_SIGNALS).fetchall()
        except duckdb.CatalogException:
            return None
    unknown = [f"{signal} x {count:,}{_meant(signal, known)}" for signal, count in found if signal not in known]
    if not unknown:
        return None
    told = ", ".join(unknown[:_MOST_SIGNALS]) + (", …" if len(unknown) > _MOST_SIGNALS else "")
    return f"signals that no criteria rule and no catalogue names, so they count for nothing: {told}"


def _meant(signal: str, known: Collection[str]) -> str:
    close = get_close_matches(signal, sorted(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _first(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...] | None:
    try:
        row: tuple[Any, ...] | None = connection.execute(query).fetchone()
    except duckdb.CatalogException:
        return None
    return row
