"""Scoring: once, each row by itself, with bands and reasons that name features and nobody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models_ml.artifacts import (
    load_champion,
    load_readiness,
    probe_frame,
    promote_readiness,
    same_predictions,
    store_readiness,
)
from models_ml.readiness import score_readiness
from models_ml.readiness.estimator import fit_readiness_pipeline, make_readiness_pipeline, predict_readiness
from models_ml.readiness.explain import contributions
from models_ml.readiness.labels import mature_labels
from models_ml.readiness.pipeline_columns import FeatureSchema, feature_frame, learn_schema, raw_features
from tests.unit.models_ml.examples import AS_OF, HORIZON, made_examples
from tests.unit.models_ml.test_train import NONE_YET, trained

KINDS = ("points", "logistic", "logistic_strong", "boosting")


def fitted(kind: str):  # type: ignore[no-untyped-def]
    """(pipeline, schema, features) of that kind over the made-up examples."""
    examples, attributes = made_examples(600)
    raw, origins = raw_features(examples, attributes)
    schema = learn_schema(raw, origins)
    features = feature_frame(raw, schema)
    labels = mature_labels(examples, AS_OF)
    return fit_readiness_pipeline(make_readiness_pipeline(kind, schema, seed=7), features, labels), schema, features  # type: ignore[arg-type]


def test_a_row_scored_alone_is_scored_as_in_a_batch() -> None:
    examples, attributes = made_examples(200, seed=9)
    batch = score_readiness(trained(), examples, attributes, already_scored=NONE_YET, as_of=AS_OF)
    for place in range(0, 200, 7):
        alone = score_readiness(trained(), examples.iloc[[place]], attributes, already_scored=NONE_YET, as_of=AS_OF)
        same = batch[batch["record_key"] == examples["record_key"].iloc[place]].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, same)


def test_what_is_scored_already_is_left_alone() -> None:
    examples, attributes = made_examples(30)
    fresh = score_readiness(trained(), examples, attributes, already_scored=examples.head(10), as_of=AS_OF)
    assert set(fresh["record_key"]) == set(examples["record_key"].iloc[10:])
    nothing = score_readiness(trained(), examples, attributes, already_scored=examples, as_of=AS_OF)
    assert nothing.empty and list(nothing.columns) == list(fresh.columns) and (nothing.dtypes == fresh.dtypes).all()


def test_unknown_columns_are_ignored_and_missing_ones_handled() -> None:
    examples, attributes = made_examples(50)
    plain = score_readiness(trained(), examples, attributes, already_scored=NONE_YET, as_of=AS_OF)
    more = score_readiness(trained(), examples.assign(shoe_size=44), attributes, already_scored=NONE_YET, as_of=AS_OF)
    pd.testing.assert_frame_equal(plain, more)
    bare = examples[["record_key", "became_mql_at"]]
    scores = score_readiness(trained(), bare, attributes.head(0), already_scored=NONE_YET, as_of=AS_OF)
    assert scores["readiness"].between(0, 1).all()


def test_bands_follow_the_cut_points_of_training() -> None:
    examples, attributes = made_examples(300)
    scores = score_readiness(trained(), examples, attributes, already_scored=NONE_YET, as_of=AS_OF)
    assert set(scores["band"]) == {"high", "medium", "low"}
    lowest = scores.groupby("band")["readiness"].min()
    assert (
        lowest["high"] >= trained().bands["high"] > trained().bands["medium"]
        and lowest["medium"] >= trained().bands["medium"]
    )


def test_reasons_name_features_never_values_or_records() -> None:
    examples, attributes = made_examples(300)
    scores = score_readiness(trained(), examples, attributes, already_scored=NONE_YET, as_of=AS_OF)
    text = " ".join(scores["reasons"])
    assert "raised by appointment request" in text and "payer type" in text
    assert not any(value in text for value in ("insured", "self_pay", "referral", *examples["record_key"]))


def test_contributions_of_the_linear_model_add_up_exactly() -> None:
    pipeline, schema, features = fitted("logistic")
    pulls = contributions(pipeline, features, schema)
    odds = pipeline.decision_function(features) - pipeline.decision_function(
        schema.reference_frame()[list(features.columns)]
    )
    np.testing.assert_allclose(pulls.sum(axis=1), odds, atol=1e-9)
    name = "channel"
    typical = features.assign(**{name: schema.reference_frame()[name].iloc[0]})
    np.testing.assert_allclose(
        pulls[name], pipeline.decision_function(features) - pipeline.decision_function(typical), atol=1e-9
    )


def test_contributions_of_trees_are_what_changes_when_a_feature_is_typical() -> None:
    pipeline, schema, features = fitted("boosting")
    pulls = contributions(pipeline, features, schema)
    name = "signal appointment_request"
    same = features[name] == schema.reference_frame()[name].iloc[0]
    assert (pulls.loc[same, name] == 0).all() and pulls.loc[~same, name].abs().max() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_a_stored_model_predicts_as_before(tmp_path: Path, kind: str) -> None:
    pipeline, schema, _ = fitted(kind)
    model = type(trained())(
        f"version_{kind}", HORIZON, pipeline, schema, trained().bands, ("ethnicity",), {"kind": kind}
    )
    store_readiness(model, tmp_path)
    loaded = load_readiness(model.version, tmp_path)
    before, after = (predict_readiness(one.pipeline, probe_frame(schema)) for one in (model, loaded))
    np.testing.assert_array_equal(before, after)
    assert (loaded.schema, loaded.bands, loaded.excluded_attributes, loaded.card) == (
        schema,
        model.bands,
        ("ethnicity",),
        {"kind": kind},
    )


def test_the_champion_is_the_one_promoted_last(tmp_path: Path) -> None:
    assert load_champion(tmp_path) is None
    with pytest.raises(ValueError, match="no readiness model"):
        promote_readiness("absent", tmp_path)
    folder = store_readiness(trained(), tmp_path)
    before = (folder / "model.skops").stat().st_mtime_ns
    assert store_readiness(trained(), tmp_path) == folder and (folder / "model.skops").stat().st_mtime_ns == before
    promote_readiness(trained().version, tmp_path)
    champion = load_champion(tmp_path)
    assert champion is not None and champion.version == trained().version
    examples, attributes = made_examples(80)
    scores = [
        score_readiness(one, examples, attributes, already_scored=NONE_YET, as_of=AS_OF)
        for one in (trained(), champion)
    ]
    pd.testing.assert_frame_equal(*scores)


def test_a_stored_model_that_predicts_otherwise_is_refused(tmp_path: Path) -> None:
    folder = store_readiness(trained(), tmp_path)
    text = (folder / "model.json").read_text().replace('"probe": [\n  0.', '"probe": [\n  1.')
    (folder / "model.json").write_text(text)
    with pytest.raises(ValueError, match="predicts other"):
        load_readiness(trained().version, tmp_path)


def test_the_schema_survives_json_and_probes_are_the_same_model() -> None:
    schema = trained().schema
    assert FeatureSchema.from_dict(schema.to_dict()) == schema
    probe = predict_readiness(trained().pipeline, probe_frame(schema))
    assert same_predictions(probe, probe) and not same_predictions(probe, probe + 1e-6)


def test_no_candidates_and_none_scored_before_give_no_scores() -> None:
    examples, attributes = made_examples(30)
    none = examples.head(0)
    assert score_readiness(trained(), none, attributes, already_scored=NONE_YET, as_of=AS_OF).empty
    assert score_readiness(trained(), none, attributes, already_scored=none, as_of=AS_OF).empty
