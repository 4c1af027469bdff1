"""The criteria language in plain Python, written from its text: every moment looked at, every row looked at each time.

Knows nothing of the SQL. Takes criteria as the YAML says them (plain dicts) and a record's rows as versions with
half-open spans of naive UTC times; gives decisions and evidence as sets of tuples.
"""

from __future__ import annotations

from typing import Any

from tests.oracles.criteria_rows import END, START, Criteria, Moment, Record, Row, Rows, holding, micro

__all__ = ["END", "Criteria", "Judge", "Record"]


class Judge(Rows):
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
            return self.booking_firings(part, t)
        if "signal" in part:
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

    def booking_firings(self, part: Row, t: Moment) -> list[tuple[Moment, int, tuple[Any, ...]]]:
        found: list[tuple[Moment, int, tuple[Any, ...]]] = []
        for row in holding(self.record.appointments, t):

            def booked(r: Row, by: str = row["booked_by"]) -> bool:
                return r["booked_by"] == by and r["status"] != "cancelled"

            if row["booked_by"] in part["appointment_booked_by"] and booked(row):
                begin = self.since(self.record.appointments, row, "appointment_id", booked)
                rank = 1 if row["booked_by"] == "staff" else 2
                found.append((begin, rank, ("appointment", row["source"], row["appointment_id"])))
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
            if (
                member["staff_id"] == row["staff_id"]
                and member["valid_from"] <= row["occurred_at"] < member["valid_to"]
            ):
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
        state, was, changes = {"screening": False, "eligibility": False}, False, []
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
        frozen = Judge(self.criteria, self.record, self.as_of)
        frozen.line = lambda _t: line  # type: ignore[method-assign]
        return any(frozen.standing_items(version, moment) for moment in self.every_moment() if moment <= t)


def _holds(mql: Row, fit: int, behaviour: int) -> bool:
    if mql["require"] == "total_points":
        return fit + behaviour >= micro(mql["threshold"])
    halves = [
        points >= micro(mql[name]["threshold"])
        for name, points in (("fit", fit), ("behaviour", behaviour))
        if name in mql
    ]
    return all(halves) if mql["require"] == "fit_and_behaviour" else any(halves)
