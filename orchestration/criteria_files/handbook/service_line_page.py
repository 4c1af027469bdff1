"""The page of one service line: who is an MQL, who is an SQL, what disqualifies. Staff read it.

Its rules are made in `stage_rules.py`; examples, changes and the words used, which end it, in `page_ends.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.criteria_files.handbook import rule_words, words
from orchestration.criteria_files.handbook.blocks import (
    Block,
    Bullets,
    Heading,
    Notice,
    Page,
    Paragraph,
    Table,
    Words,
    code,
    link,
    say,
    strong,
)
from orchestration.criteria_files.handbook.in_force import Standing
from orchestration.criteria_files.handbook.page_ends import example_blocks, history_blocks, words_blocks
from orchestration.criteria_files.handbook.stage_rules import disqualified_blocks, mql_blocks, sql_blocks
from orchestration.criteria_files.load import Criteria
from orchestration.criteria_files.shapes import Version


def line_title(standing: Standing) -> str:
    """How pages call a service line."""
    return "Every other service line" if standing.line.is_default else words.titled(standing.line.name)


def service_line_page(criteria: Criteria, standing: Standing, path: str) -> Page:
    """The page of a service line, at `path`, by the version `standing` shows."""
    version = standing.version
    blocks: list[Block] = [*_opening(standing), *_in_short(version)]
    blocks += [*mql_blocks(version.mql, criteria), *sql_blocks(version.sql, criteria)]
    blocks += [*_intake_blocks(version), *disqualified_blocks(version.sql), *_excluded_blocks(criteria)]
    blocks += [*example_blocks(version), *history_blocks(criteria, standing), *words_blocks(criteria, version)]
    title = line_title(standing)
    return Page(path, f"{title}: MQL and SQL", title, tuple(blocks))


def _opening(standing: Standing) -> Iterator[Block]:
    version = standing.version
    since = words.moment(version.effective_from)
    if standing.is_in_force:
        lines = [say(strong(f"Version {version.version} is in force"), f" since {since}.")]
    else:
        lines = [say(strong("Not yet in force."), f" Version {version.version} comes into force on {since}.")]
        decides = standing.until_then
        lines += (
            [say("Until then ", link("every other service line", "service_lines/default"), " tells what decides.")]
            if decides
            else [say("Until then no criteria decide: leads stay leads.")]
        )
    lines += [
        say(f"Version {each.version} follows on {words.moment(each.effective_from)}: see what changes, below.")
        for each in standing.coming[:1]
    ]
    owners = "; ".join(f"{words.spaced(role)}: {name}" for role, name in standing.line.owners.items())
    yield Notice((*lines, say(f"Owners: {owners}.")) if owners else tuple(lines))
    if standing.line.is_default:
        yield Paragraph(
            say("These criteria decide for service lines without criteria of their own, and while none is known.")
        )


def _in_short(version: Version) -> Iterator[Block]:
    yield Heading(2, "In short")
    items: list[Words] = [
        say(strong("MQL"), ", marketing-qualified: fits, and has shown interest. ", rule_words.requirement(version.mql))
    ]
    if version.sql is None:
        items.append(say(strong("SQL"), ", sales-qualified: these criteria name no SQL."))
    else:
        items.append(
            say(
                strong("SQL"),
                ", sales-qualified: eligible, and ready for the next step. A lead becomes SQL at the first moment when "
                "every eligibility rule holds and one of the ways of being ready has come about.",
            )
        )
    items.append(
        say(strong("First contact"), f": within {words.business_minutes(version.sla.first_contact_business_minutes)}.")
        if version.sla
        else say(strong("First contact"), ": no promise is written.")
    )
    yield Bullets(tuple(items))


def _intake_blocks(version: Version) -> Iterator[Block]:
    if version.checklist:
        yield Heading(2, "Intake checklist")
        yield Bullets(tuple(say(item.text, " (", code(item.id), ")") for item in version.checklist), is_ordered=True)
    if version.script:
        yield Heading(2, "Short call script")
        yield Bullets(tuple(say(f"“{line}”") for line in version.script), is_ordered=len(version.script) > 1)


def _excluded_blocks(criteria: Criteria) -> Iterator[Block]:
    if criteria.exclusions:
        yield Heading(2, "Who is not counted")
        yield Paragraph(say("These leads are kept and decided like any other, but stand outside every rate and route."))
        rows = tuple((say(code(rule.id)), say(words.holds(rule)), say(rule.reason)) for rule in criteria.exclusions)
        yield Table("Exclusions", ("Rule", "Holds if", "Reason"), rows)
