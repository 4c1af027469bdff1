"""The macros of shares and waiting times say what scipy and published tables say of the same counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from models_ml.metrics import wilson_interval

PLACE = Path(__file__).resolve().parents[3] / "dbt_project" / "macros"
MACROS = "".join((PLACE / name).read_text(encoding="utf-8") for name in ("intervals.sql", "waiting.sql"))
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def ask() -> Ask:
    """Runs a statement written with the macros."""
    connection = duckdb.connect()
    # dbt knows every macro everywhere; plain Jinja shares those of one template with what is imported from it.
    environment = jinja2.Environment(loader=jinja2.DictLoader({"intervals": MACROS}))
    head = "{% import 'intervals' as stated %}"
    return lambda statement: connection.execute(environment.from_string(head + statement).render()).fetchall()


def wilson(ask: Ask, count: int, whole: int) -> tuple[Any, ...]:
    return ask(
        f"select {{{{ stated.wilson_low('n', 'm') }}}}, {{{{ stated.wilson_high('n', 'm') }}}}"
        f" from (select {count}::bigint as n, {whole}::bigint as m)"
    )[0]


@given(count=some.integers(0, 5000), others=some.integers(0, 5000))
def test_limits_of_a_share_are_those_of_scipy(ask: Ask, count: int, others: int) -> None:
    low, high = wilson(ask, count, count + others)
    if count + others == 0:
        assert (low, high) == (None, None)
        return
    expected = wilson_interval(count, count + others)
    assert (low, high) == pytest.approx((expected.lower, expected.upper), abs=1e-12)
    assert 0 <= low <= count / (count + others) <= high <= 1


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # Newcombe 1998, Statistics in Medicine 17: 873-890, table II, method 10.
        ((56, 70, 48, 80), (0.2000, 0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.6000, 0.1705, 0.8090)),
        ((5, 56, 0, 29), (0.0893, -0.0381, 0.1926)),
        ((10, 10, 0, 20), (1.0000, 0.6791, 1.0000)),
        ((3, 4, 0, 0), (None, None, None)),
    ],
)
def test_limits_of_a_difference_are_the_published_ones(
    ask: Ask, counts: tuple[int, ...], expected: tuple[float | None, ...]
) -> None:
    names = ", ".join(f"{count}::bigint as c{place}" for place, count in enumerate(counts))
    found = ask(f"select {{{{ stated.difference_columns('d', 'c0', 'c1', 'c2', 'c3') }}}} from (select {names})")[0]
    assert found == (expected if None in expected else pytest.approx(expected, abs=5e-5))


@given(waits=some.lists(some.tuples(some.integers(1, 12), some.booleans()), min_size=1, max_size=30))
def test_waiting_times_are_kaplan_meier_quantiles(ask: Ask, waits: list[tuple[int, bool]]) -> None:
    rows = ", ".join(f"('k', {micros}::bigint, {str(is_ended).lower()})" for micros, is_ended in waits)
    found = ask(
        f"with waits as (select * from (values {rows}) as rows (k, waited_micros, is_ended))"
        " select * from {{ stated.waiting_quantiles('waits', ['k']) }} as quantiles"
    )
    frame = pd.DataFrame(waits, columns=["micros", "is_ended"])
    ended, still = frame.loc[frame["is_ended"], "micros"], frame.loc[~frame["is_ended"], "micros"]
    curve = stats.ecdf(stats.CensoredData(uncensored=ended.to_list(), right=still.to_list())).sf
    reached = [np.flatnonzero(curve.probabilities <= share + 1e-9) for share in (0.5, 0.1)]
    expected = [int(curve.quantiles[places[0]]) if len(places) else None for places in reached]
    assert found == [("k", *expected)]


@pytest.mark.parametrize("count", [1, 2, 5, 10, 37.5, 400, 12_000])
def test_limits_of_a_number_of_events_are_those_of_poisson(ask: Ask, count: float) -> None:
    low, high = ask(
        f"select {{{{ stated.byar_low('n') }}}}, {{{{ stated.byar_high('n') }}}} from (select {count} as n)"
    )[0]
    exact = stats.chi2.ppf(0.025, 2 * count) / 2, stats.chi2.ppf(0.975, 2 * count + 2) / 2
    # Byar's is known to be that close; of very few events the lower one is lower than need be.
    assert low == pytest.approx(exact[0], rel=0.02, abs=0.02)
    assert high == pytest.approx(exact[1], rel=0.02)


def test_of_no_event_there_may_have_been_a_few(ask: Ask) -> None:
    low, high = ask("select {{ stated.byar_low('n') }}, {{ stated.byar_high('n') }} from (select 0 as n)")[0]
    assert low == 0
    assert high == pytest.approx(3.689, abs=0.05)
