"""Every fault of a registry is told at once, each with its line and what to do, and no secret among them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orchestration.sources.registry import RegistryRefused, load_registry
from orchestration.sources.yaml_lines import Fault

FAULTS = yaml.safe_load((Path(__file__).parent / "registry_faults.yaml").read_text(encoding="utf-8"))
HEAD = "sources:\n  s:\n"
TAIL = (
    "\n  other: {connector: contract_files, path: o}"
    "\n  borrower: {connector: contract_files, path: o, lead_ids_from: other}\n"
)


def written(entry: str) -> str:
    """A registry whose source `s` is that entry; its first line is line 3 of the file."""
    return HEAD + "\n".join("    " + line for line in entry.splitlines()) + TAIL


def faults_of(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> list[Fault]:
    """What a registry of that text is refused for; empty if it is not."""
    file = tmp_path / "sources.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        load_registry(file, environ=environ or {})
    except RegistryRefused as refused:
        assert [str(fault) for fault in refused.faults] == str(refused).splitlines()
        return refused.faults
    return []


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_its_line_and_what_to_do(tmp_path: Path, name: str) -> None:
    expected = FAULTS[name]
    faults = faults_of(tmp_path, written(expected["entry"]))
    told = [(fault.line, fault.where) for fault in faults]
    assert told == [(expected["line"] + 2, f"sources.{expected['where']}")], faults
    assert expected["words"] in faults[0].message and "hunter2" not in str(faults[0])


def test_all_faults_of_all_entries_are_told_at_once_in_file_order(tmp_path: Path) -> None:
    text = (
        "sources:\n"
        "  a: {connector: contract_files, path: x, timezone: Mars}\n"
        "  b: {connector: nothing, path: x, timezone: Venus}\n"
        "  a: {connector: contract_files, path: y}\n"
        "  1: {connector: contract_files, path: y}\n"
        "  c:\n"
        "    connector: crm_sql\n"
        "    url: env:NOT_SET\n"
        "    tables: {teams: {table: t, cursor: n}}\n"
        "destinations:\n"
        "  crm: {kind: sql, url: env:NOT_SET, source: zz, table: t, key: handoff_id}\n"
        "extra: 1\n"
    )
    told = [(fault.line, fault.where) for fault in faults_of(tmp_path, text)]
    assert told == [
        (2, "sources.a.timezone"),
        (3, "sources.b.connector"),
        (3, "sources.b.timezone"),
        (4, "sources.a"),
        (5, "sources"),
        (8, "sources.c.url"),
        (9, "sources.c.tables.teams.cursor"),
        (11, "destinations.crm.source"),
        (11, "destinations.crm.url"),
        (12, "extra"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("- a", "must be a mapping"),
        ("sources:\n", "no source"),
        ("sources: [a]", "must be a mapping"),
        ("sources:\n  a: 1", "must be a mapping"),
        ("sources:\n  a/b: {connector: contract_files, path: x}", "a name is"),
        ("sources: {a: [}", "not valid YAML"),
        ("sources: &x {a: *x}", "itself"),
        ("sources: {a: {connector: !!python/object:os.system x, path: x}}", "quotes"),
    ],
)
def test_a_file_that_is_no_registry_is_refused(tmp_path: Path, text: str, words: str) -> None:
    faults = faults_of(tmp_path, text)
    assert faults and words in "\n".join(map(str, faults)) and all(fault.file == "sources.yaml" for fault in faults)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryRefused, match="no such file"):
        load_registry(tmp_path / "nothing.yaml")


def test_no_secret_is_in_a_fault_of_its_neighbour(tmp_path: Path) -> None:
    entry = "connector: crm_sql\nurl: env:URL\nbatch_rows: many\ntables: {teams: {table: t}}"
    faults = faults_of(tmp_path, written(entry), {"URL": "postgresql://me:hunter2@host/crm"})
    assert len(faults) == 1 and "hunter2" not in str(faults[0])
