"""The page to look at: one publication's frames in, one self-contained HTML page out.

Which tables and columns it needs stands in `READS`, collected from the sections; who reads them, and where the page
lies, is the wiring's business. A table a publication does not have leaves its section in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from types import ModuleType

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from orchestration.report import words
from orchestration.report.parts import Card, Facts, Frames, Read, Section
from orchestration.report.sections import (
    basis,
    causes,
    cohorts,
    costs,
    criteria,
    expected,
    funnel,
    labels,
    promise,
    signals,
    speed,
    teams,
    waiting,
)

TITLE = "Is the handoff working?"
_SECTIONS: Mapping[str, ModuleType] = {
    "promise": promise,
    "waiting": waiting,
    "speed": speed,
    "teams": teams,
    "expected": expected,
    "funnel": funnel,
    "cohorts": cohorts,
    "causes": causes,
    "costs": costs,
    "labels": labels,
    "signals": signals,
    "criteria": criteria,
    "basis": basis,
}
# What people and things are called: not needed to say anything, so a page goes without where one is absent.
NAMES = (
    Read("dim_intake_teams", ("team_id", "name")),
    Read("dim_locations", ("location_id", "name")),
    Read("dim_service_lines", ("service_line", "name")),
)
READS: Mapping[str, tuple[Read, ...]] = {key: module.READS for key, module in _SECTIONS.items()}


def report_html(frames: Mapping[str, Frames], facts: Facts) -> str:
    """The page. `frames` holds, for each section, its tables by name; one that is absent is said to be."""
    sections = [(_section(key, frames.get(key, {}), facts), _answers_for(key, facts)) for key in _SECTIONS]
    return page_html(TITLE, facts.as_of, sections, notices=_notices(facts))


def page_html(
    title: str, as_of: datetime, sections: Sequence[tuple[Section, datetime]], *, notices: Sequence[str] = ()
) -> str:
    """A page of sections, each with the moment it answers for; their cards come first."""
    told = [(section, words.moment(moment)) for section, moment in sections]
    html = _template().render(
        title=title,
        style=_text("page.css").strip(),
        as_of=words.moment(as_of),
        as_of_day=words.day(as_of),
        notices=notices,
        cards=[(section.key, section.card, moment) for section, moment in told if section.card],
        sections=told,
    )
    # A number and its sign stay on one line.
    return html.replace("95 %", f"95{words.SPACE}%")


def _section(key: str, frames: Frames, facts: Facts) -> Section:
    module = _SECTIONS[key]
    absent = [read.table for read in module.READS if read.table not in frames]
    if not absent:
        found: Section = module.section(frames, facts)
        return found
    said = f"Not in this publication: {words.joined(absent)}."
    card = Card(module.TITLE, "Not known", said) if key in ("promise", "waiting", "funnel", "costs", "labels") else None
    return Section(key, module.TITLE, (said,), card=card)


def _answers_for(key: str, facts: Facts) -> datetime:
    """The moment a section answers for: that of the oldest of its tables."""
    return min(facts.table_as_of.get(read.table, facts.as_of) for read in READS[key])


def _notices(facts: Facts) -> list[str]:
    said = []
    if facts.stale_sources:
        said.append(f"Older than the rest, because its last run failed: {words.joined(sorted(facts.stale_sources))}.")
    # What was never published has no moment it answers for, and nothing was there to take over.
    older, absent = ([name for name in sorted(facts.stale_tables) if (name in facts.table_as_of) is is_there]
                     for is_there in (True, False))  # fmt: skip
    if older:
        said.append(f"Not built by the last run, so as published before: {words.joined(older)}.")
    if absent:
        said.append(f"Not built by the last run, nor published before, so not here: {words.joined(absent)}.")
    return said


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["coded"] = _coded
    return environment.from_string(_text("page.html.j2"))


def _coded(text: str) -> Markup:
    """Text in which what stands between backticks is code."""
    parts = (Markup("<code>{}</code>") if place % 2 else Markup("{}") for place in range(text.count("`") + 1))
    return Markup("").join(part.format(said) for part, said in zip(parts, text.split("`"), strict=True))
