"""The CRM's labels beside the criteria in plain Python, on top of the ledger's own second implementation.

For one source, whose labels name both stages, with one set of criteria for everybody: the guide is the signal that
counts, a screening that qualified or an appointment of their own is what makes ready. Knows nothing of the SQL.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.oracles.fact_versions import Row
from tests.oracles.ledger import WAY, Entry, Ledger, place_of


@dataclass(frozen=True)
class Conflict:
    """One disagreement; whether it is open is said of leads of one record only."""

    lead: str
    stage: str
    kind: str
    is_mere_interest: bool
    is_open: bool | None
    labelled_at: datetime | None
    decided_at: datetime | None


def conflicts(ledger: Ledger, tolerance: timedelta) -> list[Conflict]:
    """Every disagreement of every lead."""
    members: dict[str, list[str]] = defaultdict(list)
    for record, lead in ledger.survivors().items():
        members[lead].append(record)
    standing: dict[str, list[Entry]] = defaultdict(list)
    for each in sorted(ledger.entries(), key=place_of):
        if each.superseded_at is None:
            standing[each.lead].append(each)
    found = []
    for lead, entries in standing.items():
        for stage in ("mql", "sql"):
            one = _compare(ledger, members[lead], entries, stage, tolerance)
            if one:
                found.append(one)
    return found


def _compare(
    ledger: Ledger, records: list[str], entries: list[Entry], stage: str, tolerance: timedelta
) -> Conflict | None:
    labels = [each for each in entries if each.family == "crm_label" and each.stage == stage]
    label = min(labels, key=lambda each: (each.entered_at, each.effective_at), default=None)
    answers = [each for each in entries if each.family == "criteria" and each.stage == stage and not each.is_end]
    decided = min((each.effective_at for each in answers), default=None)
    kind = _kind(label.entered_at if label else None, decided, tolerance, ledger.as_of)
    if kind is None:
        return None
    is_early = stage == "sql" and label is not None and (decided is None or decided > label.effective_at)
    mere = is_early and label is not None and _is_mere(ledger, records, entries, label.effective_at)
    is_open = _is_open(ledger, records[0], entries, stage, kind) if len(records) == 1 else None
    return Conflict(entries[0].lead, stage, kind, mere, is_open, label.entered_at if label else None, decided)


def _kind(labelled: datetime | None, decided: datetime | None, tolerance: timedelta, as_of: datetime) -> str | None:
    if labelled is None:
        return "missed" if decided and decided + tolerance + timedelta(days=7) < as_of else None
    if decided is None:
        return "labelled_without_evidence"
    if decided - labelled > tolerance:
        return "labelled_too_early"
    return "labelled_too_late" if labelled - decided > tolerance else None


def _is_mere(ledger: Ledger, records: list[str], entries: list[Entry], moment: datetime) -> bool:
    def holds(row: Row) -> bool:
        return bool(row["valid_from"] <= moment < row["valid_to"])

    ready = interested = False
    for record in records:
        of = {table: ledger.facts[table][record] for table in ("touches", "work_events", "appointments")}
        ready |= any(row["outcome"] == "qualified" and holds(row) for row in of["work_events"])
        booked = (row for row in of["appointments"] if row["booked_by"] == "lead" and row["status"] != "cancelled")
        ready |= any(holds(row) for row in booked)
        begins = ledger.begins[record]
        shown = [row for row in of["touches"] if row["signal"] == "guide" and row["valid_to"] > begins]
        interested |= any(max(row["valid_from"], begins) <= moment for row in shown)
    interested |= any(
        each.stage == "mql" and each.family == "criteria" and each.effective_at <= moment for each in entries
    )
    return interested and not ready


def _is_open(ledger: Ledger, record: str, entries: list[Entry], stage: str, kind: str) -> bool:
    told = [each for each in entries if each.family == "criteria"]
    turned_away = [each for each in told if each.stage == "disqualified" or each.is_end]
    if ledger.leads[record][-1]["is_deleted"] or (turned_away and not turned_away[-1].is_end):
        return False
    labels = [each.stage for each in entries if each.family == "crm_label"]
    last = labels[-1] if labels else "lead"
    rank = WAY.index(last) if last in WAY else -1
    if stage == "mql" and any(each.stage == "sql" for each in told):
        return False
    if kind == "missed":
        return 0 <= rank < WAY.index(stage)
    return kind == "labelled_without_evidence" and rank >= WAY.index(stage)
