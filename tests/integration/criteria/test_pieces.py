"""Decisions made piece by piece, as_of moving along, are those made at once. Small worlds that differ are shrunk."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.golden.compiled_models import CompiledProject
from tests.integration.criteria.comparing import differences
from tests.integration.criteria.random_criteria import AS_OF, LINES, ORIGIN, Row, make_criteria
from tests.integration.criteria.random_worlds import make_record, make_records
from tests.integration.criteria.warehouse import Warehouse
from tests.oracles.criteria import END, Criteria, Record

MOMENTS = [ORIGIN + timedelta(days=30), ORIGIN + timedelta(days=75, hours=12), ORIGIN + timedelta(days=130), AS_OF]

# Sums of doubles differ in their last digits with the order of rows, and so may what they leave open; answers do not.
_BOUNDS = {
    "int_mql_behaviour__bounded",
    "int_mql_moments__bounded",
    "int_mql_swaps__counted",
    "int_mql_moments__narrowed",
    "int_mql_touches__counted",
}


def known_by(record: Record, as_of: datetime) -> Record:
    """The record's rows as they are known then: of what ends them later nothing is known yet."""

    def known(rows: list[Row]) -> list[Row]:
        return [
            row if row["valid_to"] <= as_of else {**row, "valid_to": END} for row in rows if row["valid_from"] <= as_of
        ]

    names = ("lines", "attributes", "touches", "work_events", "appointments")
    return replace(record, **{name: known(getattr(record, name)) for name in names})


def is_touched(record: Record, criteria: Criteria, since: datetime, until: datetime) -> bool:
    """Whether a row of the record came or went since the last build, or a version began that may decide it."""
    rows = record.lines + record.attributes + record.touches + record.work_events + record.appointments
    moments = {row[name] for row in rows for name in ("valid_from", "valid_to")} | {record.effective_at}
    lines = {row["service_line"] for row in record.lines} | {"default"}
    moments |= {version["effective_from"] for line in lines for version in criteria.files.get(line, [])}
    return any(since < moment <= until for moment in moments)


@pytest.mark.parametrize("seed", [21, 22])
def test_pieces_end_as_one_build(qualification_models: CompiledProject, seed: int) -> None:
    chance = random.Random(seed)
    criteria = make_criteria(chance, has_default=seed % 2 == 0)
    records = make_records(chance, few=150, dozens=15, hundreds=1)
    fed, at_once = Warehouse(qualification_models, criteria), Warehouse(qualification_models, criteria)
    since = datetime(1, 1, 1)
    shares = []
    for as_of in MOMENTS:
        whole = [record for record in records if known_by(record, as_of).lines]
        touched = [record.key for record in whole if is_touched(record, criteria, since, as_of)]
        fed.give([known_by(record, as_of) for record in whole], as_of)
        fed.touch(touched)
        fed.build()
        since = as_of
        shares.append(len(touched) / len(whole))
    assert min(shares) < 0.9, "everybody is touched each time: nothing of the earlier builds is kept"
    at_once.give([known_by(record, AS_OF) for record in records], AS_OF)
    at_once.build(full=True)
    for model in (each for each in qualification_models.models if each.name not in _BOUNDS):
        rows = f"select * from {model.relation}"
        assert sorted(map(str, fed.fetch(rows))) == sorted(map(str, at_once.fetch(rows))), model.name
    assert not differences(fed, criteria, records, AS_OF)
    fed.close()
    at_once.close()


@pytest.fixture(scope="module")
def small(qualification_models: CompiledProject) -> Iterator[Warehouse]:
    """One warehouse for all small worlds."""
    warehouse = Warehouse(qualification_models, Criteria({}))
    yield warehouse
    warehouse.close()


@settings(max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(chance=st.randoms(use_true_random=False), touch_count=st.integers(0, 12))
def test_small_worlds_are_decided_as_the_plain_evaluator_does(
    small: Warehouse, chance: random.Random, touch_count: int
) -> None:
    small.criteria = make_criteria(chance, lines=2)
    records = [make_record(chance, f"r{number}", touch_count, [*LINES[:2], None]) for number in range(3)]
    small.give(records, AS_OF)
    small.build(full=True)
    assert not differences(small, small.criteria, records, AS_OF)
