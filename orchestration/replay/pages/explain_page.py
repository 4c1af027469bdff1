"""Why a lead is where it is, as a page: what it is, rule by rule why (`explain_rules.py`), and what was decided."""

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
    strong,
)
from orchestration.replay.explain import Explanation
from orchestration.replay.pages.explain_parts import evidence_of
from orchestration.replay.pages.explain_rules import mql_blocks, sql_blocks


def explain_page(found: Explanation) -> Page:
    """The explanation of one record."""
    blocks: list[Block] = [*_opening(found)]
    if found.version is not None:
        blocks += [*mql_blocks(found), *sql_blocks(found)]
    blocks += [*_decisions(found)]
    title = f"Lead {found.lead_id} of {found.source}"
    return Page("explain", title, title, tuple(blocks))


def _opening(found: Explanation) -> Iterator[Block]:
    line = words.titled(found.service_line) if found.service_line else "no service line"
    lines: list[Words] = [say(f"As of {words.moment(found.at)}: {line}, ", *_in_force(found))]
    mql, stage, out = found.standing("mql"), found.standing("sql"), found.standing("disqualified")
    is_mql = bool(mql and mql["qualifies"])
    told = [
        f"{'is' if is_mql else 'is not'} MQL"
        + (f" (since {words.moment(mql['decided_at'])})" if is_mql and mql else "")
    ]
    told.append(
        f"is SQL (since {words.moment(stage['decided_at'])}, {words.spaced(stage['basis'])})" if stage else "is not SQL"
    )
    if out and out["qualifies"]:
        told.append(f"is disqualified (since {words.moment(out['decided_at'])})")
    lines.append(say(strong(f"The lead {', '.join(told)}.")))
    if found.merged_into:
        lines.append(
            say(
                f"This record was merged into {found.merged_into}: it is decided by its own rows, and the lead takes "
                "the earliest entry into each stage of all its records."
            )
        )
    yield Notice(tuple(lines))


def _in_force(found: Explanation) -> Words:
    if found.version is None:
        return say("and no criteria are in force for it: the lead stays a lead.")
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
        yield from evidence_of(found, "disqualified")
    else:
        yield Paragraph(say("Nothing: no criteria have been in force for this lead."))


_DECIDED = {
    ("mql", True): "MQL",
    ("mql", False): "looked at last, not MQL",
    ("sql", True): "SQL",
    ("disqualified", True): "disqualified",
    ("disqualified", False): "no longer disqualified",
}
