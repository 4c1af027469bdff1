"""How ready a lead was said to be: the probability with its interval, and what of the lead raised or lowered it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import exp
from typing import Any

from orchestration.criteria_files.handbook import words
from orchestration.criteria_files.handbook.blocks import Block, Heading, Paragraph, Table, Words, code, say, strong
from orchestration.replay.explain import Explanation

_REST, _BASE = "(rest)", "(base)"


def score_blocks(found: Explanation) -> Iterator[Block]:
    """The readiness of a record that is MQL, or why nothing is said of it."""
    is_mql = any(row["stage"] == "mql" and row["qualifies"] for row in found.decisions)
    if found.score is None and not is_mql:
        return
    yield Heading(2, "How ready it was")
    if found.score is None:
        yield Paragraph(
            say(
                "No score by then: there was no model when it became MQL, or its horizon was over when there was one, "
                "or it was SQL or disqualified by then."
            )
        )
        return
    yield Paragraph(_readiness(found.score))
    yield Paragraph(_given(found.score))
    yield from _contributions(found.score)


def _readiness(score: dict[str, Any]) -> Words:
    low, high = score.get("readiness_low"), score.get("readiness_high")
    sure = "" if low is None or high is None else f" (95 % sure: {_hundredths(low)} to {_hundredths(high)})"
    return say(
        strong(f"Readiness {_hundredths(score['readiness'])} in 100 ({score['band']})."),
        f" Of leads of which the same is known, so many{sure} become SQL within {score['horizon_days']} days of "
        "becoming MQL. What is not known of this one may make it surer or less sure than that.",
    )


def _given(score: dict[str, Any]) -> Words:
    drawn = (
        " It was drawn by lot to be routed as if it had no score: neither routing nor the CRM was told."
        if score.get("is_control")
        else ""
    )
    return say(
        f"Given {words.moment(score['scored_at'])} for the MQL of {words.moment(score['became_mql_at'])}, by what was "
        "known then, by model ",
        code(score["model_version"]),
        f"; later models do not change it.{drawn}",
    )


def _contributions(score: dict[str, Any]) -> Iterator[Block]:
    if not score.get("contributions"):
        yield Paragraph(say(f"Reasons given: {score['reasons']}."))
        return
    parts = json.loads(score["contributions"])
    total = sum(part["log_odds"] for part in parts)
    rows = tuple(_row(part, total) for part in parts)
    header = ("Known of the lead when it became MQL", "Moves it by", "Log odds")
    yield Table("What raised or lowered it, strongest first", header, rows)
    yield Paragraph(
        say(
            "Moves it by: how many in 100 the readiness would differ without it; these do not add up, the log odds do. "
            "All are measured against the leads the model learned from, and say what goes with becoming SQL, not what "
            "causes it."
        )
    )


def _row(part: dict[str, Any], total: float) -> tuple[Words, Words, Words]:
    names = {_REST: "everything else together", _BASE: "where every lead starts"}
    feature, pull = str(part["feature"]), float(part["log_odds"])
    moves = "—" if feature == _BASE else f"{100 * (_chance(total) - _chance(total - pull)):+.0f}"
    return say(names.get(feature) or str(part["says"])), say(moves), say(f"{pull:+.2f}")


def _chance(log_odds: float) -> float:
    return 1 / (1 + exp(-log_odds))


def _hundredths(probability: float) -> str:
    return f"{100 * probability:.0f}"
