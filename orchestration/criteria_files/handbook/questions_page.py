"""The questions people ask of MQL and SQL, answered from the criteria that decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestration.criteria_files.handbook import rule_words, words
from orchestration.criteria_files.handbook.blocks import (
    Block,
    Heading,
    Page,
    Paragraph,
    Table,
    Words,
    code,
    link,
    say,
    separated,
    strong,
)
from orchestration.criteria_files.handbook.in_force import Standing
from orchestration.criteria_files.handbook.service_line_page import line_title
from orchestration.criteria_files.handbook.stages_page import deciding
from orchestration.criteria_files.shapes import ReadinessItem, Version


def questions_page(standings: Sequence[Standing], path: str) -> Page:
    """The page of questions, answered for every service line some version decides for."""
    lines = list(deciding(standings))
    blocks = [
        *_is_an_mql_an_sql(lines),
        *_who_owns_sql(lines),
        *_without_a_call(lines),
        *_is_an_opportunity_else(lines),
        *_how_soon(lines),
        *_what_new_criteria_do(),
    ]
    return Page(path, "Questions people ask", "Questions", tuple(blocks))


_Lines = Sequence[tuple[Standing, Version]]


def _items(version: Version) -> list[ReadinessItem]:
    return version.sql.ready_when_any if version.sql else []


def _is_an_mql_an_sql(lines: _Lines) -> Iterator[Block]:
    yield Heading(2, "Is an MQL an SQL?")
    yield Paragraph(
        say(
            strong("No."),
            " An MQL fits and has shown interest. An SQL is eligible and ready for the next step, confirmed by staff "
            "or by a clear scheduling action of its own. Points make an MQL and never an SQL. A lead can become SQL "
            "without having been MQL: this is marked ",
            code("skipped"),
            ".",
        )
    )
    alone = [line_title(standing) for standing, version in lines if _is_reached_alone(version)]
    if alone:
        yield Paragraph(
            say(
                f"In {words.listed(alone, 'and')} what the lead itself gave or did can also be enough to be ready, "
                "without staff and without a booking: this is marked with the basis ",
                code("criteria"),
                ".",
            )
        )
    rows = []
    for standing, version in lines:
        eligible = [code(rule.id) for rule in (version.sql.eligibility if version.sql else [])]
        ready = [code(item.id) for item in _items(version)]
        rows.append(
            (
                say(line_title(standing)),
                say(*separated(eligible)) if eligible else say("nothing"),
                say(*separated(ready)) if ready else say("no way is written"),
            )
        )
    yield Table(
        "What an SQL needs, whatever its points", ("Service line", "Every one must hold", "One must have come about"),
        tuple(rows),
    )  # fmt: skip
    yield from _told_by_examples(lines)


def _is_reached_alone(version: Version) -> bool:
    return any("criteria" in rule_words.bases(item) for item in _items(version))


def _told_by_examples(lines: _Lines) -> Iterator[Block]:
    for standing, version in lines:
        for example in version.examples:
            if example.expect.mql is True and example.expect.sql is False:
                why = f": {example.why}" if example.why else ""
                yield Paragraph(say(f"An example of {line_title(standing)}: {example.title}. MQL, and no SQL{why}."))


def _who_owns_sql(lines: _Lines) -> Iterator[Block]:
    yield Heading(2, "Who owns SQL?")
    yield Paragraph(
        say(
            strong("Intake confirms it; the owners of the criteria agree on what it is."),
            " The staff named here confirm a lead by what they record of it: nobody sets the stage by hand.",
        )
    )
    rows = tuple(
        (
            say(line_title(standing)),
            say(_owners(standing)),
            say(rule_words.confirming(version.sql)),
        )
        for standing, version in lines
    )
    yield Table("Owners and confirming staff", ("Service line", "Owners of the criteria", "Roles that confirm"), rows)


def _owners(standing: Standing) -> str:
    decides = standing.deciding or standing
    return "; ".join(f"{words.spaced(role)}: {name}" for role, name in decides.line.owners.items()) or "not written"


def _without_a_call(lines: _Lines) -> Iterator[Block]:
    free = {
        id(version): [item for item in _items(version) if not rule_words.needs_a_call(item)] for _, version in lines
    }
    having = [version for _, version in lines if _items(version)]
    some = [version for version in having if free[id(version)]]
    yield Heading(2, "Can there be an SQL without a call?")
    if not having:
        answer: Words = say("No criteria name a way of becoming SQL.")
    elif not some:
        answer = say(strong("No."), " Every way of being ready that is written needs a call.")
    elif len(some) == len(having):
        answer = say(strong("Yes."), " In every service line with an SQL there is a way of being ready without a call.")
    else:
        answer = say(strong("In some service lines."), " It depends on the ways of being ready.")
    yield Paragraph(answer)
    rows = []
    for standing, version in lines:
        without = [code(item.id) for item in free[id(version)]]
        need = [code(item.id) for item in _items(version) if rule_words.needs_a_call(item)]
        rows.append(
            (
                say(line_title(standing)),
                say(*separated(without)) if without else say("none"),
                say(*separated(need)) if need else say("none"),
            )
        )
    yield Table(
        "Ways of being ready, with and without a call", ("Service line", "A call is not needed", "Only by a call"),
        tuple(rows),
    )  # fmt: skip
    yield Paragraph(say("A way that names no channel, or more channels than the call, can come about without one."))


def _is_an_opportunity_else(lines: _Lines) -> Iterator[Block]:
    yield Heading(2, "Is an opportunity something else?")
    yield Paragraph(
        say(
            strong("Yes."),
            " An opportunity is the CRM's own: it is set in the CRM, and no criteria make one. It is a later stage "
            "than SQL and kept apart from it, as are the appointment booked and the consult held: a lead's booking "
            "can make an SQL, and is a stage of its own all the same. See ",
            link("the stage values", "crm_stages"),
            ".",
        )
    )


def _how_soon(lines: _Lines) -> Iterator[Block]:
    yield Heading(2, "How soon must intake reach an MQL?")
    rows = tuple(
        (
            say(line_title(standing)),
            say(words.business_minutes(version.sla.first_contact_business_minutes) if version.sla else "not promised"),
        )
        for standing, version in lines
    )
    yield Table("First contact after the handoff, at the latest", ("Service line", "First contact within"), rows)


def _what_new_criteria_do() -> Iterator[Block]:
    yield Heading(2, "Do new criteria take an MQL or an SQL back?")
    yield Paragraph(
        say(
            strong("No."),
            " A version decides from the moment it comes into force. Whoever is MQL or SQL by then stays so, and new "
            "criteria disqualify nobody by themselves.",
        )
    )
