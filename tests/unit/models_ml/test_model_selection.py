"""Splits in time: the embargo holds for every horizon, and nobody is on both sides."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.model_selection import TemporalSplit, forward_folds, temporal_holdout

# Day a row began, its horizon, who it is of (some unknown).
ROWS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 60), st.one_of(st.none(), st.integers(0, 12))),
    min_size=1,
    max_size=80,
)


def columns(rows: list[tuple[int, int, int | None]]) -> tuple[pd.Series, np.ndarray, pd.Series]:
    """When each began, its horizon, its person."""
    days, horizons, people = zip(*rows, strict=True)
    began = pd.Series(pd.Timestamp("2026-01-01") + pd.to_timedelta(days, unit="D"))
    return began, np.array(horizons), pd.Series(people, dtype=object)


def assert_sound(split: TemporalSplit, began: pd.Series, horizons: np.ndarray, people: pd.Series) -> None:
    """No training label peeks past the split, and no person is on both sides."""
    assert not (split.is_training & split.is_holdout).any()
    matured = began + pd.to_timedelta(horizons, unit="D")
    assert (matured[split.is_training] <= split.split_at).all()
    assert (began[split.is_holdout] >= split.split_at).all()
    assert not set(people[split.is_training].dropna()) & set(people[split.is_holdout].dropna())


@settings(deadline=None)
@given(ROWS, st.sampled_from([0.1, 0.25, 0.5]))
def test_embargo_and_people_hold_in_the_holdout(rows: list[tuple[int, int, int | None]], share: float) -> None:
    began, horizons, people = columns(rows)
    split = temporal_holdout(began, horizon_days=horizons, groups=people, holdout_share=share)
    assert_sound(split, began, horizons, people)
    assert split.is_holdout.any()
    # Nothing is left out of training without a reason.
    left = ~split.is_training & ~split.is_holdout
    seen = people.isin(set(people[split.is_holdout].dropna()))
    assert ((began + pd.to_timedelta(horizons, unit="D") > split.split_at) | seen)[left].all()


@settings(deadline=None)
@given(ROWS, st.integers(1, 4))
def test_embargo_and_people_hold_in_every_forward_fold(rows: list[tuple[int, int, int | None]], folds: int) -> None:
    began, horizons, people = columns(rows)
    splits = forward_folds(began, horizon_days=horizons, groups=people, folds=folds)
    assert len(splits) <= folds
    judged = np.zeros(len(began), dtype=int)
    for split in splits:
        assert_sound(split, began, horizons, people)
        judged += split.is_holdout
    assert judged.max(initial=0) <= 1


def test_forward_folds_walk_on_and_judge_all_but_the_first_part() -> None:
    began = pd.Series(pd.date_range("2026-01-01", periods=100, freq="D"))
    splits = forward_folds(began, horizon_days=10)
    assert [split.is_holdout.sum() for split in splits] == [20, 20, 20]
    assert [split.is_training.sum() for split in splits] == [31, 51, 71]


def test_a_holdout_with_too_few_outcomes_grows_to_half_of_the_rows_at_most() -> None:
    began = pd.Series(pd.date_range("2026-01-01", periods=100, freq="D"))
    labels = np.arange(100) % 10 == 0
    grown = temporal_holdout(began, horizon_days=1, labels=labels, least_each=4)
    assert labels[grown.is_holdout].sum() == 4 and grown.is_holdout.sum() <= 40
    assert temporal_holdout(began, horizon_days=1, labels=labels, least_each=9).is_holdout.sum() == 50
    assert temporal_holdout(began, horizon_days=1, labels=labels, least_each=2).is_holdout.sum() == 25
