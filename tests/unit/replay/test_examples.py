"""Examples of the criteria are tests of them: judged by the SQL that judges leads, refused where they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.criteria_files import CriteriaError, load_criteria
from orchestration.dbt_compiled import qualification_sql
from orchestration.example_check import refuse_unless_examples_hold
from orchestration.replay.compiled import QualificationSql
from orchestration.replay.examples import example_faults
from orchestration.settings import CHECKOUT, Settings

HEAD = """\
service_line: knee
versions:
  - version: 1
    effective_from: 2026-03-01T00:00:00Z
    mql:
      require: fit_and_behaviour
      fit: {threshold: 20, rules: [{id: near, attribute: postal_area, in: ["787"], points: 20}]}
      behaviour:
        threshold: 30
        rules:
          - {id: guide, signal: guide, where: {service_line: [knee]}, points: 20, at_most: 2, half_life_days: 30}
          - {id: asked, signal: appointment_request, points: 40, within_days: 10}
    sql:
      verified_by: [scheduler]
      eligibility: [{id: in_state, attribute: state, in: [TX], unknown: hold}]
      ready_when_any:
        - {id: screened, work_event: screening, outcome: [qualified]}
        - {id: self_booked, appointment_booked_by: [lead]}
    examples:
"""
LATER = """\
  - version: 2
    effective_from: 2026-03-02T00:00:00Z
    mql:
      require: fit_or_behaviour
      fit: {threshold: 1, rules: [{id: any, attribute: postal_area, is_known: true, points: 1}]}
"""


@pytest.fixture(scope="module")
def sql() -> QualificationSql:
    return qualification_sql(Settings())


def faults(folder: Path, sql: QualificationSql, *examples: str, more: str = "") -> list[str]:
    """What is wrong with criteria that hold these examples."""
    lines = "".join(f"      - {{title: example, {example}}}\n" for example in examples)
    (folder / "knee.yaml").write_text(HEAD + lines + more)
    return [str(fault) for fault in example_faults(load_criteria(folder), sql)]


NEAR, TEXAN = 'postal_area: "787"', 'postal_area: "787", state: TX'
GUIDES = "touches: [{signal: guide, service_line: knee}, {signal: guide, service_line: knee}]"
SCREENED = "work_events: [{kind: screening, outcome: qualified}]"


HOLDING = [
    f"lead: {{attributes: {{{NEAR}}}, {GUIDES}}}, expect: {{mql: true, sql: false, behaviour_points: 40}}",
    f"lead: {{{NEAR}, {GUIDES}}}, expect: {{mql: true, fit_points: 20}}",
    f"lead: {{{GUIDES}}}, expect: {{mql: false, fit_points: 0}}",
    f"lead: {{{NEAR}, touches: [{{signal: appointment_request, days_ago: 10}}]}}, expect: {{mql: false}}",
    f"lead: {{{NEAR}, touches: [{{signal: appointment_request, days_ago: 9.99}}]}}, expect: {{mql: true}}",
    f"lead: {{{NEAR}, touches: [{{signal: guide, service_line: hip}}]}}, expect: {{behaviour_points: 0, mql: false}}",
    f"lead: {{{TEXAN}, {SCREENED}}}, expect: {{mql: false, sql: true, basis: staff_confirmed}}",
    f"lead: {{{TEXAN}, {SCREENED[:-2]}, role: nurse}}]}}, expect: {{sql: false}}",
    f"lead: {{{NEAR}, {SCREENED}}}, expect: {{sql: false}}",
    "lead: {state: NY, appointments: [{booked_by: lead}]}, expect: {sql: false, disqualified: true}",
    "lead: {state: TX, appointments: [{booked_by: lead}]}, expect: {sql: true, basis: self_scheduled}",
    "lead: {state: TX, appointments: [{booked_by: lead, status: cancelled}]}, expect: {sql: false}",
    "lead: {state: null}, expect: {mql: false, sql: false, disqualified: false}",
    f"at: 2026-03-20T00:00:00Z, lead: {{{NEAR}, {GUIDES}}}, expect: {{mql: true}}",
]


def test_examples_come_out_as_the_rules_say(tmp_path: Path, sql: QualificationSql) -> None:
    assert faults(tmp_path, sql, *HOLDING) == []


def test_a_later_version_has_no_say(tmp_path: Path, sql: QualificationSql) -> None:
    assert faults(tmp_path, sql, f"lead: {{{NEAR}}}, expect: {{mql: false}}", more=LATER) == []


def test_criteria_may_hold_since_ever(tmp_path: Path, sql: QualificationSql) -> None:
    ever = HEAD.replace("2026-03-01", "0001-01-01") + (
        f"      - {{title: example, lead: {{{NEAR}, {GUIDES[:-2]}, days_ago: 3}}]}}, expect: {{mql: true}}}}\n"
    )
    (tmp_path / "knee.yaml").write_text(ever)
    assert example_faults(load_criteria(tmp_path), sql) == []


def test_examples_do_not_meet_each_other(tmp_path: Path, sql: QualificationSql) -> None:
    one, other = f"lead: {{{NEAR}, {GUIDES}}}, expect: {{mql: true}}", "lead: {}, expect: {mql: false}"
    assert faults(tmp_path, sql, one, other, one) == []


@pytest.mark.parametrize(
    ("example", "told"),
    [
        (
            f"lead: {{{NEAR}, touches: [{{signal: guide, service_line: knee, days_ago: 30}}]}}, expect: {{mql: true}}",
            "people wrote mql: true, and the rules say mql: false: fit 20, needed 20; behaviour 10, needed 30; "
            "points come from guide 10 (1 × 20, faded, line 11), near 20 (line 7). "
            "Ask what was agreed: mend the rule, or else the example",
        ),
        (
            "lead: {}, expect: {mql: true}",
            "people wrote mql: true, and the rules say mql: false: fit 0, needed 20; behaviour 0, needed 30; "
            "no rule gives points. Ask what was agreed: mend the rule, or else the example",
        ),
        (
            f"lead: {{{TEXAN}, {SCREENED}}}, expect: {{sql: true, basis: self_scheduled}}",
            "people wrote basis: self_scheduled, and the rules say basis: staff_confirmed. "
            "Ask what was agreed: mend the rule, or else the example",
        ),
        (
            "at: 2026-02-01T00:00:00Z, lead: {}, expect: {mql: false}",
            "is judged before its version begins: move `at`, or leave it out",
        ),
    ],
)
def test_one_that_fails_is_told_with_its_line(tmp_path: Path, sql: QualificationSql, example: str, told: str) -> None:
    good = "lead: {}, expect: {mql: false}"
    [said] = faults(tmp_path, sql, good, example)
    assert said == f"knee.yaml:21: version 1, example “example”: {told} [versions[0].examples[1]]"


@pytest.mark.parametrize(
    ("example", "told"),
    [
        ("lead: {}, expect: {}", "example example, expect: expects nothing: say mql, sql"),
        ("lead: {}, expect: {won: true}", "expect won: unknown key"),
        ("lead: {touches: [{days_ago: 1}]}, expect: {mql: true}", "lead touches no. 1 signal: is required"),
        (
            "lead: {touches: [{signal: a, days_ago: -1}]}, expect: {mql: true}",
            "lead touches no. 1 days_ago: must not be negative",
        ),
        (
            "lead: {touches: [{signal: a, days_ago: 800000}]}, expect: {mql: true}",
            "lead touches no. 1 days_ago: must be at most 36525",
        ),
        ("lead: {things: [1]}, expect: {mql: true}", "lead things: unknown key"),
    ],
)
def test_one_of_no_shape_is_refused(tmp_path: Path, sql: QualificationSql, example: str, told: str) -> None:
    with pytest.raises(CriteriaError, match=r"knee\.yaml:20") as caught:
        faults(tmp_path, sql, example)
    assert told in str(caught.value)


def test_what_has_held_is_not_tried_again_until_something_changes(
    tmp_path: Path, sql: QualificationSql, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered, tries = tmp_path / "held", []
    monkeypatch.setattr(
        "orchestration.example_check.example_faults", lambda criteria, sql: tries.append(criteria) or []
    )
    for title in ("one", "one", "two"):
        (tmp_path / "knee.yaml").write_text(HEAD + f"      - {{title: {title}, lead: {{}}, expect: {{mql: false}}}}\n")
        refuse_unless_examples_hold(load_criteria(tmp_path), Settings(), remembered=remembered)
    assert len(tries) == 2


def test_every_example_of_the_starter_criteria_holds(sql: QualificationSql) -> None:
    criteria = load_criteria(CHECKOUT / "criteria")
    assert example_faults(criteria, sql) == []
    shown = {line.name for line in criteria.service_lines if line.versions[-1].examples}
    assert shown >= {line.name for line in criteria.service_lines if not line.is_default}
