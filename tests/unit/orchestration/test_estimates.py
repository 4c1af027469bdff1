"""Estimates land whole, in place of those before, also where there are none."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet as pq
import pytest

from models_ml.signals import CAUSE_COLUMNS, SIGNAL_COLUMNS
from orchestration.assets.frames import replace_frame
from orchestration.assets.signals import CAUSE_ESTIMATES, SIGNAL_ESTIMATES, _estimated
from orchestration.lake.own_lake import ESTIMATES
from orchestration.lake.paths import HomePaths
from orchestration.runs import lake_fingerprint


@pytest.mark.parametrize(("schema", "columns"), [(SIGNAL_ESTIMATES, SIGNAL_COLUMNS), (CAUSE_ESTIMATES, CAUSE_COLUMNS)])
def test_what_lands_is_what_is_estimated_and_its_moment(schema, columns):
    assert schema.names == [*columns, "estimated_as_of"]


def test_estimates_replace_those_of_the_run_before_and_are_no_news(tmp_path):
    paths = HomePaths(tmp_path / "home").make()
    run = SimpleNamespace(paths=paths)
    before = lake_fingerprint(paths)
    row = {name: None for name in SIGNAL_ESTIMATES.names} | {"rule_id": "guide", "estimated_as_of": pd.Timestamp(0)}
    frame = pd.DataFrame([row, row | {"marginal_odds_ratio": 2.0}])
    assert replace_frame(run, "signal_estimates", frame.assign(verdict=float("nan")), SIGNAL_ESTIMATES) == 2
    (file,) = paths.objects("handoff", "signal_estimates").iterdir()
    assert pq.read_table(file, columns=["verdict", "marginal_odds_ratio"]).to_pylist() == [
        {"verdict": None, "marginal_odds_ratio": None},
        {"verdict": None, "marginal_odds_ratio": 2.0},
    ]
    assert replace_frame(run, "signal_estimates", pd.DataFrame(columns=SIGNAL_ESTIMATES.names), SIGNAL_ESTIMATES) == 0
    assert pq.read_table(file).schema.equals(SIGNAL_ESTIMATES)
    assert file.parent.name in ESTIMATES
    assert lake_fingerprint(paths) == before


def test_what_cannot_be_estimated_is_told_and_keeps_nobody_from_a_call(capsys):
    def broken(rows):
        raise ZeroDivisionError(" ".join(["what", "a cell", "held"]))

    failures = []
    frame = _estimated(
        SimpleNamespace(fail=failures.append), "signal_estimates", broken, pd.DataFrame(), SIGNAL_ESTIMATES
    )
    assert frame.empty and list(frame.columns) == SIGNAL_ESTIMATES.names
    assert failures == ["signal_estimates could not be made (ZeroDivisionError): no verdict is given in this run"]
    log = capsys.readouterr().out
    assert "in broken\n" in log and "ZeroDivisionError\n" in log and "what a cell held" not in log
