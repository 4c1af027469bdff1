"""What the SQL decided and proved of each record, beside what the plain evaluator says of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.integration.criteria.warehouse import Warehouse
from tests.oracles.criteria import Criteria, Judge, Record

Facts = set[tuple[Any, ...]]
DECISIONS = """
    select record_key, stage, decided_at, criteria_version, basis, qualifies, fit_micro_points, behaviour_micro_points
    from intermediate.int_qualification_decisions__made
"""
EVIDENCE = """
    select record_key, stage, decided_at, rule_id, source_kind, row_source, source_id, micro_points
    from intermediate.int_qualification_evidence__collected
"""


def expect(judge: Judge) -> Facts:
    """Decisions and evidence of one record by the plain evaluator."""
    key = judge.record.key
    facts: Facts = set()
    mql, rows = judge.mql()
    if mql:
        points = mql["fit"], mql["behaviour"]
        facts.add((key, "mql", mql["at"], mql["version"], "criteria", mql["qualifies"], *points))
        facts |= {(key, "mql", mql["at"], *row) for row in rows}
    stage, rows = judge.sql_stage()
    if stage:
        facts.add((key, "sql", stage["at"], stage["version"], stage["basis"], True, None, None))
        facts |= {(key, "sql", stage["at"], *row) for row in rows}
    for (at, stands, version, basis), rows in judge.disqualifications(mql["at"] if mql and mql["qualifies"] else None):
        facts.add((key, "disqualified", at, version, basis, stands, None, None))
        facts |= {(key, "disqualified", at, *row) for row in rows}
    return facts


def found(warehouse: Warehouse) -> dict[str, Facts]:
    """Decisions and evidence of every record by the SQL. A row that stands twice is a difference of its own."""
    facts: dict[str, Facts] = defaultdict(set)
    for query in (DECISIONS, EVIDENCE):
        rows = warehouse.fetch(query)
        for row in rows:
            facts[row[0]].add(row)
        twice = len(rows) - len(set(rows))
        assert not twice, f"{twice} rows stand twice"
    return facts


def differences(
    warehouse: Warehouse, criteria: Criteria, records: Iterable[Record], as_of: datetime
) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """Records of which the two do not say the same, with what only one of them says."""
    said = found(warehouse)
    wrong = []
    for record in records:
        odd = expect(Judge(criteria, record, as_of)) ^ said.get(record.key, set())
        if odd:
            wrong.append((record.key, sorted(odd, key=str)))
    return wrong
