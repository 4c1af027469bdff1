"""What the rows of one record say at a moment: service line, version in force, values, matching touches, points.

The lower half of the plain evaluator in `criteria.py`; nothing is decided here. What does not depend on the moment
(which touches are of a rule's kind, in which order) is worked out once.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Moment = datetime
Row = dict[str, Any]
END = datetime(9999, 12, 31)
START = datetime(1, 1, 1)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?\Z")
_WHERE = ("service_line", "topic", "offer_id", "form_id", "campaign_id", "landing_page")


@dataclass
class Record:
    """One record: its own rows only. Every row has valid_from and valid_to; events also an id and occurred_at."""

    key: str
    effective_at: Moment
    lines: list[Row] = field(default_factory=list)
    attributes: list[Row] = field(default_factory=list)
    touches: list[Row] = field(default_factory=list)
    work_events: list[Row] = field(default_factory=list)
    appointments: list[Row] = field(default_factory=list)


@dataclass
class Criteria:
    """`files`: service line → list of versions, `default` for default.yaml; a version's effective_from naive UTC."""

    files: dict[str, list[Row]]
    staff: list[Row] = field(default_factory=list)


def micro(points: Any) -> int:
    """Points as integer micro-points."""
    return math.floor(float(points) * 1_000_000 + 0.5)


def holding(rows: list[Row], t: Moment) -> list[Row]:
    """Versions that hold at t."""
    return [row for row in rows if row["valid_from"] <= t < row["valid_to"]]


class Rows:
    """One record under one set of criteria, as of a moment."""

    def __init__(self, criteria: Criteria, record: Record, as_of: Moment) -> None:
        self.criteria, self.record, self.as_of = criteria, record, as_of
        self._kinds: dict[int, list[Row]] = {}
        self._values: dict[str, list[Row]] = {}
        for row in record.attributes:
            self._values.setdefault(row["name"], []).append(row)

    def line(self, t: Moment) -> str | None:
        rows = holding(self.record.lines, t)
        return rows[0]["service_line"] if rows else None

    def version(self, t: Moment) -> tuple[str, Row] | None:
        """Rule 1."""
        for name in (self.line(t), "default"):
            found = [v for v in self.criteria.files.get(name or "", []) if v["effective_from"] <= t]
            if found:
                latest = max(found, key=lambda v: v["effective_from"])
                return f"{name}@{latest['version']}", latest
        return None

    def value(self, name: str, t: Moment) -> tuple[str | None, Moment | None]:
        for row in self._values.get(name, []):
            if row["valid_from"] <= t < row["valid_to"]:
                value = row["value"]
                return (value.strip() or None) if value is not None else None, row["valid_from"]
        return None, None

    def answer(self, rule: Row, value: str | None) -> str:
        """yes, no or unknown."""
        if value is None:
            return "unknown"
        if "in" in rule and value not in rule["in"] or "not_in" in rule and value in rule["not_in"]:
            return "no"
        if "equals" in rule and value != rule["equals"]:
            return "no"
        if "at_least" in rule or "at_most" in rule:
            if not _NUMBER.match(value):
                return "unknown"
            if float(value) < rule.get("at_least", -math.inf) or float(value) > rule.get("at_most", math.inf):
                return "no"
        return "yes"

    def satisfied(self, rule: Row, t: Moment) -> bool:
        answer = self.answer(rule, self.value(rule["attribute"], t)[0])
        return answer == "yes" or (answer == "unknown" and rule.get("unknown") == "pass")

    def fails(self, rule: Row, t: Moment) -> bool:
        answer = self.answer(rule, self.value(rule["attribute"], t)[0])
        return answer == "no" or (answer == "unknown" and rule.get("unknown") == "fail")

    def fit(self, version: Row, t: Moment) -> list[tuple[Any, ...]]:
        """Rule 2: (rule, kind, source, id, micro-points)."""
        rules = version["mql"].get("fit", {}).get("rules", [])
        return [
            (rule["id"], "attribute", None, rule["attribute"], micro(rule["points"]))
            for rule in rules
            if self.satisfied(rule, t)
        ]

    def of_kind(self, rule: Row) -> list[Row]:
        """Touches of the rule's signal, place and channel, the latest first."""
        if id(rule) not in self._kinds:
            found = [touch for touch in self.record.touches if _is_of_kind(rule, touch)]
            found.sort(key=lambda x: (x["occurred_at"], x["touch_id"], x["source"]), reverse=True)
            self._kinds[id(rule)] = found
        return self._kinds[id(rule)]

    def meeting(self, rule: Row, t: Moment) -> list[Row]:
        """Of those the ones that hold at t and are of a service line that counts then."""
        line = self.line(t)
        return [
            touch
            for touch in self.of_kind(rule)
            if touch["valid_from"] <= t < touch["valid_to"]
            and (line is None or touch["service_line"] is None or touch["service_line"] == line)
        ]

    def behaviour(self, version: Row, t: Moment) -> list[tuple[Any, ...]]:
        """Rule 3: (rule, kind, source, id, micro-points)."""
        result = []
        for rule in version["mql"].get("behaviour", {}).get("rules", []):
            touches = self.meeting(rule, t)
            if "within_days" in rule:
                touches = [x for x in touches if _days(t - x["occurred_at"]) < rule["within_days"]]
            for touch in touches[: rule.get("at_most", len(touches))]:
                worth = float(rule["points"])
                if "half_life_days" in rule:
                    worth *= 0.5 ** (_days(t - touch["occurred_at"]) / rule["half_life_days"])
                result.append((rule["id"], "touch", touch["source"], touch["touch_id"], micro(worth)))
        return [row for row in result if row[-1] > 0]


def _is_of_kind(rule: Row, touch: Row) -> bool:
    where = rule.get("where", {})
    return (
        touch["signal"] == rule["signal"]
        and all(touch[name] in where[name] for name in _WHERE if name in where)
        and ("channels" not in rule or touch["channel"] in rule["channels"])
    )


def _days(span: Any) -> float:
    return float((span.days * 86_400_000_000 + span.seconds * 1_000_000 + span.microseconds) / 86_400_000_000)
