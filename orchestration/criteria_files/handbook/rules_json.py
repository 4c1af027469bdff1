"""The rules of the versions in force as JSON, for marketing automation. `KEYS` documents every key there is.

Keys are stable: one may be added, none changes its meaning or goes without another `format`. Absent means null.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from orchestration.criteria_files.companions import Catalogue
from orchestration.criteria_files.handbook import rule_words, words
from orchestration.criteria_files.handbook.in_force import Standing
from orchestration.criteria_files.load import Criteria
from orchestration.criteria_files.shapes import (
    AttributeTest,
    BehaviourRule,
    Mql,
    Part,
    ReadinessItem,
    Sql,
    Version,
    Where,
)

FORMAT = 1
KEYS: tuple[tuple[str, str], ...] = (
    ("format", "Number of this layout: 1"),
    ("service_lines", "One entry for each service line"),
    ("service_lines[].service_line", "Name of the service line; null for all without criteria of their own"),
    ("service_lines[].criteria_version", "Version that decides now, like orthopaedics@2; null where none does"),
    ("service_lines[].effective_from", "Since when it is in force (UTC)"),
    ("service_lines[].next_effective_from", "When other criteria follow (UTC), if any are written"),
    ("service_lines[].mql", "What makes an MQL"),
    ("….mql.require", "fit_and_behaviour, fit_or_behaviour or total_points"),
    ("….mql.threshold", "Points of both halves together; only with total_points"),
    ("….mql.fit", "Who they are; null where the half is not written"),
    ("….mql.behaviour", "What they did; null where the half is not written"),
    ("….threshold", "Points the half must reach; null with total_points"),
    ("….rules", "The half's rules"),
    ("service_lines[].sql_stage", "What makes an SQL; null where the criteria name none"),
    ("….verified_by", "Roles of staff whose work events count; null for any"),
    ("….eligibility", "Rules that must all hold"),
    ("….ready_when_any", "Ways of being ready; one must have come about"),
    ("….parts", "What must come about together"),
    ("….bases", "Bases by which an SQL by this way is marked"),
    ("service_lines[].first_contact_business_minutes", "Promise of the first contact after the handoff"),
    ("exclusions", "Rules for leads outside every rate and route, in order"),
    ("….id", "Id of the rule, as evidence names it"),
    ("….in_words", "The rule as the pages say it; for reading, never for deciding"),
    ("….reason", "Why such leads are not counted"),
    ("….kind", "attribute, touch, work_event or appointment"),
    ("….attribute", "Attribute of the lead that is tested"),
    ("….in", "Values one of which it must have"),
    ("….not_in", "Values none of which it may have"),
    ("….equals", "Value it must have"),
    ("….at_least", "Number it must reach"),
    ("….at_most", "Of an attribute: number it may not exceed. Of a touch: how many of the latest count"),
    ("….is_known", "true where it only has to be known"),
    ("….unknown", "What an unknown value does: hold, fail or pass"),
    ("….clinical_reason", "Why a protected attribute is used"),
    ("….points", "Points the rule gives: of a touch, each time"),
    ("….signal", "What the lead did"),
    ("….where", "Columns of the touch and the values one of which each must have"),
    ("….channels", "Channels one of which the touch must have come by"),
    ("….within_days", "How many days of 24 hours back touches count; null for all"),
    ("….half_life_days", "Days after which a touch is worth half; null where it does not fade"),
    ("….work_event", "contact_attempt, contact_made or screening"),
    ("….outcome", "Outcomes one of which it must have"),
    ("….contact_channel", "Ways of contact one of which it must have come by"),
    ("….appointment_booked_by", "lead, staff or both"),
)


def rules_json(criteria: Criteria, standings: Sequence[Standing]) -> str:
    """The rules that decide, for every service line, as JSON text."""
    data = {
        "format": FORMAT,
        "service_lines": [_line(standing, criteria.catalogue) for standing in standings],
        "exclusions": [
            {"id": rule.id, "reason": rule.reason, "in_words": words.sentence(words.holds(rule))} | _test(rule)
            for rule in criteria.exclusions
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _line(standing: Standing, catalogue: Catalogue) -> dict[str, Any]:
    name = None if standing.line.is_default else standing.line.name
    decides = standing.deciding
    entry: dict[str, Any] = {
        "service_line": name,
        "criteria_version": decides.name if decides else None,
        "effective_from": _time(decides.version.effective_from) if decides else None,
        "next_effective_from": _time(standing.deciding_until),
    }
    version = decides.version if decides else None
    return entry | {
        "mql": _mql(version.mql, catalogue) if version else None,
        "sql_stage": _sql_stage(version.sql, catalogue) if version and version.sql else None,
        "first_contact_business_minutes": _promise(version),
    }


def _promise(version: Version | None) -> int | None:
    return version.sla.first_contact_business_minutes if version and version.sla else None


def _time(value: datetime | None) -> str | None:
    return None if value is None else f"{value.isoformat()}Z"


def _mql(mql: Mql, catalogue: Catalogue) -> dict[str, Any]:
    is_total = mql.require == "total_points"
    fit = [
        {"id": rule.id, "in_words": rule_words.fit_sentence(rule), "points": _number(rule.points)} | _test(rule)
        for rule in (mql.fit.rules if mql.fit else [])
    ]
    behaviour = [
        {"id": rule.id, "in_words": rule_words.behaviour_sentence(rule, catalogue)} | _behaviour(rule)
        for rule in (mql.behaviour.rules if mql.behaviour else [])
    ]
    halves: dict[str, Any] = {"fit": None, "behaviour": None}
    for half, read, rules in (("fit", mql.fit, fit), ("behaviour", mql.behaviour, behaviour)):
        if read is not None:
            halves[half] = {"threshold": None if is_total else _number(read.threshold), "rules": rules}
    return {"require": mql.require, "threshold": _number(mql.threshold) if is_total else None} | halves


def _sql_stage(stage: Sql, catalogue: Catalogue) -> dict[str, Any]:
    return {
        "verified_by": stage.verified_by,
        "eligibility": [
            {"id": rule.id, "in_words": rule_words.eligibility_sentence(rule)} | _test(rule)
            for rule in stage.eligibility
        ],
        "ready_when_any": [_item(item, catalogue, stage.verified_by) for item in stage.ready_when_any],
    }


def _item(item: ReadinessItem, catalogue: Catalogue, roles: Sequence[str] | None) -> dict[str, Any]:
    return {
        "id": item.id,
        "in_words": rule_words.readiness_words(item, catalogue, roles),
        "bases": list(rule_words.bases(item)),
        "parts": [_part(part) for part in item.parts],
    }


def _part(part: Part) -> dict[str, Any]:
    if part.work_event is not None:
        return {
            "kind": "work_event",
            "work_event": part.work_event,
            "outcome": part.outcome,
            "contact_channel": part.contact_channel,
        }
    if part.appointment_booked_by is not None:
        return {"kind": "appointment", "appointment_booked_by": part.appointment_booked_by}
    if part.signal is not None:
        return {"kind": "touch", "signal": part.signal, "where": _where(part.where), "channels": part.channels}
    return _test(part.test())


def _test(test: AttributeTest) -> dict[str, Any]:
    return {
        "kind": "attribute",
        "attribute": test.attribute,
        "in": test.in_,
        "not_in": test.not_in,
        "equals": test.equals,
        "at_least": _number(test.at_least),
        "at_most": _number(test.at_most),
        "is_known": test.is_known,
        "unknown": test.unknown or "hold",
        "clinical_reason": test.clinical_reason,
    }


def _behaviour(rule: BehaviourRule) -> dict[str, Any]:
    return {
        "kind": "touch",
        "signal": rule.signal,
        "where": _where(rule.where),
        "channels": rule.channels,
        "points": _number(rule.points),
        "at_most": rule.at_most,
        "within_days": _number(rule.within_days),
        "half_life_days": _number(rule.half_life_days),
    }


def _where(where: Where | None) -> dict[str, list[str]] | None:
    return None if where is None else where.model_dump(exclude_none=True) or None


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
