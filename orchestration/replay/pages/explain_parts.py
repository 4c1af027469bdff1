"""What both stages of an explanation show alike: points, the state of attribute rules, rows of evidence."""

from __future__ import annotations

from collections.abc import Iterator

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


def state_of(found: Explanation, rule_id: str) -> str:
    """How an attribute rule stands: satisfied, waiting or failing."""
    row = next((each for each in found.judged if each["rule_id"] == rule_id), None)
    if row is None:
        return "not known"
    if row["is_satisfied"]:
        return "holds"
    return "known, and does not hold" if row["is_failing"] else "not known"


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
