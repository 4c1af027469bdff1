"""The SQL evaluator against the plain Python one: same decisions, same evidence, on hundreds of random records.

Each record decides for itself alone, so one build answers for all of them.
"""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.integration.criteria import random_worlds
from tests.integration.criteria.warehouse import build, fetch
from tests.oracles.criteria import Judge, Record

_DECISIONS = """
    select record_key, stage, decided_at, criteria_version, basis, qualifies, fit_micro_points, behaviour_micro_points
    from intermediate.int_qualification_decisions__made
"""
_EVIDENCE = """
    select record_key, stage, decided_at, rule_id, source_kind, row_source, source_id, micro_points
    from intermediate.int_qualification_evidence__collected
"""
SEEDS = (11, 12)


def make_world(seed: int) -> tuple[random_worlds.Criteria, list[Record]]:
    """Criteria, and records: most with a handful of touches, some with dozens."""
    chance = random.Random(seed)
    criteria = random_worlds.make_criteria(chance)
    counts = [chance.randint(0, 8) for _ in range(500)] + [chance.randint(30, 120) for _ in range(60)]
    return criteria, [random_worlds.make_record(chance, f"r{i:04}", count) for i, count in enumerate(counts)]


def expect(judge: Judge) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    """Decisions and evidence of one record by the oracle (evidence of disqualifications aside)."""
    key = judge.record.key
    decisions: set[tuple[Any, ...]] = set()
    evidence: set[tuple[Any, ...]] = set()
    mql, rows = judge.mql()
    if mql:
        decisions.add(
            (key, "mql", mql["at"], mql["version"], "criteria", mql["qualifies"], mql["fit"], mql["behaviour"])
        )
        evidence |= {(key, "mql", mql["at"], *row) for row in rows}
    stage, rows = judge.sql_stage()
    if stage:
        decisions.add((key, "sql", stage["at"], stage["version"], stage["basis"], True, None, None))
        evidence |= {(key, "sql", stage["at"], *row) for row in rows}
    for at, stands, version, basis in judge.disqualified(mql["at"] if mql and mql["qualifies"] else None):
        decisions.add((key, "disqualified", at, version, basis, stands, None, None))
    return decisions, evidence


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, list[Record]]:
    """A home whose qualification models were built on a random world."""
    home = tmp_path_factory.mktemp(f"criteria_{request.param}") / "home"
    criteria, records = make_world(request.param)
    build(home, criteria, records, random_worlds.AS_OF)
    return home, criteria, records


def test_decisions_and_evidence_equal_the_plain_evaluators(world: tuple[Path, Any, list[Record]]) -> None:
    home, criteria, records = world
    expected: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    proof: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for record in records:
        decisions, evidence = expect(Judge(criteria, record, random_worlds.AS_OF))
        expected[record.key], proof[record.key] = decisions, evidence
    found, shown = defaultdict(set), defaultdict(set)
    for row in fetch(home, _DECISIONS):
        found[row[0]].add(row)
    for row in fetch(home, _EVIDENCE + "where stage <> 'disqualified'"):
        shown[row[0]].add(row)
    wrong = [(key, expected[key] ^ found[key]) for key in expected if expected[key] != found[key]]
    assert not wrong, f"{len(wrong)} records, e.g. {sorted(wrong[0][1], key=str)}"
    unproved = [(key, proof[key] ^ shown[key]) for key in proof if proof[key] != shown[key]]
    assert not unproved, f"{len(unproved)} records, e.g. {sorted(unproved[0][1], key=str)}"


def test_the_world_is_worth_testing(world: tuple[Path, Any, list[Record]]) -> None:
    """Every kind of decision is there, so that an evaluator that says nothing cannot pass."""
    counts = dict(((stage, qualifies), n) for stage, qualifies, n in fetch(world[0], f"""
        select stage, qualifies, count(*) from ({_DECISIONS}) group by all"""))  # fmt: skip
    assert all(
        counts.get(kind, 0) >= 20 for kind in [("mql", True), ("mql", False), ("sql", True), ("disqualified", True)]
    )
    assert counts.get(("disqualified", False), 0) >= 10


def test_points_of_evidence_add_up_to_those_of_the_decision(world: tuple[Path, Any, list[Record]]) -> None:
    odd = fetch(world[0], f"""
        select d.record_key from ({_DECISIONS}) as d left join ({_EVIDENCE}) as e using (record_key, stage, decided_at)
        where d.stage = 'mql' group by d.record_key, d.fit_micro_points, d.behaviour_micro_points
        having coalesce(sum(e.micro_points), 0) <> d.fit_micro_points + d.behaviour_micro_points""")  # fmt: skip
    assert odd == []


def test_every_disqualification_names_a_row(world: tuple[Path, Any, list[Record]]) -> None:
    bare = fetch(world[0], f"""
        select * from ({_DECISIONS}) as d anti join ({_EVIDENCE}) as e using (record_key, stage, decided_at)
        where d.stage = 'disqualified' and d.qualifies""")  # fmt: skip
    assert bare == []
