"""Histories of leads, drawn to be odd: labels set, corrected and deleted, merges by a record's own row or as
its former id, merges undone, rows that come late.

Each history is one to three records that may merge, told on a grid of hours; hours are moved so that the moment each is
to be cut at (`CUT`) is another one in every history. What must come of them is `tests/oracles/ledger.py`'s business.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.unit.identity.random_worlds import WorldRow, hour

# Hours of the grid: where every history is cut, and when all of them are over.
CUT, OVER = 100, 400
_LENGTH = 60
_TIMES = {"created_at", "known_at", "occurred_at", "entered_at", "booked_at", "starts_at"}
_STAGES = (
    "lead",
    "mql",
    "mql",
    "sql",
    "sql",
    "opportunity",
    "appointment",
    "consult",
    "disqualified",
    "recycled",
    None,
)
EVENT_TIMES = {
    "touches": "occurred_at", "work_events": "occurred_at", "stage_events": "entered_at", "appointments": "booked_at"
}  # fmt: skip
Cells = dict[str, Any]


def draw_histories(seed: int, count: int) -> list[WorldRow]:
    """Rows of so many histories, all in piece 1."""
    rows = []
    for number in range(count):
        rows += _History(random.Random(f"{seed}-{number}"), number).rows()
    return rows


def mixed(rows: Iterable[WorldRow], *, pieces: int, seed: int) -> list[WorldRow]:
    """The same rows in random batches and another order, some of them twice."""
    rng = random.Random(seed)
    found = [replace(row, piece=rng.randint(1, pieces)) for row in rows]
    found += [replace(row, piece=rng.randint(1, pieces)) for row in found if rng.random() < 0.1]
    rng.shuffle(found)
    return found


def known_by_cut(rows: Iterable[WorldRow]) -> list[WorldRow]:
    """What was known by the cut; everything else is deleted."""
    moment = hour(CUT).isoformat()
    return [row for row in rows if str(row.cells["known_at"]) <= moment]


def tables_of(rows: Iterable[WorldRow]) -> dict[str, list[Cells]]:
    """The rows by table, as the oracle takes them: naive moments, every column there."""
    found: dict[str, list[Cells]] = {name: [] for name in (*EVENT_TIMES, "leads", "lead_attributes", "identities")}
    for row in rows:
        cells: Cells = {**_EMPTY.get(row.entity, {}), **row.cells}
        for name in _TIMES & set(cells):
            cells[name] = cells[name] and datetime.fromisoformat(cells[name])
        cells["is_deleted"] = bool(cells.get("is_deleted"))
        if row.entity == "lead_attributes":
            cells["fact_id"] = f"{cells['lead_id']}|{cells['name']}"
        found[row.entity].append(cells)
    return found


_EMPTY: dict[str, Cells] = {
    "touches": {"service_line": None, "topic": None, "offer_id": None, "form_id": None, "channel": None,
                "campaign_id": None, "landing_page": None},
    "work_events": {"contact_channel": None, "staff_id": None},
}  # fmt: skip


class _History:
    """One history under the making: rows with hours in place of moments, counted from its beginning."""

    def __init__(self, rng: random.Random, number: int) -> None:
        self.rng, self.number = rng, number
        self.leads = [f"H{number}-{place}" for place in range(rng.choice([1, 1, 2, 2, 3]))]
        self.told: list[tuple[str, Cells]] = []

    def rows(self) -> list[WorldRow]:
        """The history's rows, moved so that a moment of its own falls on the cut."""
        for lead in self.leads:
            self._lead(lead)
        for former in self.leads if len(self.leads) > 1 else ():
            if self.rng.random() < 0.25:
                self._former_id(former)
        for place in range(self.rng.choice([0, 1, 2])):
            self._fact("touches", "touch_id", f"T{place}", {"signal": ["guide", "call"]}, "occurred_at")
        for place in range(self.rng.choice([0, 1, 2, 3])):
            says: dict[str, list[Any]] = {"kind": ["screening"], "outcome": ["qualified", "not_qualified", "no_answer"]}
            self._fact("work_events", "event_id", f"W{place}", says, "occurred_at")
        for place in range(self.rng.choice([0, 1, 3, 6])):
            says = {"stage_raw": ["q"], "stage": list(_STAGES), "actor_id": ["anna", "bea"]}
            self._fact("stage_events", "event_id", f"S{place}", says, "entered_at")
        for place in range(self.rng.choice([0, 0, 1, 2])):
            says = {
                "status": ["booked", "held", "held", "cancelled"],
                "booked_by": ["lead", "staff"],
                "starts_at": [20, 40],
            }
            self._fact("appointments", "appointment_id", f"P{place}", says, "booked_at")
        shift = CUT - self.rng.randint(2, _LENGTH + 10)
        return [WorldRow(entity, "crm", 1, self._moved(cells, shift)) for entity, cells in self.told]

    def _moved(self, cells: Cells, shift: int) -> dict[str, str | None]:
        return {
            name: hour(value + shift).isoformat() if name in _TIMES and value is not None else value
            for name, value in cells.items()
        }

    def _lead(self, lead: str) -> None:
        rng = self.rng
        created, known = rng.randint(0, 8), rng.choice([0, 0, 1, 20])
        cells = {"lead_id": lead, "created_at": created, "service_line": "cardiology", "merged_into_lead_id": None}
        self.told.append(("leads", {**cells, "known_at": created + known}))
        moment = created + known
        while rng.random() < (0.5 if len(self.leads) > 1 else 0.1):
            moment += rng.randint(1, 25)
            other = rng.choice([*self.leads, "H-absent"])
            into = None if rng.random() < 0.4 or other == lead else other
            gone = "true" if rng.random() < 0.2 else None
            self.told.append(("leads", {**cells, "merged_into_lead_id": into, "is_deleted": gone, "known_at": moment}))
        if rng.random() < 0.3:
            state = {"lead_id": lead, "name": "payer", "value": rng.choice(["a", "b"]), "known_at": moment}
            self.told.append(("lead_attributes", state))

    def _former_id(self, former: str) -> None:
        """One record is told of as a former id of another, between two hours: it ties with no other statement."""
        survivor = self.rng.choice([lead for lead in self.leads if lead != former])
        link = {"lead_id": survivor, "id_type": "crm_id", "id_value": former}
        self.told.append(("identities", {**link, "known_at": self.rng.randint(0, _LENGTH) + 0.5}))

    def _fact(self, entity: str, key: str, name: str, says: dict[str, list[Any]], event: str) -> None:
        """A fact as it was first told, and again: corrected, moved, handed over, deleted, repeated."""
        rng = self.rng
        at = rng.randint(0, _LENGTH)
        cells: Cells = {key: f"{name}-{self.number}", "lead_id": rng.choice(self.leads), event: at}
        cells |= {column: rng.choice(values) for column, values in says.items()}
        known = max(0, at + rng.choice([0, 0, 0, 1, 15, -5]))
        self.told.append((entity, {**cells, "is_deleted": None, "known_at": known}))
        while rng.random() < 0.35:
            known += rng.randint(1, 20)
            change = rng.choice([*says, event, "lead_id", "is_deleted", "nothing"])
            if change in says:
                cells[change] = rng.choice(says[change])
            elif change == event:
                cells[event] = rng.randint(0, _LENGTH)
            elif change == "lead_id":
                cells["lead_id"] = rng.choice(self.leads)
            deleted = "true" if change == "is_deleted" else None
            self.told.append((entity, {**cells, "is_deleted": deleted, "known_at": known}))
