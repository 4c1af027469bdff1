"""The notice that a version of the criteria has come into force: since when, what changed, who agreed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from orchestration.criteria_files.handbook import words
from orchestration.criteria_files.handbook.blocks import Block, Notice, Page, Paragraph, say, strong
from orchestration.criteria_files.handbook.in_force import Standing, standings
from orchestration.criteria_files.handbook.markdown import markdown_text
from orchestration.criteria_files.handbook.page_ends import change_blocks
from orchestration.criteria_files.handbook.service_line_page import line_title
from orchestration.criteria_files.load import Criteria


def notice_texts(criteria: Criteria, as_of: datetime, known: Collection[str]) -> dict[str, str]:
    """Criteria version → its notice in Markdown, for versions that began by `as_of` (naive UTC) and are not `known`.

    One that another has followed since is announced too: it decided in between.
    """
    begun = [
        replace(standing, version=version, before=standing.before[:number])
        for standing in standings(criteria, as_of)
        if standing.is_in_force
        for number, version in enumerate((*standing.before, standing.version))
    ]
    return {each.name: markdown_text(_notice(criteria, each)) for each in begun if each.name not in known}


def _notice(criteria: Criteria, standing: Standing) -> Page:
    version, title = standing.version, line_title(standing)
    owners = "; ".join(f"{words.spaced(role)}: {name}" for role, name in standing.line.owners.items())
    agreed = "; ".join(f"{words.spaced(who)} on {day}" for who, day in (version.agreed or {}).items())
    lines = [say(strong(f"Version {version.version} decides"), f" since {words.moment(version.effective_from)}.")]
    lines += [say(f"Owners: {owners}.")] if owners else []
    lines += [say(f"Agreed: {agreed}.")] if agreed else []
    blocks: list[Block] = [Notice(tuple(lines))]
    if standing.before:
        blocks += change_blocks(criteria, standing, standing.before[-1], version)
    else:
        why = f" Why: {words.sentence(version.note)}" if version.note else ""
        blocks.append(Paragraph(say(f"It is the first version of these criteria.{why}")))
    blocks.append(Paragraph(say("Leads that are MQL or SQL already stay so.")))
    return Page("notice", f"{title}: version {version.version} has come into force", title, tuple(blocks))
