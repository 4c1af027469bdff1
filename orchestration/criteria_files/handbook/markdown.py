"""Writes a page down as Markdown (GitHub's), so that nothing a criteria file holds is taken for markup."""

from __future__ import annotations

import posixpath
import re

from orchestration.criteria_files.handbook.blocks import (
    Block,
    Bullets,
    Heading,
    Notice,
    Page,
    Paragraph,
    Span,
    Table,
    Words,
)

# `_` inside a word is no markup, and names are full of it.
_MARKUP = re.compile(r"[\\`*\[\]<>|~&#]|(?<![^\W_])_|_(?![^\W_])")
_LINE_START = re.compile(r"^(\d*)([-+=.)])")


def markdown_text(page: Page) -> str:
    """The page as Markdown."""
    parts = [f"# {_escaped(page.title)}", *(_block(block, page) for block in page.blocks)]
    return "\n\n".join(parts) + "\n"


def _block(block: Block, page: Page) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_line(_escaped(block.text))}"
    if isinstance(block, Paragraph):
        return _line(_words(block.words, page))
    if isinstance(block, Notice):
        return "\n>\n".join(f"> {_line(_words(line, page))}" for line in block.lines)
    if isinstance(block, Bullets):
        marks = [f"{number}." if block.is_ordered else "-" for number in range(1, len(block.items) + 1)]
        return "\n".join(f"{mark} {_line(_words(item, page))}" for mark, item in zip(marks, block.items, strict=True))
    return _table(block, page)


def _table(table: Table, page: Page) -> str:
    rows = [tuple(_words(cell, page, in_table=True) for cell in row) for row in table.rows]
    header = tuple(_escaped(name) for name in table.header)
    lines = [header, ("---",) * len(header), *rows]
    return f"{_line(_escaped(table.caption))}:\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _words(words: Words, page: Page, *, in_table: bool = False) -> str:
    return "".join(_span(span, page, in_table) for span in words).strip()


def _span(span: Span, page: Page, in_table: bool) -> str:
    if span.kind == "code":
        return _code(span.text, in_table)
    text = _escaped(span.text)
    if span.kind == "strong":
        return f"**{text.strip()}**{' ' if text.endswith(' ') else ''}"
    if span.kind == "link":
        return f"[{text}]({relative(span.target, page.path, '.md')})"
    return text


def relative(target: str, path: str, ending: str) -> str:
    """A link from the page at `path`; a page's path takes the ending, a file's has its own."""
    full = target if posixpath.splitext(target)[1] else target + ending
    return posixpath.relpath(full, posixpath.dirname(path) or ".")


def _code(text: str, in_table: bool) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    # A table's cells are cut before code is looked for.
    return f"{fence}{space}{text.replace('|', chr(92) + '|') if in_table else text}{space}{fence}"


def _escaped(text: str) -> str:
    return _MARKUP.sub(lambda found: f"\\{found[0]}", re.sub(r"\s+", " ", text))


def _line(text: str) -> str:
    """Text that begins a line, kept from being read as a list, a heading or a rule."""
    return _LINE_START.sub(r"\1\\\2", text)
