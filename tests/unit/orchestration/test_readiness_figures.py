"""Pictures and tables of the readiness model: readable, repeatable, with the figures they were given."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.readiness.evaluate import compare
from orchestration.report.readiness_figures import card_calibration_png, card_markdown, funnel_markdown


def card() -> dict[str, object]:
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


def test_the_funnel_shows_mature_conversion_and_nothing_where_nothing_is_mature() -> None:
    steps = pd.DataFrame(
        {
            "step": ["lead_to_mql", "mql_to_sql"],
            "horizon_days": [30, 30],
            "entered_count": [1200, 50],
            "at_risk_count": [1000, 0],
            "converted_count": [250, 0],
            "lower": [0.224, np.nan],
            "upper": [0.278, np.nan],
        }
    )
    text = funnel_markdown(steps)
    assert "| lead to mql | 30 days | 1,200 | 1,000 | 25.0% [22.4%, 27.8%] |" in text
    assert text.endswith("| mql to sql | 30 days | 50 | 0 | – |")
