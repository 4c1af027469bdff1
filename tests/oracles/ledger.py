"""The stage ledger in plain Python: from a source's rows to every entry into a stage, what took it back, what is odd.

Rows are dictionaries of the input contract with naive UTC moments, read as `fact_versions.py` does. What the criteria
say comes from `criteria.py`. Knows nothing of the SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from tests.golden.lake_rows import record_key
from tests.oracles.criteria import END, Criteria, Judge, Record
from tests.oracles.fact_versions import Row, runs, versions

Tables = Mapping[str, Sequence[Row]]
WAY = ("lead", "mql", "sql", "opportunity", "appointment", "consult")
# What must have been entered before, of each basis; the opportunity is a step of its own.
BEFORE = {
    "criteria": {"sql": ("mql",)},
    "crm_label": {
        "sql": ("mql",),
        "opportunity": ("mql", "sql"),
        "appointment": ("mql", "sql"),
        "consult": ("mql", "sql", "appointment"),
    },
    "appointment_record": {"consult": ("appointment",)},
}
# Key and moment of what a record's decisions are made of.
FACTS: dict[str, tuple[str, str | None]] = {
    "lead_attributes": ("fact_id", None),
    "touches": ("touch_id", "occurred_at"),
    "work_events": ("event_id", "occurred_at"),
    "appointments": ("appointment_id", "booked_at"),
}


@dataclass
class Entry:
    """One entry into a stage; `family` is criteria, crm_label or appointment_record."""

    record: str
    family: str
    stage: str
    basis: str
    entered_at: datetime
    known_at: datetime
    effective_at: datetime
    superseded_at: datetime | None = None
    is_end: bool = False
    is_evidenced: bool = True
    lead: str = ""
    from_stage: str = "(none)"
    anomaly: str | None = None


class Ledger:
    """The ledger of a source's tables as of a moment."""

    def __init__(self, tables: Tables, criteria: Criteria, as_of: datetime) -> None:
        self.as_of, self.criteria = as_of, criteria
        self.tables = {name: list(rows) for name, rows in tables.items()}
        self.leads: dict[str, list[Row]] = defaultdict(list)
        for row in versions(self.tables["leads"], "lead_id", None, as_of):
            self.leads[row["lead_id"]].append(row)
        begins = {lead: max(rows[0]["created_at"], rows[0]["known_at"]) for lead, rows in self.leads.items()}
        self.begins = {lead: moment for lead, moment in begins.items() if moment <= as_of}

    def entries(self) -> list[Entry]:
        """Every entry, judged."""
        found = [each for each in self._labels() + self._appointments() if each.record in self.begins]
        for record in self.begins:
            found += self._decisions(record)
        survivors = self.survivors()
        stood: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for each in found:
            each.lead = survivors[each.record]
            if each.superseded_at is None:
                stood[each.lead, each.family].append(each)
        created: dict[str, datetime] = {}
        for record, lead in survivors.items():
            created[lead] = min(created.get(lead, END), self.leads[record][-1]["created_at"])
        for (lead, _), of_lead in stood.items():
            judge(of_lead, created[lead])
        return found

    def survivors(self) -> dict[str, str]:
        """Record → the lead it belongs to: the statement known last of each, none on a circle."""
        stated = [
            (last["valid_from"], record, last["merged_into_lead_id"])
            for record, last in ((record, self.leads[record][-1]) for record in self.begins)
        ]
        stated += [
            (row["known_at"], row["id_value"], row["lead_id"])
            for row in self.tables.get("identities", ())
            if row["id_type"] == "crm_id" and row["known_at"] <= self.as_of
        ]
        said = {
            record: survivor
            for _, record, survivor in sorted(stated, key=lambda each: each[0])
            if record in self.begins and survivor in self.begins
        }
        found = {}
        for record in self.begins:
            at = record
            while at in said and not self._on_a_circle(at, said):
                at = said[at]
            found[record] = at
        return found

    def _on_a_circle(self, record: str, said: Mapping[str, str]) -> bool:
        at = record
        for _ in said:
            at = said.get(at, "")
            if at == record:
                return True
        return False

    def _labels(self) -> list[Entry]:
        held = versions(self.tables["stage_events"], "event_id", "entered_at", self.as_of)
        return [
            _recorded(last, first, "crm_label", last["stage"], last["entered_at"])
            for last, first in runs(held, "event_id", ("stage", "entered_at"))
            if last["stage"]
        ]

    def _appointments(self) -> list[Entry]:
        held = versions(self.tables["appointments"], "appointment_id", "booked_at", self.as_of)
        kind = "appointment_record"
        found = [
            _recorded(last, first, kind, "appointment", last["booked_at"])
            for last, first in runs(held, "appointment_id", ("booked_at",))
        ]
        consults = [{**row, "is_held": row["status"] == "held"} for row in held]
        for last, first in runs(consults, "appointment_id", ("is_held", "starts_at")):
            if last["is_held"] and last["starts_at"] <= self.as_of:
                consult = _recorded(last, first, kind, "consult", last["starts_at"])
                consult.is_evidenced = last["starts_at"] <= first["known_at"]
                found.append(consult)
        return found

    def _decisions(self, lead: str) -> list[Entry]:
        judge_of = Judge(self.criteria, self._record(lead), self.as_of)
        mql, _ = judge_of.mql()
        qualified_at = mql["at"] if mql and mql["qualifies"] else None
        ready, _ = judge_of.sql_stage()
        found = [_decided(lead, "mql", "criteria", qualified_at)] if qualified_at else []
        if ready:
            found.append(_decided(lead, "sql", ready["basis"], ready["at"]))
        for at, stands, _, basis in judge_of.disqualified(qualified_at):
            found.append(_decided(lead, "disqualified", basis, at))
            found[-1].is_end = not stands
        return found

    def _record(self, lead: str) -> Record:
        booked = [{**row, "occurred_at": row["booked_at"]} for row in self.facts["appointments"][lead]]
        return Record(
            lead,
            self.begins[lead],
            lines=self.leads[lead],
            attributes=self.facts["lead_attributes"][lead],
            touches=self.facts["touches"][lead],
            work_events=self.facts["work_events"][lead],
            appointments=booked,
        )

    @cached_property
    def facts(self) -> dict[str, dict[str, list[Row]]]:
        found: dict[str, dict[str, list[Row]]] = {}
        for table, (key, moment) in FACTS.items():
            found[table] = defaultdict(list)
            for row in versions(self.tables[table], key, moment, self.as_of):
                found[table][row["lead_id"]].append({**row, "source": "crm"})
        return found


def judge(entries: list[Entry], created: datetime) -> None:
    """Walk through what stood of one lead and one family, in the order of happening, and say what is odd."""
    entries.sort(key=place_of)
    stages = [None if each.is_end else each.stage for each in entries]
    at, furthest = "lead", 0
    for number, each in enumerate(entries):
        each.from_stage = at
        each.anomaly = _oddity(each, created, furthest, set(stages[:number]), set(stages[number + 1 :]))
        if each.is_end:
            each.stage = WAY[furthest]
        elif each.stage in WAY:
            furthest = max(furthest, WAY.index(each.stage))
        at = each.stage


def _oddity(
    each: Entry, created: datetime, furthest: int, before: set[str | None], after: set[str | None]
) -> str | None:
    if each.is_end:
        return "backward"
    if each.family != "criteria" and each.entered_at < created:
        return "out_of_order"
    if not each.is_evidenced:
        return "no_evidence"
    if each.stage in before and each.from_stage == each.stage:
        return "repeated"
    if each.stage == "lead" and each.from_stage != "lead":
        return "backward"
    if each.stage in before:
        is_passed = each.stage in WAY and each.stage != "opportunity" and WAY.index(each.stage) < furthest
        returns = each.from_stage == "disqualified" or (each.family != "appointment_record" and is_passed)
        return "backward" if returns and each.stage != "disqualified" else "repeated"
    missing = [stage for stage in BEFORE[each.family].get(each.stage, ()) if stage not in before]
    if each.family != "criteria" and any(stage in after for stage in missing):
        return "out_of_order"
    return "skipped" if missing else None


def place_of(each: Entry) -> tuple[Any, ...]:
    """Of one instant an end comes first, then the stages by their way, then what leads off it."""
    rank = -1 if each.is_end else WAY.index(each.stage) if each.stage in WAY else 9
    return each.entered_at, rank, each.known_at, record_key("crm", each.record)


def _decided(lead: str, stage: str, basis: str, at: datetime) -> Entry:
    return Entry(lead, "criteria", stage, basis, at, at, at)


def _recorded(last: Row, first: Row, family: str, stage: str, at: datetime) -> Entry:
    end = None if last["valid_to"] == END else last["valid_to"]
    return Entry(last["lead_id"], family, stage, family, at, first["known_at"], max(at, first["valid_from"]), end)
