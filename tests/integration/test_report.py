"""The report as people open it: in a real browser, wide and narrow, light and dark, with no network and no script."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from orchestration.report.page import report_html
from orchestration.report.readiness_figures import card_html
from tests.integration.test_ui import OFFLINE
from tests.unit.orchestration.cards import card
from tests.unit.report.frames import FACTS, clinic_tables, empty_tables, page_frames

WIDTHS = {"wide": (1440, 900), "narrow": (360, 780)}
# Text whose ground is a picture or nothing is judged against what lies below; large text may have less contrast.
_TEXTS = """
const rgb = text => text.match(/[\\d.]+/g).map(Number);
const ground = node => {
  for (let at = node; at; at = at.parentElement) {
    const found = rgb(getComputedStyle(at).backgroundColor);
    if (found.length < 4 || found[3] > 0) return found;
  }
  return [255, 255, 255];
};
const texts = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || !node.getClientRects().length) continue;
  const style = getComputedStyle(node);
  const colour = node instanceof SVGElement ? style.fill : style.color;
  texts.push([walker.currentNode.textContent.trim(), rgb(colour), ground(node), parseFloat(style.fontSize)]);
}
return texts;
"""
_MARKS = "return getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim()"
_FIGURES = """
return [...document.querySelectorAll('figure')].map(figure => [
  figure.querySelector('h3').textContent,
  figure.querySelectorAll('.mark, .marks > path, .marks use').length,
  figure.querySelectorAll('details tbody tr').length,
  figure.querySelectorAll('details thead th[scope=col]').length,
  figure.querySelectorAll('details caption').length,
  [...figure.querySelectorAll('[role=img]')].every(each => each.getAttribute('aria-label').length > 20),
  figure.querySelector('figcaption p').textContent.length,
]);
"""
_WIDER = """
const wide = document.documentElement.clientWidth;
return [...document.querySelectorAll('body *')].filter(
  each => each.getBoundingClientRect().right > wide + 1 && !each.closest('.wide') && !each.closest('.skip')
).map(each => each.tagName + '.' + each.className.toString());
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("report")
    for name, tables in (("full", clinic_tables()), ("empty", empty_tables())):
        (folder / f"{name}.html").write_text(report_html(page_frames(tables), FACTS), encoding="utf-8")
    (folder / "card.html").write_text(card_html(card(), version="abc"), encoding="utf-8")
    return {name: Path(folder / f"{name}.html").as_uri() for name in ("full", "empty", "card")}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", *OFFLINE):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


def open_page(browser: webdriver.Chrome, address: str, size: tuple[int, int], scheme: str) -> None:
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    browser.get(address)


def luminance(colour: list[float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (each / 255 for each in colour[:3])]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: list[float], other: list[float]) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def rgb(colour: str) -> list[float]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", ["full", "empty", "card"])
def test_it_fits_and_can_be_read(browser, pages, name, size, scheme):
    open_page(browser, pages[name], size, scheme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= size[0]
    assert not browser.execute_script(_WIDER)
    cut = "return [...document.querySelectorAll('.listing .wide')].filter(e => e.scrollWidth > e.clientWidth).length"
    assert browser.execute_script(cut) == 0, "a card is read without scrolling within it"
    texts: list[tuple[str, list[float], list[float], float]] = browser.execute_script(_TEXTS)
    assert len(texts) > 40
    faint = [(text, contrast(ink, ground)) for text, ink, ground, _ in texts if contrast(ink, ground) < 4.5]
    assert not faint
    assert not [text for text, *_, size_ in texts if size_ < 11], "nothing is too small to read"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_plotted_stands_out(browser, pages, scheme):
    """WCAG 1.4.11: marks and bars have a contrast of 3 with their ground."""
    open_page(browser, pages["full"], WIDTHS["wide"], scheme)
    paper = rgb(browser.execute_script(_MARKS, "--paper"))
    for name in ("--accent", "--soft"):
        assert contrast(rgb(browser.execute_script(_MARKS, name)), paper) >= 3


def test_every_picture_has_its_numbers_behind_it(browser, pages):
    open_page(browser, pages["full"], WIDTHS["wide"], "light")
    figures = browser.execute_script(_FIGURES)
    assert len(figures) >= 10
    for title, marks, rows, columns, captions, is_described, told in figures:
        assert marks == rows > 0 and columns > 2 and captions == 1 and is_described and told > 20, title


def test_headings_are_in_order_and_landmarks_are_there(browser, pages):
    open_page(browser, pages["full"], WIDTHS["wide"], "light")
    levels = browser.execute_script("return [...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    titles = browser.execute_script("return [...document.querySelectorAll('h2')].map(h => h.textContent)")
    assert {
        "At a glance",
        "Called in time",
        "Who is waiting now",
        "From stage to stage",
        "How soon they come on",
    } <= set(titles)
    assert {"What an SQL costs by channel", "Labels that disagree", "Which signals tell"} <= set(titles)
    assert browser.execute_script("return document.documentElement.lang") == "en"
    for selector in ("header", "main#content", "nav[aria-label]", "footer", "a.skip[href='#content']"):
        assert browser.execute_script("return !!document.querySelector(arguments[0])", selector), selector
    first = browser.execute_script(
        "return [...document.querySelectorAll('.card')].map(card => card.getBoundingClientRect().bottom)"
    )
    assert len(first) == 5 and max(first) < WIDTHS["wide"][1], "what matters stands on the first screen"


def test_it_asks_for_nothing_and_complains_of_nothing(browser, pages):
    browser.get_log("performance"), browser.get_log("browser")
    open_page(browser, pages["full"], WIDTHS["wide"], "light")
    events: list[dict[str, Any]] = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith("data:")] == [pages["full"]]
    assert browser.get_log("browser") == []
