"""Alarms: planted leaks and moves are found, on any frame, and honest data are silent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models_ml.metrics import predicted_over_actual
from models_ml.readiness.alarms import balance_alarms, base_rate_alarms, drift_alarms, is_off, leak_alarms
from models_ml.readiness.evaluate import by_group

X_EDUCATION = Path(__file__).resolve().parents[4] / "shared" / "data" / "x_education" / "leads.csv"
LEAKING = ["Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity"]


def leads(count: int = 1500, *, seed: int = 3) -> tuple[pd.DataFrame, np.ndarray]:
    """A frame with a little to learn in it, of every kind of column, and labels."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "channel": random.choice(["search", "social", "referral"], count),
            "days": random.gamma(2, 5, count),
            "visits": random.integers(0, 5, count),
            "is_called": random.random(count) < 0.5,
            "campaign": [f"c{number}" for number in random.integers(0, count, count)],
            "state": pd.Series(random.choice(["TX", "OK"], count), dtype=object).where(random.random(count) < 0.7),
        }
    )
    odds = 0.8 * (frame["channel"] == "referral") + 0.05 * frame["days"] - 1.8
    return frame, (random.random(count) < 1 / (1 + np.exp(-odds))).astype(int)


def test_honest_columns_raise_nothing_though_one_has_a_value_of_its_own_in_every_row() -> None:
    frame, labels = leads()
    assert leak_alarms(frame, labels, auc=0.94) == []
    assert leak_alarms(frame.assign(row=[f"lead {number}" for number in range(len(frame))]), labels) == []


def test_a_column_filled_in_after_the_outcome_is_caught_whatever_its_kind() -> None:
    frame, labels = leads()
    random = np.random.default_rng(1)
    noise = random.random(len(labels)) < 0.03
    told = np.where(noise, 1 - labels, labels)
    planted = {
        "reason_code": np.where(told == 1, None, "cold").astype(object),  # told only of those who were lost
        "calls_made": told * 3.0 + random.random(len(labels)) * 2,
        "middle": np.where(told == 1, 50.0, random.choice([0.0, 100.0], len(labels))) + random.random(len(labels)),
        "stage": np.where(told == 1, "won", "open"),
    }
    for name, values in planted.items():
        alarms = leak_alarms(frame.assign(**{name: values}), labels)
        assert [(alarm.severity, alarm.figures["feature"]) for alarm in alarms] == [("severe", name)]


def test_a_model_too_good_to_be_true_is_an_alarm() -> None:
    frame, labels = leads()
    (alarm,) = leak_alarms(frame, labels, auc=0.96)
    assert alarm.name == "leak" and alarm.severity == "severe" and "0.960" in alarm.words


def test_with_a_handful_of_outcomes_no_column_is_called_a_leak() -> None:
    frame, _ = leads(60)
    labels = np.zeros(60, dtype=int)
    labels[:5] = 1
    assert leak_alarms(frame.assign(told=labels), labels) == []


@pytest.mark.skipif(not X_EDUCATION.exists(), reason="needs the shared data sets")
def test_the_leaking_columns_of_a_real_crm_raise_the_alarm_and_without_them_there_is_silence() -> None:
    table = pd.read_csv(X_EDUCATION).replace("Select", np.nan)
    labels = table.pop("Converted").to_numpy()
    leaking = [name for name in table if name in LEAKING or str(name).startswith("Asymmetrique")]
    assert "Tags" in {alarm.figures["feature"] for alarm in leak_alarms(table, labels)}
    assert leak_alarms(table.drop(columns=leaking), labels, auc=0.903) == []


@pytest.mark.parametrize(
    ("forecast", "rows", "is_alarm"), [(0.2, 400, False), (0.3, 400, True), (0.3, 20, False), (0.22, 4000, False)]
)
def test_forecasts_are_off_only_outside_the_bounds_and_with_enough_rows(
    forecast: float, rows: int, is_alarm: bool
) -> None:
    labels = np.arange(rows) % 5 == 0
    ratio = predicted_over_actual(labels, np.full(rows, forecast))
    assert is_off(ratio) is is_alarm
    assert bool(balance_alarms(ratio, {})) is is_alarm


def test_a_group_that_is_off_is_named_and_no_more_than_a_notice() -> None:
    labels = np.tile([1, 0, 0, 0, 0], 200)
    lines = np.repeat(["cardiology", "orthopaedics"], 500)
    forecast = np.where(lines == "cardiology", 0.2, 0.4)
    groups = {"service_line": by_group(labels, forecast, lines)}
    (alarm,) = balance_alarms(predicted_over_actual(labels, np.full(1000, 0.2)), groups)
    assert (alarm.severity, alarm.figures["group"]) == ("notice", "orthopaedics")


def test_a_base_rate_that_moved_is_told_and_one_that_wobbles_is_not() -> None:
    learned = np.arange(2000) % 4 == 0
    assert base_rate_alarms(learned, np.arange(500) % 8 == 0)
    assert not base_rate_alarms(learned, np.arange(500) % 4 == 0)
    assert not base_rate_alarms(learned, np.arange(30) % 8 == 0)


def test_columns_that_moved_are_found_and_a_second_sample_of_the_same_is_silent() -> None:
    learned, _ = leads()
    newest, _ = leads(300, seed=9)
    learned, newest = learned.drop(columns="campaign"), newest.drop(columns="campaign")
    assert drift_alarms(learned, newest) == []
    moved = newest.assign(channel="fair", days=newest["days"] + 15)
    alarms = drift_alarms(learned, moved)
    assert [alarm.figures["feature"] for alarm in alarms] == ["channel", "days"]
    assert alarms[0].figures["unseen_rate"] == 1 and "100 of 100 have a value it never saw" in alarms[0].words
    assert drift_alarms(learned, moved.head(40)) == []


def test_a_column_that_stopped_coming_has_moved() -> None:
    learned, _ = leads()
    newest, _ = leads(300, seed=9)
    alarms = drift_alarms(learned.drop(columns="campaign"), newest.drop(columns=["days", "campaign"]))
    assert [alarm.figures["feature"] for alarm in alarms] == ["days"]
