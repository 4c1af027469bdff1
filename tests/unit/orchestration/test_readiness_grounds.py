"""What a model card says the model rests on, read from cards of a few lines."""

from __future__ import annotations

from typing import Any

from models_ml.readiness.promotion import MIN_UNSEEN
from orchestration.report.readiness_grounds import protected, verdict
from orchestration.report.readiness_groups import groups_table, groups_words
from orchestration.report.readiness_use import use

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
    said = " ".join(protected({"excluded_attributes": {}, "proxies": proxies, "holdout": {}}).says)
    assert "Too few leads have told birth name and language" in said
    assert "too many different values of age," in said


def group(value: str, lower: float, upper: float) -> dict[str, Any]:
    """A group's row of which only the interval of its ratio matters."""
    rate = {"estimate": 0.3, "lower": 0.2, "upper": 0.4}
    ratio = {"estimate": 1.0, "lower": lower, "upper": upper}
    return {"attribute": "language", "group": value, "rows": 90, "high_rate": 0.2, "mean_predicted": 0.3,
            "observed_rate": rate, "predicted_over_actual": ratio}  # fmt: skip


def test_whether_scores_are_as_right_for_one_group_as_for_another_is_answered() -> None:
    fair = " ".join(groups_words([group("en", 0.9, 1.1), group("es", 0.8, 1.2)]))
    assert "In no group did forecasts and outcomes differ beyond chance." in fair
    off = " ".join(groups_words([group("es", 0.6, 0.9), group("en", 0.9, 1.1), group("(none)", 1.1, 1.4)]))
    assert "fewer SQLs than came, beyond chance, for language Spanish: their scores are too low" in off
    assert "more SQLs than came, beyond chance, for language not told: their scores are too high" in off
    assert "In no group" not in off and "could not be tried" in " ".join(groups_words([]))
    (table,) = groups_table([group("es", 0.6, 0.9)], "")
    assert table.rows[0][:4] == ("language", "Spanish", "90", "20.0 %".replace(" ", table.rows[0][3][-2]))


def test_a_language_is_called_by_its_name_in_both_tables() -> None:
    auc = {"estimate": 0.6, "lower": 0.5, "upper": 0.7}
    codes = {"es": "Spanish", "zh": "Chinese", "es-MX": "Spanish (Mexico)", "any_other": "any other"}
    proxies = [{"attribute": "language", "level": code, "rows": 40, "auc": auc} for code in codes]
    (guessed,) = protected({"excluded_attributes": {}, "proxies": proxies, "holdout": {}}).tables
    (tried,) = groups_table([group(code, 0.9, 1.1) for code in codes], "")
    for table in (guessed, tried):
        assert [row[1] for row in table.rows] == list(codes.values())
    (age,) = groups_table([group("es", 0.9, 1.1) | {"attribute": "age_band"}], "")
    assert age.rows[0][1] == "es"


WORKED = {"row_count": 1000, "untold_count": 0, "converted_unworked_count": 30, "left_out_count": 70,
          "worked_count": 900}  # fmt: skip


def test_what_comes_of_leads_nobody_calls_is_told_as_far_as_it_is_known() -> None:
    said = " ".join(use({"working": WORKED, "counts": {"converted": 390}}).says).replace("\u00a0", " ")
    assert "Of 100 MQLs whom nobody had tried or reached 30 became SQL of themselves (30 of 100)" in said
    assert "of 900 others 360 did (40 of 100)" in said and "Record every try" in said
    untold = use({"working": WORKED | {"untold_count": 1000}, "counts": {"converted": 390}})
    assert "counts as one that said no" in untold.says[1] and "cannot be told here" in untold.says[3]
    all_worked = WORKED | {"converted_unworked_count": 0, "left_out_count": 0}
    assert "not known" in use({"working": all_worked, "counts": {"converted": 390}}).says[3]
    assert not untold.tables
