"""Two writers at once, and calls that are wrong. Readers beside a run: test_fed_in_pieces.py."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.clinic_export import AS_OF
from tests.integration.conftest import copy_of
from tests.integration.harness import Home


def test_of_two_runs_started_together_one_works_and_one_leaves_with_75(clinic_run_once: Path) -> None:
    said = json.loads((clinic_run_once / "said.json").read_text())
    assert sorted(code for code, _ in said) == [0, 75]
    home = Home(clinic_run_once / "home", clinic_run_once / "clinic" / "sources.yaml")
    # Of ten leads two cannot be read.
    assert home.one("select count(*) from fct_lead_lifecycles") == 8


def test_a_moment_in_the_future_and_a_missing_registry_are_wrong_calls(clinic_run_once: Path, tmp_path: Path) -> None:
    home = copy_of(clinic_run_once, tmp_path)
    assert "future" in home.run("2199-01-01T00:00:00Z", expect=2)
    Home(home.path, home.sources.parent / "no.yaml").run(AS_OF, expect=2)
