"""docs/routing.md keeps its word: its rules are accepted, its queries run, and no key or constraint is left out."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml

from models_ml.routing.words import _FITS, _FITS_NOBODY
from orchestration.criteria_files.load import load_criteria
from orchestration.criteria_files.routing_file import REASONS, RoutingRules

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "routing.md").read_text(encoding="utf-8")
MODELS = ROOT / "dbt_project" / "models" / "marts" / "operations" / "_operations__routing_models.yml"


def blocks(kind: str) -> list[str]:
    """The page's code blocks of a kind."""
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def test_the_rules_of_the_page_are_accepted_and_leave_out_no_key(tmp_path: Path) -> None:
    keys: set[str] = set()
    for number, text in enumerate(blocks("yaml")):
        folder = tmp_path / str(number)
        shutil.copytree(ROOT / "criteria", folder)
        (folder / "routing.yaml").write_text(text)
        keys |= set(yaml.safe_load(text))
        warned = [str(each) for each in load_criteria(folder).warnings if each.file == "routing.yaml"]
        assert not warned, warned
    assert keys == set(RoutingRules.model_fields)


def test_every_constraint_is_told_and_every_reason_may_be_told_of() -> None:
    table = PAGE[PAGE.index("| constraint |") : PAGE.index("## How to change it")]
    told = set(re.findall(r"`(\w+)`", table))
    lists = {"service_line", "location", "complexity", "language"}
    assert told == set(_FITS) | set(_FITS_NOBODY) | lists
    assert set(REASONS) == set(_FITS_NOBODY) | lists


@pytest.mark.parametrize("query", blocks("sql"))
def test_the_queries_of_the_page_run(query: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        for model in yaml.safe_load(MODELS.read_text())["models"]:
            columns = ", ".join(f"{each['name']} {each['data_type']}" for each in model["columns"])
            connection.execute(f"create table marts.{model['name']} ({columns})")
        connection.execute(query)
