"""The difference of two versions names exactly what differs, and both wordings tell it apart."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.criteria_files import load_criteria
from orchestration.criteria_files.companions import Catalogue
from orchestration.criteria_files.handbook.changes import Change, changes
from orchestration.criteria_files.shapes import ChecklistItem, Part, Sla, Sql, Version, Where

CRITERIA = load_criteria(Path(__file__).parents[4] / "criteria")
VERSIONS = [version for line in CRITERIA.service_lines for version in line.versions]
ORTHO = next(line for line in CRITERIA.service_lines if line.name == "orthopaedics").versions


def differing(before: Version, after: Version) -> list[Change]:
    return list(changes(before, after, CRITERIA.catalogue))


def with_rules(version: Version, part: str, rules: list[Any]) -> Version:
    """The version with other rules in that part of it."""
    if part in ("fit", "behaviour"):
        half = getattr(version.mql, part)
        mql = version.mql.model_copy(update={part: half.model_copy(update={"rules": rules})})
        return version.model_copy(update={"mql": mql})
    return version.model_copy(update={"sql": (version.sql or Sql()).model_copy(update={part: rules})})


def rules_of(version: Version, part: str) -> list[Any]:
    half = getattr(version.mql, part, None) if part in ("fit", "behaviour") else version.sql
    name = "rules" if part in ("fit", "behaviour") else part
    return list(getattr(half, name, []))


PARTS = {
    "fit": "Fit rules",
    "behaviour": "Behaviour rules",
    "eligibility": "Eligibility rules",
    "ready_when_any": "Ways of being ready",
}
PLACES = [(v, part, i) for v in VERSIONS for part in PARTS for i in range(len(rules_of(v, part)))]


def test_what_changed_in_orthopaedics() -> None:
    assert [(change.name, change.kind) for change in differing(*ORTHO)] == [
        ("insured", "changed"),
        ("guide", "changed"),
        ("service_page", "changed"),
        ("prices", "added"),
        ("referral", "added"),
        ("intake_complete", "added"),
        ("sla", "changed"),
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_differs_from_itself_whatever_its_notes_and_examples(version: Version) -> None:
    later = {"version": 9, "effective_from": datetime(2030, 1, 1), "note": "x", "agreed": {"a": "b"}, "examples": []}
    assert not differing(version, version.model_copy(update=later))


@given(st.sampled_from(PLACES), st.data())
def test_a_rule_that_is_taken_out_added_or_renamed_is_the_only_one_named(place: Any, data: st.DataObject) -> None:
    version, part, index = place
    rules = rules_of(version, part)
    rest = [*rules[:index], *rules[index + 1 :]]
    order = data.draw(st.permutations(rest))
    (removed,) = differing(version, with_rules(version, part, list(order)))
    (added,) = differing(with_rules(version, part, list(order)), version)
    assert (removed.section, removed.name, removed.kind) == (PARTS[part], rules[index].id, "removed")
    assert (added.section, added.name, added.kind, added.after) == (
        PARTS[part],
        rules[index].id,
        "added",
        removed.before,
    )
    renamed = [*rest, rules[index].model_copy(update={"id": "another"})]
    named = [(change.name, change.kind) for change in differing(version, with_rules(version, part, renamed))]
    assert sorted(named) == sorted([(rules[index].id, "removed"), ("another", "added")])


OTHER: dict[str, Any] = {
    "attribute": "other_attribute", "in_": ["other"], "not_in": ["other"], "equals": "other", "at_least": Decimal(7),
    "at_most": 7, "is_known": True, "unknown": "pass", "clinical_reason": "another reason", "points": Decimal(77),
    "signal": "other_signal", "channels": ["other"], "within_days": Decimal(77), "half_life_days": Decimal(77),
    "outcome": ["other"], "contact_channel": ["sms"], "appointment_booked_by": ["staff"],
    "where": Where.model_construct(topic=["other"]),
}  # fmt: skip


ALONE = {"attribute", "signal", "appointment_booked_by"}
BELONGS = {"channels": "signal", "where": "signal", "outcome": "work_event", "contact_channel": "work_event"}


def may_differ(thing: Any, name: str) -> bool:
    """Whether that field of a rule, or of a part of one, may become another value and mean something else."""
    if name not in type(thing).model_fields or getattr(thing, name) == OTHER[name]:
        return False
    # A part of a readiness item is one thing: only what belongs to it may be added.
    is_added = isinstance(thing, Part) and getattr(thing, name) is None
    return not is_added or (name not in ALONE and thing.kind == BELONGS.get(name, "attribute"))


@pytest.mark.parametrize("name", OTHER)
def test_every_field_of_a_rule_is_compared_and_said(name: str) -> None:
    tried = 0
    for version, part, index in PLACES:
        rules = rules_of(version, part)
        rule = rules[index]
        thing = rule.parts[0] if part == "ready_when_any" else rule
        if not may_differ(thing, name):
            continue
        other = thing.model_copy(update={name: OTHER[name]})
        parts = {"parts": [other, *rule.parts[1:]]} if part == "ready_when_any" else {}
        rules[index] = rule.model_copy(update=parts) if parts else other
        (change,) = differing(version, with_rules(version, part, rules))
        assert (change.section, change.name, change.kind) == (PARTS[part], rule.id, "changed")
        assert change.before != change.after
        tried += 1
    assert tried


def test_what_is_only_spelled_otherwise_is_no_change() -> None:
    version = ORTHO[1]
    assert version.mql.fit and version.sql
    fit = [
        rule.model_copy(update={"points": rule.points + Decimal("0.00"), "in_": list(reversed(rule.in_ or [])) or None})
        for rule in version.mql.fit.rules
    ]
    waiting = [rule.model_copy(update={"unknown": rule.unknown or "hold"}) for rule in version.sql.eligibility]
    spelled = with_rules(with_rules(version, "fit", fit), "eligibility", waiting)
    ready = [item.model_copy(update={"parts": list(reversed(item.parts))}) for item in version.sql.ready_when_any]
    assert not differing(version, with_rules(spelled, "ready_when_any", ready))


def test_what_stands_beside_the_rules_is_compared_too() -> None:
    version = ORTHO[1]
    assert version.sql and version.mql.fit
    roles = version.model_copy(update={"sql": version.sql.model_copy(update={"verified_by": ["nurse"]})})
    assert [(c.section, c.name) for c in differing(version, roles)] == [("Who may confirm SQL", "verified_by")]
    fit = version.mql.fit.model_copy(update={"threshold": Decimal(5)})
    higher = version.model_copy(update={"mql": version.mql.model_copy(update={"fit": fit})})
    assert [(c.section, c.name) for c in differing(version, higher)] == [("How MQL is decided", "mql")]
    beside = {"sla": Sla.model_construct(first_contact_business_minutes=5), "script": ["Hello"], "checklist": []}
    named = [(change.section, change.kind) for change in differing(version, version.model_copy(update=beside))]
    assert named == [("First contact", "changed"), *[("Checklist", "removed")] * 3, ("Call script", "changed")]
    item = ChecklistItem.model_construct(id="offer_times", text="Offer three times")
    told = version.model_copy(update={"checklist": [*version.checklist[:2], item]})
    assert [(c.name, c.before, c.after) for c in differing(version, told)] == [
        ("offer_times", "Offer two times", "Offer three times")
    ]


def test_a_version_without_sql_lacks_all_of_it() -> None:
    without = ORTHO[1].model_copy(update={"sql": None})
    assert {change.section for change in changes(ORTHO[1], without, Catalogue())} == {
        "Who may confirm SQL", "Eligibility rules", "Ways of being ready",
    }  # fmt: skip
