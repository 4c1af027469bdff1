"""The SQL evaluator against the plain Python one: same decisions, same evidence, on thousands of random records.

Each record decides for itself alone, so one build answers for all of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.golden.compiled_models import CompiledProject
from tests.integration.criteria.close_worlds import make_close_world
from tests.integration.criteria.comparing import DECISIONS, EVIDENCE, differences
from tests.integration.criteria.random_criteria import AS_OF, make_criteria
from tests.integration.criteria.random_worlds import make_records
from tests.integration.criteria.warehouse import Warehouse
from tests.oracles.criteria import Criteria, Record

SEEDS = (11, 12, 13)
NIGHTLY_SEEDS = (101, 102, 103, 104, 105)


@dataclass(frozen=True)
class Judged:
    """Criteria, records, and what the models made of them."""

    criteria: Criteria
    records: list[Record]
    warehouse: Warehouse


def judge(models: CompiledProject, seed: int, *, few: int, dozens: int, hundreds: int) -> Judged:
    """A random world of that many records, built. Each third one has no default criteria."""
    chance = random.Random(seed)
    criteria = make_criteria(chance, has_default=seed % 3 != 0)
    records = make_records(chance, few=few, dozens=dozens, hundreds=hundreds)
    warehouse = Warehouse(models, criteria)
    warehouse.give(records, AS_OF)
    warehouse.build(full=True)
    return Judged(criteria, records, warehouse)


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest, qualification_models: CompiledProject) -> Iterator[Judged]:
    judged = judge(qualification_models, request.param, few=850, dozens=90, hundreds=6)
    yield judged
    judged.warehouse.close()


def test_decisions_and_evidence_equal_the_plain_evaluators(world: Judged) -> None:
    wrong = differences(world.warehouse, world.criteria, world.records, AS_OF)
    assert not wrong, f"{len(wrong)} records, e.g. {wrong[0]}"


def test_the_world_is_worth_testing(world: Judged) -> None:
    """Every kind of decision is there, so that an evaluator that says nothing cannot pass."""
    kinds = f"select stage, qualifies, basis, count(*) from ({DECISIONS}) group by all"
    counts = {(stage, qualifies, basis): n for stage, qualifies, basis, n in world.warehouse.fetch(kinds)}
    for qualifies in (True, False):
        assert counts["mql", qualifies, "criteria"] >= 20
        for basis in ("staff_confirmed", "criteria"):
            assert counts["disqualified", qualifies, basis] >= 10
    for basis in ("staff_confirmed", "self_scheduled", "criteria"):
        assert counts["sql", True, basis] >= 5


def test_points_of_evidence_add_up_to_those_of_the_decision(world: Judged) -> None:
    odd = world.warehouse.fetch(f"""
        select d.record_key from ({DECISIONS}) as d left join ({EVIDENCE}) as e using (record_key, stage, decided_at)
        where d.stage = 'mql' group by d.record_key, d.fit_micro_points, d.behaviour_micro_points
        having coalesce(sum(e.micro_points), 0) <> d.fit_micro_points + d.behaviour_micro_points""")
    assert odd == []


def test_every_disqualification_names_a_row(world: Judged) -> None:
    bare = world.warehouse.fetch(f"""
        select * from ({DECISIONS}) as d anti join ({EVIDENCE}) as e using (record_key, stage, decided_at)
        where d.stage = 'disqualified' and d.qualifies""")
    assert bare == []


def test_thresholds_are_hit_to_the_last_micro_point(world: Judged) -> None:
    exact = world.warehouse.fetch(f"""
        select count(*) from ({DECISIONS}) as d inner join input.input__criteria_versions as v using (criteria_version)
        where d.qualifies and behaviour_micro_points = case requirement when 'total_points'
            then total_threshold_micro_points - fit_micro_points else behaviour_threshold_micro_points end""")
    assert exact[0][0] >= 10


@pytest.mark.parametrize(("seed", "count"), [(31, 300), (32, 300), pytest.param(33, 3_000, marks=pytest.mark.nightly)])
def test_thresholds_just_reached_or_just_missed_are_seen(
    qualification_models: CompiledProject, seed: int, count: int
) -> None:
    criteria, records = make_close_world(random.Random(seed), count)
    warehouse = Warehouse(qualification_models, criteria)
    warehouse.give(records, AS_OF)
    warehouse.build(full=True)
    wrong = differences(warehouse, criteria, records, AS_OF)
    assert not wrong, f"{len(wrong)} records, e.g. {wrong[0]}"
    answers = dict(warehouse.fetch(f"select qualifies, count(*) from ({DECISIONS}) where stage = 'mql' group by all"))
    assert min(answers[True], answers[False]) > 30
    warehouse.close()


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", NIGHTLY_SEEDS)
def test_twenty_thousand_records_are_decided_as_the_plain_evaluator_does(
    qualification_models: CompiledProject, seed: int
) -> None:
    judged = judge(qualification_models, seed, few=19_000, dozens=950, hundreds=100)
    wrong = differences(judged.warehouse, judged.criteria, judged.records, AS_OF)
    judged.warehouse.close()
    assert not wrong, f"{len(wrong)} records, e.g. {wrong[0]}"
