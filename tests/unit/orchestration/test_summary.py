"""What a run says at its end beside its figures."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from orchestration.criteria_files import load_criteria
from orchestration.summary import unknown_signals

RULES = """
service_line: cardiology
versions:
  - version: 1
    effective_from: 2026-01-01T00:00:00Z
    mql:
      require: fit_or_behaviour
      behaviour: {threshold: 1, rules: [{id: asked, signal: appointment_request, points: 1}]}
"""


@pytest.fixture
def publication(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_touches as select unnest(['appointment_request', 'guide', 'guide']) as signal"
        )
    return tmp_path


def run_under(folder: Path, **files: str) -> Any:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return SimpleNamespace(criteria=load_criteria(folder))


def test_signals_nobody_wrote_a_rule_for_are_named_with_their_number(tmp_path: Path, publication: Path) -> None:
    said = unknown_signals(run_under(tmp_path / "criteria", cardiology=RULES), publication)
    assert said is not None and "guide x 2" in said and "appointment_request" not in said


def test_a_misspelt_signal_is_told_what_it_may_have_meant(tmp_path: Path, publication: Path) -> None:
    catalogue = "signals:\n  guides: {meaning: Downloaded a guide}\n  appointment_request: {meaning: Asked}\n"
    said = unknown_signals(run_under(tmp_path / "criteria", catalogue=catalogue), publication)
    assert said is not None and "guide x 2 (did you mean guides?)" in said


def test_a_signal_of_the_catalogue_is_known_even_where_no_rule_counts_it(tmp_path: Path, publication: Path) -> None:
    catalogue = "signals:\n  guide: {meaning: Downloaded a guide}\n  appointment_request: {meaning: Asked}\n"
    assert unknown_signals(run_under(tmp_path / "criteria", catalogue=catalogue), publication) is None


def test_a_publication_without_touches_has_no_signals(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()
    assert unknown_signals(run_under(tmp_path / "criteria", cardiology=RULES), tmp_path) is None
