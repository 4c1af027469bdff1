"""The model card beside a publication: where a model scores, with what only the warehouse tells, in nobody's way."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration import model_card_files
from orchestration.lake.manifest import Manifest
from orchestration.lake.publication import Publication
from orchestration.model_card_files import MODEL_CARD, card_beside
from orchestration.readiness_notes import latest_alarms, note_training, readiness_lines, severe_alarms
from tests.unit.orchestration.cards import card
from tests.unit.orchestration.test_shown import published

LINES = "select 'cardiology' as service_line, 'Heart and vessels' as name"
SCORES = "select i / 200.0 as readiness, i % 3 = 0 as is_converted, i % 4 = 0 as is_control from range(200) as r(i)"


def home(folder: Path) -> tuple[Path, Path, Path]:
    """(models, warehouse, publication) of a home whose champion has a card."""
    models = folder / "models"
    version = models / "readiness" / "abc"
    version.mkdir(parents=True)
    (version / "model.json").write_text(json.dumps({"card": card()}))
    (models / "readiness" / "champion.json").write_text('{"version": "abc"}')
    publication = published(folder, dim_service_lines=LINES)
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema ml")
        connection.execute("create schema staging")
        connection.execute(
            "create table staging.stg_handoff__scores as select i % 4 = 0 as is_control from range(300) as r(i)"
        )
        connection.execute(
            f"create table ml.ml_readiness__evaluation as "
            f"select *, true as has_work_events, true as is_worked from ({SCORES})"
        )
    return models, warehouse, publication.path


def page(models: Path, warehouse: Path, folder: Path) -> str:
    """The words of the page that is written."""
    told: list[str] = []
    card_beside(models, warehouse, told.append)(folder, Manifest.read(folder / "manifest.json"))
    assert not told
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", (folder / MODEL_CARD).read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"\s+", " ", text)


def test_the_page_calls_service_lines_by_name_and_shows_leads_routed_without_their_score(tmp_path: Path) -> None:
    said = page(*home(tmp_path))
    assert "Heart and vessels" in said and "routed without it 50" in said


def test_an_alarm_of_the_latest_training_stands_on_the_page_in_the_summary_and_in_the_notes(tmp_path: Path) -> None:
    models, warehouse, folder = home(tmp_path)
    alarm = {"name": "leak", "severity": "severe", "words": "Too good to be true.", "figures": {}}
    notice = {"name": "feature_moved", "severity": "notice", "words": "A column moved.", "figures": {}}
    note_training(models, card()["promotion"], [alarm, notice])
    said = page(models, warehouse, folder)
    assert "Too good to be true." in said and "A column moved." in said
    assert ("readiness, ALARM", "Too good to be true.") in list(readiness_lines(models))
    assert severe_alarms(models) == ["Too good to be true."] and len(latest_alarms(models)) == 2
    (models / "readiness" / "champion.json").unlink()
    assert latest_alarms(models) == []


def test_without_a_model_there_is_no_page(tmp_path: Path) -> None:
    _, warehouse, folder = home(tmp_path)
    card_beside(tmp_path / "elsewhere", warehouse, pytest.fail)(folder, Manifest.read(folder / "manifest.json"))
    assert not (folder / MODEL_CARD).exists()


def test_a_page_that_cannot_be_made_is_told_and_in_nobodys_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models, warehouse, folder = home(tmp_path)
    monkeypatch.setattr(model_card_files, "model_card_html", lambda *_: {}["what a cell held"])
    told: list[str] = []
    card_beside(models, warehouse, told.append)(folder, Manifest.read(folder / "manifest.json"))
    assert "the publication stands" in told[0] and "what a cell held" not in told[0]


def test_between_two_trainings_the_page_is_the_one_that_was_published_unless_another_model_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models, warehouse, folder = home(tmp_path)
    manifest = replace(Manifest.read(folder / "manifest.json"), model="abc")
    page(models, warehouse, folder)
    before = Publication(folder, manifest)

    def published_next(name: str, manifest: Manifest, models: Path = models) -> Path:
        beside = tmp_path / name
        shutil.copytree(folder, beside, ignore=shutil.ignore_patterns(MODEL_CARD))
        card_beside(models, warehouse, pytest.fail, before=before)(beside, manifest)
        return beside / MODEL_CARD

    with monkeypatch.context() as without:
        without.setattr(model_card_files, "model_card_html", lambda *_: pytest.fail("drawn in an intake run"))
        assert published_next("same", manifest).samefile(folder / MODEL_CARD)
    assert not published_next("other", replace(manifest, model="def")).samefile(folder / MODEL_CARD)
    assert not published_next("none", replace(manifest, model="none"), tmp_path / "elsewhere").exists()
    (folder / MODEL_CARD).unlink()
    assert published_next("missing", manifest).exists(), "where it was not made it is made now"
