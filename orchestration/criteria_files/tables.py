"""Criteria as rows: what dbt decides with. One arrow table per part, columns fixed whatever the files hold.

Times are naive and mean UTC; points and thresholds are integer micro-points beside the doubles decay needs; a list that
restricts nothing is null. No file is read here, and none written.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from orchestration.criteria_files.history import version_hash
from orchestration.criteria_files.scalars import micro
from orchestration.criteria_files.shapes import AttributeTest, BehaviourRule, Part, Version, Where

if TYPE_CHECKING:
    from orchestration.criteria_files.load import Criteria, ServiceLine

_DAY_MICROSECONDS = 86_400_000_000
# Longer than from the first to the last moment there is, and far from the end of a 64-bit integer.
_LONGEST = 400_000_000_000_000_000
_LIST = pa.list_(pa.string())

VERSIONS = pa.schema(
    [
        ("criteria_version", pa.string()),
        ("service_line", pa.string()),
        ("version", pa.int64()),
        ("file", pa.string()),
        ("note", pa.string()),
        ("owners", pa.string()),
        ("agreed", pa.string()),
        ("requirement", pa.string()),
        ("verified_by", _LIST),
        ("script", pa.string()),
        ("content_sha256", pa.string()),
        ("is_default", pa.bool_()),
        ("has_fit", pa.bool_()),
        ("has_behaviour", pa.bool_()),
        ("has_sql_stage", pa.bool_()),
        ("total_threshold_micro_points", pa.int64()),
        ("fit_threshold_micro_points", pa.int64()),
        ("behaviour_threshold_micro_points", pa.int64()),
        ("first_contact_business_minutes", pa.int64()),
        ("effective_from", pa.timestamp("us")),
    ]
)
RULES = pa.schema(
    [
        ("criteria_version", pa.string()),
        ("section", pa.string()),
        ("rule_id", pa.string()),
        ("part_no", pa.int64()),
        ("part_count", pa.int64()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("value_in", _LIST),
        ("value_not_in", _LIST),
        ("when_unknown", pa.string()),
        ("where_service_line", _LIST),
        ("where_topic", _LIST),
        ("where_offer_id", _LIST),
        ("where_form_id", _LIST),
        ("where_campaign_id", _LIST),
        ("where_landing_page", _LIST),
        ("channels", _LIST),
        ("outcomes", _LIST),
        ("contact_channels", _LIST),
        ("booked_by", _LIST),
        ("micro_points", pa.int64()),
        ("touch_limit", pa.int64()),
        ("within_microseconds", pa.int64()),
        ("points", pa.float64()),
        ("value_at_least", pa.float64()),
        ("value_at_most", pa.float64()),
        ("half_life_microseconds", pa.float64()),
    ]
)
EXCLUSIONS = pa.schema(
    [
        ("rule_id", pa.string()),
        ("reason", pa.string()),
        ("name", pa.string()),
        ("value_in", _LIST),
        ("value_not_in", _LIST),
        ("when_unknown", pa.string()),
        ("position", pa.int64()),
        ("value_at_least", pa.float64()),
        ("value_at_most", pa.float64()),
    ]
)
CATALOGUE = pa.schema([(name, pa.string()) for name in ("section", "name", "meaning", "comes_from")])
PROTECTED = pa.schema([(name, pa.string()) for name in ("name", "reason")])
CHECKLIST = pa.schema(
    [("criteria_version", pa.string()), ("item_id", pa.string()), ("text", pa.string()), ("position", pa.int64())]
)
PARTS: dict[str, pa.Schema] = {
    "versions": VERSIONS,
    "rules": RULES,
    "exclusions": EXCLUSIONS,
    "catalogue": CATALOGUE,
    "protected_attributes": PROTECTED,
    "checklist_items": CHECKLIST,
}


def tables(criteria: Criteria) -> dict[str, pa.Table]:
    """Every part as a table, empty where the files say nothing of it."""
    versions = [(line, version) for line in criteria.service_lines for version in line.versions]
    rows: dict[str, list[dict[str, Any]]] = {
        "versions": [_version(line, version) for line, version in versions],
        "rules": [
            {"criteria_version": line.criteria_version(version)} | rule
            for line, version in versions
            for rule in _rules(version)
        ],
        "exclusions": [
            {"rule_id": rule.id, "reason": rule.reason, "position": position} | _test(rule)
            for position, rule in enumerate(criteria.exclusions)
        ],
        "catalogue": [vars(entry) for entry in criteria.catalogue.entries],
        "protected_attributes": [{"name": n, "reason": r} for n, r in criteria.policy.protected.items()],
        "checklist_items": [
            {"criteria_version": line.criteria_version(version), "item_id": item.id, "text": item.text, "position": i}
            for line, version in versions
            for i, item in enumerate(version.checklist)
        ],
    }
    return {part: pa.Table.from_pylist(rows[part], schema=schema) for part, schema in PARTS.items()}


def _version(line: ServiceLine, version: Version) -> dict[str, Any]:
    mql = version.mql
    is_total = mql.require == "total_points"
    return {
        "criteria_version": line.criteria_version(version),
        "service_line": None if line.is_default else line.name,
        "version": version.version,
        "file": line.file,
        "note": version.note,
        "owners": _pairs(line.owners),
        "agreed": _pairs(version.agreed or {}),
        "requirement": mql.require,
        "verified_by": version.sql.verified_by if version.sql else None,
        "script": "\n".join(version.script) or None,
        "content_sha256": version_hash(version),
        "is_default": line.is_default,
        "has_fit": mql.fit is not None,
        "has_behaviour": mql.behaviour is not None,
        "has_sql_stage": version.sql is not None,
        "total_threshold_micro_points": _micro(mql.threshold) if is_total else None,
        "fit_threshold_micro_points": None if is_total or mql.fit is None else _micro(mql.fit.threshold),
        "behaviour_threshold_micro_points": (
            None if is_total or mql.behaviour is None else _micro(mql.behaviour.threshold)
        ),
        "first_contact_business_minutes": version.sla.first_contact_business_minutes if version.sla else None,
        "effective_from": version.effective_from,
    }


def _pairs(words: dict[str, str]) -> str | None:
    return "; ".join(f"{key}: {value}" for key, value in words.items()) or None


def _micro(value: Decimal | None) -> int | None:
    return None if value is None else micro(value)


def _rules(version: Version) -> Iterator[dict[str, Any]]:
    for fit in version.mql.fit.rules if version.mql.fit else []:
        yield _rule("fit", fit.id) | _test(fit) | {"points": float(fit.points), "micro_points": micro(fit.points)}
    for behaviour in version.mql.behaviour.rules if version.mql.behaviour else []:
        yield _rule("behaviour", behaviour.id) | _behaviour(behaviour)
    if version.sql is None:
        return
    for eligibility in version.sql.eligibility:
        yield _rule("eligibility", eligibility.id) | _test(eligibility)
    for item in version.sql.ready_when_any:
        for number, part in enumerate(item.parts):
            yield _rule("readiness", item.id, number, len(item.parts)) | _part(part)


def _rule(section: str, rule_id: str, part_no: int = 0, part_count: int = 1) -> dict[str, Any]:
    return {"section": section, "rule_id": rule_id, "part_no": part_no, "part_count": part_count}


def _test(test: AttributeTest) -> dict[str, Any]:
    wanted = test.in_
    if test.equals is not None:
        wanted = [test.equals] if wanted is None or test.equals in wanted else []
    return {
        "kind": "attribute",
        "name": test.attribute,
        "value_in": wanted,
        "value_not_in": test.not_in,
        "when_unknown": test.unknown or "hold",
        "value_at_least": None if test.at_least is None else float(test.at_least),
        "value_at_most": None if test.at_most is None else float(test.at_most),
    }


def _behaviour(rule: BehaviourRule) -> dict[str, Any]:
    return _touch(rule.signal, rule.where, rule.channels) | {
        "points": float(rule.points),
        "micro_points": micro(rule.points),
        "touch_limit": rule.at_most,
        "within_microseconds": (
            None if rule.within_days is None else min(int(rule.within_days * _DAY_MICROSECONDS), _LONGEST)
        ),
        "half_life_microseconds": (
            None if rule.half_life_days is None else float(rule.half_life_days) * _DAY_MICROSECONDS
        ),
    }


def _touch(signal: str, where: Where | None, channels: list[str] | None) -> dict[str, Any]:
    named = where.model_dump() if where else {}
    return {"kind": "touch", "name": signal, "channels": channels} | {
        f"where_{column}": values for column, values in named.items()
    }


def _part(part: Part) -> dict[str, Any]:
    if part.kind == "attribute":
        return _test(part.test())
    if part.signal is not None:
        return _touch(part.signal, part.where, part.channels)
    if part.work_event is not None:
        return {
            "kind": "work_event",
            "name": part.work_event,
            "outcomes": part.outcome,
            "contact_channels": part.contact_channel,
        }
    return {"kind": "appointment", "name": "appointment", "booked_by": part.appointment_booked_by}
