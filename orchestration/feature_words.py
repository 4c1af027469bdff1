"""How the reasons of a score call things: the catalogue's meanings, names of places and service lines, else the name.

`models_ml` is handed these words; it knows no criteria. Points of a rule belong to the signal they are given for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from models_ml.readiness.phrases import Words, lowered
from orchestration.criteria_files import Criteria

# Column → table of the input contract, and the column that names its rows.
_NAMED = {"location_id": ("input__locations", "location_id"), "service_line": ("input__service_lines", "service_line")}


def feature_words(criteria: Criteria, warehouse: Path) -> Words:
    """Words for the features of a home."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        codes = {name: _names(connection, *table) for name, table in _NAMED.items()}
    return Words(
        signals=_meanings(criteria, "signals"),
        rules=_rules(criteria),
        codes={**codes, "channel": _meanings(criteria, "channels")},
    )


def _meanings(criteria: Criteria, section: str) -> Mapping[str, str]:
    entries = (entry for entry in criteria.catalogue.entries if entry.section == section)
    # What follows a colon only lists examples.
    return {entry.name: lowered(entry.meaning.partition(":")[0].rstrip(".")) for entry in entries if entry.meaning}


def _rules(criteria: Criteria) -> Mapping[str, str]:
    """Signal by id of the behaviour rule; a rule that means different signals in different files stands for itself."""
    found: dict[str, set[str]] = {}
    for line in criteria.service_lines:
        for version in line.versions:
            for rule in version.mql.behaviour.rules if version.mql and version.mql.behaviour else []:
                found.setdefault(rule.id, set()).add(rule.signal)
    return {name: signals.pop() for name, signals in found.items() if len(signals) == 1}


def _names(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> Mapping[str, str]:
    """Names by code; a code that several sources call differently keeps its code."""
    rows = connection.execute(
        f'select "{column}", min(name), count(distinct name) from input."{table}" where name is not null group by 1'
    ).fetchall()
    return {str(code): str(name) for code, name, count in rows if count == 1}
