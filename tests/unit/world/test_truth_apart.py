"""Truth is told apart: for each of its items, nothing a source reads holds it, by name, by place or by value."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from models_ml.world import clinic, delays
from models_ml.world.scenario import SCENARIOS
from orchestration.demo.write import build_world_command
from orchestration.sources.registry import load_registry

# What only truth knows; ids and times of things that were recorded stand in the sources by right.
HIDDEN = [
    ("leads", "person_id"),
    ("leads", "need"),
    ("leads", "fit"),
    ("leads", "intent"),
    ("leads", "p_reached"),
    ("leads", "p_qualified"),
    ("leads", "p_sql_within_30"),
    ("leads", "p_sql_within_60"),
    ("leads", "p_sql_within_90"),
    ("staff", "severity"),
    ("staff", "speed"),
    ("signals", "effect"),
]
RECORDED = {"lead_id", "staff_id", "team_id", "channel", "signal", "name"}


@pytest.fixture(scope="module", params=list(SCENARIOS))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp(f"apart_{request.param}")
    build_world_command(400, 6, out, months=4, scenario=request.param)
    return out


@cache
def columns_of_sources(folder: Path) -> list[tuple[str, str, set[str]]]:
    """Every file or table a source reads, with each of its columns and the texts in it."""
    return list(_columns_of_sources(folder))


def _columns_of_sources(folder: Path) -> Iterator[tuple[str, str, set[str]]]:
    systems = [folder / name for name in ("web", "ga4", "ads")]
    for path in sorted(path for system in systems for path in system.rglob("*.*")):
        if path.suffix == ".parquet":
            frame = pq.read_table(path).to_pandas()
        elif path.suffix == ".ndjson":
            frame = pd.DataFrame([json.loads(line) for line in path.read_text().splitlines()])
        else:
            frame = pd.read_csv(path, dtype=str)
        for name in frame.columns:
            yield path.name, str(name), set(_leaves(frame[name].dropna().tolist()))
    with sqlite3.connect(folder / "crm.db") as crm:
        for (table,) in crm.execute("select name from sqlite_master where type = 'table'").fetchall():
            frame = pd.read_sql(f"select * from {table}", crm)
            for name in frame.columns:
                yield table, str(name), set(frame[name].dropna().astype(str))


def _leaves(values: Iterable[Any]) -> Iterator[str]:
    """The texts of cells, those of nested ones too."""
    for value in values:
        if isinstance(value, dict):
            yield from _leaves(value.values())
        elif isinstance(value, (list, np.ndarray)):
            yield from _leaves(value)
        else:
            yield str(value)


def written(value: object) -> set[str]:
    """The ways a value could stand in a file."""
    return {repr(value), str(value), f"{value:.6f}", f"{value:.4f}"} if isinstance(value, float) else {str(value)}


@pytest.mark.parametrize(("table", "column"), HIDDEN)
def test_no_source_holds_it(folder: Path, table: str, column: str) -> None:
    values = pd.read_parquet(folder / "truth" / f"{table}.parquet")[column].dropna().tolist()
    # Round numbers (a chance of 0, an effect of 0.3) stand for themselves.
    hidden = {text for value in values for text in written(value) if len(text) > 5 and not text.endswith("000")}
    assert len(hidden) > 5
    for place, name, cells in columns_of_sources(folder):
        assert name != column, place
        assert not hidden & cells, (place, name)


def test_every_item_of_truth_is_looked_at(folder: Path) -> None:
    """Whoever adds an item says here whether it is hidden or recorded."""
    times = {"house_mql_at", "worked_at", "contacted_at", "qualified_at", "refused_at", "self_booked_at", "booked_at",
             "held_at", "sql_at"}  # fmt: skip
    fixed = {("leads", "is_duplicate"), ("signals", "matters"), ("channels", "effect")}
    for path in (folder / "truth").iterdir():
        for column in pd.read_parquet(path).columns:
            told = (path.stem, column) in [*HIDDEN, *fixed] or column in RECORDED | times or path.stem == "delays"
            assert told, (path.stem, column)


def test_true_moments_nobody_recorded_are_in_no_source(folder: Path) -> None:
    """When a lead truly was ready and eligible, or was handed over, stands under no name of its own."""
    truth = pd.read_parquet(folder / "truth" / "leads.parquet")
    names = {name for _, name, _ in columns_of_sources(folder)}
    assert not names & {"sql_at", "house_mql_at", "worked_at"}
    assert truth["sql_at"].notna().any()


def test_truth_is_outside_every_path_a_source_reads(folder: Path) -> None:
    registry = load_registry(folder / "sources.yaml")
    truth = folder / "truth"
    assert {path.stem for path in truth.iterdir()} == {"leads", "staff", "channels", "signals", "delays"}
    for source in registry.sources.values():
        path = getattr(source, "path", None)
        assert path is None or not (truth.is_relative_to(path) or Path(path).is_relative_to(truth))
    assert "truth" not in (folder / "sources.yaml").read_text()


def test_truth_says_what_matters_and_what_does_not(folder: Path) -> None:
    signals = pd.read_parquet(folder / "truth" / "signals.parquet").set_index("signal")
    assert set(signals.index) == set(clinic.SIGNALS)
    assert not signals.loc["support_request", "matters"]
    assert signals["effect"].idxmax() == "appointment_request"
    told = pd.read_parquet(folder / "truth" / "delays.parquet")
    assert len(told) == len(delays.ALL)
    assert (told["typical"] > 0).all()


def test_a_duplicate_s_person_is_that_of_another_lead(folder: Path) -> None:
    truth = pd.read_parquet(folder / "truth" / "leads.parquet")
    others = truth.loc[~truth["is_duplicate"], "person_id"]
    assert others.is_unique
    assert truth.loc[truth["is_duplicate"], "person_id"].isin(others).all()
