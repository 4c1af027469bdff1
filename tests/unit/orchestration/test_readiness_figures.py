"""The model card: readable, repeatable, with the figures it was given, and an answer to what intake asks."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models_ml.readiness.feedback import control_report
from orchestration.report import readiness_figures
from orchestration.report.readiness_card import card_sections
from orchestration.report.readiness_figures import (
    card_html,
    card_markdown,
    gain_png,
    holdout_calibration_png,
    holdout_markdown,
)
from tests.unit.orchestration.cards import card


def page(told: dict[str, Any] | None = None, **more: Any) -> str:
    """The page's text without its tags."""
    text = re.sub(
        r"<style>.*?</style>|<svg.*?</svg>", " ", card_html(told or card(), version="abc", **more), flags=re.S
    )
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@pytest.mark.parametrize("draw", [holdout_calibration_png, gain_png])
def test_pictures_are_png_and_repeatable(draw: Any) -> None:
    picture = draw(card()["holdout"])
    assert picture.startswith(b"\x89PNG") and len(picture) > 5000
    assert picture == draw(card()["holdout"])


def test_the_page_says_of_a_hundred_leads_in_each_band_how_many_became_sql() -> None:
    said = page()
    for row in card()["holdout"]["by_band"]:
        assert f"{100 * row['observed_rate']['estimate']:.0f} of 100" in said
        assert f" {row['rows']} {row['converted']} " in said
    assert "within 30 days of becoming MQL" in said.replace("\xa0", " ")


def test_the_page_shows_every_forecast_on_the_same_leads_with_its_figures() -> None:
    said, measures = page(), card()["holdout"]["measures"]
    assert set(measures) == {"model", "points", "lead_frequency", "base_rate"}
    for name in measures:
        measured = measures[name] | measures[name].get("weighted", {})
        assert f"{measured['log_loss']:.4f}" in said
    assert "surely better than" in said


def test_what_is_weighted_says_so_and_nothing_else_does() -> None:
    told = card()
    for measured in told["holdout"]["measures"].values():
        measured.pop("weighted", None)
    assert "weighted:" not in page(told)
    for measured in told["holdout"]["measures"].values():
        measured["weighted"] = {}
    said = page(told)
    for caption in ("how many became SQL", "forecast in other ways", "by tenths", "by service line"):
        assert f"{caption} (weighted: worked leads stand for unworked ones too)" in said


def test_the_same_card_gives_the_same_page() -> None:
    assert card_html(card(), version="abc") == card_html(card(), version="abc")


def test_what_is_barred_is_named_with_its_reason_and_proxies_with_their_auc() -> None:
    said = page()
    assert "payer type" in said and "handler (entered by staff)" in said
    assert f"{card()['proxies'][0]['auc']['estimate']:.2f}" in said


def test_the_page_says_whether_scores_are_as_right_for_every_payer() -> None:
    told = card()
    groups = told["holdout"]["by_protected"]
    assert {row["group"] for row in groups} == {"insured", "self_pay", "(none)"}
    assert sum(row["rows"] for row in groups) == told["counts"]["holdout_examples"]
    said = page()
    for row in groups:
        assert f"{row['rows']} {100 * row['high_rate']:.1f}" in said
    assert "as right for one group as for another?" in said and "payer type not told" in said.replace("  ", " ")
    del told["holdout"]["by_protected"]
    assert "could not be tried" in page(told), "a card of an older training has no such figures"


def test_the_page_says_how_many_examples_may_have_been_filled_in_later_than_they_seem() -> None:
    told = card()
    assert "latest state" not in page(told)
    told["counts"]["latest_only_examples"] = 37
    assert "37 of its examples come from sources that keep only the latest state of a record" in page(told)


def test_alarms_of_the_latest_training_come_first_and_without_any_it_says_so() -> None:
    assert "No alarm" in page()
    alarm = {"name": "leak", "severity": "severe", "words": "The model is too good to be true.", "figures": {}}
    said = page(latest={"alarms": [alarm], "promotion": card()["promotion"]})
    assert "Look at this first: The model is too good to be true." in said and "No alarm" not in said


def test_an_incumbent_that_stays_says_why() -> None:
    stays = {"decision": "incumbent", "why": "the other one is worse", "difference": None, "rows": 9, "converted": 2}
    assert "It stays: the other one is worse." in page(latest={"promotion": stays, "alarms": []})


def test_leads_routed_without_their_score_are_shown_beside_the_others() -> None:
    assert "or none is drawn" in page()
    drawn = page(control={"drawn": {"scored": 206, "control": 11}})
    assert "So far 11 of 206 scored leads were drawn" in drawn and "no readiness, band or reasons" in drawn
    assert "None of the 206 leads scored so far was drawn" in page(control={"drawn": {"scored": 206, "control": 0}})
    random = np.random.default_rng(1)
    readiness = random.random(600)
    rows = pd.DataFrame(
        {
            "readiness": readiness,
            "is_converted": random.random(600) < readiness,
            "is_control": random.random(600) < 0.3,
        }
    )
    report = control_report(rows)
    said = page(control=report)
    assert f"{report['control']['rows']:,}" in said and "Judged by these alone" in said
    assert "too few to judge scores by: 20" in page(control=control_report(rows.head(60)))


def test_control_leads_nobody_worked_are_no_proof_against_a_score() -> None:
    random = np.random.default_rng(2)
    readiness, worked = random.uniform(0.1, 0.7, 3000), random.random(3000) < 0.6
    rows = pd.DataFrame(
        {
            "readiness": readiness,
            "has_work_events": True,
            "is_worked": worked,
            "is_converted": worked & (random.random(3000) < readiness),
            "is_control": random.random(3000) < 0.5,
        }
    )
    report = control_report(rows)
    assert report["left_out"] == int((~worked).sum())
    ratio = report["unbiased"]["predicted_over_actual"]
    assert ratio["lower"] < 1 < ratio["upper"] and ratio["upper"] < 1.25
    assert f"Left out are {report['left_out']:,} that nobody worked" in page(control=report)


def test_the_markdown_holds_pictures_tables_and_the_same_words() -> None:
    text = card_markdown(card(), version="abc")
    assert text.count("](data:image/png;base64,") == 2
    assert "| the criteria's points |" in text and "## What a score means" in text
    assert text.startswith("# How far to trust readiness")


def test_a_model_not_kept_shows_its_verdict() -> None:
    text = holdout_markdown(card()["holdout"])
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["model", "points", "lead frequency", "base rate"]
    assert "Verdict: better than the points" in text


def test_one_card_as_markdown_makes_its_sections_once_and_draws_nothing_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told, picture = card(), holdout_calibration_png(card()["holdout"])
    made: list[object] = []

    def counted(*given: Any, **more: Any) -> Any:
        made.append(given)
        return card_sections(*given, **more)

    monkeypatch.setattr(readiness_figures, "card_sections", counted)
    monkeypatch.setattr(readiness_figures, "holdout_calibration_png", lambda _: pytest.fail("drawn twice"))
    assert card_markdown(told, version="abc", calibration=picture).count("data:image/png;base64,") == 2
    assert len(made) == 1
