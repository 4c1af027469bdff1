"""Puts the handbook together: which pages there are, under which names, and each of them as Markdown and HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from orchestration.criteria_files.handbook.automation_page import automation_page
from orchestration.criteria_files.handbook.blocks import (
    Block,
    Bullets,
    Heading,
    Page,
    Paragraph,
    Table,
    Words,
    link,
    say,
)
from orchestration.criteria_files.handbook.html import html_text
from orchestration.criteria_files.handbook.in_force import Standing, standings
from orchestration.criteria_files.handbook.markdown import markdown_text
from orchestration.criteria_files.handbook.questions_page import questions_page
from orchestration.criteria_files.handbook.rules_json import rules_json
from orchestration.criteria_files.handbook.service_line_page import line_title, service_line_page
from orchestration.criteria_files.handbook.stages_page import stages_page
from orchestration.criteria_files.handbook.words import moment
from orchestration.criteria_files.load import DEFAULT, Criteria

LINES_FOLDER = "service_lines"
RULES_FILE = "rules.json"
INDEX, QUESTIONS, STAGES, AUTOMATION = "index", "questions", "crm_stages", "marketing_automation"


def handbook_texts(criteria: Criteria, as_of: datetime) -> dict[str, str]:
    """Every file of the handbook: its path (with /) → its text, for the versions in force at `as_of` (naive UTC)."""
    lines = standings(criteria, as_of)
    paths = _paths(lines)
    pages = [
        *(service_line_page(criteria, standing, path) for standing, path in zip(lines, paths, strict=True)),
        questions_page(lines, QUESTIONS),
        stages_page(lines, STAGES),
        automation_page(lines, AUTOMATION, RULES_FILE),
    ]
    pages.insert(0, _index(lines, paths))
    texts = {RULES_FILE: rules_json(criteria, lines)}
    for page in pages:
        texts[f"{page.path}.md"] = markdown_text(page)
        texts[f"{page.path}.html"] = html_text(page, pages)
    return texts


def _paths(lines: Sequence[Standing]) -> list[str]:
    """A path for each service line: its name where files may be called so, never the same twice."""
    taken: set[str] = {DEFAULT}
    paths = []
    for standing in lines:
        slug = re.sub(r"[^a-z0-9_-]+", "-", standing.line.name.lower()).strip("-") or "service-line"
        if not standing.line.is_default:
            tries = (f"{slug}{f'-{number}' if number > 1 else ''}" for number in range(1, len(lines) + 2))
            slug = next(each for each in tries if each not in taken)
        taken.add(slug)
        paths.append(f"{LINES_FOLDER}/{slug}")
    return paths


def _index(lines: Sequence[Standing], paths: Sequence[str]) -> Page:
    blocks: list[Block] = [
        Paragraph(
            say(
                "What makes a lead marketing-qualified (MQL) and sales-qualified (SQL), service line by service line, "
                "as marketing and intake have written it down. These pages are made from the criteria: to change "
                "them, change the criteria."
            )
        ),
        Heading(2, "Service lines"),
    ]
    if lines:
        rows = tuple(
            (say(link(line_title(standing), path)), _stands(standing), say(moment(standing.version.effective_from)))
            for standing, path in zip(lines, paths, strict=True)
        )
        blocks.append(Table("Service lines and their versions", ("Service line", "Version", "In force since"), rows))
    else:
        blocks.append(Paragraph(say("No criteria are written: leads stay leads.")))
    blocks += [
        Heading(2, "For everybody"),
        Bullets(
            (
                say(link("Questions people ask", QUESTIONS), ": is an MQL an SQL, who owns SQL, an SQL without a call"),
                say(link("Stage values for CRM admins", STAGES), ": what each means, who may set it, on which basis"),
                say(link("Rules for marketing automation", AUTOMATION), ": the rules in force, and their keys"),
            )
        ),
    ]
    return Page(INDEX, "Criteria handbook", "All pages", tuple(blocks))


def _stands(standing: Standing) -> Words:
    state = "in force" if standing.is_in_force else "not yet in force"
    coming = f"; version {standing.coming[0].version} follows" if standing.coming else ""
    return say(f"Version {standing.version.version}, {state}{coming}")
