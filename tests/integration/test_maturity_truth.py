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
    where dimension = 'all' and step = 'mql_to_sql' and horizon_days = 30 and rate is not null
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
    rate: float
    low: float
    high: float
    naive: float
    truth: float


def cohorts(home: Home, world: World) -> list[Cohort]:
    mqls = pd.DataFrame(home.query(MQLS), columns=["lead_id", "timezone", "at"])
    mqls["at"] = pd.to_datetime(mqls["at"], utc=True)
    mqls["chance"] = OutcomeModel(world.plan).chances(mqls["lead_id"].tolist(), [30], at=list(mqls["at"]))[:, 0]
    local = [at.tz_convert(zone).strftime("%Y-%m") for at, zone in zip(mqls["at"], mqls["timezone"], strict=True)]
    expected = {**mqls.groupby(local)["chance"].mean(), "(all)": mqls["chance"].mean()}
    return [Cohort(*row, truth=expected[row[0]]) for row in home.query(RATES)]


@pytest.mark.nightly
def test_mature_rates_say_what_was_to_be_expected(tmp_path: Path) -> None:
    seen: list[Cohort] = []
    for seed in (3, 4, 5):
        world = build_world(leads=2500, seed=seed, months=6)
        home = demo_home(tmp_path / str(seed), world=world)
        home.run(moment(world.as_of))
        seen += cohorts(home, world)
    covered = [each for each in seen if each.low <= each.truth <= each.high]
    assert len(seen) >= 18
    # Of twenty intervals of 95 % fewer than 17 miss-free ones come once in a few hundred times.
    assert len(covered) >= len(seen) - 3, seen
    for whole in (each for each in seen if each.month == "(all)"):
        assert whole.low <= whole.truth <= whole.high, whole
        assert whole.naive < whole.truth, whole
        assert abs(whole.rate - whole.truth) < abs(whole.naive - whole.truth), whole
