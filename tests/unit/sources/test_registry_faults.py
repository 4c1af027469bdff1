"""Every fault of a registry is told at once, each with its line and what to do, and no secret among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.sources.registry import RegistryRefused, load_registry
from orchestration.sources.yaml_lines import Fault

# line within the entry `s`, place, words of the message, the entry's lines
FAULTS = {
    "unknown connector": (1, "s.connector", "did you mean `contract_files`", "connector: contract_file\npath: x"),
    "no connector": (0, "s", "`connector` is missing", "path: x"),
    "missing key": (0, "s.path", "missing", "connector: contract_files"),
    "unknown key": (3, "s.timezon", "did you mean `timezone`", "connector: contract_files\npath: x\ntimezon: UTC"),
    "wrong zone": (3, "s.timezone", "America/Chicago", "connector: contract_files\npath: x\ntimezone: America/Chigaco"),
    "abbreviated zone": (3, "s.timezone", "IANA", "connector: contract_files\npath: x\ntimezone: CDT"),
    "boolean for text": (3, "s.null_tokens[1]", "quotes", 'connector: contract_files\npath: x\nnull_tokens: ["NA", no]'),
    "nothing for text": (3, "s.null_tokens[0]", "quotes", "connector: contract_files\npath: x\nnull_tokens: [null]"),
    "number for text": (3, "s.codes[0]", "quotes", "connector: contract_files\npath: x\ncodes: [12]"),
    "boolean as key": (3, "s.stages", "quotes", "connector: contract_files\npath: x\nstages: {off: mql}"),
    "unknown stage": (4, "s.stages.a", "must be one of", "connector: contract_files\npath: x\nstages:\n  a: sqll"),
    "authority of a stage nobody decides": (
        3, "s.stage_authority.lead", "must be one of", "connector: contract_files\npath: x\nstage_authority: {lead: crm}",
    ),
    "duration in words": (3, "s.delivery_lag", "PT2H", "connector: contract_files\npath: x\ndelivery_lag: 2 hours"),
    "duration of months": (3, "s.delivery_lag", "PT2H", "connector: contract_files\npath: x\ndelivery_lag: P1M"),
    "time that is none": (3, "s.observed_from", "ISO 8601", "connector: contract_files\npath: x\nobserved_from: soon"),
    "date that is none": (3, "s.observed_from", "quotes", "connector: contract_files\npath: x\nobserved_from: 2024-13-01"),
    "time without a zone": (3, "s.observed_from", "timezone", "connector: contract_files\npath: x\nobserved_from: 2024-01-01"),
    "key given twice": (3, "s.path", "twice (first on line 4)", "connector: contract_files\npath: x\npath: y"),
    "variable not set": (2, "s.path", "NOT_SET is not set", "connector: contract_files\npath: env:NOT_SET"),
    "ids from nobody": (3, "s.lead_ids_from", "did you mean `other`", "connector: contract_files\npath: x\nlead_ids_from: othr"),
    "ids from a borrower": (
        3, "s.lead_ids_from", "name `other`", "connector: contract_files\npath: x\nlead_ids_from: borrower",
    ),
    "key kept out": (3, "s.identifiers[0]", "is a key", "connector: contract_files\npath: x\nidentifiers: [lead_id]"),
    "negative days": (3, "s.restates_days", "greater than or equal to 0", "connector: contract_files\npath: x\nrestates_days: -1"),
    "key not among columns": (
        5, "s.objects.o.key[0]", "did you mean `id`", "connector: files\npath: x\nobjects:\n  o:\n    key: [idd]\n    files: f.csv\n    columns: {id: text}",
    ),
    "key may be absent": (
        6, "s.objects.o.columns.id", "optional", "connector: files\npath: x\nobjects:\n  o:\n    key: id\n    columns: {id: {type: text, optional: true}}\n    files: f.csv",
    ),
    "clock of the wrong type": (
        6, "s.objects.o.columns.at", "timestamp", "connector: files\npath: x\nobjects:\n  o: {key: id, files: f.csv, event_time: at, columns: {\n"
        "    id: text,\n    at: text}}",
    ),
    "unknown type": (
        4, "s.objects.o.columns.id", "must be one of", "connector: files\npath: x\nobjects:\n  o: {key: id, files: f.csv, columns: {id: string}}",
    ),
    "format without a year": (
        4, "s.objects.o.columns.d.formats[0]", "day, month and year",
        'connector: files\npath: x\nobjects:\n  o: {key: id, files: f.csv, columns: {id: text, d: {type: date, formats: "%d.%m."}}}',
    ),
    "optional without a header": (
        4, "s.objects.o.header", "header", "connector: files\npath: x\nobjects:\n  o: {key: id, files: f.csv, header: false, columns: {id: text, b: {type: text, optional: true}}}",
    ),
    "a folder of the project's own": (
        3, "s.staging", "staging folder", "connector: files\npath: x\nstaging: handoff\nobjects: {o: {key: id, files: f.csv, columns: {id: text}}}",
    ),
    "files elsewhere": (
        3, "s.objects.o.files[0]", "below", "connector: files\npath: x\nobjects: {o: {key: id, files: ../f.csv, columns: {id: text}}}",
    ),
    "no database address": (2, "s.url", "not a database address", "connector: crm_sql\nurl: secret-hunter2\ntables: {teams: {table: t}}"),
    "unknown database": (2, "s.url", "not installed", 'connector: crm_sql\nurl: "nosuchdb://u:hunter2@h/d"\ntables: {teams: {table: t}}'),
    "unknown contract table": (4, "s.tables.lead", "unknown key", "connector: crm_sql\nurl: sqlite:///a.db\ntables:\n  lead: {table: t}"),
    "unknown contract column": (
        4, "s.tables.teams.columns.teamid", "did you mean `team_id`", "connector: crm_sql\nurl: sqlite:///a.db\ntables:\n  teams: {table: t, columns: {team_id: a, teamid: a}}",
    ),
    "required column unmapped": (
        4, "s.tables.teams.columns", "`team_id`", "connector: crm_sql\nurl: sqlite:///a.db\ntables:\n  teams: {table: t, columns: {name: a}}",
    ),
    "reading what we wrote": (
        4, "s.tables.teams.columns.name", "come back as news",
        "connector: crm_sql\nurl: sqlite:///a.db\ntables:\n  teams: {table: t, columns: {team_id: id, name: handoff_queue}}",
    ),
    "cursor without overlap": (
        4, "s.tables.teams.cursor", "overlap", "connector: crm_sql\nurl: sqlite:///a.db\ntables:\n  teams: {table: t, cursor: n}",
    ),
    "overlap of nothing": (
        4, "s.tables.teams.overlap", "commit late", "connector: crm_sql\nurl: sqlite:///a.db\ntables:\n  teams: {table: t, cursor: n, overlap: 0}",
    ),
    "modification time as known_at": (
        4, "s.tables.leads.cursor", "append_only",
        "connector: crm_sql\nurl: sqlite:///a.db\ntables:\n  leads: {table: t, cursor: m, overlap: PT1H, columns: {lead_id: id, created_at: c, known_at: m}}",
    ),
}
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
    line, where, words, entry = FAULTS[name]
    faults = faults_of(tmp_path, written(entry))
    assert [(fault.line, fault.where) for fault in faults] == [(line + 2, f"sources.{where}")], faults
    assert words in faults[0].message and "hunter2" not in str(faults[0])


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
