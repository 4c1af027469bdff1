"""What an explanation says of a score: its interval, what moved it, whether it was control, and why there is none."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import duckdb
import pytest

from orchestration.criteria_files.handbook.blocks import Page
from orchestration.criteria_files.handbook.markdown import markdown_text
from orchestration.replay.explain import Explanation, WholeLead
from orchestration.replay.pages.explain_score import score_blocks
from orchestration.replay.scores import score_given

MOMENT = datetime(2026, 6, 1, 9)
PARTS = [
    {"feature": "signal call", "says": "called us 2 times, last 1 day before", "log_odds": 1.0},
    {"feature": "attribute payer_type", "says": "payer not told", "log_odds": -0.5},
    {"feature": "(rest)", "log_odds": 0.1},
    {"feature": "(base)", "log_odds": -1.0},
]
SCORE: dict[str, Any] = {
    "readiness": 0.401312,
    "readiness_low": 0.311,
    "readiness_high": 0.498,
    "band": "medium",
    "horizon_days": 30,
    "reasons": "raised much: called us 2 times, last 1 day before",
    "contributions": json.dumps(PARTS),
    "is_control": False,
    "model_version": "0123456789abcdef",
    "became_mql_at": MOMENT,
    "scored_at": MOMENT,
}


def said(score: dict[str, Any] | None, *, is_mql: bool = True) -> str:
    decided = ({"stage": "mql", "qualifies": is_mql},)
    found = Explanation(
        "key",
        "L1",
        "crm",
        MOMENT,
        "knee",
        WholeLead((), {}, frozenset(), None),
        None,
        (),
        decided,
        (),
        None,
        {},
        (),
        (),
        score,
    )
    return markdown_text(Page("explain", "Lead", "Lead", tuple(score_blocks(found))))


def test_a_score_is_told_with_its_interval_and_horizon() -> None:
    page = said(SCORE)
    assert "**Readiness 40 in 100 (medium).**" in page and "(95 % sure: 31 to 50)" in page
    assert "within 30 days of becoming MQL" in page and "`0123456789abcdef`" in page and "drawn by lot" not in page


def test_what_moved_it_is_told_in_hundredths_and_sums_in_log_odds() -> None:
    lines = [line for line in said(SCORE).splitlines() if line.startswith("| ")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    # At log odds -.4 it is 40 in 100; without +1.0 it were at -1.4, 20 in 100.
    assert cells[0] == ["called us 2 times, last 1 day before", "+20", "+1.00"]
    assert cells[1] == ["payer not told", "-12", "-0.50"]
    assert [cell[0] for cell in cells[2:]] == ["everything else together", "where every lead starts"]
    assert sum(float(cell[2]) for cell in cells) == pytest.approx(-0.4)


def test_control_is_said() -> None:
    assert "drawn by lot to be routed as if it had no score" in said({**SCORE, "is_control": True})


def test_a_score_of_older_code_has_its_reasons_and_claims_no_interval() -> None:
    old = {
        key: value
        for key, value in SCORE.items()
        if key not in ("readiness_low", "readiness_high", "contributions", "is_control")
    }
    page = said({**old, "reasons": "raised by fit points"})
    assert "Reasons given: raised by fit points." in page and "95 %" not in page


def test_without_a_score_it_says_why_for_an_mql_and_nothing_for_others() -> None:
    assert "No score by then" in said(None)
    assert "ready" not in said(None, is_mql=False)


class Warehouse:
    """A scratch whose home has published scores."""

    def __init__(self, *, has_scores: bool) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("attach ':memory:' as home; create schema home.marts")
        if has_scores:
            self.connection.execute(
                "create table home.marts.fct_lead_scores as select * from (values "
                "('k', .1, timestamp '2026-05-01', timestamp '2026-05-02'), "
                "('k', .2, timestamp '2026-06-01', timestamp '2026-06-02'), "
                "('other', .3, timestamp '2026-06-01', timestamp '2026-06-02')) "
                "as given (record_key, readiness, became_mql_at, scored_at)"
            )

    def rows(self, statement: str, parameters: Any = ()) -> list[dict[str, Any]]:
        found = self.connection.execute(statement, parameters)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_the_score_is_the_latest_given_by_then() -> None:
    warehouse: Any = Warehouse(has_scores=True)
    for day, readiness in ((1, 0.1), (2, 0.2), (9, 0.2)):
        found = score_given(warehouse, "k", datetime(2026, 6, day))
        assert found is not None and float(found["readiness"]) == readiness
    assert score_given(warehouse, "k", datetime(2026, 5, 1)) is None
    bare: Any = Warehouse(has_scores=False)
    assert score_given(bare, "k", MOMENT) is None
