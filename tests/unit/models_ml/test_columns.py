"""What a model sees: one frame of raw columns, by name, row by row, in an order that hangs on nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.readiness.columns import Feature, FeatureSchema, feature_frame, learn_schema, origin_of, raw_features
from tests.unit.models_ml.examples import made_examples


def test_columns_are_floats_and_codes_and_facts_carry_their_kind() -> None:
    examples, attributes = made_examples(300)
    raw = raw_features(examples, attributes)
    assert len(raw) == 300 and list(raw.index) == list(range(300))
    for name in raw:
        is_code = name in ("source", "service_line", "channel") or name.startswith("attribute ")
        assert raw[name].dtype == (object if is_code else "float64"), name
    asked = raw["signal_count appointment_request"] > 0
    # What somebody did not do counts nothing, and was last done never.
    assert (raw["signal_points asked"][~asked] == 0).all() and raw["signal_days appointment_request"][
        ~asked
    ].isna().all()
    assert not {"became_sql_at", "person_key", "is_worked"} & set(raw)
    assert origin_of("signal_points asked") == ("signal_points", "asked") and origin_of("channel") == (
        "column",
        "channel",
    )


def test_a_row_alone_has_the_columns_it_has_in_a_crowd() -> None:
    examples, attributes = made_examples(400)
    raw = raw_features(examples, attributes)
    schema = learn_schema(raw)
    crowd = feature_frame(raw, schema)
    for place in (0, 57, 399):
        alone = feature_frame(raw_features(examples.iloc[[place]], attributes), schema)
        pd.testing.assert_frame_equal(alone, crowd.iloc[[place]].reset_index(drop=True))
    assert list(crowd) == list(schema.names)


def test_the_schema_does_not_hang_on_the_order_of_rows_and_survives_storage() -> None:
    examples, attributes = made_examples(400)
    schema = learn_schema(raw_features(examples, attributes))
    shuffled = learn_schema(
        raw_features(examples.sample(frac=1, random_state=1), attributes.sample(frac=1, random_state=2))
    )
    assert schema == shuffled == FeatureSchema.from_dict(schema.to_dict()) and schema.hash == shuffled.hash
    assert schema.points == ("fit_points", "behaviour_points", "signal_points asked")
    assert "source" not in schema.names, "a column of one value tells nothing"


def test_rare_facts_are_not_learned_from_and_unknown_ones_are_filled() -> None:
    examples, attributes = made_examples(400)
    rare = attributes.head(5).assign(kind="attribute", name="rare", value="x")
    schema = learn_schema(raw_features(examples, pd.concat([attributes, rare])))
    assert "attribute rare" not in schema.names
    frame = feature_frame(raw_features(examples, attributes[attributes["kind"] == "attribute"]), schema)
    assert (frame["signal_count appointment_request"] == 0).all() and (frame["signal_points asked"] == 0).all()
    assert frame["signal_days appointment_request"].isna().all()
    bare = feature_frame(raw_features(examples, attributes.head(0)), schema)
    assert bare["attribute payer_type"].isna().all()


def test_numbers_among_attributes_are_numbers_and_codes_that_look_like_them_are_not() -> None:
    keys = [{"record_key": str(number), "became_mql_at": pd.Timestamp("2026-05-01")} for number in range(60)]
    values = {"visits": [str(number) for number in range(60)], "area": [f"0{number % 30 + 10}" for number in range(60)],
              "postal_area": [str(number + 700) for number in range(60)]}  # fmt: skip
    long = pd.DataFrame(
        [{**key, "kind": "attribute", "name": name, "value": value[place]}
         for name, value in values.items() for place, key in enumerate(keys)]
    )  # fmt: skip
    schema = learn_schema(raw_features(pd.DataFrame(keys), long))
    kinds = {feature.name: feature.kind for feature in schema.features}
    assert kinds == {"attribute visits": "number", "attribute area": "code", "attribute postal_area": "code"}
    odd = pd.DataFrame({"attribute visits": ["7", "inf", "x", None], "attribute area": [" 011 ", "", None, "a"]})
    frame = feature_frame(
        odd, FeatureSchema((Feature("attribute visits", "number"), Feature("attribute area", "code")))
    )
    np.testing.assert_array_equal(frame["attribute visits"], [7.0, np.nan, np.nan, np.nan])
    assert list(frame["attribute area"]) == ["011", None, None, "a"]
