"""Why a lead is where it is, as a page: what it is, rule by rule why (`explain_rules.py`), its score, what was
decided.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.criteria_files.handbook import words
from orchestration.criteria_files.handbook.blocks import (
    Block,
    Heading,
    Notice,
    Page,
    Paragraph,
    Table,
    Words,
    code,
    say,
)
from orchestration.replay.explain import Explanation
from orchestration.replay.pages.explain_lead import lead_words, record_words
from orchestration.replay.pages.explain_parts import evidence_of
from orchestration.replay.pages.explain_rules import mql_blocks, sql_blocks
from orchestration.replay.pages.explain_score import score_blocks


def explain_page(found: Explanation) -> Page:
    """The explanation of one record."""
    blocks: list[Block] = [*_opening(found)]
    if found.version is not None:
        blocks += [*mql_blocks(found), *sql_blocks(found)]
    blocks += [*score_blocks(found), *_decisions(found)]
    title = f"Lead {found.lead_id} of {found.source}"
    return Page("explain", title, title, tuple(blocks))


def _opening(found: Explanation) -> Iterator[Block]:
    line = words.titled(found.service_line) if found.service_line else "no service line"
    first = say(f"As of {words.moment(found.at)}: {line}, ", *_in_force(found))
    yield Notice((first, record_words(found), *lead_words(found)))


def _in_force(found: Explanation) -> Words:
    if found.version is None:
        has_stage = any(row["qualifies"] and row["stage"] != "disqualified" for row in found.decisions)
        then = "what was decided before stands" if has_stage else "nothing makes it MQL or SQL"
        return say(f"for which no criteria are in force: {then}.")
    return say("decided by ", code(found.version["criteria_version"]), ".")


def _decisions(found: Explanation) -> Iterator[Block]:
    yield Heading(2, "All that was decided")
    rows = tuple(
        (
            say(words.moment(row["decided_at"])),
            say(_DECIDED[row["stage"], bool(row["qualifies"])]),
            say(code(row["criteria_version"])),
            say(words.spaced(row["basis"])),
        )
        for row in found.decisions
    )
    if rows:
        yield Table("Decisions, earliest first", ("When", "What", "Under", "Basis"), rows)
        for stage in ("disqualified",) if found.version else ("mql", "sql", "disqualified"):
            yield from evidence_of(found, stage)
    else:
        yield Paragraph(say("Nothing: no criteria have been in force for this record."))


_DECIDED = {
    ("mql", True): "MQL",
    ("mql", False): "looked at last, not MQL",
    ("sql", True): "SQL",
    ("disqualified", True): "disqualified",
    ("disqualified", False): "no longer disqualified",
}
