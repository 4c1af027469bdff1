"""Of thousands of simulated cohorts a rate's interval holds the truth as often as it says; a naive one does not."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.unit.funnel.simulated import FAMILIES, covers, naively_covers, simulated_rates


@pytest.fixture(scope="module")
def rates() -> pd.DataFrame:
    return simulated_rates(cohorts=600, seed=11)


def test_intervals_hold_the_truth_as_often_as_they_say(rates: pd.DataFrame) -> None:
    known = rates.dropna(subset="rate")
    assert len(known) > 2000
    assert 0.93 <= covers(known).mean() <= 0.97
    by_family = covers(known).groupby(known["family"]).mean()
    assert set(by_family.index) == set(FAMILIES)
    assert by_family.between(0.93, 0.97).all(), by_family


def test_where_all_are_followed_the_cohort_is_mature_and_nowhere_else(rates: pd.DataFrame) -> None:
    assert (rates["is_mature"] == (rates["family"] == "all followed")).all()


def test_rates_are_right_on_average_and_naive_ratios_are_not(rates: pd.DataFrame) -> None:
    known = rates.dropna(subset="rate")
    off = (known["rate"] - known["truth"]).groupby(known["family"]).mean()
    naively_off = (known["naive_rate"] - known["truth"]).groupby(known["family"]).mean()
    assert off.abs().max() < 0.003
    assert naively_off["growing intake, long delays"] < -0.03 and naively_off["all followed"] > 0.01
    by_family = naively_covers(known).groupby(known["family"]).mean()
    assert by_family["growing intake, long delays"] < 0.65 and naively_covers(known).mean() < 0.85
