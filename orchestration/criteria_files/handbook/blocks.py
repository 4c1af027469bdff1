"""A page as plain data: headings, paragraphs, lists and tables of words. `markdown.py` and `html.py` write it down.

Words are spans, so that nothing a criteria file holds can be taken for markup by either writer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Span:
    """A piece of words. `target` of a link is a page's path without its ending, or a file's with it."""

    text: str
    kind: Literal["plain", "code", "strong", "link"] = "plain"
    target: str = ""


Words = tuple[Span, ...]
Row = tuple[Words, ...]


def say(*pieces: str | Span) -> Words:
    """Words from plain text and spans; line breaks of the criteria become spaces."""
    spans = (Span(piece) if isinstance(piece, str) else piece for piece in pieces)
    return tuple(Span(re.sub(r"\s+", " ", span.text), span.kind, span.target) for span in spans)


def code(text: str) -> Span:
    """A name exactly as systems hold it."""
    return Span(text, "code")


def strong(text: str) -> Span:
    """Words that matter most in their line."""
    return Span(text, "strong")


def link(text: str, target: str) -> Span:
    """A link to another file of the handbook."""
    return Span(text, "link", target)


def separated(spans: Sequence[Span]) -> tuple[Span, ...]:
    """The spans with commas between them."""
    return tuple(piece for span in spans for piece in (Span(", "), span))[1:]


@dataclass(frozen=True)
class Heading:
    """A heading of level 2 or 3; level 1 is the page's title."""

    level: Literal[2, 3]
    text: str
    kind: str = "heading"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    words: Words
    kind: str = "paragraph"


@dataclass(frozen=True)
class Notice:
    """What a reader must see before the rest."""

    lines: tuple[Words, ...]
    kind: str = "notice"


@dataclass(frozen=True)
class Bullets:
    """A list; `is_ordered` where the order is part of what is said."""

    items: tuple[Words, ...]
    is_ordered: bool = False
    kind: str = "bullets"


@dataclass(frozen=True)
class Table:
    """A table with a caption; the first cell of a row names it."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    kind: str = "table"


Block = Heading | Paragraph | Notice | Bullets | Table


@dataclass(frozen=True)
class Page:
    """One page: its path in the handbook without ending, its title, what links to it say, and what it says."""

    path: str
    title: str
    short: str
    blocks: tuple[Block, ...]
