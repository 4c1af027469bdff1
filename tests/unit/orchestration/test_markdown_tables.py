"""Tables in Markdown: figures as given, totals that add up, cells that stay cells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.report.markdown_tables import (
    funnel_markdown,
    markdown_table,
    row_counts_markdown,
    service_lines_markdown,
)


def test_the_funnel_shows_mature_conversion_and_nothing_where_nothing_is_mature() -> None:
    steps = pd.DataFrame(
        {
            "step": ["lead_to_mql", "mql_to_sql"],
            "horizon_days": [30, 30],
            "entered_count": [1200, 50],
            "at_risk_count": [1000, 0],
            "converted_count": [250, 0],
            "lower": [0.224, np.nan],
            "upper": [0.278, np.nan],
        }
    )
    text = funnel_markdown(steps)
    assert "| lead to mql | 30 days | 1,200 | 1,000 | 25.0% [22.4%, 27.8%] |" in text
    assert text.endswith("| mql to sql | 30 days | 50 | 0 | – |")


def test_service_lines_are_shown_with_their_totals() -> None:
    text = service_lines_markdown([("cardiology", 1200, 300, 40), ("dermatology", 34, 5, 1)])
    assert "| cardiology | 1,200 | 300 | 40 |" in text
    assert text.endswith("| **all** | 1,234 | 305 | 41 |")
    assert service_lines_markdown([]).endswith("| **all** | 0 | 0 | 0 |")


def test_a_table_says_its_rows_its_as_of_and_its_fate() -> None:
    text = row_counts_markdown([("dim_leads", 1234, "2026-07-01T00:00:00Z", "written")])
    assert text.endswith("| dim_leads | 1,234 | 2026-07-01T00:00:00Z | written |")


def test_a_bar_or_a_line_break_stays_in_its_cell() -> None:
    assert markdown_table(("name",), [("a|b\nc",)]).endswith("| a\\|b c |")
