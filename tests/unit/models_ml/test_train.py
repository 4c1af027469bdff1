"""Training: what it takes, what it refuses, what it must not see, and that it gives the same model twice."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache

import numpy as np
import pandas as pd
import pytest

from models_ml.readiness import NoSkill, TooFewOutcomes, TrainedReadiness, score_readiness, train_readiness
from tests.unit.models_ml.examples import AS_OF, made_examples
from tests.unit.models_ml.plain import plain

__all__ = ["plain"]

# Enough for the small tier, which costs a second a fit.
COUNT = 700
NONE_YET = pd.DataFrame({"record_key": [], "became_mql_at": []})


@cache
def trained() -> TrainedReadiness:
    """One model for the tests that only look at it."""
    model = train_readiness(*made_examples(COUNT), as_of=AS_OF)
    assert isinstance(model, TrainedReadiness), model
    return model


def test_a_model_with_something_to_learn_beats_both_baselines() -> None:
    holdout = trained().card["holdout"]
    assert holdout["model_beats_base_rate"] and trained().card["promotion"]["decision"] == "challenger"
    assert "better than the base rate" in holdout["verdict"] and "better than the points" in holdout["verdict"]
    assert list(holdout["measures"]) == ["model", "points", "lead_frequency", "base_rate"]
    assert holdout["measures"]["model"]["log_loss"] < holdout["measures"]["points"]["log_loss"]


@pytest.mark.usefixtures("plain")
def test_the_card_counts_the_examples_of_sources_without_history_and_learns_nothing_from_it() -> None:
    examples, attributes = made_examples(COUNT)
    marked = examples.assign(is_latest_only=examples.index % 3 == 0)
    model = train_readiness(marked, attributes, as_of=AS_OF)
    assert isinstance(model, TrainedReadiness)
    assert model.card["counts"]["latest_only_examples"] == 234
    # Whether a lead was a control is not known of examples: a count of these would always be 0.
    assert "control_examples" not in model.card["counts"]
    unmarked = train_readiness(examples, attributes, as_of=AS_OF)
    assert isinstance(unmarked, TrainedReadiness) and unmarked.card["counts"]["latest_only_examples"] == 0
    assert (model.version, model.schema) == (unmarked.version, unmarked.schema)


def test_without_anything_to_learn_there_is_no_model_and_it_says_why() -> None:
    result = train_readiness(*made_examples(COUNT, strength=0.0), as_of=AS_OF)
    assert isinstance(result, NoSkill)
    assert "base rate" in result.reason


@pytest.mark.parametrize("count", [0, 1, 45])
def test_too_few_outcomes_give_no_model_but_a_reason_with_counts(count: int) -> None:
    result = train_readiness(*made_examples(count), as_of=AS_OF)
    assert isinstance(result, TooFewOutcomes)
    assert "too few outcomes" in result.reason and result.counts["examples"] == count


@pytest.mark.usefixtures("plain")
def test_outcomes_that_lie_all_on_one_side_of_the_split_are_too_few() -> None:
    examples, attributes = made_examples(COUNT)
    late = examples["became_mql_at"] > examples["became_mql_at"].iloc[330]
    examples.loc[late, "became_sql_at"] = pd.NaT
    assert isinstance(train_readiness(examples, attributes, as_of=AS_OF), TooFewOutcomes)


def test_points_alone_are_the_model_where_only_points_tell() -> None:
    examples, attributes = made_examples(COUNT, seed=3)
    random = np.random.default_rng(5)
    odds = 0.12 * (examples["fit_points"] - 40) - 1
    converts = random.random(len(examples)) < 1 / (1 + np.exp(-odds))
    examples["became_sql_at"] = (examples["became_mql_at"] + pd.Timedelta(days=3)).where(converts)
    noise = attributes[attributes["kind"] == "attribute"]
    noise = noise.assign(value=random.choice(["insured", "self_pay"], len(noise)))
    model = train_readiness(examples, noise, as_of=AS_OF)
    assert isinstance(model, TrainedReadiness)
    tried = model.card["holdout"]["tried"]["log_loss"]
    assert model.card["tier"] == "points" if tried["points"] <= tried["auto"] else tried["auto"] < tried["points"]
    # Whatever was chosen: on the hold-out points are not shown to be the better, and the base rate is beaten.
    assert model.card["holdout"]["model_minus_points"]["lower"] < 0 and model.card["holdout"]["model_beats_base_rate"]


def test_a_source_without_criteria_has_no_points_and_is_learned_from_what_it_has() -> None:
    examples, attributes = made_examples(COUNT)
    bare = examples.drop(columns=["fit_points", "behaviour_points", "touch_count", "days_as_lead"])
    model = train_readiness(
        bare.assign(fit_points=None, behaviour_points=None, touch_count=0),
        attributes,
        as_of=AS_OF,
    )
    assert isinstance(model, TrainedReadiness)
    measures = model.card["holdout"]["measures"]
    assert "points" not in measures and measures["base_rate"]["log_loss"] > measures["model"]["log_loss"]


def test_without_any_feature_there_is_nothing_to_learn() -> None:
    examples, attributes = made_examples(COUNT)
    bare = examples[["record_key", "became_mql_at", "became_sql_at", "horizon_days"]].assign(source="clinic")
    result = train_readiness(bare, attributes.head(0), as_of=AS_OF)
    assert isinstance(result, NoSkill)


def test_the_card_and_the_reason_are_plain_data() -> None:
    json.dumps(trained().card, allow_nan=False)
    nothing = train_readiness(*made_examples(COUNT, strength=0.0), as_of=AS_OF)
    assert isinstance(nothing, NoSkill)
    json.dumps(nothing.card, allow_nan=False)


def test_an_example_still_inside_its_horizon_is_an_error() -> None:
    examples, attributes = made_examples(200)
    with pytest.raises(ValueError, match="inside their horizon"):
        train_readiness(examples, attributes, as_of=examples["became_mql_at"].max())


def test_an_example_that_was_sql_already_is_an_error() -> None:
    examples, attributes = made_examples(200)
    early = examples.assign(became_sql_at=examples["became_mql_at"])
    with pytest.raises(ValueError, match="was SQL before"):
        train_readiness(early, attributes, as_of=AS_OF)


def test_protected_attributes_are_in_no_feature_whatever_they_would_tell() -> None:
    examples, attributes = made_examples(COUNT)
    telling = examples[["record_key", "became_mql_at"]].assign(
        kind="attribute", name="ethnicity", value=np.where(examples["became_sql_at"].notna(), "one", "two")
    )
    both = pd.concat([attributes, telling], ignore_index=True)
    model = train_readiness(examples, both, as_of=AS_OF, excluded_attributes=["ethnicity", "channel"])
    assert isinstance(model, TrainedReadiness)
    names = set(model.schema.names)
    assert not any("ethnicity" in name for name in names) and "channel" not in names
    fresh = score_readiness(model, examples.head(50), both, already_scored=NONE_YET, as_of=AS_OF)
    without = score_readiness(
        model, examples.head(50).drop(columns="channel"), attributes, already_scored=NONE_YET, as_of=AS_OF
    )
    pd.testing.assert_frame_equal(fresh, without)


@pytest.mark.usefixtures("plain")
def test_rare_values_are_not_kept_in_the_schema() -> None:
    examples, attributes = made_examples()
    named = attributes[attributes["name"] == "payer_type"].copy()
    named["value"] = ["Rare Person" if place == 0 else value for place, value in enumerate(named["value"])]
    model = train_readiness(examples, named, as_of=AS_OF)
    assert isinstance(model, TrainedReadiness)
    assert "Rare Person" not in str(model.schema.to_dict()) + str(model.card)


def test_order_of_rows_and_columns_changes_neither_version_nor_scores() -> None:
    examples, attributes = made_examples(COUNT)
    shuffled = examples.sample(frac=1, random_state=3)[sorted(examples.columns)]
    again = train_readiness(shuffled, attributes.sample(frac=1, random_state=4), as_of=AS_OF)
    assert isinstance(again, TrainedReadiness)
    assert again.version == trained().version
    scores = [
        score_readiness(model, examples, attributes, already_scored=NONE_YET, as_of=AS_OF)
        for model in (trained(), again)
    ]
    pd.testing.assert_frame_equal(*scores)


@pytest.mark.usefixtures("plain")
def test_version_follows_data_and_parameters() -> None:
    examples, attributes = made_examples(COUNT)
    changed = examples.assign(touch_count=examples["touch_count"] + (examples.index == 7))
    other = train_readiness(changed, attributes, as_of=AS_OF)
    seeded = train_readiness(examples, attributes, as_of=AS_OF, random_state=8)
    later = train_readiness(examples, attributes, as_of=AS_OF + pd.Timedelta(days=1))
    assert (
        isinstance(other, TrainedReadiness)
        and isinstance(seeded, TrainedReadiness)
        and isinstance(later, TrainedReadiness)
    )
    known = train_readiness(examples, attributes, as_of=AS_OF)
    assert isinstance(known, TrainedReadiness)
    assert len({other.version, seeded.version, known.version}) == 3
    assert later.version == known.version


SCRIPT = """
from tests.unit.models_ml.test_train import trained, NONE_YET, score_readiness, made_examples, AS_OF, COUNT
print(trained().version)
print(score_readiness(trained(), *made_examples(COUNT), already_scored=NONE_YET, as_of=AS_OF).to_csv(index=False))
"""


def test_two_processes_train_and_score_the_same() -> None:
    runs = [
        subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1] and len(runs[0].splitlines()) > 500
