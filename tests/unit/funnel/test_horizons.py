"""Suggested horizons: a service line that is called all stands beside the total, not in it."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from tests.unit.funnel.rendered import Funnel


def test_a_service_line_called_all_is_not_the_total() -> None:
    steps = pd.DataFrame(
        {
            "entered_at": pd.Timestamp("2026-01-01"),
            "service_line": ["all"] * 30 + ["knee"] * 10,
            "converted_at": [pd.Timestamp("2026-01-03")] * 20 + [None] * 20,
        }
    )
    found = Funnel(steps, datetime(2026, 3, 1)).read(
        "select service_line, entered_count, eventual_rate from fct_conversion_horizons order by entered_count"
    )
    assert found["service_line"].tolist() == ["knee", "(named all)", "all"]
    assert found["entered_count"].tolist() == [10, 30, 40]
    assert found["eventual_rate"].round(6).tolist()[1:] == [0.666667, 0.5], "20 of 30, and 20 of all 40"
