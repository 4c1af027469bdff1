"""Which files the file connectors offer, in which order, and what they say of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.lake.extract import Extract
from orchestration.sources import connectors
from orchestration.sources.extracting import SourceFault
from orchestration.sources.registry import load_registry


def source(folder: Path, entry: str) -> connectors.BaseSource:
    """The one source `s` of a registry in that folder."""
    (folder / "sources.yaml").write_text(f"sources:\n  s: {entry}\n", encoding="utf-8")
    return load_registry(folder / "sources.yaml", environ={}).sources["s"]


def clinic(folder: Path, *names: str) -> list[Extract | SourceFault]:
    """What `contract_files` finds where these files stand."""
    (folder / "export").mkdir()
    for name in names:
        (folder / "export" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "export" / name).write_text("x\n")
    return list(connectors.extracts(source(folder, "{connector: contract_files, path: export}")))


def offered(found: list[Extract | SourceFault]) -> list[tuple[str, str, str]]:
    """Object, origin and format of each extract."""
    return [(each.spec.name, each.origin, each.format) for each in found if isinstance(each, Extract)]


def told(found: list[Extract | SourceFault]) -> list[tuple[str, str, bool]]:
    """Object, origin and kind of each fault."""
    return [(each.object, each.origin, each.is_notice) for each in found if isinstance(each, SourceFault)]


def test_a_file_or_a_folder_of_files_per_table(tmp_path: Path) -> None:
    found = clinic(
        tmp_path,
        "touches/2026/b.csv",
        "touches/2026/a.csv.gz",
        "touches/z.ndjson",
        "leads.CSV",
        "spend.parquet",
        "leads/x.jsonl",
    )
    assert offered(found) == [
        ("leads", "leads/x.jsonl", "ndjson"),
        ("leads", "leads.CSV", "csv"),
        ("touches", "touches/2026/a.csv.gz", "csv"),
        ("touches", "touches/2026/b.csv", "csv"),
        ("touches", "touches/z.ndjson", "ndjson"),
        ("spend", "spend.parquet", "parquet"),
    ]
    assert told(found) == []


def test_files_still_being_written_are_left_alone(tmp_path: Path) -> None:
    found = clinic(
        tmp_path, "leads.csv.tmp", "touches/.a.csv", "touches/b.csv.part", "touches/c.csv", "_work/leads.csv"
    )
    assert offered(found) == [("touches", "touches/c.csv", "csv")] and told(found) == []


def test_what_looks_like_data_and_is_no_table_is_named(tmp_path: Path) -> None:
    found = clinic(tmp_path, "lead.csv", "README.md", "odd/a.parquet", "leads.xlsx")
    assert offered(found) == []
    assert told(found) == [("leads", "leads.xlsx", False), ("", "lead.csv", True), ("", "odd", True)]
    assert "did you mean `leads`" in str(found[1]) and "CSV" in str(found[0])


def test_a_folder_that_is_away_is_a_fault_not_a_crash(tmp_path: Path) -> None:
    found = list(connectors.extracts(source(tmp_path, "{connector: contract_files, path: nothing}")))
    assert told(found) == [("", "nothing", False)]


FILES = "{connector: files, path: in, objects: {o: {files: %s, key: id, columns: {id: text}}}}"


def test_objects_of_files_by_pattern_in_name_order(tmp_path: Path) -> None:
    for name in ("b-1.csv", "a-1.csv", "c-1.txt", "sub/a-2.csv", ".a-3.csv"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).touch()
    found = list(connectors.extracts(source(tmp_path, FILES % '["*-1.*", "sub/*.csv"]')))
    assert offered(found) == [("o", name, "csv") for name in ("a-1.csv", "b-1.csv", "c-1.txt", "sub/a-2.csv")]


@pytest.mark.parametrize(("pattern", "is_notice"), [("o.csv", False), ('"o-*.csv"', True)])
def test_an_absent_file_is_a_fault_an_empty_growing_folder_is_not(
    tmp_path: Path, pattern: str, is_notice: bool
) -> None:
    (tmp_path / "in").mkdir()
    found = list(connectors.extracts(source(tmp_path, FILES % pattern)))
    assert told(found) == [("o", "in", is_notice)]


def test_what_passes_the_door_follows_from_the_declaration(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "o.csv").touch()
    columns = (
        "{id: text, mail: {type: text, passes_as: email}, name: {type: text, identifier: true},"
        " note: free_text, kind: free_text}"
    )
    entry = "{connector: files, path: in, codes: [kind], objects: {o: {files: o.csv, key: id, columns: %s}}}"
    (found,) = connectors.extracts(source(tmp_path, entry % columns))
    assert isinstance(found, Extract)
    assert [(column.name, column.landed, column.door) for column in found.spec.columns] == [
        ("id", "id", "pass"),
        ("mail", "email_token", "token"),
        ("name", None, "vault"),
        ("note", "note", "free_text"),
        ("kind", "kind", "pass"),
    ]


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    for name in ("leads.csv", "teams.csv", "touches.csv"):
        (tmp_path / name).touch()

    def land(extract: Extract) -> str:
        if extract.spec.name == "touches":
            raise ValueError("a value nobody may see: jane@example.org")
        return extract.spec.name

    landed = connectors.land_source(source(tmp_path, "{connector: contract_files, path: .}"), land=land)
    assert landed.results == ("leads", "teams") and landed.has_failed
    assert [fault.object for fault in landed.faults if not fault.is_notice] == ["touches"]
    assert "jane" not in str(landed.faults[0]) and "ValueError" in str(landed.faults[0])
