"""An explanation rule by rule: what counts for MQL, what holds for SQL, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestration.criteria_files.handbook import words
from orchestration.criteria_files.handbook.blocks import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Row,
    Table,
    Words,
    code,
    say,
    strong,
)
from orchestration.replay.explain import Explanation
from orchestration.replay.pages.explain_parts import evidence_of, points, verdict_of
from orchestration.replay.pages.explain_readiness import asked_of, standing_of
from orchestration.replay.pages.row_words import rule_words

_FIT = {"satisfied": "holds", "failed": "known, and does not hold", "unknown": "not known"}
_ELIGIBLE = {
    ("unknown", "hold"): ("not known", ": it waits"),
    ("unknown", "fail"): ("not known, which this rule counts as failing", ": it is held back"),
    ("unknown", "pass"): ("not known, which this rule lets pass", ""),
}
_FAILS = ("known, and does not hold", ": it is held back")


def mql_blocks(found: Explanation) -> Iterator[Block]:
    """MQL: the points of every rule."""
    assert found.version is not None
    yield Heading(2, "MQL, rule by rule")
    is_mql = bool(found.mql and found.mql["qualifies"])
    if is_mql and found.mql and found.mql["criteria_version"] != found.version["criteria_version"]:
        yield Paragraph(
            say("Decided under ", code(found.mql["criteria_version"]), ", in force then. Once MQL, always MQL.")
        )
        yield from evidence_of(found, "mql")
        return
    when = "at the moment it became MQL" if is_mql else "now"
    yield Paragraph(say(f"Points {when}: {'; '.join(_sums(found))}."))
    rows = [_mql_row(found, rule) for rule in found.rules if rule["section"] in ("fit", "behaviour")]
    yield Table(f"Fit and behaviour rules, {when}", ("Rule", "Half", "Asks for", "Gives", "Counted"), tuple(rows))
    if not is_mql:
        yield from _missing_for_mql(found)


def _sums(found: Explanation) -> list[str]:
    assert found.version is not None
    told = []
    for half in ("fit", "behaviour"):
        if found.version[f"has_{half}"]:
            needed = found.version[f"{half}_threshold_micro_points"]
            of = f" of {points(needed)} needed" if needed is not None else ""
            told.append(f"{half} {points(_sum(found, half))}{of}")
    if found.version["total_threshold_micro_points"] is not None:
        told.append(f"{points(found.version['total_threshold_micro_points'])} needed in all")
    if found.version["requirement"] == "fit_or_behaviour" and len(told) > 1:
        told.append("one of them is enough")
    return told


def _sum(found: Explanation, half: str) -> int:
    return int(found.mql[f"{half}_micro_points"] or 0) if found.mql else 0


def _mql_row(found: Explanation, rule: dict[str, Any]) -> Row:
    rule_id = rule["rule_id"]
    counted = found.points.get(rule_id, 0)
    asked = found.mql["decided_at"] if found.mql and found.mql["qualifies"] else found.at
    note = f" ({_FIT[verdict_of(found, rule, asked)]})" if rule["section"] == "fit" and not counted else ""
    each = " each" if rule["section"] == "behaviour" and rule["touch_limit"] != 1 else ""
    return (
        say(code(rule_id)),
        say(rule["section"]),
        say(rule_words(rule)),
        say(points(rule["micro_points"]) + each),
        say(points(counted) + note),
    )


def _missing_for_mql(found: Explanation) -> Iterator[Block]:
    assert found.version is not None
    items: list[Words] = []
    for half in ("fit", "behaviour"):
        needed = found.version[f"{half}_threshold_micro_points"]
        lacking = (needed or 0) - _sum(found, half)
        if found.version[f"has_{half}"] and lacking > 0:
            items.append(say(strong(f"{half}: {points(lacking)} points are missing"), ". ", *_could_give(found, half)))
    total = found.version["total_threshold_micro_points"]
    if total is not None and (lacking := total - _sum(found, "fit") - _sum(found, "behaviour")) > 0:
        items.append(say(strong(f"{points(lacking)} points are missing in all"), ". ", *_could_give(found, "fit")))
        items.append(say(*_could_give(found, "behaviour")))
    if items:
        yield Heading(3, "What is missing")
        if found.version["requirement"] == "fit_or_behaviour" and len(items) > 1:
            yield Paragraph(say("One of these is enough:"))
        yield Bullets(tuple(items))


def _could_give(found: Explanation, half: str) -> Words:
    rules = [rule for rule in found.rules if rule["section"] == half]
    if half == "fit":
        rules = [rule for rule in rules if not found.points.get(rule["rule_id"])]
    rules = [rule for rule in rules if not _is_exhausted(rule, found.points.get(rule["rule_id"], 0))]
    names = [f"{rule['rule_id']} ({points(rule['micro_points'])})" for rule in rules]
    if not names:
        return say(f"Every rule of {half} counts already.")
    return say(f"These rules of {half} could give more: {', '.join(names)}.")


def _is_exhausted(rule: dict[str, Any], counted: int) -> bool:
    """Whether the rule gives all it can: newer touches of a decayed one would still give more."""
    return rule["touch_limit"] is not None and counted >= rule["touch_limit"] * rule["micro_points"]


def sql_blocks(found: Explanation) -> Iterator[Block]:
    """SQL: eligibility, ways of being ready, evidence."""
    assert found.version is not None
    yield Heading(2, "SQL, rule by rule")
    if not found.version["has_sql_stage"]:
        yield Paragraph(say("These criteria name no SQL."))
        yield from evidence_of(found, "sql")
        return
    if found.standing("sql"):
        yield Paragraph(say("It is SQL already, and stays so: this is how the rules stand now."))
    eligibility = [rule for rule in found.rules if rule["section"] == "eligibility"]
    if eligibility:
        rows = tuple(
            (say(code(rule["rule_id"])), say(rule_words(rule)), say(_eligible(found, rule))) for rule in eligibility
        )
        yield Table("Eligibility: every one must hold", ("Rule", "Asks for", "Now"), rows)
    items = dict.fromkeys(rule["rule_id"] for rule in found.rules if rule["section"] == "readiness")
    if items:
        rows = tuple((say(code(item)), say(asked_of(found, item)), say(standing_of(found, item))) for item in items)
        yield Table("Ways of being ready: one must have come about", ("Way", "Asks for", "Now"), rows)
    if found.version["verified_by"]:
        yield Paragraph(say(f"Acts of staff count of these roles: {words.values(found.version['verified_by'])}."))
    yield from evidence_of(found, "sql")


def _eligible(found: Explanation, rule: dict[str, Any]) -> str:
    verdict = verdict_of(found, rule, found.at)
    if verdict == "satisfied":
        return "holds"
    state, so = _ELIGIBLE.get((verdict, rule["when_unknown"] or "hold"), _FAILS)
    return state if found.standing("sql") else state + so
