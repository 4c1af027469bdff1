"""Pictures and tables of the readiness model: readable, repeatable, with the figures they were given."""

from __future__ import annotations

from typing import Any

import numpy as np

from models_ml.readiness.evaluate import compare
from orchestration.report.readiness_figures import card_calibration_png, card_markdown


def card() -> dict[str, Any]:
    """A card as training writes it."""
    random = np.random.default_rng(3)
    truth = random.random(400)
    labels = (random.random(400) < truth).astype(np.int8)
    forecasts = {"model": truth, "points": np.clip(truth * 0.5 + 0.25, 0, 1), "base_rate": np.full(400, 0.5)}
    counts = {"holdout_examples": 400, "holdout_converted": int(labels.sum()), "training_examples": 1200}
    return {
        "kind": "logistic",
        "horizon_days": 30,
        "split_at": "2026-05-01T00:00:00",
        "counts": counts,
        "holdout": compare(labels, forecasts, seed=1),
    }


def test_the_calibration_picture_is_a_png_and_repeatable() -> None:
    picture = card_calibration_png(card())
    assert picture.startswith(b"\x89PNG") and len(picture) > 5000
    assert picture == card_calibration_png(card())


def test_the_card_shows_the_model_beside_both_baselines_with_its_verdict() -> None:
    text = card_markdown(card())
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["model", "points", "base rate"]
    assert "Verdict: better than the base rate" in text and "400 MQLs" in text


def test_the_card_says_how_many_examples_may_have_been_filled_in_later_than_they_seem() -> None:
    said = card()
    assert "latest state" not in card_markdown(said)
    said["counts"] |= {"latest_only_examples": 37}
    assert "37 of its examples come from sources that keep only the latest state of a record" in card_markdown(said)
