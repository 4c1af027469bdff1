"""Every kind of rule of the language has its sentence."""
# ruff: noqa: E501  (a table of rules beside their sentences)

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.criteria_files import load_criteria
from orchestration.criteria_files.checks import candidate_values, satisfies
from orchestration.criteria_files.companions import Catalogue, CatalogueEntry
from orchestration.criteria_files.handbook import rule_words, words
from orchestration.criteria_files.shapes import EligibilityRule, Version
from tests.unit.criteria_files.test_faulty_files import write

CATALOGUE = Catalogue((CatalogueEntry("signals", "guide_read", "Read a guide", None),), frozenset({"signals"}))
MQL = "{require: fit_or_behaviour, behaviour: {threshold: 1, rules: [{id: a, signal: asked, points: 1}]}}"


def version(folder: Path, *, mql: str = MQL, sql_stage: str = "") -> Version:
    """A version with that MQL part and that SQL part, as YAML."""
    said = f"    sql: {sql_stage}\n" if sql_stage else ""
    text = f"service_line: knees\nversions:\n  - version: 1\n    effective_from: 2026-03-01T00:00:00Z\n    mql: {mql}\n{said}"
    return load_criteria(write(folder, knees=text)).service_lines[0].versions[0]


def fit(folder: Path, rule: str) -> str:
    halves = f"{{require: fit_and_behaviour, fit: {{threshold: 0, rules: [{{id: a, {rule}}}]}}}}"
    read = version(folder, mql=halves).mql.fit
    assert read is not None
    return rule_words.fit_sentence(read.rules[0])


def behaviour(folder: Path, rule: str) -> str:
    halves = f"{{require: fit_and_behaviour, behaviour: {{threshold: 0, rules: [{{id: a, {rule}}}]}}}}"
    read = version(folder, mql=halves).mql.behaviour
    assert read is not None
    return rule_words.behaviour_sentence(read.rules[0], CATALOGUE)


def eligibility(folder: Path, rule: str) -> str:
    read = version(folder, sql_stage=f"{{eligibility: [{{id: a, {rule}}}]}}").sql
    assert read is not None
    return f"{rule_words.eligibility_sentence(read.eligibility[0])} | {words.failing(read.eligibility[0])}"


def readiness(folder: Path, item: str, roles: list[str] | None = None) -> str:
    read = version(folder, sql_stage=f"{{ready_when_any: [{{id: a, {item}}}]}}").sql
    assert read is not None
    way = read.ready_when_any[0]
    said = rule_words.readiness_words(way, CATALOGUE, roles)
    return f"{said} | {', '.join(rule_words.bases(way))} | {rule_words.readiness_ends(way)}"


SENTENCES: list[tuple[Callable[[Path, str], str], str, str]] = [
    (fit, "attribute: state, in: [TX], points: 1", "1 point if state is TX."),
    (fit, "attribute: postal_area, in: ['787', '786'], points: 2.50", "2.5 points if postal area is 787 or 786."),
    (fit, "attribute: payer, not_in: [unknown], points: 10", "10 points if payer is known, and other than “unknown”."),
    (fit, "attribute: need, equals: knee pain, points: 3", "3 points if need is “knee pain”."),
    (fit, "attribute: age, at_least: 18, points: 3", "3 points if age is a number, 18 or more."),
    (fit, "attribute: age, at_most: 70, points: 3", "3 points if age is a number, 70 or less."),
    (fit, "attribute: age, at_least: 18, at_most: 70, points: 3", "3 points if age is a number from 18 to 70."),
    (fit, "attribute: age, is_known: true, points: 3", "3 points if age is known."),
    (fit, "attribute: s, in: [A], unknown: pass, points: 3", "3 points if s is A, or not known."),
    (fit, "attribute: s, at_least: 1, unknown: pass, points: 3", "3 points if s is a number, 1 or more, or not known, or no number."),
    (fit, "attribute: s, in: [A, B], not_in: [A], points: 3", "3 points if s is A or B; it is also known, and other than A."),
    (fit, "attribute: s, in: [A], clinical_reason: dose, points: 3", "3 points if s is A (clinical reason: dose)."),
    (behaviour, "signal: guide_read, points: 15", "Read a guide (guide_read): 15 points; counts every time, however long ago; does not fade."),
    (behaviour, "signal: called, points: 1, at_most: 1", "Called: 1 point; counts the latest one, however long ago; does not fade."),
    (behaviour, "signal: called, points: 2, at_most: 3, within_days: 1", "Called: 2 points; counts the latest 3, in the last 1 day; does not fade."),
    (behaviour, "signal: c, points: 2, half_life_days: 30.5", "C: 2 points; counts every time, however long ago; halves every 30.5 days."),
    (behaviour, "signal: c, where: {topic: [a, b], service_line: [k], offer_id: [o], form_id: [f], campaign_id: [x], landing_page: [/p]}, channels: [email], points: 2",
     "C, service line k, topic a or b, offer o, form f, campaign x, landing page “/p”, channel email: 2 points; counts every time, however long ago; does not fade."),
    (eligibility, "attribute: state, in: [TX]", "State is TX; while it is not known: the lead waits. | state is known, and other than TX"),
    (eligibility, "attribute: state, not_in: [job], unknown: pass", "State is known, and other than job; while it is not known: passes. | state is job"),
    (eligibility, "attribute: state, equals: TX, unknown: fail", "State is TX; while it is not known: counts as failing. | state is known, and other than TX; or it is not known"),
    (eligibility, "attribute: age, at_least: 18, at_most: 70", "Age is a number from 18 to 70; while it is not known: the lead waits (no number too). | age is a number below 18; or it is a number above 70"),
    (eligibility, "attribute: state, is_known: true", "State is known; while it is not known: the lead waits. | None"),
    (readiness, "work_event: screening, outcome: [qualified], contact_channel: [call, secure_message]",
     "A screening with the outcome qualified, by call or secure message (by any member of staff). | staff_confirmed | a later screening says not_qualified"),
    (readiness, "work_event: contact_made", "A contact with the lead (by any member of staff). | staff_confirmed | a later screening says not_qualified"),
    (readiness, "work_event: contact_attempt", "An attempt to reach the lead (by any member of staff). | staff_confirmed | a later screening says not_qualified"),
    (readiness, "appointment_booked_by: [lead]", "An appointment booked by the lead. | self_scheduled | the appointment is cancelled"),
    (readiness, "appointment_booked_by: [staff]", "An appointment booked by staff. | staff_confirmed | the appointment is cancelled"),
    (readiness, "appointment_booked_by: [lead, staff]", "An appointment booked by the lead or staff. | staff_confirmed, self_scheduled | the appointment is cancelled"),
    (readiness, "signal: guide_read, channels: [email]", "Read a guide (guide_read), channel email. | criteria | never"),
    (readiness, "attribute: form, in: [complete]", "Form is complete. | criteria | never"),
    (readiness, "all: [{signal: guide_read}, {attribute: form, in: [complete]}]", "All of: (1) Read a guide (guide_read); (2) Form is complete. | criteria | never"),
    (readiness, "all: [{appointment_booked_by: [lead]}, {work_event: screening}]",
     "All of: (1) An appointment booked by the lead; (2) A screening (by any member of staff). | staff_confirmed | a later screening says not_qualified or the appointment is cancelled"),
    (readiness, "all: [{appointment_booked_by: [lead]}, {signal: c}]", "All of: (1) An appointment booked by the lead; (2) C. | self_scheduled | the appointment is cancelled"),
]  # fmt: skip


@pytest.mark.parametrize(("say", "rule", "sentence"), SENTENCES)
def test_every_kind_of_rule_has_its_sentence(
    tmp_path: Path, say: Callable[[Path, str], str], rule: str, sentence: str
) -> None:
    assert say(tmp_path, rule) == sentence


def test_work_events_name_the_roles_that_count(tmp_path: Path) -> None:
    assert "(by staff in the role of nurse or clerk)" in readiness(
        tmp_path, "work_event: screening", ["nurse", "clerk"]
    )


@pytest.mark.parametrize(
    ("mql", "sentence"),
    [
        ("{require: fit_and_behaviour, fit: F, behaviour: B}", "it has both at least 20 points of fit (who they are) and at least 1 point of behaviour (what they did)."),
        ("{require: fit_or_behaviour, fit: F, behaviour: B}", "it has either at least 20 points of fit (who they are) or at least 1 point of behaviour (what they did)."),
        ("{require: fit_and_behaviour, fit: F}", "it has at least 20 points of fit (who they are)."),
        ("{require: fit_or_behaviour, behaviour: B}", "it has at least 1 point of behaviour (what they did)."),
        ("{require: total_points, threshold: 21, fit: F, behaviour: B}", "its fit points (who they are) and its behaviour points (what they did) together reach 21 points."),
    ],
)  # fmt: skip
def test_every_requirement_has_its_sentence(tmp_path: Path, mql: str, sentence: str) -> None:
    halves = {
        "F": "{threshold: 20, rules: [{id: f, attribute: state, in: [TX], points: 20}]}",
        "B": "{threshold: 1, rules: [{id: b, signal: c, points: 1}]}",
    }
    for half, text in halves.items():
        mql = mql.replace(f": {half}", f": {text}")
    said = rule_words.requirement(version(tmp_path, mql=mql).mql)
    assert said == f"A lead becomes MQL at the first moment when {sentence}"


@pytest.mark.parametrize(
    ("item", "needs"),
    [
        ("work_event: screening, contact_channel: [call]", True),
        ("work_event: screening, contact_channel: [call, sms]", False),
        ("work_event: screening", False),
        ("appointment_booked_by: [lead]", False),
        ("all: [{signal: c}, {work_event: screening, contact_channel: [call]}]", True),
        ("signal: phone_call", True),
    ],
)
def test_a_call_is_needed_where_nothing_else_will_do(tmp_path: Path, item: str, needs: bool) -> None:
    read = version(tmp_path, sql_stage=f"{{ready_when_any: [{{id: a, {item}}}]}}").sql
    assert read is not None and rule_words.needs_a_call(read.ready_when_any[0]) is needs


VALUES = st.lists(st.sampled_from(["1", "2", "x"]), min_size=1, unique=True) | st.none()
NUMBERS = st.sampled_from([Decimal(1), Decimal(2)]) | st.none()
TESTS = st.builds(
    EligibilityRule.model_construct,
    id=st.just("a"), attribute=st.just("b"), in_=VALUES, not_in=VALUES, equals=st.sampled_from(["1", "x", None]),
    at_least=NUMBERS, at_most=NUMBERS, is_known=st.just(True), unknown=st.sampled_from(["hold", "fail", "pass", None]),
)  # fmt: skip


@given(TESTS)
def test_a_rule_fails_in_words_where_some_value_fails_it(test: EligibilityRule) -> None:
    known = [value for value in candidate_values([test]) if value is not None]
    # What is no number is unknown to a bound, whatever `unknown` says of it.
    strict = test.model_copy(update={"unknown": "pass"})
    can_fail = test.unknown == "fail" or not all(satisfies(strict, value) for value in known)
    assert (words.failing(test) is not None) is can_fail


ONE_PART = {
    "work_event: screening": {"staff_confirmed"},
    "appointment_booked_by: [staff]": {"staff_confirmed"},
    "appointment_booked_by: [lead]": {"self_scheduled"},
    "appointment_booked_by: [lead, staff]": {"self_scheduled", "staff_confirmed"},
    "signal: c": {"criteria"},
    "attribute: d, is_known: true": {"criteria"},
}


@pytest.mark.parametrize("parts", list(itertools.combinations(ONE_PART, 2)), ids=" and ".join)
def test_staff_then_the_lead_decide_the_basis_of_all_that_took_part(tmp_path: Path, parts: tuple[str, str]) -> None:
    read = version(tmp_path, sql_stage=f"{{ready_when_any: [{{id: a, all: [{{{parts[0]}}}, {{{parts[1]}}}]}}]}}").sql
    assert read is not None
    happened = itertools.product(*(ONE_PART[part] for part in parts))
    expected = {
        "staff_confirmed" if "staff_confirmed" in took else "self_scheduled" if "self_scheduled" in took else "criteria"
        for took in happened
    }
    assert set(rule_words.bases(read.ready_when_any[0])) == expected


def test_numbers_and_moments_read_the_same_everywhere() -> None:
    assert [words.number(Decimal(n)) for n in ("20", "20.0", "0.10", "1E+3")] == ["20", "20", "0.1", "1000"]
    assert words.moment(datetime(2026, 3, 1, 6)) == "1 March 2026, 06:00 UTC"
    assert words.moment(datetime(2026, 12, 31, 23, 59, 58)) == "31 December 2026, 23:59:58 UTC"
    assert [words.business_minutes(n) for n in (1, 90, 60, 240)] == [
        "1 business minute", "90 business minutes", "60 business minutes (1 hour)", "240 business minutes (4 hours)",
    ]  # fmt: skip
