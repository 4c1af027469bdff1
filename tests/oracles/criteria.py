"""The criteria language in plain Python, written from its text: every moment looked at, every row looked at each time.

Knows nothing of the SQL. Takes criteria as the YAML says them (plain dicts) and a record's rows as versions with
half-open spans of naive UTC times; gives decisions and evidence as sets of tuples.
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


class Judge:
    """Answers for one record under one set of criteria, as of a moment."""

    def __init__(self, criteria: Criteria, record: Record, as_of: Moment) -> None:
        self.criteria, self.record, self.as_of = criteria, record, as_of

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
        for row in self.record.attributes:
            if row["name"] == name and row["valid_from"] <= t < row["valid_to"]:
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

    def meets(self, rule: Row, touch: Row, t: Moment) -> bool:
        """Whether a touch is of the rule's signal, place, channel, and of a service line that counts at t."""
        where = rule.get("where", {})
        line = self.line(t)
        return (
            touch["signal"] == rule["signal"]
            and all(touch[name] in where[name] for name in _WHERE if name in where)
            and ("channels" not in rule or touch["channel"] in rule["channels"])
            and (touch["service_line"] is None or line is None or touch["service_line"] == line)
        )

    def behaviour(self, version: Row, t: Moment) -> list[tuple[Any, ...]]:
        """Rule 3: (rule, kind, source, id, micro-points)."""
        result = []
        for rule in version["mql"].get("behaviour", {}).get("rules", []):
            touches = [touch for touch in holding(self.record.touches, t) if self.meets(rule, touch, t)]
            if "within_days" in rule:
                touches = [x for x in touches if _days(t - x["occurred_at"]) < rule["within_days"]]
            touches.sort(key=lambda x: (x["occurred_at"], x["touch_id"], x["source"]), reverse=True)
            for touch in touches[: rule.get("at_most", len(touches))]:
                worth = float(rule["points"])
                if "half_life_days" in rule:
                    worth *= 0.5 ** (_days(t - touch["occurred_at"]) / rule["half_life_days"])
                result.append((rule["id"], "touch", touch["source"], touch["touch_id"], micro(worth)))
        return [row for row in result if row[-1] > 0]

    def own_moments(self, rows: list[Row]) -> set[Moment]:
        first = self.record.effective_at
        return {row["valid_from"] for row in rows if first <= row["valid_from"] <= self.as_of}

    def begins(self) -> set[Moment]:
        versions = [v["effective_from"] for versions in self.criteria.files.values() for v in versions]
        return {t for t in versions if self.record.effective_at <= t <= self.as_of and self.begins_at(t)}

    def begins_at(self, t: Moment) -> bool:
        version = self.version(t)
        return version is not None and version[1]["effective_from"] == t

    def line_changes(self) -> set[Moment]:
        rows = sorted(self.record.lines, key=lambda row: row["valid_from"])
        return self.own_moments([b for a, b in zip(rows, rows[1:], strict=False) if a["service_line"] != b["service_line"]])

    def mql(self) -> tuple[Row | None, list[tuple[Any, ...]]]:
        """Rule 4: the decision and its evidence."""
        candidates = {self.record.effective_at} | self.own_moments(self.record.touches) | self.begins()
        candidates |= self.own_moments(self.record.attributes) | self.line_changes()
        last: tuple[Row | None, list[tuple[Any, ...]]] = (None, [])
        for t in sorted(candidates):
            found = self.version(t)
            if found is None:
                continue
            fit, behaviour = self.fit(found[1], t), self.behaviour(found[1], t)
            sums = sum(row[-1] for row in fit), sum(row[-1] for row in behaviour)
            qualifies = _holds(found[1]["mql"], *sums)
            decision = {"at": t, "version": found[0], "qualifies": qualifies, "fit": sums[0], "behaviour": sums[1]}
            last = decision, fit + behaviour
            if qualifies:
                break
        return last

    def eligibility(self, version: Row) -> list[Row]:
        rules: list[Row] = version.get("sql", {}).get("eligibility", [])
        return rules

    def eligible(self, version: Row, t: Moment) -> bool:
        """Rule 5."""
        return all(self.satisfied(rule, t) for rule in self.eligibility(version))

    def verdicts(self, outcome: str, t: Moment) -> list[tuple[Moment, Row]]:
        """Screenings of that outcome as known at t, with the moment their verdict took effect."""

        def matches(row: Row) -> bool:
            return row["kind"] == "screening" and row["outcome"] == outcome

        return [
            (self.since(self.record.work_events, row, "event_id", matches), row)
            for row in holding(self.record.work_events, t)
            if matches(row)
        ]

    def since(self, rows: list[Row], row: Row, key: str, matches: Any) -> Moment:
        """When the unbroken run of matching versions that `row` belongs to began."""
        begin: Moment = row["valid_from"]
        same = [r for r in rows if (r["source"], r[key]) == (row["source"], row[key])]
        while True:
            before = [r for r in same if r["valid_to"] == begin and r["valid_from"] < begin and matches(r)]
            if not before:
                return begin
            begin = before[0]["valid_from"]

    def firings(self, part: Row, version: Row, t: Moment) -> list[tuple[Moment, int, tuple[Any, ...]]]:
        """Firings of a part that stand at t: (fired at, rank of basis, (kind, source, id))."""
        if "work_event" in part:
            return self.work_firings(part, version, t)
        found: list[tuple[Moment, int, tuple[Any, ...]]] = []
        if "appointment_booked_by" in part:
            for row in holding(self.record.appointments, t):

                def booked(r: Row, by: str = row["booked_by"]) -> bool:
                    return r["booked_by"] == by and r["status"] != "cancelled"

                if row["booked_by"] in part["appointment_booked_by"] and booked(row):
                    begin = self.since(self.record.appointments, row, "appointment_id", booked)
                    rank = 1 if row["booked_by"] == "staff" else 2
                    found.append((begin, rank, ("appointment", row["source"], row["appointment_id"])))
        elif "signal" in part:
            for row in holding(self.record.touches, t):
                if self.meets(part, row, t):
                    begin = self.since(
                        self.record.touches,
                        row,
                        "touch_id",
                        lambda r, line=row["service_line"]: self.meets(part, r, t) and r["service_line"] == line,
                    )
                    found.append((begin, 3, ("touch", row["source"], row["touch_id"])))
        else:
            for row in self.record.attributes:
                value = (row["value"] or "").strip() or None
                answer = self.answer(part, value)
                yes = answer == "yes" or (answer == "unknown" and part.get("unknown") == "pass")
                if row["name"] == part["attribute"] and row["valid_from"] <= t and yes:
                    found.append((row["valid_from"], 3, ("attribute", None, part["attribute"])))
        return found

    def work_firings(self, part: Row, version: Row, t: Moment) -> list[tuple[Moment, int, tuple[Any, ...]]]:
        roles = version["sql"].get("verified_by")

        def matches(row: Row) -> bool:
            return (
                row["kind"] == part["work_event"]
                and ("outcome" not in part or row["outcome"] in part["outcome"])
                and ("contact_channel" not in part or row["contact_channel"] in part["contact_channel"])
                and (roles is None or self.role(row) in roles)
            )

        rejected = [moment for moment, _ in self.verdicts("not_qualified", t)]
        found = []
        for row in holding(self.record.work_events, t):
            if matches(row):
                begin = self.since(self.record.work_events, row, "event_id", matches)
                if not any(moment > begin for moment in rejected):
                    found.append((begin, 1, ("work_event", row["source"], row["event_id"])))
        return found

    def role(self, row: Row) -> str | None:
        for member in self.criteria.staff:
            if member["staff_id"] == row["staff_id"] and member["valid_from"] <= row["occurred_at"] < member["valid_to"]:
                return str(member["role"])
        return None

    def standing_items(self, version: Row, t: Moment) -> list[tuple[Moment, int, str, list[tuple[Any, ...]]]]:
        """Items that have fired and not ended: (fired at, rank, id, source rows)."""
        found = []
        for item in version.get("sql", {}).get("ready_when_any", []):
            parts = item.get("all", [item])
            firings = [self.firings(part, version, t) for part in parts]
            if all(firings):
                first = [min(part, key=lambda f: (f[0], f[1], f[2][0], f[2][2], f[2][1] or "")) for part in firings]
                found.append((max(f[0] for f in first), min(f[1] for f in first), item["id"], [f[2] for f in first]))
        return found

    def every_moment(self) -> list[Moment]:
        record = self.record
        rows = record.lines + record.attributes + record.touches + record.work_events + record.appointments
        moments = {row[name] for row in rows for name in ("valid_from", "valid_to")} | {record.effective_at}
        moments |= {v["effective_from"] for versions in self.criteria.files.values() for v in versions}
        return sorted(t for t in moments if t <= self.as_of)

    def sql_stage(self) -> tuple[Row | None, list[tuple[Any, ...]]]:
        """Rule 6: the decision and its evidence."""
        for t in self.every_moment():
            found = self.version(t) if t >= self.record.effective_at else None
            if found is None or not self.eligible(found[1], t):
                continue
            items = self.standing_items(found[1], t)
            if items:
                rank = min(items)[1]
                basis = {1: "staff_confirmed", 2: "self_scheduled", 3: "criteria"}[rank]
                evidence = [(item[2], *source, 0) for item in items for source in item[3]]
                evidence += [
                    (rule["id"], "attribute", None, rule["attribute"], 0) for rule in self.eligibility(found[1])
                ]
                return {"at": t, "version": found[0], "basis": basis}, evidence
        return None, []

    def disqualified(self, mql_at: Moment | None) -> list[tuple[Moment, bool, str, str]]:
        """Rule 7: (moment, whether it stands from then on, version, basis)."""
        record, state, was, changes = self.record, {"screening": False, "eligibility": False}, False, []
        asks = self.row_moments()
        verdict_moments = self.verdict_moments()
        for t in sorted(asks | verdict_moments):
            found = self.version(t)
            if found is None:
                continue
            before = dict(state)
            if t in verdict_moments:
                rejected = max((moment for moment, _ in self.verdicts("not_qualified", t)), default=None)
                accepted = max((moment for moment, _ in self.verdicts("qualified", t)), default=START)
                state["screening"] = rejected is not None and rejected >= accepted
            if t in asks:
                if self.eligible(found[1], t):
                    state["eligibility"] = False
                elif any(self.fails(rule, t) for rule in self.eligibility(found[1])) and (
                    (mql_at is not None and mql_at <= t) or self.has_fired(found[1], t)
                ):
                    state["eligibility"] = True
            if any(state.values()) != was:
                was = not was
                by_staff = state["screening"] != before["screening"] and state["screening"] == was
                changes.append((t, was, found[0], "staff_confirmed" if by_staff else "criteria"))
        return changes

    def verdict_moments(self) -> set[Moment]:
        """When a verdict of a screening comes or goes, for the record at the earliest when it takes effect itself."""
        moments = set()
        for row in self.record.work_events:
            verdict = (row["kind"], row["outcome"])
            if verdict not in (("screening", "qualified"), ("screening", "not_qualified")):
                continue
            near = [r for r in self.record.work_events if (r["source"], r["event_id"]) == (row["source"], row["event_id"])]
            same = [r for r in near if (r["kind"], r["outcome"]) == verdict]
            if all(r["valid_to"] != row["valid_from"] for r in same):
                moments.add(row["valid_from"])
            if all(r["valid_from"] != row["valid_to"] for r in same):
                moments.add(row["valid_to"])
        return {max(t, self.record.effective_at) for t in moments if t <= self.as_of}

    def row_moments(self) -> set[Moment]:
        record = self.record
        rows = record.lines + record.attributes + record.touches + record.work_events + record.appointments
        return self.own_moments(rows) | {record.effective_at}

    def has_fired(self, version: Row, t: Moment) -> bool:
        """Whether an item of that version stood at any moment up to t, for the lead's service line at t."""
        line = self.line(t)
        frozen = Judge(self.criteria, self.record, self.as_of)
        frozen.line = lambda _t: line  # type: ignore[method-assign]
        return any(frozen.standing_items(version, moment) for moment in self.every_moment() if moment <= t)


def _days(span: Any) -> float:
    return float((span.days * 86_400_000_000 + span.seconds * 1_000_000 + span.microseconds) / 86_400_000_000)


def _holds(mql: Row, fit: int, behaviour: int) -> bool:
    if mql["require"] == "total_points":
        return fit + behaviour >= micro(mql["threshold"])
    halves = [
        points >= micro(mql[name]["threshold"])
        for name, points in (("fit", fit), ("behaviour", behaviour))
        if name in mql
    ]
    return all(halves) if mql["require"] == "fit_and_behaviour" else any(halves)
