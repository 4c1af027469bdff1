"""Measures against reference implementations, and properties that hold for any forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from models_ml.metrics import (
    auc_interval,
    calibration_table,
    expected_calibration_error,
    paired_difference,
    row_log_loss,
    wilson_interval,
)
from models_ml.readiness.evaluate import evaluate_scores, measure

FORECASTS = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 99)), min_size=2, max_size=60)


@given(FORECASTS)
def test_area_under_the_curve_is_scikit_learns(rows: list[tuple[int, int]]) -> None:
    labels, forecast = np.array([row[0] for row in rows]), np.array([row[1] / 100 for row in rows])
    area = auc_interval(labels, forecast)
    if labels.min() == labels.max():
        assert np.isnan(area.estimate)
        return
    assert abs(area.estimate - roc_auc_score(labels, forecast)) < 1e-12
    assert area.lower <= area.estimate <= area.upper


def test_delong_interval_is_that_of_a_direct_computation() -> None:
    random = np.random.default_rng(2)
    labels, forecast = random.integers(0, 2, 80), np.round(random.random(80), 1)
    wins = (forecast[labels == 1][:, None] > forecast[labels == 0]) + 0.5 * (
        forecast[labels == 1][:, None] == forecast[labels == 0]
    )
    rows, columns = wins.shape
    variance = wins.mean(axis=1).var(ddof=1) / rows + wins.mean(axis=0).var(ddof=1) / columns
    area = auc_interval(labels, forecast)
    assert np.allclose(
        [area.lower, area.upper], [wins.mean() - 1.959964 * variance**0.5, wins.mean() + 1.959964 * variance**0.5]
    )


def test_delong_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    truth, covered = 0.7602, 0  # of two normals one standard deviation apart: Phi(1 / sqrt(2))
    for _ in range(400):
        forecast = np.concatenate([random.normal(1, 1, 60), random.normal(0, 1, 90)])
        area = auc_interval(np.repeat([1, 0], [60, 90]), forecast)
        covered += area.lower <= truth <= area.upper
    assert 0.91 <= covered / 400 <= 0.98


@given(FORECASTS)
def test_mean_of_the_row_losses_is_scikit_learns_log_loss(rows: list[tuple[int, int]]) -> None:
    labels, forecast = np.array([row[0] for row in rows]), np.array([row[1] / 100 for row in rows])
    assert abs(row_log_loss(labels, forecast).mean() - log_loss(labels, forecast, labels=[0, 1])) < 1e-9


def test_losses_of_certainties_are_finite() -> None:
    assert np.isfinite(row_log_loss([0, 1, 0, 1], [0.0, 1.0, 1.0, 0.0])).all()


@given(FORECASTS, st.integers(1, 12))
def test_calibration_table_counts_every_row_once(rows: list[tuple[int, int]], bins: int) -> None:
    labels, forecast = np.array([row[0] for row in rows]), np.array([row[1] / 100 for row in rows])
    table = calibration_table(labels, forecast, bins=bins)
    assert table["count"].sum() == len(rows) and len(table) <= bins
    assert abs((table["observed_rate"] * table["count"]).sum() - labels.sum()) < 1e-9
    assert table["mean_predicted"].is_monotonic_increasing
    assert 0 <= expected_calibration_error(table) <= 1


def test_a_forecast_that_tells_the_truth_is_calibrated_and_a_halved_one_is_not() -> None:
    random = np.random.default_rng(4)
    truth = random.random(20_000)
    labels = (random.random(20_000) < truth).astype(int)
    assert expected_calibration_error(calibration_table(labels, truth)) < 0.02
    assert expected_calibration_error(calibration_table(labels, truth / 2)) > 0.2


@given(st.integers(0, 400), st.integers(0, 400))
def test_wilson_limits_solve_the_score_equation(successes: int, failures: int) -> None:
    count = successes + failures
    rate = wilson_interval(successes, count)
    if not count:
        assert np.isnan(rate.estimate)
        return
    for limit in (rate.lower, rate.upper):
        distance = (rate.estimate - limit) ** 2 * count - 1.959963984540054**2 * limit * (1 - limit)
        assert abs(distance) < 1e-6 * count
    assert rate.lower <= rate.estimate + 1e-12 and rate.estimate <= rate.upper + 1e-12


def test_paired_difference_is_repeatable_and_sees_which_is_better() -> None:
    random = np.random.default_rng(1)
    worse = random.random(500)
    better = worse - 0.1 - 0.05 * random.random(500)
    difference = paired_difference(better, worse, seed=3)
    assert difference == paired_difference(better, worse, seed=3)
    assert difference.upper < 0 and difference.lower <= difference.estimate <= difference.upper


def test_measures_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(8)
    labels, forecast = random.integers(0, 2, 200).astype(np.int8), random.random(200)
    measured = measure(labels, forecast)
    assert abs(measured["brier"] - brier_score_loss(labels, forecast)) < 1e-12
    assert measured["rows"] == 200 and measured["converted"] == labels.sum()


def test_scores_are_judged_by_version_and_by_whether_they_were_routed() -> None:
    random = np.random.default_rng(8)
    rows = pd.DataFrame(
        {
            "model_version": random.choice(["first", "second"], 300),
            "is_routed": random.random(300) < 0.7,
            "is_converted": random.random(300) < 0.4,
            "readiness": random.random(300),
        }
    )
    judged = evaluate_scores(rows)
    assert judged["all"]["rows"] == 300 == sum(part["rows"] for part in judged["by_model_version"].values())
    assert set(judged["by_routed"]) == {"routed", "not_routed"}
    assert evaluate_scores(rows.head(0)) == {}
