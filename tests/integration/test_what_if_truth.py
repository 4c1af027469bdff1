"""Whole runs in worlds whose truth is known, to which a signal that means nothing is added: what a what-if says of it.

Statistics alone, on thousands of cohorts: tests/unit/models_ml/test_what_if.py.
"""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models_ml.what_if import expected_count
from models_ml.world import OutcomeModel, World, build_world
from orchestration.asking import ask_what_if
from orchestration.settings import Settings
from tests.integration.harness import ROOT, Home
from tests.integration.worlds import demo_home, moment

SINCE = pd.Timestamp("2026-02-15", tz="UTC")
LINES = ("orthopaedics", "dermatology", "physical_therapy")


def add_useless_signal(home: Home, world: World, seed: int) -> None:
    """Every third lead, whoever it is, looks at the weather a day after it is made."""
    leads = world.tables["leads"].drop_duplicates("lead_id", keep="last")
    chosen = leads[np.random.default_rng(seed).random(len(leads)) < 1 / 3]
    folder = home.sources.parent / "web" / "touches"
    schema = pq.read_schema(next(iter(sorted(folder.glob("*.parquet")))))
    rows = [
        {
            "touch_id": f"weather-{lead}",
            "lead_id": lead,
            "signal": "weather_view",
            "occurred_at": at + timedelta(days=1),
        }
        for lead, at in zip(chosen["lead_id"], chosen["created_at"], strict=True)
        if at + timedelta(days=1) < world.as_of
    ]
    texts = {name: pa.string() for name in schema.names}
    table = pa.Table.from_pylist(
        [{name: None if row.get(name) is None else str(row[name]) for name in schema.names} for row in rows],
        schema=pa.schema(list(texts.items())),
    )
    pq.write_table(table.cast(schema), folder / "weather.parquet")


def with_the_signal(folder: Path, line: str) -> Path:
    """The line's criteria with a rule for it, in a version that is still to come."""
    file = folder / f"{line}.yaml"
    text = (ROOT / "criteria" / f"{line}.yaml").read_text()
    last = text[text.rindex("  - version: ") :].split("    examples:")[0]
    number = int(last.split()[2])
    last = last.replace(f"version: {number}", f"version: {number + 1}").replace(
        last.split("effective_from: ")[1].split()[0], "2027-01-01T00:00:00Z"
    )
    rule = "          - {id: weather, signal: weather_view, points: 40, at_most: 1}\n"
    head, behaviour, rest = last.partition("      behaviour:\n")
    threshold, rules, rest = rest.partition("        rules:\n")
    file.write_text(text + ("" if text.endswith("\n") else "\n") + head + behaviour + threshold + rules + rule + rest)
    return file


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_a_useless_signal_is_told_for_what_it_is(tmp_path: Path, seed: int) -> None:
    world = build_world(leads=2500, seed=seed, months=6)
    home = demo_home(tmp_path, world=world)
    add_useless_signal(home, world, seed)
    home.run(moment(world.as_of))
    shutil.copytree(ROOT / "criteria", tmp_path / "tried")
    catalogue = tmp_path / "tried" / "catalogue.yaml"
    catalogue.write_text(catalogue.read_text().replace("signals:\n", "signals:\n  weather_view: nothing\n", 1))
    truth = OutcomeModel(world.plan)
    for line in LINES:
        file = with_the_signal(tmp_path / "tried", line)
        answer = ask_what_if(Settings(home=home.path), file, since=SINCE.tz_convert(None).to_pydatetime())
        gained = answer.leads[(answer.leads["change"] == "gained") & (answer.leads["outcome_after"] != "open")]
        assert len(gained) > 10, line
        moments = gained["mql_after"].dt.tz_localize("UTC")
        expected = np.nansum(truth.chances(gained["lead_id"].tolist(), [30], at=list(moments))[:, 0])
        told = expected_count(answer.groups["gained"])
        assert told.lower <= expected <= told.upper, (line, expected, told)
        assert answer.edits[-1].edit.rule_id == "weather"
        assert answer.edits[-1].gained_alone == int((answer.leads["change"] == "gained").sum())
