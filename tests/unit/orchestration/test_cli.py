"""The command line: exit codes of calls that are refused, and the verbs that need no run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from orchestration.cli import main
from orchestration.lake.lease import hold_lease
from orchestration.lake.paths import HomePaths


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    (tmp_path / "export").mkdir()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("create table leads (lead_id text primary key, handoff_stage text)")
    engine.dispose()
    file = tmp_path / "sources.yaml"
    file.write_text(
        "sources:\n  clinic: {connector: contract_files, path: ./export, timezone: America/Chicago}\n"
        'destinations:\n  crm: {kind: sql, url: "sqlite:///crm.db", source: clinic, table: leads, key: lead_id}\n'
    )
    return file


def call(*words: object, env: dict[str, str | None] | None = None) -> tuple[int, str]:
    cleared = {"HANDOFF_SOURCES": None, "HANDOFF_AS_OF": None, "HANDOFF_CRITERIA": None, "HANDOFF_HOME": None}
    result = CliRunner().invoke(main, [str(word) for word in words], env={**cleared, **(env or {})})
    return result.exit_code, result.output


def test_a_wrong_call_is_2_and_makes_no_home(tmp_path, registry):
    home = tmp_path / "home"
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for words in (
        ["run", "--home", home],
        ["run", "--home", home, "--sources", tmp_path / "absent.yaml"],
        ["run", "--home", home, "--sources", registry, "--as-of", "soon"],
        ["run", "--home", home, "--sources", registry, "--as-of", later],
        ["run", "--home", home, "--sources", registry, "--criteria", tmp_path / "absent"],
        ["run", "--home", home, "--sources", registry, "--nonsense"],
        ["run", "--home", tmp_path / "home [old]", "--sources", registry],
    ):
        code, output = call(*words)
        assert code == 2 and output.strip(), words
    assert not home.exists()


def test_a_refused_registry_is_2_and_names_the_line(tmp_path, registry):
    registry.write_text("sources:\n  clinic: {connector: contract_flies, path: ./export}\n")
    code, output = call("run", "--home", tmp_path / "home", "--sources", registry)
    assert code == 2 and "sources.yaml:2" in output


def test_refused_criteria_are_2(tmp_path, registry):
    criteria = tmp_path / "criteria"
    criteria.mkdir()
    (criteria / "cardiology.yaml").write_text("service_line: cardiology\n")
    code, output = call("run", "--home", tmp_path / "home", "--sources", registry, "--criteria", criteria)
    assert code == 2 and "cardiology.yaml" in output


def test_a_held_home_is_75(tmp_path, registry):
    with hold_lease(HomePaths(tmp_path / "home"), who="somebody else"):
        code, output = call("run", "--home", tmp_path / "home", "--sources", registry)
    assert code == 75 and "somebody else" in output


def test_prepare_prints_and_with_yes_does_it(registry):
    code, output = call("prepare", "crm", "--sources", registry)
    assert code == 0 and "ALTER TABLE leads ADD COLUMN handoff_sequence" in output
    assert "COLUMN handoff_stage" not in output
    assert call("prepare", "crm", "--sources", registry, "--yes")[0] == 0
    code, output = call("prepare", "crm", "--sources", registry)
    assert code == 0 and "ALTER TABLE" not in output, "nothing is missing; the rights are told all the same"
    assert call("prepare", "other", "--sources", registry)[0] == 2


def test_the_doctor_says_what_to_do(tmp_path, registry):
    code, output = call("doctor", "--sources", registry, "--home", tmp_path / "home")
    assert code == 1 and "handoff prepare crm" in output and "calendars" in output
    call("prepare", "crm", "--sources", registry, "--yes")
    (tmp_path / "export").rmdir()
    code, output = call("doctor", "--sources", registry, "--home", tmp_path / "home")
    assert code == 1 and "export: there is no such folder" in output
    (tmp_path / "export").mkdir()
    code, output = call("doctor", "--sources", registry, "--home", tmp_path / "home")
    assert code == 0, output


def test_the_doctor_opens_what_the_sources_have(tmp_path, registry):
    call("prepare", "crm", "--sources", registry, "--yes")
    export = tmp_path / "export"
    (export / "lead.csv").write_text("lead_id,created_at\nA1,2026-03-02T09:15\n")
    (export / "touches.csv").write_text("touch_id,occured_at,signal\nT1,2026-03-02T09:15,form_submit\n")
    (export / "spend.csv").write_text("platform,campaign_id,spend_date,cost,agency\ngoogle_ads,C1,2026-03-02,1,us\n")
    code, output = call("doctor", "--sources", registry, "--home", tmp_path / "home")
    assert code == 1
    assert "lead.csv: is not named as a table of the contract and is left aside: did you mean `leads`?" in output
    assert "clinic.touches: touches.csv: refused (missing_column): it lacks the declared columns occurred_at" in output
    assert "columns nobody declared: agency" in output


def test_the_doctor_knows_a_modification_time_from_known_at(tmp_path, registry):
    registry.write_text(
        "sources:\n  crm:\n    connector: crm_sql\n    url: sqlite:///crm.db\n    timezone: UTC\n    tables:\n"
        "      leads: {table: leads, columns: {lead_id: lead_id, created_at: created, known_at: updated_at}}\n"
    )
    code, output = call("doctor", "--sources", registry, "--home", tmp_path / "home")
    assert code == 1 and "updated_at, which looks like a modification time" in output


def test_the_doctor_names_accounts_whose_spend_would_wait(tmp_path, registry):
    registry.write_text(
        "sources:\n  ads:\n    connector: google_ads\n    path: ads\n    timezone: America/Chicago\n"
        "    accounts: {'11': {currency: USD}, '12': {timezone: Europe/Berlin}}\n"
    )
    (tmp_path / "ads").mkdir()
    rows = "13,2026-01-01,US$\n14,2026-01-01,EUR\n14,2025-01-01,\nZanzibarovna,2026-01-01,\n"
    (tmp_path / "ads" / "account_history.csv").write_text("id,updated_at,currency_code\n" + rows)
    _, output = call("doctor", "--sources", registry, "--home", tmp_path / "home")
    (line,) = (line for line in output.splitlines() if "of the accounts" in line)
    assert line.startswith("look") and "source ads: no `currency` of the accounts 12, 13: " in line
    assert "`accounts`" in line and "Zanzibarovna" not in output and "US$" not in output
    registry.write_text(registry.read_text() + "    currency: USD\n")
    assert "of the accounts" not in call("doctor", "--sources", registry, "--home", tmp_path / "home")[1]
