"""`docs/how-to/connect-a-crm.md` says what is: its commands are calls we take, its entries pass the registry."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from click.testing import CliRunner

from orchestration.cli import main
from orchestration.destinations.base import REQUIRED
from orchestration.sources.registry import load_registry

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "how-to" / "connect-a-crm.md").read_text(encoding="utf-8")
SOURCE = {"crm": {"connector": "contract_files", "path": "./export", "timezone": "America/Chicago"}}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def entries() -> list[dict]:
    """Destinations as the page writes them; its fragments stand for changes of the first."""
    whole = [yaml.safe_load(text)["destinations"] for text in blocks("yaml") if text.startswith("destinations:")]
    changed = [yaml.safe_load(text) for text in blocks("yaml") if not text.startswith("destinations:")]
    return whole + [{"crm_leads": {**whole[0]["crm_leads"], **change}} for change in changed]


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: "-".join(entry))
def test_every_entry_passes_the_registry(tmp_path, monkeypatch, entry):
    monkeypatch.setenv("TRYTON_KEY", "a key")
    (tmp_path / "export").mkdir()
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump({"sources": SOURCE, "destinations": entry}))
    assert set(load_registry(tmp_path / "sources.yaml").destinations) == set(entry)


COMMANDS = [
    line for text in blocks("bash") for line in text.splitlines() if not line.startswith("export HANDOFF_HOME=")
]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_a_call_we_take(line):
    program, *words = shlex.split(line)
    assert program == ".venv/bin/handoff"
    command = main
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context(command.name, words)


def test_prepare_on_the_page_s_own_table_prints_what_the_page_says(tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump({"sources": SOURCE, "destinations": entries()[0]}))
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("create table crm_leads (lead_ref text primary key, owner text)")
    asked = ["prepare", "crm_leads", "--sources", str(tmp_path / "sources.yaml")]
    told = CliRunner().invoke(main, asked)
    assert told.exit_code == 0 and all(f"ADD COLUMN {name}" in told.output for name in REQUIRED)
    assert "CREATE VIEW handoff_queue" in told.output
    assert not any(c["name"].startswith("handoff") for c in sa.inspect(engine).get_columns("crm_leads"))
    assert CliRunner().invoke(main, [*asked, "--yes"]).exit_code == 0
    assert {c["name"] for c in sa.inspect(engine).get_columns("crm_leads")} > set(REQUIRED)
    engine.dispose()
