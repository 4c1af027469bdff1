"""Agreement beyond chance: the macro says what scikit-learn says, and its limits hold the truth as often as said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import jinja2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats
from sklearn.metrics import cohen_kappa_score

PLACE = Path(__file__).resolve().parents[3] / "dbt_project" / "macros"
MACROS = "".join((PLACE / name).read_text(encoding="utf-8") for name in ("intervals.sql", "agreement.sql"))
Pairs = tuple[int, int, int]
Found = tuple[float | None, float | None, float | None]
Judge = Callable[[Sequence[Pairs]], list[Found]]


@pytest.fixture(scope="module")
def judge() -> Judge:
    """Kappa and its limits of each row's pairs: both yes, one of each, both no."""
    connection = duckdb.connect()
    environment = jinja2.Environment(loader=jinja2.DictLoader({"agreement": MACROS}))
    head = "{% import 'agreement' as stated %}"
    text = "select kappa, kappa_low, kappa_high from {{ stated.scott_kappas('counted') }} order by place"
    statement = environment.from_string(head + text).render()

    def judged(rows: Sequence[Pairs]) -> list[Found]:
        values = ", ".join(f"({place}, {yes}, {apart}, {no})" for place, (yes, apart, no) in enumerate(rows))
        names = "rows (place, yes_count, apart_count, no_count)"
        found = connection.execute(f"with counted as (select * from (values {values}) as {names}) {statement}")
        return found.fetchall()

    return judged


def some_pairs() -> some.SearchStrategy[list[Pairs]]:
    return some.lists(some.tuples(*[some.integers(0, 60)] * 3), min_size=1, max_size=30)


@settings(deadline=None, max_examples=40)
@given(rows=some_pairs())
def test_kappa_is_that_of_raters_who_might_have_changed_places(judge: Judge, rows: list[Pairs]) -> None:
    for (yes, apart, no), (kappa, low, high) in zip(rows, judge(rows), strict=True):
        first = [1] * yes + [1] * apart + [0] * no
        second = [1] * yes + [0] * apart + [0] * no
        if len({*first, *second}) < 2:
            assert (kappa, low, high) == (None, None, None)
        else:
            assert kappa == pytest.approx(cohen_kappa_score(first + second, second + first), abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(rows=some_pairs())
def test_limits_lie_where_the_counts_are_just_too_unlikely(judge: Judge, rows: list[Pairs]) -> None:
    for pairs, (kappa, low, high) in zip(rows, judge(rows), strict=True):
        if kappa is None or low is None or high is None:
            continue
        assert -1 <= low <= kappa <= high <= 1
        odds = (2 * pairs[0] + pairs[1]) / (2 * pairs[2] + pairs[1])
        # Below the least value that such shares allow, and beyond 1, no counts are to be expected.
        for limit in (low, high):
            if -min(odds, 1 / odds) + 1e-4 < limit < 1 - 1e-4:
                assert distance(pairs, limit) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-6)


def distance(pairs: Pairs, kappa: float) -> float:
    """Pearson's chi-square of the three counts, were that the kappa."""
    whole = sum(pairs)
    share = (2 * pairs[0] + pairs[1]) / (2 * whole)
    mixed = share * (1 - share)
    expected = [share**2 + mixed * kappa, 2 * mixed * (1 - kappa), (1 - share) ** 2 + mixed * kappa]
    return sum((count - whole * each) ** 2 / (whole * each) for count, each in zip(pairs, expected, strict=True))


@pytest.mark.parametrize(("share", "kappa", "whole"), [(0.5, 0.6, 20), (0.3, 0.4, 40), (0.2, 0.7, 60), (0.5, 0.0, 15)])
def test_limits_hold_the_truth_about_as_often_as_they_say(judge: Judge, share: float, kappa: float, whole: int) -> None:
    mixed = share * (1 - share)
    chances = [share**2 + mixed * kappa, 2 * mixed * (1 - kappa), (1 - share) ** 2 + mixed * kappa]
    drawn = np.random.default_rng(7).multinomial(whole, chances, size=4000)
    found = judge([(int(yes), int(apart), int(no)) for yes, apart, no in drawn])
    held = [low <= kappa <= high for _, low, high in found if low is not None and high is not None]
    assert 0.935 < np.mean(held) < 0.975
