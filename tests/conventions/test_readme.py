"""README.md keeps its word: commands and targets exist, its files fit the contract, its query runs over the mart."""

from __future__ import annotations

import csv
import re
import shlex
from io import StringIO
from pathlib import Path

import click
import duckdb
import pytest
import yaml

from orchestration.cli import main
from orchestration.lake.contract import ENTITIES
from orchestration.sources.registry import load_registry

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
MARTS = ROOT / "dbt_project" / "models" / "marts"
QUERY = re.search(r'\.sql\("""\n(.*?)"""\)', README, re.DOTALL)


def commands(program: str) -> list[list[str]]:
    """The words after `program` wherever README runs it, in a block or inline."""
    lines = re.findall(rf"(?:^|`|\.venv/bin/){program} ([^`\n#]+)", README, re.MULTILINE)
    return [shlex.split(line) for line in lines]


def files() -> dict[str, list[dict[str, str]]]:
    """The CSV files README shows, by name without suffix."""
    shown = re.findall(r"^# (\w+)\.csv\n(.*?)(?=\n\n|\n```)", README, re.MULTILINE | re.DOTALL)
    return {name: list(csv.DictReader(StringIO(text))) for name, text in shown}


def test_it_is_short():
    assert len(README.splitlines()) <= 130


def test_make_targets_and_variables_exist():
    words = [word for line in commands("make") for word in line]
    assert {"run", "test", "ui"} <= set(words)
    for word in words:
        name, is_variable, _ = word.partition("=")
        pattern = rf"^{name} \?=" if is_variable else rf"^{name}:"
        assert re.search(pattern, MAKEFILE, re.MULTILINE), f"README says `make {word}`; the Makefile has no {name}"


def test_handoff_verbs_and_options_exist():
    said = commands("handoff")
    assert {"doctor", "run"} <= {verb for verb, *_ in said}
    for verb, *rest in said:
        command = main.commands.get(verb)
        assert isinstance(command, click.Command), f"README says `handoff {verb}`"
        options = {option for each in command.params for option in each.opts}
        assert {word for word in rest if word.startswith("--")} <= options


def test_the_files_it_shows_are_contract_tables():
    shown = files()
    assert {"leads", "touches"} <= set(shown)
    for name, rows in shown.items():
        entity = ENTITIES[name]
        columns = {column.name for column in entity.columns}
        required = {column.name for column in entity.columns if column.required}
        assert rows and required <= set(rows[0]) <= columns, name
        assert all(None not in row and None not in row.values() for row in rows), f"{name}: cells and header differ"
        for column in entity.columns:
            said = {row[column.name] for row in rows if row.get(column.name)}
            assert not column.allowed or said <= set(column.allowed), f"{name}.{column.name}"


def test_the_signals_it_shows_are_in_the_catalogue():
    catalogue = yaml.safe_load((ROOT / "criteria" / "catalogue.yaml").read_text(encoding="utf-8"))
    assert {row["signal"] for row in files()["touches"]} <= set(catalogue["signals"])


def test_the_registry_it_shows_is_accepted(tmp_path):
    shown = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert shown
    file = tmp_path / "sources.yaml"
    file.write_text(shown[1], encoding="utf-8")
    (tmp_path / "export").mkdir()
    assert set(load_registry(file).sources) == {"clinic"}


def normal(text: str) -> str:
    """One line, without comments."""
    return " ".join(re.sub(r"--.*", "", text).split())


def test_the_query_is_the_analysis():
    assert QUERY
    analysis = (ROOT / "dbt_project" / "analyses" / "channels_that_bring_sql.sql").read_text(encoding="utf-8")
    assert normal(QUERY[1]) == normal(re.sub(r"\{\{ ref\('(\w+)'\) }}", r"marts.\1", analysis))


@pytest.fixture
def mart() -> duckdb.DuckDBPyConnection:
    """`marts.fct_funnel_conversions` with the columns its contract declares, and nothing in it."""
    declared = [
        column
        for file in MARTS.rglob("*.yml")
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", [])
        if model["name"] == "fct_funnel_conversions"
        for column in model.get("columns", [])
    ]
    connection = duckdb.connect()
    connection.execute("create schema marts")
    columns = ", ".join(f"{column['name']} {column['data_type']}" for column in declared)
    connection.execute(f"create table marts.fct_funnel_conversions ({columns})")
    return connection


def test_the_query_counts_what_may_be_judged(mart):
    assert QUERY
    mart.execute("""
        insert into marts.fct_funnel_conversions by name
        select * from (values
            ('mql_to_sql', 30, true, 'referral', 4, 3), ('mql_to_sql', 30, true, 'email', 8, 2),
            ('mql_to_sql', 30, true, 'email', 2, 2), ('mql_to_sql', 30, false, 'email', 9, 9),
            ('mql_to_sql', 60, true, 'email', 9, 9), ('lead_to_mql', 30, true, 'email', 9, 9)
        ) as rows (step, horizon_days, is_mature, channel, at_risk_count, converted_count)
    """)
    assert mart.execute(QUERY[1]).fetchall() == [("referral", 4, 3, 75.0), ("email", 10, 4, 40.0)]


def test_the_picture_is_there_and_small():
    pictures = re.findall(r"!\[[^]]+]\(([^)]+)\)", README)
    assert pictures
    for each in pictures:
        content = (ROOT / each).read_bytes()
        assert content.startswith(b"\x89PNG") and len(content) < 400_000
