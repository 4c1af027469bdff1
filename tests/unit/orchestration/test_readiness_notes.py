"""What is said of readiness at the end of a run: from the home, so that a run without news says the same."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from orchestration.readiness_notes import (
    champion_card,
    champion_version,
    forget_no_model,
    note_no_model,
    note_refused,
    readiness_lines,
)

REASON = "too few outcomes: needed are 50"


def crown(models: Path) -> None:
    """A champion as `models_ml.artifacts` keeps one."""
    folder = models / "readiness" / "abc"
    folder.mkdir(parents=True)
    measures = {"model": {"log_loss": 0.5}, "base_rate": {"log_loss": 0.61239}}
    (folder / "model.json").write_text(json.dumps({"card": {"holdout": {"measures": measures}}}, sort_keys=True))
    (folder.parent / "champion.json").write_text('{"version": "abc"}')


def test_without_any_training_no_reason_is_invented(tmp_path: Path) -> None:
    assert dict(readiness_lines(tmp_path)) == {"readiness": "no model yet; leads are routed without it"}
    assert champion_version(tmp_path) == "none" and champion_card(tmp_path) is None


def test_the_reason_outlives_the_run_that_found_it(tmp_path: Path) -> None:
    note_no_model(tmp_path, REASON, {"examples": 3})
    said = list(readiness_lines(tmp_path))
    assert said == [("readiness", f"{REASON}; leads are routed without it")] == list(readiness_lines(tmp_path))
    (note,) = (tmp_path / "readiness").iterdir()
    assert stat.S_IMODE(note.stat().st_mode) == 0o600


def test_a_champion_is_shown_beside_its_baselines(tmp_path: Path) -> None:
    crown(tmp_path)
    assert champion_version(tmp_path) == "abc"
    assert list(readiness_lines(tmp_path)) == [("readiness, log loss on hold-out", "model 0.5000, base rate 0.6124")]


def test_a_later_training_without_a_model_is_told_beside_the_champion_until_the_next_one(tmp_path: Path) -> None:
    crown(tmp_path)
    note_no_model(tmp_path, REASON, {})
    assert dict(readiness_lines(tmp_path))["readiness, latest training"] == f"{REASON}; the model from before stays"
    forget_no_model(tmp_path)
    forget_no_model(tmp_path)
    assert len(list(readiness_lines(tmp_path))) == 1


def test_a_champion_that_was_refused_is_not_shown_as_the_one_that_scores(tmp_path: Path) -> None:
    crown(tmp_path)
    note_refused(tmp_path, "it is another home's")
    assert champion_version(tmp_path) == "none" and champion_card(tmp_path) is None
    assert dict(readiness_lines(tmp_path)) == {"readiness": "it is another home's; leads are routed without it"}
    note_refused(tmp_path, None)
    assert champion_version(tmp_path) == "abc"


@pytest.mark.parametrize("damaged", ["champion.json", "abc/model.json"])
def test_a_champion_whose_files_are_damaged_scores_nobody_and_stops_nothing(tmp_path: Path, damaged: str) -> None:
    crown(tmp_path)
    file = tmp_path / "readiness" / damaged
    file.write_text(file.read_text()[:-9])
    assert champion_card(tmp_path) is None
    assert dict(readiness_lines(tmp_path)) == {"readiness": "no model yet; leads are routed without it"}
