"""What a page says of MQL, SQL and disqualification: the rules of one version as blocks."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from orchestration.criteria_files.handbook import rule_words, words
from orchestration.criteria_files.handbook.blocks import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Row,
    Table,
    code,
    say,
    separated,
)
from orchestration.criteria_files.load import Criteria
from orchestration.criteria_files.shapes import Mql, Sql


def mql_blocks(mql: Mql, criteria: Criteria) -> Iterator[Block]:
    """What makes an MQL."""
    yield Heading(2, "What makes an MQL")
    yield Paragraph(
        say(
            rule_words.requirement(mql),
            " Each rule that holds gives its points, and the points are added up. Once MQL, always MQL.",
        )
    )
    alone = rule_words.enough_alone(mql)
    if mql.fit is not None:
        yield Heading(3, f"Fit: who they are{_needed(mql.fit.threshold, mql)}")
        rows: tuple[Row, ...] = tuple(
            (say(code(rule.id)), say(words.holds(rule)), say(words.counted(rule.points, "point")))
            for rule in mql.fit.rules
        )
        yield Table("Fit rules", ("Rule", "Holds if", "Gives"), rows)
        yield from _alone(alone, "fit")
    if mql.behaviour is not None:
        yield Heading(3, f"Behaviour: what they did{_needed(mql.behaviour.threshold, mql)}")
        rows = tuple(
            (say(code(rule.id)), *(say(cell) for cell in rule_words.behaviour_cells(rule, criteria.catalogue)))
            for rule in mql.behaviour.rules
        )
        header = ("Rule", "What counts", "Each gives", "Counts", "How far back", "Fading")
        yield Table("Behaviour rules", header, rows)
        yield from _alone(alone, "behaviour")
        yield Paragraph(say("It counts what belongs to the lead's service line, or to none. A day is 24 hours."))


def _needed(threshold: Decimal | None, mql: Mql) -> str:
    if threshold is None or mql.require == "total_points":
        return ""
    return f" ({words.counted(threshold, 'point')} or more)"


def _alone(alone: dict[str, list[str]], half: str) -> Iterator[Block]:
    if half in alone:
        names = separated([code(name) for name in alone[half]])
        fresh = ", when it has just happened" if half == "behaviour" else ""
        yield Paragraph(say(f"Enough alone for this half{fresh}: ", *names, "."))


def sql_blocks(sql: Sql | None, criteria: Criteria) -> Iterator[Block]:
    """What makes an SQL."""
    yield Heading(2, "What makes an SQL")
    if sql is None:
        yield Paragraph(say("These criteria name no SQL: nobody becomes SQL by them."))
        return
    yield Paragraph(
        say("Both must hold: eligible, and ready. A lead need not have been MQL first. Once SQL, always SQL.")
    )
    yield Heading(3, "Eligible: every one of these must hold")
    if sql.eligibility:
        rows = tuple(
            (say(code(rule.id)), *(say(cell) for cell in rule_words.eligibility_cells(rule)))
            for rule in sql.eligibility
        )
        yield Table("Eligibility rules", ("Rule", "Must hold", "While it is not known"), rows)
    else:
        yield Paragraph(say("No eligibility rule is written: every lead is eligible."))
    yield Heading(3, "Ready: one of these must have come about")
    if sql.ready_when_any:
        rows = tuple(
            (
                say(code(item.id)),
                say(rule_words.readiness_words(item, criteria.catalogue, sql.verified_by)),
                say(words.listed(rule_words.bases(item))),
                say(rule_words.readiness_ends(item)),
            )
            for item in sql.ready_when_any
        )
        yield Table("Ways of being ready", ("Rule", "What must come about", "Marked as (basis)", "Ends if"), rows)
    else:
        yield Paragraph(say("No way of being ready is written: nobody becomes SQL by these criteria."))
    yield Heading(3, "Who may confirm")
    yield Paragraph(say(rule_words.who_may_confirm(sql.verified_by)))


def disqualified_blocks(sql: Sql | None) -> Iterator[Block]:
    """What disqualifies, and what ends it."""
    yield Heading(2, "What disqualifies")
    by_screening = say(
        "A screening with the outcome ",
        code("not_qualified"),
        ", by any member of staff. It ends with a later screening with the outcome ",
        code("qualified"),
        ".",
    )
    by_rule = say(
        "For a lead that is MQL, or ready in one of the ways above: an eligibility rule that fails. "
        "It ends when news of the lead makes every rule hold again."
    )
    rules = sql.eligibility if sql is not None else []
    yield Bullets((by_screening, by_rule) if rules else (by_screening,))
    if rules:
        rows = tuple((say(code(rule.id)), say(words.failing(rule) or "never: it waits or passes")) for rule in rules)
        yield Table("When an eligibility rule fails", ("Rule", "Fails if"), rows)
    yield Paragraph(say("New criteria coming into force neither disqualify anybody nor end a disqualification."))
