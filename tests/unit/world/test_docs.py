"""docs/world.md names what there is: options, scenarios, truth files and columns, and the pictures."""

from __future__ import annotations

import re
from pathlib import Path

import click

from models_ml.world import build_world
from models_ml.world.scenario import SCENARIOS
from orchestration.cli import main

PAGE = (Path(__file__).parents[3] / "docs" / "world.md").read_text(encoding="utf-8")


def build_command() -> click.Command:
    world = main.commands["world"]
    assert isinstance(world, click.Group)
    return world.commands["build"]


def test_options_named_are_those_the_command_has() -> None:
    options = {option for parameter in build_command().params for option in parameter.opts} - {"--help"}
    assert set(re.findall(r"--[a-z][a-z-]+", PAGE)) == options


def test_every_scenario_is_explained_and_offered() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \|", PAGE, re.MULTILINE)
    assert rows == list(SCENARIOS)
    offered = next(parameter.type for parameter in build_command().params if parameter.name == "scenario")
    assert isinstance(offered, click.Choice)
    assert tuple(offered.choices) == tuple(SCENARIOS)


def test_every_file_of_truth_is_named() -> None:
    world = build_world(leads=20, seed=1, months=1)
    assert set(re.findall(r"^\| `([a-z]+)\.parquet` \|", PAGE, re.MULTILINE)) == set(world.truth)
    for column in ("house_mql_at", "sql_at", "p_sql_within_30"):
        assert column in world.truth["leads"] and column in PAGE


def test_pictures_are_there() -> None:
    for name in re.findall(r"\]\((world-[a-z]+\.png)\)", PAGE):
        assert (Path(__file__).parents[3] / "docs" / name).stat().st_size < 250_000
