"""What a model card says the model rests on, read from cards of a few lines."""

from __future__ import annotations

from typing import Any

from models_ml.readiness.promotion import MIN_UNSEEN
from orchestration.report.readiness_grounds import protected, verdict

PROMOTION = {"decision": "incumbent", "why": "nothing new"}
MOVED = {
    "as_of": "2026-05-01T00:00:00",
    "shift": -0.7,
    "before": {"estimate": 1.8},
    "after": {"estimate": 1.0},
}


def why(**more: Any) -> str:
    """The words of why a model scores."""
    return " ".join(verdict({"trained_as_of": "2026-03-01T00:00:00", "promotion": PROMOTION, **more}, "abc").says)


def test_a_model_that_was_moved_says_which_figures_are_from_before() -> None:
    assert "taken before the move" in why(recalibration=MOVED) and "the move" not in why()


def test_from_how_many_new_outcomes_on_another_model_is_trained_is_said() -> None:
    assert f"once {MIN_UNSEEN} leads that became SQL and {MIN_UNSEEN} that did not are new" in why()


def test_why_an_attribute_was_not_tried_is_said() -> None:
    row = {"level": None, "rows": 900, "auc": None}
    proxies = [{**row, "attribute": "language", "why": "too_few_leads"}, {**row, "attribute": "birth_name"},
               {**row, "attribute": "age", "why": "too_many_values"}]  # fmt: skip
    said = " ".join(protected({"excluded_attributes": {}, "proxies": proxies}).says)
    assert "Too few leads have told birth name and language" in said
    assert "too many different values of age," in said
