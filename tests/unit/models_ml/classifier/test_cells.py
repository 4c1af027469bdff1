"""The same cell reads the same however it is held, and what cannot be read is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from models_ml.readiness import ReadinessClassifier, ridge
from models_ml.readiness.cells import as_numbers, level_of, plain

ROWS = 60
MOMENTS = pd.Series(pd.date_range("2026-01-01 06:00", periods=ROWS, freq="7h", unit="us"))
SPANS = pd.Series(pd.to_timedelta(np.arange(ROWS), unit="h")).dt.as_unit("us")
DAYS = 20454.25 + np.arange(ROWS) * 7 / 24
HELD: dict[str, tuple[pd.Series, Any]] = {
    "naive": (MOMENTS, DAYS),
    "zoned": (MOMENTS.dt.tz_localize("UTC").dt.tz_convert("America/Chicago"), DAYS),
    "objects": (MOMENTS.astype(object), DAYS),
    "text": (MOMENTS.astype(str), DAYS),
    "text with a zone": (MOMENTS.dt.tz_localize("UTC").dt.tz_convert("America/Chicago").astype(str), DAYS),
    "categories": (MOMENTS.astype(str).astype("category"), DAYS),
    "arrow": (MOMENTS.astype("timestamp[us][pyarrow]"), DAYS),
    "arrow, zoned": (MOMENTS.dt.tz_localize("UTC").astype("timestamp[us, tz=America/Chicago][pyarrow]"), DAYS),
    "dates": (pd.Series(MOMENTS.dt.date), np.floor(DAYS)),
    "arrow dates": (pd.Series(MOMENTS.dt.date, dtype=pd.ArrowDtype(pa.date32())), np.floor(DAYS)),
    "periods": (MOMENTS.dt.to_period("D"), np.floor(DAYS)),
    "spans": (SPANS, np.arange(ROWS) / 24),
    "arrow spans": (SPANS.astype("duration[us][pyarrow]"), np.arange(ROWS) / 24),
    "yes": (pd.Series([True, False, None], dtype="boolean"), [1, 0, np.nan]),
    "arrow yes": (pd.Series([True, False, None], dtype="bool[pyarrow]"), [1, 0, np.nan]),
    "yes as text": (pd.Series(["True", "false", "perhaps"]), [1, 0, np.nan]),
    "sparse": (pd.Series(pd.arrays.SparseArray([0.0, 2.0, np.nan])), [0, 2, np.nan]),
    "too large": (pd.Series([10**400, 10**30, complex(1, 1)], dtype=object), [np.nan, 1e30, np.nan]),
    "no dates": (pd.Series(["2026-13-01", "2026-01-01-7", "20260101"]), [np.nan, np.nan, 20260101]),
}


@pytest.mark.parametrize("held", HELD)
def test_a_cell_is_one_number_however_it_is_held(held: str) -> None:
    values, numbers = HELD[held]
    assert_allclose(as_numbers(plain(values)), numbers, rtol=1e-12)


def test_arrow_levels_are_levels() -> None:
    coded = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    frame = pd.DataFrame({"x": np.arange(ROWS), "kind": pd.Series(["a", "b", "c"] * 20, dtype=coded)})
    frame["listed"] = pd.Series([[1], [2]] * 30, dtype=pd.ArrowDtype(pa.list_(pa.int64())))
    model = ReadinessClassifier(tier="points").fit(frame, np.arange(ROWS) % 2)
    assert [feature.kind for feature in model.features_] == ["numeric", "categorical", "categorical"]
    assert model.features_[1].levels == ("a", "b", "c") and level_of(plain(frame["kind"])[0]) == "a"


def test_moments_learnt_are_scored_as_text_and_as_objects() -> None:
    """They came out in nanoseconds, or missing."""
    frame = pd.DataFrame({"moment": MOMENTS, "pages": np.arange(ROWS) % 7})
    model = ReadinessClassifier().fit(frame, (np.arange(ROWS) + 5 * (frame["pages"] > 3) > 30).astype(int))
    scored = model.decision_function(frame)
    assert np.ptp(scored) > 1
    for kind in (object, str, "timestamp[us][pyarrow]"):
        assert_array_equal(model.decision_function(frame.astype({"moment": kind})), scored)


def test_columns_named_by_numbers_are_matched_by_name() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({0: random.normal(size=ROWS), 1: random.normal(50, 9, ROWS)})
    model = ReadinessClassifier().fit(frame, (frame[0] > 0).astype(int))
    assert_array_equal(model.decision_function(frame[[1, 0]]), model.decision_function(frame))
    assert list(model.contributions(frame).columns) == ["0", "1"]
    with pytest.raises(ValueError, match="missing: 1"):
        model.predict_proba(frame.rename(columns={1: 2}))


def test_outcomes_of_any_dtype_come_back_as_what_they_are() -> None:
    frame, labels = pd.DataFrame({"x": np.arange(ROWS)}), pd.Series(np.arange(ROWS) > 20)
    for given, kind in (("boolean", bool), ("Int64", np.int64), ("bool[pyarrow]", bool)):
        assert ReadinessClassifier().fit(frame, labels.astype(given)).predict(frame).dtype == kind
    words = labels.map({True: "won", False: "lost"})
    for told in (words.astype("category"), words.astype("string"), words.tolist()):
        assert set(ReadinessClassifier().fit(frame, told).predict(frame)) == {"won", "lost"}


def test_weights_that_sum_to_one_count_as_rows() -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"x": random.normal(size=200)})
    labels = (random.random(200) < 1 / (1 + np.exp(-frame["x"]))).astype(int)
    share, whole = (
        ReadinessClassifier(random_state=0).fit(frame, labels, each) for each in (np.full(200, 0.005), None)
    )
    assert_allclose(share.decision_function(frame), whole.decision_function(frame), rtol=1e-9)
    assert share.tier_ == whole.tier_ == "small"


@pytest.mark.parametrize(
    ("parameters", "change", "words"),
    [
        ({}, {"y": [0, 1, None] * 20}, "without an outcome"),
        ({}, {"y": pd.Series([0, 1, None] * 20, dtype="Int64")}, "without an outcome"),
        ({}, {"sample_weight": [0.0, 1.0] * 30}, "one class"),
        ({}, {"X": pd.DataFrame(np.ones((ROWS, 2)), columns=["a", "a"])}, "same name: a"),
        ({}, {"X": pd.DataFrame({"wave": np.ones(ROWS) * 1j})}, "'wave'"),
        ({"points": ("scores",)}, {}, "does not have: scores"),
        ({"increasing": "x"}, {}, "not one text"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(parameters: Any, change: dict[str, Any], words: str) -> None:
    given = {"X": pd.DataFrame({"x": np.arange(ROWS)}), "y": [0, 1] * 30} | change
    with pytest.raises(ValueError, match=words):
        ReadinessClassifier(**parameters).fit(**given)


def test_a_column_doubled_later_is_refused() -> None:
    frame = pd.DataFrame({"x": np.arange(ROWS), "z": 1})
    model = ReadinessClassifier().fit(frame, [0, 1] * 30)
    with pytest.raises(ValueError, match="same name: x"):
        model.predict_proba(pd.concat([frame, frame[["x"]]], axis=1))


@pytest.mark.parametrize(("rows", "columns"), [(30, 80), (60, 20)])
def test_more_columns_than_rows_are_solved_alike(rows: int, columns: int) -> None:
    random = np.random.default_rng(0)
    full = np.column_stack([np.ones(rows), random.normal(size=(rows, columns))])
    roots, penalty = np.sqrt(random.uniform(0.01, 0.25, rows)), np.r_[1e-9, random.uniform(0.05, 10, columns)]
    right = random.normal(size=columns + 1)
    tall, wide = (kind(full, roots, penalty) for kind in (ridge._Tall, ridge._Wide))
    assert_allclose(wide.solve(right), tall.solve(right), rtol=1e-8, atol=1e-10)
    assert_allclose(wide.variances(), tall.variances(), rtol=1e-8)
