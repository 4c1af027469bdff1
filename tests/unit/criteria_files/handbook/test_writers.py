"""Markdown and HTML show exactly the words of a page: nothing the criteria hold is taken for markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from orchestration.criteria_files.handbook.blocks import (
    Block,
    Bullets,
    Heading,
    Notice,
    Page,
    Paragraph,
    Table,
    code,
    link,
    say,
    strong,
)
from orchestration.criteria_files.handbook.html import html_text
from orchestration.criteria_files.handbook.markdown import markdown_text

AWKWARD = "`*_[]<>|~&\\#-+=.)(!1\"':{}ab é“"
TEXTS = st.text(st.sampled_from(AWKWARD), min_size=1, max_size=12).filter(lambda text: text.strip() == text != "")
HOSTILE = "<script>alert(1)</script> \"quoted\" & 'so' {{ 7 * 7 }} | **bold** [x](http://evil.example) `tick`"


class Reader(HTMLParser):
    """Text of an HTML page, by tag; and every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "hr", "img"):
            self.open.append(tag)
            self.said.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in dict.fromkeys(self.open):
            self.said[tag][-1] += data

    def cells(self) -> list[str]:
        return self.said.get("td", [])


def page_of(*blocks: Block, title: str = "A page") -> Page:
    return Page("service_lines/a", title, "A", blocks)


def read_html(page: Page) -> Reader:
    return Reader(html_text(page, [page]))


def read_markdown(page: Page) -> Reader:
    return Reader(MarkdownIt("commonmark").enable("table").render(markdown_text(page)))


@given(TEXTS)
def test_both_say_what_was_said(text: str) -> None:
    words = say(text)
    page = page_of(
        Heading(2, f"Of {text}"),
        Paragraph(words),
        Notice((say(strong(f"So {text}")), words)),
        Bullets((words, say(code(text)))),
        Table("All", ("A", "B", "C"), ((say("row"), words, say(code(text))),)),
        title=f"About {text}",
    )
    (said,) = (span.text for span in words)
    for read in (read_html(page), read_markdown(page)):
        assert [" ".join(each.split()) for tag in ("h1", "h2") for each in read.said[tag]] == [
            f"About {said}",
            f"Of {said}",
        ]
        paragraphs = [each.strip() for each in read.said["p"]]
        assert [said, f"So {said}", said] == [each for each in paragraphs if each != "All:"]
        assert read.said["strong"] == [f"So {said}"]
        assert [each.strip() for each in read.said["li"]][-2:] == [said, said]
        assert read.cells()[-2:] == [said, said]
        assert {tag for tag, _ in read.tags}.isdisjoint({"script", "img", "em"})


def test_html_escapes_what_yaml_holds() -> None:
    page = page_of(
        Heading(3, HOSTILE),
        Paragraph(say(HOSTILE)),
        Table(HOSTILE, (HOSTILE,), ((say(code(HOSTILE)),),)),
        title=HOSTILE,
    )
    text = html_text(page, [page])
    read = Reader(text)
    assert "<script" not in text and "{{ 7 * 7 }}" in text
    assert read.said["h3"] == read.said["caption"] == read.said["h1"] == read.said["title"] == [HOSTILE]
    assert [attributes["aria-label"] for tag, attributes in read.tags if attributes.get("role") == "region"] == [
        HOSTILE
    ]


def test_html_needs_nothing_beside_itself_and_can_be_read_aloud() -> None:
    page = page_of(
        Heading(2, "One"),
        Paragraph(say("See ", link("all pages", "index"), " and ", link("rules.json", "rules.json"))),
        Table("Rules", ("Rule", "Says"), ((say("a"), say("b")), (say("c"), say("d")))),
    )
    text = html_text(page, [page])
    read = Reader(text)
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img", text)
    assert ("html", {"lang": "en"}) in read.tags and {"main", "nav", "h1", "caption", "title"} <= set(read.said)
    assert [attributes["scope"] for tag, attributes in read.tags if tag == "th"] == ["col", "col", "row", "row"]
    links = [attributes["href"] for tag, attributes in read.tags if tag == "a"]
    assert links == ["#content", "a.html", "../index.html", "../rules.json"]
    assert [tag for tag, _ in read.tags if re.fullmatch(r"h\d", tag)] == ["h1", "h2"]


def test_markdown_links_to_markdown() -> None:
    text = markdown_text(page_of(Paragraph(say(link("all", "index"), " ", link("rules", "rules.json")))))
    assert text == "# A page\n\n[all](../index.md) [rules](../rules.json)\n"


def test_line_breaks_of_the_criteria_are_spaces() -> None:
    page = page_of(Paragraph(say("one\n\n- two\t three")), Bullets((say("a\n# b"),)))
    assert markdown_text(page) == "# A page\n\none - two three\n\n- a \\# b\n"
