"""What both stages of an explanation show alike: points, how attribute rules stand, rows of evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from orchestration.criteria_files.handbook import words
from orchestration.criteria_files.handbook.blocks import (
    Block,
    Table,
    code,
    say,
)
from orchestration.replay.explain import Explanation


def points(micro: int) -> str:
    """Micro-points as points."""
    return f"{micro / 1_000_000:.6f}".rstrip("0").rstrip(".")


def verdict_of(found: Explanation, rule: dict[str, Any], at: datetime) -> Literal["satisfied", "failed", "unknown"]:
    """What an attribute rule says of the value known at that moment, before what it makes of an unknown one."""
    verdicts: list[Literal["satisfied", "failed", "unknown"]] = [
        row["verdict"]
        for row in found.judged
        if (row["section"], row["rule_id"]) == (rule["section"], rule["rule_id"])
        and row["valid_from"] <= at < row["valid_to"]
    ]
    return verdicts[0] if verdicts else "unknown"


_WHAT = {"mql": "What made it MQL", "sql": "What made it SQL", "disqualified": "What disqualified it"}


def evidence_of(found: Explanation, stage: str) -> Iterator[Block]:
    """The rows that made the lead reach the stage."""
    rows = tuple(
        (
            say(code(row["rule_id"])),
            say(f"{words.spaced(row['source_kind'])} ", code(row["source_id"])),
            say(words.moment(row["occurred_at"]) if row["occurred_at"] else "always"),
            say(points(row["micro_points"]) if row["micro_points"] else "—"),
        )
        for row in found.evidence
        if row["stage"] == stage
    )
    if rows:
        yield Table(_WHAT[stage], ("Rule", "Row", "Happened", "Points"), rows)
