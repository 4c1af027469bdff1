"""A lead with very many touches is decided like any other, and without looking at each touch at each moment.

How much is looked at is counted in rows, never in time: the tables of the steps in between say it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.golden.compiled_models import CompiledProject
from tests.integration.criteria.comparing import differences
from tests.integration.criteria.random_criteria import ORIGIN
from tests.integration.criteria.warehouse import Warehouse
from tests.oracles.criteria import END, Criteria, Judge, Record

TOUCHES = 40_000
AS_OF = ORIGIN + timedelta(days=400)
VERSION = {
    "version": 1,
    "effective_from": ORIGIN - timedelta(days=400),
    "mql": {
        "require": "fit_and_behaviour",
        "fit": {"threshold": 10, "rules": [{"id": "near", "attribute": "near", "in": ["yes"], "points": 10}]},
        "behaviour": {
            "threshold": 39.99,
            "rules": [
                # Two guides within a moment of each other never come: the sum is just short of it ever after.
                {"id": "guide", "signal": "guide", "points": 20, "at_most": 2, "half_life_days": 1, "within_days": 90},
                {"id": "page", "signal": "page", "points": 0.001, "at_most": 5, "half_life_days": 2},
            ],
        },
    },
}


def crowd(key: str, count: int, *, seed: int) -> Record:
    """A record with that many touches, ten minutes apart, one in a hundred known late, one in a thousand deleted."""
    chance = random.Random(seed)
    begin = ORIGIN
    spaces = dict.fromkeys(["topic", "service_line", "channel", "offer_id", "form_id", "campaign_id", "landing_page"])
    record = Record(key, begin, lines=[{"service_line": "busy", "valid_from": begin, "valid_to": END}])
    record.attributes = [{"name": "near", "value": "yes", "valid_from": begin, "valid_to": END}]
    for number in range(count):
        at = begin + timedelta(minutes=10 * number)
        known = at + timedelta(hours=chance.choice([1, 20])) if chance.random() < 0.01 else at
        gone = known + timedelta(days=3) if chance.random() < 0.001 else END
        row = {
            "source": "a",
            "touch_id": f"t{number:07}",
            "signal": chance.choice(["guide", "page"]),
            "occurred_at": at,
        }
        record.touches.append({**spaces, **row, "known_at": known, "valid_from": known, "valid_to": gone})
    return record


@pytest.fixture(scope="module")
def crowded(qualification_models: CompiledProject) -> Iterator[Warehouse]:
    """One crowded record that comes close all the time, and a small one of the same kind for the oracle."""
    warehouse = Warehouse(qualification_models, Criteria({"busy": [VERSION]}))
    warehouse.give([crowd("big", TOUCHES, seed=1), crowd("small", 300, seed=2)], AS_OF)
    warehouse.build(full=True)
    yield warehouse
    warehouse.close()


def test_few_moments_are_counted_exactly(crowded: Warehouse) -> None:
    counts = "select record_key, count(*) from intermediate.{} group by all"
    counted = dict(crowded.fetch(counts.format("int_mql_touches__counted")))
    assert counted["big"] < TOUCHES // 100
    weighed = dict(crowded.fetch(counts.format("int_mql_behaviour__bounded")))
    assert weighed["big"] <= TOUCHES + 1


_DECIDED = """
    select decided_at, qualifies, fit_micro_points, behaviour_micro_points
    from intermediate.int_qualification_decisions__made
    where stage = 'mql' and record_key =
"""
_PROOF = """
    select rule_id, source_kind, row_source, source_id, micro_points
    from intermediate.int_qualification_evidence__collected
    where stage = 'mql' and record_key =
"""


def test_the_small_one_is_decided_as_the_oracle_does(crowded: Warehouse) -> None:
    decision, evidence = Judge(Criteria({"busy": [VERSION]}), crowd("small", 300, seed=2), AS_OF).mql()
    assert decision is not None
    expected = (decision["at"], decision["qualifies"], decision["fit"], decision["behaviour"])
    assert crowded.fetch(_DECIDED + "'small'") == [expected]
    assert sorted(crowded.fetch(_PROOF + "'small'"), key=str) == sorted(evidence, key=str)


def test_the_big_one_has_the_points_the_oracle_gives_it_at_that_moment(crowded: Warehouse) -> None:
    [(decided_at, _, fit, behaviour)] = crowded.fetch(_DECIDED + "'big'")
    judge = Judge(Criteria({"busy": [VERSION]}), crowd("big", TOUCHES, seed=1), AS_OF)
    rows = judge.behaviour(VERSION, decided_at)
    assert (fit, behaviour) == (10_000_000, sum(row[-1] for row in rows))
    assert set(rows) < set(crowded.fetch(_PROOF + "'big'"))


def test_one_touch_more_than_may_count_takes_the_others_place(qualification_models: CompiledProject) -> None:
    """Known a day late the second alone falls short, where both would not; with the call the threshold is reached."""
    once = {"points": 10, "at_most": 1, "half_life_days": 10}
    rules = [{"id": "guide", "signal": "guide", **once}, {"id": "call", "signal": "call", **once}]
    mql = {"require": "fit_and_behaviour", "behaviour": {"threshold": 9.5, "rules": rules}}
    criteria = Criteria({"busy": [{"version": 1, "effective_from": ORIGIN, "mql": mql}]})
    record = crowd("r", 4, seed=1)
    # The page comes when all has faded: the last candidate moment is asked in any case.
    times = [(0, "guide"), (1, "guide"), (2, "call"), (60, "page")]
    for row, (day, signal) in zip(record.touches, times, strict=True):
        at, known = ORIGIN + timedelta(days=day), ORIGIN + timedelta(days=day + 1)
        row.update(signal=signal, occurred_at=at, known_at=known, valid_from=known, valid_to=END)
    warehouse = Warehouse(qualification_models, criteria)
    warehouse.give([record], AS_OF)
    warehouse.build(full=True)
    assert not differences(warehouse, criteria, [record], AS_OF)
    assert warehouse.fetch(_DECIDED + "'r'")[0][:2] == (ORIGIN + timedelta(days=3), True)
    warehouse.close()
