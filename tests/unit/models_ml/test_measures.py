"""Brier parts, calibration lines, gain and rates of weighted rows: against hand arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from models_ml.metrics import (
    brier_parts,
    calibration_error_interval,
    calibration_line,
    calibration_table,
    expected_calibration_error,
    gain_at,
    paired_difference,
    predicted_over_actual,
    weighted_rate,
    wilson_interval,
)

FORECASTS = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 99)), min_size=2, max_size=60)


def drawn(count: int, *, seed: int, slope: float = 1.0, level: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(labels, forecasts) whose true log odds are level + slope × those forecast."""
    random = np.random.default_rng(seed)
    odds = random.normal(-1, 1.2, count)
    labels = random.random(count) < 1 / (1 + np.exp(-(level + slope * odds)))
    return labels.astype(int), 1 / (1 + np.exp(-odds))


@given(FORECASTS, st.integers(1, 12))
def test_brier_parts_add_up_to_the_score(rows: list[tuple[int, int]], bins: int) -> None:
    labels, forecast = np.array([row[0] for row in rows]), np.array([row[1] / 100 for row in rows])
    parts = brier_parts(labels, forecast, bins=bins)
    whole = parts.reliability - parts.resolution + parts.uncertainty + parts.within_bins
    assert abs(whole - brier_score_loss(labels, forecast)) < 1e-12
    assert min(parts.reliability, parts.resolution, parts.uncertainty) >= 0


def test_brier_parts_of_two_bins_by_hand() -> None:
    parts = brier_parts([0, 1, 1, 1], [0.2, 0.2, 0.8, 0.8], bins=2)
    # Bins: seen .5 and 1 where .2 and .8 were forecast; .75 in all.
    assert parts.reliability == pytest.approx((0.3**2 + 0.2**2) / 2)
    assert parts.resolution == pytest.approx(0.25**2)
    assert parts.uncertainty == pytest.approx(0.75 * 0.25)
    assert parts.within_bins == pytest.approx(0)


def test_the_calibration_line_is_that_of_a_logistic_regression() -> None:
    labels, forecast = drawn(800, seed=2, slope=0.7, level=0.4)
    odds = np.log(forecast / (1 - forecast))
    known = LogisticRegression(C=1e9, tol=1e-10).fit(odds[:, None], labels)
    line = calibration_line(labels, forecast)
    assert line.slope.estimate == pytest.approx(known.coef_[0, 0], abs=1e-4)
    assert line.intercept == pytest.approx(known.intercept_[0], abs=1e-4)
    # At slope 1 the level is what makes the sum of forecasts that of outcomes.
    moved = 1 / (1 + np.exp(-(odds + line.level.estimate)))
    assert moved.sum() == pytest.approx(labels.sum())


def test_the_lines_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    slopes = levels = 0
    for seed in range(200):
        line = calibration_line(*drawn(400, seed=seed))
        slopes += line.slope.lower <= 1 <= line.slope.upper
        levels += line.level.lower <= 0 <= line.level.upper
    assert 0.90 <= slopes / 200 <= 0.99 and 0.90 <= levels / 200 <= 0.99


def test_rows_of_weight_two_are_rows_given_twice() -> None:
    labels, forecast = drawn(300, seed=4)
    weights = 1 + (np.arange(300) % 2)
    twice = np.repeat(np.arange(300), weights)
    one, two = calibration_line(labels, forecast, weights), calibration_line(labels[twice], forecast[twice])
    assert one.slope.estimate == pytest.approx(two.slope.estimate)
    assert one.level.estimate == pytest.approx(two.level.estimate)
    assert weighted_rate(labels, weights).estimate == pytest.approx(labels[twice].mean())
    ratio = predicted_over_actual(labels, forecast, weights)
    assert ratio.estimate == pytest.approx(forecast[twice].sum() / labels[twice].sum())


def test_without_weights_a_rate_is_wilsons() -> None:
    labels = np.repeat([1, 0], [7, 33])
    assert weighted_rate(labels, np.full(40, 3.0)) == pytest.approx(wilson_interval(7, 40), abs=1e-9)


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]])
def test_what_the_data_do_not_tell_has_no_line(labels: list[int]) -> None:
    line = calibration_line(labels, [0.1, 0.2, 0.8, 0.9])
    assert np.isnan(line.slope.estimate)


def test_equal_forecasts_have_a_level_and_no_slope() -> None:
    line = calibration_line([0, 0, 1, 1], [0.25] * 4)
    assert line.level.estimate == pytest.approx(np.log(3)) and np.isnan(line.slope.estimate)


def test_predicted_over_actual_of_none_seen_is_unbounded() -> None:
    ratio = predicted_over_actual([0] * 20, [0.1] * 20)
    assert ratio.estimate == np.inf and ratio.lower < 1


def test_gain_of_the_best_tenth_by_hand() -> None:
    labels = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 1])
    forecast = np.linspace(0.9, 0.1, 10)
    assert gain_at(labels, forecast, 0.2).estimate == pytest.approx(2 / 4)
    assert gain_at(labels, forecast, 0.5).estimate == pytest.approx(3 / 4)
    assert gain_at(labels, forecast, 1.0).estimate == 1


@given(FORECASTS, st.floats(0.05, 1))
def test_equal_forecasts_gain_what_chance_does(rows: list[tuple[int, int]], share: float) -> None:
    labels = np.array([row[0] for row in rows])
    gain = gain_at(labels, np.full(len(rows), 0.3), share)
    if labels.any():
        assert gain.estimate == pytest.approx(share)
        assert gain.lower <= gain.estimate <= gain.upper
    else:
        assert np.isnan(gain.estimate)


def test_calibration_error_lies_in_its_interval_and_is_the_tables() -> None:
    labels, forecast = drawn(500, seed=6)
    error = calibration_error_interval(labels, forecast, seed=1, repeats=100)
    assert error == calibration_error_interval(labels, forecast, seed=1, repeats=100)
    assert error.estimate == pytest.approx(expected_calibration_error(calibration_table(labels, forecast)))
    assert error.lower <= error.estimate <= error.upper


def test_a_weighted_difference_counts_rows_by_their_weight() -> None:
    left, right = np.array([1.0, 0.0]), np.array([0.0, 0.0])
    assert paired_difference(left, right, seed=1, weights=[3, 1]).estimate == pytest.approx(0.75)
