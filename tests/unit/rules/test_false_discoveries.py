"""Shares judged together: the macros say what scipy says, and chance alone seldom makes a difference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

PLACE = Path(__file__).resolve().parents[3] / "dbt_project" / "macros"
MACROS = "".join((PLACE / f"{name}.sql").read_text(encoding="utf-8") for name in ("false_discoveries", "step_up"))
COUNTS = "'all_of_it': ['c', 'n', 'd', 'm']"
Ask = Callable[[str], list[tuple[Any, ...]]]
Row = tuple[str, int, int, int, int]


@pytest.fixture(scope="module")
def ask() -> Ask:
    """Runs a statement written with the macros."""
    connection = duckdb.connect()
    environment = jinja2.Environment(loader=jinja2.DictLoader({"macros": MACROS}))
    head = "{% import 'macros' as stated %}"
    return lambda statement: connection.execute(environment.from_string(head + statement).render()).fetchall()


def adjusted(ask: Ask, rows: list[Row], judged: str = "true") -> list[tuple[float | None, float | None]]:
    """The p-value and the adjusted one of each row: its family, then the four counts."""
    values = ", ".join(f"({place}, '{row[0]}', {', '.join(map(str, row[1:]))})" for place, row in enumerate(rows))
    found = ask(
        f"with counted as (select * from (values {values}) as rows (place, family, c, n, d, m))"
        " select all_of_it_p_value, all_of_it_adjusted_p_value"
        f" from {{{{ stated.adjusted_p_values('counted', ['family'], {{{COUNTS}}}, {judged!r}) }}}} as rows"
        " order by place"
    )
    return [(one, other) for one, other in found]


@settings(deadline=None)
@given(apart=some.floats(-40, 40))
def test_a_normal_variable_is_seldom_far_from_0(ask: Ask, apart: float) -> None:
    ((found,),) = ask(f"select {{{{ stated.two_sided_p_value('z') }}}} from (select {apart!r}::double as z)")
    assert found == pytest.approx(2 * stats.norm.sf(abs(apart)), abs=1.5e-7)
    assert 0 <= found <= 1


@settings(deadline=None)
@given(counts=some.tuples(*[some.integers(0, 400)] * 4))
def test_two_shares_are_compared_as_chi_square_does(ask: Ask, counts: tuple[int, int, int, int]) -> None:
    yes, no, other_yes, other_no = counts
    ((found, _),) = adjusted(ask, [("f", yes, yes + no, other_yes, other_yes + other_no)])
    table = np.array([[yes, no], [other_yes, other_no]])
    if 0 in table.sum(axis=1):
        assert found is None
    elif yes * other_no == other_yes * no:
        assert found == 1
    elif stats.contingency.expected_freq(table).min() < 5 - 1e-9:
        assert found is None
    else:
        assert found == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, abs=1.5e-7)


@settings(deadline=None)
@given(
    rows=some.lists(
        some.tuples(some.sampled_from("fg"), *[some.integers(0, 60), some.just(60)] * 2), min_size=1, max_size=20
    )
)
def test_those_judged_together_are_adjusted_as_scipy_does(ask: Ask, rows: list[Row]) -> None:
    found = adjusted(ask, rows)
    for family in {row[0] for row in rows}:
        pairs = [pair for row, pair in zip(rows, found, strict=True) if row[0] == family]
        assert all((plain is None) == (corrected is None) for plain, corrected in pairs)
        known = [(plain, corrected) for plain, corrected in pairs if plain is not None and corrected is not None]
        if known:
            expected = stats.false_discovery_control([plain for plain, _ in known])
            assert [corrected for _, corrected in known] == pytest.approx(list(expected), abs=1e-12)


def test_who_is_not_judged_makes_it_no_harder_for_the_others(ask: Ask) -> None:
    differs, equal = ("f", 40, 80, 60, 80), ("f", 40, 80, 40, 80)
    ((alone, _),) = adjusted(ask, [differs])
    assert adjusted(ask, [differs, ("f", 0, 0, 40, 80), ("f", 1, 1, 0, 50)])[0] == (alone, alone)
    assert adjusted(ask, [differs, equal], judged="c < 40") == [(None, None), (None, None)]
    assert adjusted(ask, [differs, equal])[0] == pytest.approx((alone, 2 * (alone or 0)))


def test_where_nothing_differs_few_families_say_that_something_does(ask: Ask) -> None:
    chance = np.random.default_rng(7)
    shares = chance.uniform(0.1, 0.9, size=(400, 20))
    one, other = chance.binomial(100, shares), chance.binomial(300, shares)
    rows = [(f"f{i}", int(one[i, j]), 100, int(other[i, j]), 300) for i in range(400) for j in range(20)]
    found = adjusted(ask, rows)
    plain = np.mean([p <= 0.05 for p, _ in found if p is not None])
    families = {row[0] for row, (_, q) in zip(rows, found, strict=True) if q is not None and q <= 0.05}
    assert plain > 0.04
    assert len(families) / 400 < 0.08
