"""The report of a publication: in it before readers are, again on demand, and never in the way of a publication."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import duckdb
import pandas as pd
import pytest

from orchestration import report_files
from orchestration.asset_checks import build_asset_checks
from orchestration.assets.publication import _report_metadata, publication_assets
from orchestration.dbt_manifest import ensure_manifest
from orchestration.lake.manifest import Manifest, Table
from orchestration.lake.publication import Provenance, Publication, current_publication, publish
from orchestration.report_files import REPORT, report_beside, write_report
from orchestration.settings import Settings
from tests.unit.orchestration.test_cli import call
from tests.unit.report.frames import clinic_tables

NAMED = ("fct_sla_attainment", "dim_criteria_versions", "fct_load_accounting", "dim_intake_teams")
TABLES = {name: clinic_tables()[name] for name in NAMED}


def published(home: Path, told: list[str], **tables: pd.DataFrame) -> Publication:
    """A publication of these tables with its report, and what was told of it."""
    home.mkdir(exist_ok=True)
    with duckdb.connect(str(home / "w.duckdb")) as connection:
        connection.execute("create schema if not exists marts")
        for name, frame in tables.items():
            connection.register("frame", frame)
            connection.execute(f"create or replace table marts.{name} as select * from frame")
    return publish(
        warehouse=home / "w.duckdb",
        published=home / "published",
        tables=[Table(name) for name in tables],
        provenance=Provenance(datetime(2026, 7, 1, 5), code="c0de", criteria="d", model="none", stale_sources=("web",)),
        beside=report_beside(told.append),
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    published(home, [], **TABLES)
    yield home


def test_a_publication_brings_its_report(home: Path) -> None:
    publication = current_publication(home / "published")
    report = publication.path / REPORT
    html = report.read_text("utf-8").replace("\u00a0", " ")
    assert "As of <strong>1 July 2026, 05:00 UTC</strong>" in html and "its last run failed: web." in html
    assert "34.8" in html and "Not in this publication: fct_channel_costs." in html, "what is there is shown"
    assert "Skin" in html, "teams by their names"
    assert report.stat().st_mode & 0o777 == 0o600
    assert not any(REPORT in name for name in (*publication.manifest.derived, *publication.manifest.operational))
    metadata = _report_metadata(publication)
    assert metadata["report"].value == str(report) and metadata["report_url"].value == report.as_uri()


def test_a_report_may_stay_as_it_was_and_making_it_anew_leaves_the_former_one(home: Path, tmp_path: Path) -> None:
    before = current_publication(home / "published")
    (tmp_path / "next").mkdir()
    report_beside([].append, before=before)(tmp_path / "next", before.manifest)
    assert (tmp_path / "next" / REPORT).samefile(before.path / REPORT)
    text = (before.path / REPORT).read_text("utf-8")
    shutil.copytree(before.path / "marts", tmp_path / "next" / "marts")
    shutil.copy(before.path / "warehouse.duckdb", tmp_path / "next")
    write_report(Publication(tmp_path / "next", replace(before.manifest, as_of="2026-08-01T05:00:00.000000Z")))
    assert "1\u00a0August 2026" in (tmp_path / "next" / REPORT).read_text("utf-8")
    assert (before.path / REPORT).read_text("utf-8") == text
    none = Publication(tmp_path / "nowhere", before.manifest)
    report_beside([].append, before=none)(tmp_path / "next", before.manifest)
    assert "1\u00a0July 2026" in (tmp_path / "next" / REPORT).read_text("utf-8"), "without one it is made"


def test_the_report_is_there_before_the_link_moves(tmp_path: Path) -> None:
    seen = []

    def look(folder: Path, manifest: Manifest) -> None:
        seen.append((current_publication(tmp_path / "published"), (folder / "manifest.json").exists(), manifest.code))

    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("create schema marts; create table marts.t as select 1 as a")
    provenance = Provenance(datetime(2026, 7, 1), code="c", criteria="d", model="none")
    paths = {"warehouse": tmp_path / "w.duckdb", "published": tmp_path / "published"}
    publish(**paths, tables=[Table("t")], provenance=provenance, beside=look)
    assert seen == [(None, False, "c")]


def test_a_report_that_cannot_be_made_keeps_nobody_from_the_publication(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(report_files, "report_html", lambda *_: int("a cell"))
    told: list[str] = []
    publication = published(tmp_path / "home", told, **TABLES)
    assert current_publication(tmp_path / "home/published").path == publication.path
    assert not (publication.path / REPORT).exists()
    assert len(told) == 1
    assert told[0].startswith("the report was not made, the publication stands: ValueError in test_report_files")
    log = capsys.readouterr().out
    assert "ValueError" in log and "in write\n" in log, "the run's log has the calls"
    assert "invalid literal" not in log, "and no words of the error, which might hold what a cell held"
    assert "not made" in _report_metadata(publication)["report"].value
    check = next(each for each in build_asset_checks() if each.check_key.name == "report_is_made")
    paths = SimpleNamespace(published=tmp_path / "home/published")
    run = SimpleNamespace(published=publication, home=paths, notices=["other", *told])
    result = check.node_def.compute_fn.decorated_fn(run)
    assert not result.passed and result.severity.value == "WARN" and result.metadata["reason"].value == told[0]


def test_the_verb_makes_it_again(home: Path, tmp_path: Path) -> None:
    publication = current_publication(home / "published")
    before = (publication.path / REPORT).read_bytes()
    (publication.path / REPORT).unlink()
    code, output = call("report", "--home", home)
    assert code == 0 and f"written: {publication.path / REPORT}" in output
    assert (publication.path / REPORT).read_bytes() == before
    code, output = call("report", "--home", home, "--out", tmp_path / "new" / "page.html")
    assert code == 0 and (tmp_path / "new" / "page.html").read_bytes() == before


def test_a_file_that_is_there_is_replaced_by_one_only_its_owner_reads(home: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("old")
    page.chmod(0o644)
    with page.open() as reader:
        assert call("report", "--home", home, "--out", page)[0] == 0
        assert reader.read() == "old", "who has it open reads on what was there"
    assert page.stat().st_mode & 0o777 == 0o600 and "<h1>" in page.read_text("utf-8")
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


def test_what_cannot_be_made_is_2(home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for words, said in (
        (["--home", tmp_path / "absent"], "nothing is published yet"),
        (["--home", home, "--out", tmp_path / "file" / "page.html"], "cannot be written"),
    ):
        code, output = call("report", *words)
        assert code == 2 and said in output, words
    assert not (tmp_path / "absent").exists()


def test_a_page_that_cannot_be_made_is_1(home: Path, monkeypatch) -> None:
    monkeypatch.setattr(report_files, "report_html", lambda *_: {}["what a cell held"])
    code, output = call("report", "--home", home)
    assert code == 1 and "the report was not made: KeyError in test_report_files.py" in output
    assert "what a cell held" not in output and "Traceback" not in output


def test_dagster_shows_it_and_checks_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    ensure_manifest(settings)
    published(tmp_path / "home", [], **TABLES)
    run = SimpleNamespace(
        settings=settings, home=settings.paths, paths=SimpleNamespace(warehouse=tmp_path / "home/w.duckdb"),
        as_of=datetime(2026, 7, 2), hashes=SimpleNamespace(code="c", criteria="d"), inputs=dict, is_historic=False,
        criteria=SimpleNamespace(hashes=lambda by: {}), stale_sources=(), built={"dim_intake_teams"}, published=None,
        say=lambda *_: None, complete_build=lambda: None, notices=[], failures=[],
    )  # fmt: skip
    check = next(each for each in build_asset_checks() if each.check_key.name == "report_is_made")
    done = dg.materialize([*publication_assets(settings), check], resources={"run": run})
    assert done.success and not run.notices
    shown = done.asset_materializations_for_node("publish")[0].metadata
    assert shown["report"].value == str(run.published.path / REPORT) and Path(shown["report"].value).is_file()
    assert [each.passed for each in done.get_asset_check_evaluations()] == [True]
