"""Whole runs in worlds whose truth is known: what the mature rates say of it, and what the naive ratio says.

Statistics alone, on thousands of cohorts, stand beside the macros' tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from models_ml.world import OutcomeModel, World, build_world
from tests.integration.harness import Home
from tests.integration.worlds import demo_home, moment

RATES = """
    select cohort_month, rate, rate_low, rate_high, naive_rate
    from fct_conversion_rates
    where dimension = 'all' and step = 'mql_to_sql' and horizon_days = 30
    order by cohort_month
"""
MQLS = """
    select lives.lead_id, leads.timezone, lives.became_mql_at
    from fct_lead_lifecycles as lives
    inner join dim_leads as leads on lives.lead_key = leads.lead_key
    where lives.became_mql_at is not null and not lives.is_deleted and lives.excluded_by is null
"""


@dataclass(frozen=True)
class Cohort:
    """What is said of those that became MQL in one month, or in all, and what was to be expected of them."""

    month: str
    rate: float | None
    low: float | None
    high: float | None
    naive: float
    truth: float

    @property
    def is_covered(self) -> bool:
        """Whether the limits hold the truth."""
        return self.low is not None and self.high is not None and self.low <= self.truth <= self.high


def cohorts(home: Home, world: World) -> list[Cohort]:
    mqls = pd.DataFrame(home.query(MQLS), columns=["lead_id", "timezone", "at"])
    mqls["at"] = pd.to_datetime(mqls["at"], utc=True)
    mqls["chance"] = OutcomeModel(world.plan).chances(mqls["lead_id"].tolist(), [30], at=list(mqls["at"]))[:, 0]
    local = [at.tz_convert(zone).strftime("%Y-%m") for at, zone in zip(mqls["at"], mqls["timezone"], strict=True)]
    expected = {**mqls.groupby(local)["chance"].mean(), "(all)": mqls["chance"].mean()}
    return [Cohort(*row, truth=expected[row[0]]) for row in home.query(RATES)]


@pytest.mark.nightly
def test_mature_rates_say_what_was_to_be_expected(tmp_path: Path) -> None:
    runs: list[list[Cohort]] = []
    for seed in (3, 4, 5):
        world = build_world(leads=2500, seed=seed, months=6)
        home = demo_home(tmp_path / str(seed), world=world)
        home.run(moment(world.as_of))
        runs.append(cohorts(home, world))
    said = [each for run in runs for each in run if each.rate is not None]
    assert len(said) >= 18
    # Of twenty intervals of 95 %, more than three miss the truth once in fifty times.
    assert sum(each.is_covered for each in said) >= len(said) - 3, said
    assert all(each.is_covered for each in said if each.month == "(all)"), said
    for newest in (max(run, key=lambda each: each.month) for run in runs):
        # Most of the newest month is still to come: the naive ratio says it is lost, the rate says nothing wrong.
        assert newest.naive < 0.9 * newest.truth, newest
        assert newest.rate is None or newest.is_covered, newest
