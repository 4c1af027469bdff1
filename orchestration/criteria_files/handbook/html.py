"""Writes a page down as HTML that needs nothing beside itself: no script, no font, no picture from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template

from orchestration.criteria_files.handbook.blocks import Page
from orchestration.criteria_files.handbook.markdown import relative

TEMPLATE = "page.html.j2"


def html_text(page: Page, pages: Sequence[Page]) -> str:
    """The page as HTML, with links to all pages of the handbook."""
    return _template().render(page=page, pages=pages, href=lambda target: relative(target, page.path, ".html"))


@cache
def _template() -> Template:
    text = resources.files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(text)
