"""The criteria language in plain Python, written from its text: every moment looked at, every row looked at each time.

Knows nothing of the SQL. Takes criteria as the YAML says them (plain dicts) and a record's rows as versions with
half-open spans of naive UTC times; gives decisions and evidence as sets of tuples.
"""

from __future__ import annotations

from typing import Any

from tests.oracles.criteria_readiness import Readiness
from tests.oracles.criteria_rows import END, START, Criteria, Moment, Record, Row, micro

__all__ = ["END", "Criteria", "Judge", "Record"]


class Judge(Readiness):
    """Answers for one record under one set of criteria, as of a moment."""

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
        return self.own_moments(
            [b for a, b in zip(rows, rows[1:], strict=False) if a["service_line"] != b["service_line"]]
        )

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
        return [change for change, _ in self.disqualifications(mql_at)]

    def disqualifications(
        self, mql_at: Moment | None
    ) -> list[tuple[tuple[Moment, bool, str, str], list[tuple[Any, ...]]]]:
        """Rule 7 with the evidence of each change."""
        state, was, changes = {"screening": False, "eligibility": False}, False, []
        asks, verdict_moments = self.row_moments(), self.verdict_moments()
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
                state["eligibility"] = self.is_ineligible(found[1], t, state["eligibility"], mql_at)
            if any(state.values()) != was:
                was = not was
                causes = {cause for cause in state if state[cause] != before[cause] and state[cause] == was}
                basis = "staff_confirmed" if "screening" in causes else "criteria"
                changes.append(((t, was, found[0], basis), self.reasons(causes, found[1], t, was)))
        return changes

    def is_ineligible(self, version: Row, t: Moment, was: bool, mql_at: Moment | None) -> bool:
        """Whether a failing rule disqualifies from t on, given whether one did just before."""
        if self.eligible(version, t):
            return False
        if not any(self.fails(rule, t) for rule in self.eligibility(version)):
            return was
        return was or (mql_at is not None and mql_at <= t) or self.has_fired(version, t)

    def reasons(self, causes: set[str], version: Row, t: Moment, stands: bool) -> list[tuple[Any, ...]]:
        """The latest screening of that outcome, and the rules that fail; or all of them, where all are satisfied."""
        rows: list[tuple[Any, ...]] = []
        if "screening" in causes:
            verdicts = self.verdicts("not_qualified" if stands else "qualified", t)
            latest = max((moment for moment, _ in verdicts), default=START)
            named = sorted((row["event_id"], row["source"]) for moment, row in verdicts if moment == latest)
            rows += [("screening", "work_event", source, event_id, 0) for event_id, source in named[:1]]
        if "eligibility" in causes:
            for rule in self.eligibility(version):
                if self.fails(rule, t) if stands else self.satisfied(rule, t):
                    rows.append((rule["id"], "attribute", None, rule["attribute"], 0))
        return rows

    def verdict_moments(self) -> set[Moment]:
        """When a verdict of a screening comes or goes, for the record at the earliest when it takes effect itself."""
        moments = set()
        for row in self.record.work_events:
            verdict = (row["kind"], row["outcome"])
            if verdict not in (("screening", "qualified"), ("screening", "not_qualified")):
                continue
            near = [
                r for r in self.record.work_events if (r["source"], r["event_id"]) == (row["source"], row["event_id"])
            ]
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
        if (id(version), line) not in self._firsts:
            frozen = Judge(self.criteria, self.record, self.as_of)
            frozen.line = lambda _t: line
            standing = (moment for moment in self.every_moment() if frozen.standing_items(version, moment))
            self._firsts[id(version), line] = next(standing, END)
        return self._firsts[id(version), line] <= t


def _holds(mql: Row, fit: int, behaviour: int) -> bool:
    if mql["require"] == "total_points":
        return fit + behaviour >= micro(mql["threshold"])
    halves = [
        points >= micro(mql[name]["threshold"])
        for name, points in (("fit", fit), ("behaviour", behaviour))
        if name in mql
    ]
    return all(halves) if mql["require"] == "fit_and_behaviour" else any(halves)
