"""What of a readiness item has come about at a moment: screenings, firings of parts, standing items.

The middle part of the plain evaluator in `criteria.py`.
"""

from __future__ import annotations

from typing import Any

from tests.oracles.criteria_rows import START, Criteria, Moment, Record, Row, Rows, holding

Firing = tuple[Moment, int, tuple[Any, ...]]


class Readiness(Rows):
    """Firings of readiness items for one record under one set of criteria, as of a moment."""

    def __init__(self, criteria: Criteria, record: Record, as_of: Moment) -> None:
        super().__init__(criteria, record, as_of)
        self._facts: dict[str, dict[tuple[str, str], list[Row]]] = {}
        self._begins: dict[tuple[int, int], Moment] = {}
        self._firsts: dict[tuple[int, str | None], Moment] = {}

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
        same = [r for r in self.versions_of(rows, key)[row["source"], row[key]] if matches(r)]
        while True:
            before = [r for r in same if r["valid_to"] == begin and r["valid_from"] < begin]
            if not before:
                return begin
            begin = before[0]["valid_from"]

    def versions_of(self, rows: list[Row], key: str) -> dict[tuple[str, str], list[Row]]:
        """The rows by the fact they are versions of."""
        if key not in self._facts:
            found: dict[tuple[str, str], list[Row]] = {}
            for row in rows:
                found.setdefault((row["source"], row[key]), []).append(row)
            self._facts[key] = found
        return self._facts[key]

    def firings(self, part: Row, version: Row, t: Moment) -> list[Firing]:
        """Firings of a part that stand at t: (fired at, rank of basis, (kind, source, id))."""
        if "work_event" in part:
            return self.work_firings(part, version, t)
        if "appointment_booked_by" in part:
            return self.booking_firings(part, t)
        if "signal" in part:
            return [
                (self.touched_since(part, row), 3, ("touch", row["source"], row["touch_id"]))
                for row in self.meeting(part, t)
            ]
        # What no row has spoken of yet is unknown, from the beginning.
        unsaid = (START, 3, ("attribute", None, part["attribute"]))
        found: list[Firing] = [unsaid] if part.get("unknown") == "pass" else []
        for row in self.record.attributes:
            value = (row["value"] or "").strip() or None
            answer = self.answer(part, value)
            yes = answer == "yes" or (answer == "unknown" and part.get("unknown") == "pass")
            if row["name"] == part["attribute"] and row["valid_from"] <= t and yes:
                found.append((row["valid_from"], 3, ("attribute", None, part["attribute"])))
        return found

    def touched_since(self, part: Row, row: Row) -> Moment:
        """When the touch began to be of the part's kind and of its service line, without a break since."""
        if (id(part), id(row)) not in self._begins:
            kind = {id(r) for r in self.of_kind(part)}
            line = row["service_line"]
            self._begins[id(part), id(row)] = self.since(
                self.record.touches, row, "touch_id", lambda r: id(r) in kind and r["service_line"] == line
            )
        return self._begins[id(part), id(row)]

    def booking_firings(self, part: Row, t: Moment) -> list[Firing]:
        found: list[Firing] = []
        for row in holding(self.record.appointments, t):

            def booked(r: Row, by: str = row["booked_by"]) -> bool:
                return r["booked_by"] == by and r["status"] != "cancelled"

            if row["booked_by"] in part["appointment_booked_by"] and booked(row):
                begin = self.since(self.record.appointments, row, "appointment_id", booked)
                rank = 1 if row["booked_by"] == "staff" else 2
                found.append((begin, rank, ("appointment", row["source"], row["appointment_id"])))
        return found

    def work_firings(self, part: Row, version: Row, t: Moment) -> list[Firing]:
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
