"""The whole page: what it never needs, that the same frames give the same bytes, and what it reads."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pytest

from orchestration.dbt_manifest import ensure_manifest
from orchestration.report.drawing import nice_end
from orchestration.report.page import READS, report_html
from orchestration.settings import Settings
from tests.unit.report.frames import FACTS, all_reads, clinic_tables, empty_tables, page_frames
from tests.unit.report.rows import attainment_row

HTML = report_html(page_frames(clinic_tables()), FACTS)


def test_it_needs_nothing_beside_itself() -> None:
    assert len(HTML.encode()) < 1_000_000
    assert not re.search(r"https?://|<script|@import|\bon\w+=|<link(?! rel=\"icon\" href=\"data:,\")", HTML)
    assert set(re.findall(r"url\((.)", HTML)) <= {"#"}


def test_the_same_frames_give_the_same_bytes() -> None:
    assert report_html(page_frames(clinic_tables()), FACTS) == HTML


def test_every_id_is_there_once_and_every_reference_leads_somewhere() -> None:
    ids = re.findall(r'\sid="([^"]+)"', HTML)
    assert len(ids) == len(set(ids))
    named = re.findall(r'(?:href="#|url\(#|aria-labelledby=")([\w.-]+)', HTML)
    assert named and set(named) <= set(ids)


def test_no_colour_of_a_picture_is_its_own() -> None:
    """Light and dark are the page's: no picture keeps a stand-in, or a colour nobody chose."""
    pictures = "".join(re.findall(r"<svg.*?</svg>", HTML, re.DOTALL))
    assert not re.search(r"#[0-9a-f]{6}\b", pictures)


def test_an_empty_home_and_one_without_the_tables_say_so_in_words() -> None:
    nothing = report_html(page_frames(empty_tables()), FACTS)
    assert "Nobody has entered a stage yet." in nothing and "<figure" not in nothing and "nan" not in nothing.lower()
    bare = report_html({}, FACTS)
    assert bare.count("Not in this publication") >= len(READS) and "<figure" not in bare


def test_one_of_everything_and_far_too_much_of_it_are_drawn() -> None:
    one = {name: frame.head(1) for name, frame in clinic_tables().items()}
    assert "<h1>" in report_html(page_frames(one), FACTS)
    huge = clinic_tables()
    huge["fct_sla_attainment"] = huge["fct_sla_attainment"].iloc[1:]
    rows = [attainment_row("all", "all", 2_000_000_000, 3_000_000_000), *huge["fct_sla_attainment"].to_dict("records")]
    huge["fct_sla_attainment"] = type(huge["fct_sla_attainment"])(rows)
    huge["fct_channel_costs"][["cost", "cost_per_sql", "cost_per_sql_low", "cost_per_sql_high"]] *= 1e6
    assert "5,000,000,000 handoffs" in report_html(page_frames(huge), FACTS)


def test_what_did_not_run_is_said_on_top() -> None:
    facts = replace(FACTS, stale_sources=("crm",), stale_tables=("fct_handoffs", "dim_leads"))
    html = report_html({}, replace(facts, table_as_of={"fct_handoffs": FACTS.as_of}))
    assert "its last run failed: crm." in html and "as published before: fct_handoffs." in html
    assert "nor published before, so not here: dim_leads." in html
    first = report_html({}, facts)
    assert "as published before" not in first and "so not here: dim_leads and fct_handoffs." in first


def test_a_part_from_an_older_table_answers_for_an_older_moment() -> None:
    older = FACTS.as_of.replace(month=6)
    html = report_html(page_frames(clinic_tables()), replace(FACTS, table_as_of={"fct_channel_costs": older}))
    html = html.replace("\u00a0", " ")
    assert html.count("This part is older: it answers for 1 June 2026, 05:00 UTC.") == 1
    assert "Every number answers for 1 July 2026, 05:00 UTC, or where a part says that it is older for the" in html
    assert "or where a part says" not in HTML
    assert html.count('<p class="of">As of 1 June 2026') == 1 and html.count('<p class="of">As of 1 July 2026') == 4


def test_refunds_beyond_the_spend_are_drawn() -> None:
    """A share of spend below nothing, all SQLs elsewhere: an axis must still end somewhere."""
    refunded = clinic_tables()
    costs = refunded["fct_channel_costs"]
    costs[["cost", "cost_per_sql", "cost_per_sql_low", "cost_per_sql_high", "share_of_spend"]] *= -1
    costs.loc[costs["channel"] == "events", "cost"] = 4_100.0
    html = report_html(page_frames(refunded), FACTS).replace("\u00a0", " ")
    assert "More paid back than spent, and in no cost here: paid search (USD -901,123)" in html


@pytest.mark.parametrize(("value", "end"), [(0, 1), (-3, 1), (math.inf, 1), (math.nan, 1), (0.3, 0.5), (21, 25)])
def test_an_axis_ends_above_every_value(value: float, end: float) -> None:
    assert nice_end(value) == pytest.approx(end)


@pytest.mark.parametrize("name", [r"price $\frac$", "a$$c", "Offer $99 now $49"])
def test_signs_of_money_are_no_mathematics(name: str) -> None:
    names = type(FACTS.names)({"channel": {"paid_search": name}})
    html = report_html(page_frames(clinic_tables()), replace(FACTS, names=names))
    assert f">{name}</text>" in html


def test_text_from_the_data_is_text() -> None:
    tables = clinic_tables()
    tables["fct_ageing_queue"]["lead_id"] = "<b>&"
    html = report_html(
        page_frames(tables), replace(FACTS, names=type(FACTS.names)({"team_id": {"team_skin": "A<i>&B"}}))
    )
    assert "<b>&" not in html and "&lt;b&gt;&amp;" in html and "<i>" not in html


@pytest.fixture(scope="module")
def published() -> dict[str, set[str]]:
    settings = Settings()
    ensure_manifest(settings)
    nodes = json.loads(settings.dbt_manifest.read_text(encoding="utf-8"))["nodes"].values()
    return {node["name"]: set(node["columns"]) for node in nodes if node["schema"] == "marts"}


def test_what_it_reads_is_published(published: dict[str, set[str]]) -> None:
    wrong = {read.table: {*read.columns, *read.only} - published.get(read.table, set()) for read in all_reads()}
    assert not {table: columns for table, columns in wrong.items() if columns}
