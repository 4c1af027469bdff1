"""What a registry without faults gives: paths, secrets, clocks, and a hash of its meaning."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orchestration.sources.connectors import source_rows, unstaged_sources
from orchestration.sources.registry import Registry, RegistryRefused, load_registry

ROOT = Path(__file__).resolve().parents[3]
SMALL = """
sources:
  clinic: {connector: contract_files, path: ./export, timezone: America/Chicago}
destinations:
  crm: {kind: sql, url: "sqlite:///crm.db", source: clinic, table: leads, key: lead_id}
"""


def load(folder: Path, text: str, **environ: str) -> Registry:
    """The registry of that text in that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    return load_registry(folder / "sources.yaml", environ=environ)


def test_the_smallest_registry_has_its_defaults(tmp_path: Path) -> None:
    source = load(tmp_path, SMALL).sources["clinic"]
    assert (source.id_space, source.folder, source.delivery_lag) == ("clinic", "contract_files", timedelta(0))
    assert (source.stage_tolerance, source.consent, source.seen_from()) == (timedelta(hours=24), "assumed", None)


def test_relative_paths_are_relative_to_the_registry_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    registry = load(tmp_path / "deep", SMALL)
    assert registry.sources["clinic"].path == tmp_path / "deep" / "export"
    assert registry.destinations["crm"].url.get_secret_value() == f"sqlite:///{tmp_path}/deep/crm.db"


def test_a_secret_is_nowhere_but_where_it_is_asked_for(tmp_path: Path) -> None:
    text = "sources: {crm: {connector: crm_sql, url: env:URL, tables: {teams: {table: t}}}}"
    registry = load(tmp_path, text, URL="postgresql://me:hunter2@host/crm")
    source = registry.sources["crm"]
    assert source.url.get_secret_value() == "postgresql+psycopg2://me:hunter2@host/crm"
    for shown in (repr(registry), str(source), source.model_dump_json(by_alias=True), registry.meaning_hash):
        assert "hunter2" not in shown


def test_the_hash_changes_with_the_meaning_and_not_with_the_place(tmp_path: Path) -> None:
    base = load(tmp_path / "a", SMALL).meaning_hash
    assert load(tmp_path / "b", "# moved\n" + SMALL.replace("./export", "/elsewhere")).meaning_hash == base
    assert load(tmp_path / "c", SMALL.split("destinations")[0]).meaning_hash == base
    assert load(tmp_path / "d", SMALL.replace("Chicago", "Denver")).meaning_hash != base


@pytest.mark.parametrize(
    ("written", "stage", "moment"),
    [
        ("2017-12-05", None, datetime(2017, 12, 5, 6)),
        ('"2017-12-05T01:00:00-02:00"', None, datetime(2017, 12, 5, 3)),
        ("{sql: 2017-12-05}", "sql", datetime(2017, 12, 5, 6)),
        ("{sql: 2017-12-05}", "mql", None),
        ("{sql: 2017-07-05 12:00:00}", "sql", datetime(2017, 7, 5, 17)),
    ],
)
def test_observed_from_is_read_in_the_sources_zone(
    tmp_path: Path, written: str, stage: str | None, moment: datetime | None
) -> None:
    text = SMALL.replace("Chicago}", f"Chicago, observed_from: {written}}}")
    assert load(tmp_path, text).sources["clinic"].seen_from(stage) == moment


def test_yaml_anchors_spare_repetition(tmp_path: Path) -> None:
    text = "sources:\n  a: &a {connector: contract_files, path: x, timezone: UTC}\n  b:\n    <<: *a\n    path: y\n"
    registry = load(tmp_path, text)
    assert (registry.sources["b"].path.name, registry.sources["b"].timezone) == ("y", "UTC")


@pytest.mark.parametrize("name", ["olist", "clinic", "crm_sql", "ads"])
def test_the_examples_of_the_how_to_are_read(name: str) -> None:
    environ = {"OLIST_DIR": "/olist", "CRM_URL": "postgresql://reader@host/crm"}
    assert load_registry(ROOT / "docs" / "how-to" / f"{name}.sources.yaml", environ=environ).sources


def test_rows_for_dbt_say_what_the_registry_says(tmp_path: Path) -> None:
    registry = load_registry(ROOT / "docs/how-to/olist.sources.yaml", environ={"OLIST_DIR": str(tmp_path)})
    (row,) = source_rows(registry)
    assert (row.source, row.id_space, row.crm_authority) == ("olist", "olist", frozenset({"mql", "sql"}))
    assert (row.observed_from, row.observed_from_all) == ({"sql": datetime(2017, 12, 5)}, None)
    assert not row.has_work_events


def test_work_events_are_seen_in_the_folder(tmp_path: Path) -> None:
    registry = load(tmp_path, SMALL)
    assert not source_rows(registry)[0].has_work_events
    (tmp_path / "export" / "work_events").mkdir(parents=True)
    assert source_rows(registry)[0].has_work_events


def test_a_source_nobody_stages_is_named(tmp_path: Path) -> None:
    registry = load_registry(ROOT / "docs/how-to/olist.sources.yaml", environ={"OLIST_DIR": str(tmp_path)})
    assert unstaged_sources(registry, {"olist", "crm_sql"}) == []
    (fault,) = unstaged_sources(registry, {"crm_sql"})
    assert fault.source == "olist" and "models/staging/olist" in fault.message


@pytest.mark.parametrize(
    ("text", "share"), [("", 0.0), ("readiness: {}", 0.0), ("readiness: {control_share: 0.05}", 0.05)]
)
def test_a_share_of_control_may_be_set_and_is_none_unless_it_is(tmp_path: Path, text: str, share: float) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text("sources: {clinic: {connector: contract_files, path: x}}\n" + text, encoding="utf-8")
    assert load_registry(file, environ={}).readiness.control_share == share


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("readiness: {control_share: 5}", "readiness.control_share", "from 0 (nobody) to 1"),
        ("readiness: {control_share: 5%}", "readiness.control_share", "from 0 (nobody) to 1"),
        ("readiness: {control_share: yes}", "readiness.control_share", "from 0 (nobody) to 1"),
        ("readiness: {share: 0.05}", "readiness.share", "known here are control_share"),
        ("readiness: 0.05", "readiness", "must be a mapping"),
        ("readines: {control_share: 0.05}", "readines", "did you mean `readiness`"),
    ],
)
def test_a_share_of_control_that_is_none_is_refused_with_its_line(
    tmp_path: Path, text: str, where: str, words: str
) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text("sources: {clinic: {connector: contract_files, path: x}}\n" + text, encoding="utf-8")
    with pytest.raises(RegistryRefused) as refused:
        load_registry(file, environ={})
    assert [(fault.line, fault.where) for fault in refused.value.faults] == [(2, where)]
    assert words in refused.value.faults[0].message
