"""Rates held to the same mix, and what is expected of it: the macros say what scipy and plain arithmetic say."""

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

from models_ml.metrics import wilson_interval

PLACE = Path(__file__).resolve().parents[3] / "dbt_project" / "macros"
NAMES = ("intervals", "false_discoveries", "standardised", "step_up", "points_bands", "open_time")
MACROS = "".join((PLACE / f"{name}.sql").read_text(encoding="utf-8") for name in NAMES)
Ask = Callable[[str], list[tuple[Any, ...]]]
Cell = tuple[str, str, int, int]


@pytest.fixture(scope="module")
def ask() -> Ask:
    """Runs a statement written with the macros."""
    connection = duckdb.connect()
    environment = jinja2.Environment(loader=jinja2.DictLoader({"macros": MACROS}))
    head = "{% import 'macros' as stated %}"
    return lambda statement: connection.execute(environment.from_string(head + statement).render()).fetchall()


def test_counts_have_byars_limits_which_are_nearly_the_exact_ones(ask: Ask) -> None:
    found = ask(
        "select n, {{ stated.byar_low('n') }}, {{ stated.byar_high('n') }} from range(0, 400) as counts (n) order by n"
    )
    for count, low, high in found:
        exact_low = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0
        exact_high = stats.chi2.ppf(0.975, 2 * count + 2) / 2
        # Byar's lower limit of a count of 1 is known to be low.
        assert low == pytest.approx(exact_low, rel=0.02 if count > 2 else 0.35, abs=0.02)
        assert high == pytest.approx(exact_high, rel=0.015)


@settings(deadline=None, max_examples=30)
@given(
    cells=some.dictionaries(
        some.tuples(some.sampled_from("abc"), some.sampled_from("xyz")),
        some.tuples(some.integers(0, 30), some.integers(0, 30)),
        min_size=1,
    )
)
def test_rates_are_those_of_one_mix_over_strata_every_group_has(
    ask: Ask, cells: dict[tuple[str, str], tuple[int, int]]
) -> None:
    values = ", ".join(f"('f', '{side}', '{x}', {yes + no}, {yes})" for (side, x), (yes, no) in cells.items())
    columns = "cells (family, side, stratum, at_risk_count, converted_count)"
    found = ask(
        f"with cells as (select * from (values {values}) as {columns})"
        " select side, rate, rate_low, rate_high"
        " from {{ stated.directly_standardised('cells', 'family', 'side', ['stratum']) }} as rated"
    )
    assert {side: limits for side, *limits in found} == {
        side: pytest.approx(limits, abs=1e-8) for side, limits in standardised(cells).items()
    }


def standardised(cells: dict[tuple[str, str], tuple[int, int]]) -> dict[str, list[float]]:
    """The same, written out: rate and limits of each group."""
    filled = {key: counts for key, counts in cells.items() if sum(counts) > 0}
    groups = {group for group, _ in filled}
    shared = [x for x in "xyz" if all((group, x) in filled for group in groups)]
    sizes = {x: sum(sum(filled[group, x]) for group in groups) for x in shared}
    found = {}
    for group in sorted(groups) if shared else []:
        rate = below = above = 0.0
        for stratum in shared:
            yes, no = filled[group, stratum]
            weight, share = sizes[stratum] / sum(sizes.values()), yes / (yes + no)
            _, low, high = wilson_interval(yes, yes + no)
            rate += weight * share
            below += (weight * (share - low)) ** 2
            above += (weight * (high - share)) ** 2
        found[group] = [rate, max(0.0, rate - below**0.5), min(1.0, rate + above**0.5)]
    return found


def test_who_is_looked_at_together_is_adjusted_as_scipy_does(ask: Ask) -> None:
    apart = np.random.default_rng(7).normal(0, 2, size=40).round(1)
    values = ", ".join(f"({place}, {each!r}::double)" for place, each in enumerate(map(float, apart)))
    found = ask(
        f"with rows as (select * from (values {values}, (40, null)) as rows (place, standard_errors))"
        " select p_value, adjusted_p_value from {{ stated.stepped_up('rows') }} as rows order by place"
    )
    assert found[-1] == (None, None)
    expected = stats.false_discovery_control([plain for plain, _ in found[:-1]])
    assert [each for _, each in found[:-1]] == pytest.approx(list(expected), abs=1e-12)


def test_thirds_keep_equal_points_together(ask: Ask) -> None:
    found = ask(
        "select {{ stated.points_band('points', 'version') }} from (values"
        " (1, 1), (2, 1), (3, 2), (4, 2), (5, 2), (6, 3), (7, null), (8, null)) as leads (place, points)"
        " cross join (select 1 as version) as versions order by place"
    )
    bands = ["lower third"] * 2 + ["middle third"] * 3 + ["upper third"] + ["(none)"] * 2
    assert [band for (band,) in found] == bands


@pytest.mark.parametrize(
    ("text", "value", "held"),
    [("a|b", "b", True), (" a | b ", "a", True), ("ab|c", "b", False), ("a_b", "axb", False), ("a", None, False)],
)
def test_a_joined_list_holds_whole_pieces_only(ask: Ask, text: str, value: str | None, held: bool) -> None:
    written = "null::varchar" if value is None else f"'{value}'"
    statement = f"select {{{{ stated.in_joined_list('t', 'v') }}}} from (select '{text}' as t, {written} as v)"
    assert ask(statement) == [(held,)]
