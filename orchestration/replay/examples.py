"""Tries the shared examples of the criteria: each is a lead of its own, judged by the qualification models.

`example_faults(criteria, sql)` names every example the rules answer otherwise, with its line and what they say instead.
An example stands alone: judged by its version at one moment, at which all its rows have taken effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from orchestration.criteria_files import wording
from orchestration.criteria_files.example_shapes import Example
from orchestration.criteria_files.load import Criteria, ServiceLine
from orchestration.criteria_files.marks import Fault, Loc, dotted
from orchestration.criteria_files.shapes import Version
from orchestration.replay.compiled import QualificationSql
from orchestration.replay.inputs import SCHEMAS, table_of
from orchestration.replay.scratch import DECISIONS, EVIDENCE, Scratch

_END = datetime(9999, 12, 31)
_ANYBODY = "somebody"


@dataclass(frozen=True)
class Case:
    """One example with the version it belongs to and the line it stands on."""

    line: ServiceLine
    version: Version
    example: Example
    number: int

    @property
    def key(self) -> str:
        """Its record."""
        return f"{self.line.criteria_version(self.version)}/{self.number}"

    @property
    def moment(self) -> datetime:
        """When it is judged."""
        return self.example.at or self.version.effective_from

    @property
    def loc(self) -> Loc:
        """The version's place in its file."""
        return ("versions", self.line.versions.index(self.version))

    def line_of(self, *place: str | int) -> int:
        """The line of a place in the version."""
        return self.line.document.line_of((*self.loc, *place)) if self.line.document else 0

    def fault(self, message: str) -> Fault:
        """That message at the example's line."""
        place = (*self.loc, "examples", self.number)
        said = f"version {self.version.version}, example “{self.example.title}”"
        return Fault(self.line.file, self.line_of("examples", self.number), dotted(place), message, said)


def cases_of(criteria: Criteria) -> list[Case]:
    """Every example of every version."""
    return [
        Case(line, version, example, number)
        for line in criteria.service_lines
        for version in line.versions
        for number, example in enumerate(version.examples)
    ]


def example_faults(criteria: Criteria, sql: QualificationSql) -> list[Fault]:
    """Faults of the examples whose expectation fails."""
    cases = cases_of(criteria)
    early = [case for case in cases if case.moment < case.version.effective_from]
    faults = [case.fault("is judged before its version begins: move `at`, or leave it out") for case in early]
    for round_ in _rounds([case for case in cases if case not in early]):
        faults += _try(criteria, round_, sql)
    return faults


def _rounds(cases: Sequence[Case]) -> Iterator[list[Case]]:
    """The cases, one version of a service line at a time: no later version may have a say."""
    waiting = list(cases)
    while waiting:
        chosen = {case.line.name: case.version for case in reversed(waiting)}
        yield [case for case in waiting if case.version is chosen[case.line.name]]
        waiting = [case for case in waiting if case.version is not chosen[case.line.name]]


def _try(criteria: Criteria, cases: Sequence[Case], sql: QualificationSql) -> list[Fault]:
    only = {case.line.name: replace(case.line, versions=(case.version,)) for case in cases}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
    for case in cases:
        for name, row in _rows(case):
            rows[name].append(row)
    rows["input.input__run"] = [{"as_of": max(case.moment for case in cases)}]
    rows["input.input__sources"] = [{"source": "example", "id_space": "example"}]
    with Scratch(sql, threads=1) as scratch:
        scratch.fill_criteria(replace(criteria, service_lines=tuple(only.values())))
        for name, found in rows.items():
            scratch.fill(name, table_of(name, found))
        scratch.decide()
        decided = scratch.rows(f"select * from {DECISIONS}")
        proved = scratch.rows(f"select * from {EVIDENCE} where stage = 'mql'")
    return [fault for case in cases if (fault := _compare(case, decided, proved)) is not None]


def _rows(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    """The example as rows: its record takes effect when it is judged, all else before."""
    lead, judged = case.example.lead, case.moment
    key, always = {"record_key": case.key}, {"valid_from": datetime.min, "valid_to": _END}
    line = None if case.line.is_default else case.line.name
    yield "intermediate.int_records__current", key | {"effective_at": judged}
    yield "intermediate.int_records__versioned", key | always | {"service_line": line}
    for name, value in lead.attributes.items():
        yield "intermediate.int_attributes__versioned", key | always | {"name": name, "value": value}
    for number, touch in enumerate(lead.touches):
        own = touch.model_dump() | {"source": "example", "touch_id": f"touch {number + 1}"}
        yield "intermediate.int_touches__owned", key | own | _times(judged, touch.days_ago)
    roles = (case.version.sql.verified_by if case.version.sql else None) or [_ANYBODY]
    for number, work in enumerate(lead.work_events):
        role = work.role or roles[0]
        own = work.model_dump() | {"source": "example", "event_id": f"{case.key}/{number}", "staff_id": role}
        yield "intermediate.int_work_events__versioned", key | own | _times(judged, work.days_ago)
        yield "input.input__staff", _member(role, f"{case.key}/{number}")
    for number, booking in enumerate(lead.appointments):
        own = booking.model_dump() | {"source": "example", "appointment_id": f"{case.key}/{number}"}
        times = _times(judged, booking.days_ago)
        yield "intermediate.int_appointments__versioned", key | own | times | {"booked_at": times["occurred_at"]}


def _times(judged: datetime, days_ago: Decimal) -> dict[str, datetime]:
    at = (
        max(judged - datetime.min - timedelta(microseconds=int(days_ago * 86_400_000_000)), timedelta(0)) + datetime.min
    )
    return {"occurred_at": at, "known_at": at, "valid_from": at, "valid_to": _END}


def _member(role: str, file: str) -> dict[str, Any]:
    return {"staff_id": role, "role": role, "_source": "example", "_file_sha256": file, "_row_no": 1}


def _compare(case: Case, decided: Sequence[dict[str, Any]], proved: Sequence[dict[str, Any]]) -> Fault | None:
    own = [row for row in decided if row["record_key"] == case.key]
    by_stage = {row["stage"]: row for row in sorted(own, key=lambda row: row["decision_no"])}
    mql, stage = by_stage.get("mql"), by_stage.get("sql")
    found = {
        "mql": bool(mql and mql["qualifies"]),
        "sql": stage is not None,
        "disqualified": bool(by_stage.get("disqualified", {}).get("qualifies")),
        "basis": stage["basis"] if stage else None,
        "fit_points": _points(mql["fit_micro_points"]) if mql else None,
        "behaviour_points": _points(mql["behaviour_micro_points"]) if mql else None,
    }
    expected = case.example.expect.model_dump(exclude_none=True)
    wanted = [name for name, value in expected.items() if found[name] != value]
    if not wanted:
        return None
    written = " and ".join(f"{name}: {_word(expected[name])}" for name in wanted)
    instead = " and ".join(f"{name}: {_word(found[name])}" for name in wanted)
    because = f" (because: {case.example.why})" if case.example.why else ""
    why = _why(case, mql, [row for row in proved if row["record_key"] == case.key]) if "mql" in wanted else ""
    return case.fault(
        f"people wrote {written}{because}, and the rules say {instead}{why}. "
        "Ask what was agreed: mend the rule, or else the example"
    )


def _points(micro: int) -> Decimal:
    return Decimal(micro) / 1_000_000


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else wording.number(value) if isinstance(value, Decimal) else str(value)


def _why(case: Case, mql: dict[str, Any] | None, proved: Sequence[dict[str, Any]]) -> str:
    """The sums beside their thresholds, and the rules that gave points, with their lines."""
    if mql is None:
        return ""
    sides = []
    for half in ("fit", "behaviour"):
        written = getattr(case.version.mql, half)
        if written is not None:
            needed = f", needed {_word(written.threshold)}" if written.threshold is not None else ""
            sides.append(f"{half} {_word(_points(mql[f'{half}_micro_points']))}{needed}")
    if case.version.mql.threshold is not None:
        sides.append(f"needed in all {_word(case.version.mql.threshold)}")
    given: dict[str, list[int]] = {}
    for row in proved:
        given.setdefault(row["rule_id"], []).append(row["micro_points"])
    rules = ", ".join(_points_of_rule(case, rule, points) for rule, points in sorted(given.items()))
    return f": {'; '.join(sides)}; {'points come from ' + rules if rules else 'no rule gives points'}"


def _points_of_rule(case: Case, rule_id: str, points: Sequence[int]) -> str:
    """What a rule gave and where it stands; of a rule on touches also how often it counted."""
    total = _word(_points(sum(points)))
    for half in ("fit", "behaviour"):
        for number, rule in enumerate(getattr(getattr(case.version.mql, half), "rules", [])):
            if rule.id == rule_id:
                times = f"{len(points)} × {_word(rule.points)}, " if half == "behaviour" else ""
                faded = "faded, " if half == "behaviour" and rule.half_life_days is not None else ""
                return f"{rule_id} {total} ({times}{faded}line {case.line_of('mql', half, 'rules', number)})"
    return f"{rule_id} {total}"
