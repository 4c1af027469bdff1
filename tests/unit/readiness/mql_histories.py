"""Histories of leads that become MQL, drawn to be odd, and the same histories with another future.

Each history is one to three records that may merge, with touches, sessions, links and attributes, on a grid of hours.
`with_another_future` leaves what was known by a moment of each history and deletes, alters or adds to the rest.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.unit.identity.random_worlds import BEGINNING, WorldRow, hour

OVER = 400
SIGNALS = ("guide", "call", "form")
CRITERIA = f"""
service_line: cardiology
versions:
  - version: 1
    effective_from: {(BEGINNING - timedelta(days=9)).isoformat()}Z
    mql:
      require: fit_and_behaviour
      fit: {{threshold: 1, rules: [{{id: insured, attribute: payer, in: [a, b], points: 2, unknown: pass}}]}}
      behaviour:
        threshold: 3
        rules:
          - {{id: guides, signal: guide, points: 2, at_most: 2, half_life_days: 3}}
          - {{id: called, signal: call, points: 2, within_days: 4}}
          - {{id: sent, signal: form, points: 3}}
    sql:
      ready_when_any: [{{id: screened, work_event: screening, outcome: [qualified]}}]
"""
Cells = dict[str, Any]


def draw_histories(seed: int, count: int) -> dict[int, list[WorldRow]]:
    """Rows of so many histories, by number, all in piece 1."""
    return {number: _draw(random.Random(f"{seed}-{number}"), number) for number in range(count)}


def with_another_future(rows: list[WorldRow], moment: datetime, *, seed: int) -> list[WorldRow]:
    """The history as known by `moment`; of what was known later some is gone, some otherwise, and some is new."""
    rng = random.Random(f"{seed}-{rows[0].cells['lead_id']}")
    kept = [row for row in rows if _known(row) <= moment]
    later = [row for row in rows if _known(row) > moment and rng.random() < 0.6]
    return kept + [_altered(row, rng) for row in later] + [_altered(row, rng, after=moment) for row in kept]


def _draw(rng: random.Random, number: int) -> list[WorldRow]:
    leads = [f"H{number}-{place}" for place in range(rng.choice([1, 1, 2, 3]))]
    told: list[tuple[str, Cells]] = []
    for lead in leads:
        created = rng.randint(0, 60)
        told += _lead(rng, lead, leads, created)
        for name in ("payer", "state", "postal_area"):
            for _ in range(rng.choice([0, 1, 1, 2])):
                value = rng.choice(["a", "b", "c", None])
                told.append(
                    (
                        "lead_attributes",
                        {"lead_id": lead, "name": name, "value": value, "known_at": created + rng.randint(0, 40)},
                    )
                )
        if rng.random() < 0.4:
            told.append(
                (
                    "identities",
                    {
                        "lead_id": lead,
                        "id_type": "anonymous_id",
                        "id_value": f"a{number}",
                        "known_at": created + rng.randint(0, 30),
                    },
                )
            )
        if rng.random() < 0.15 and len(leads) > 1:
            told.append(
                (
                    "identities",
                    {
                        "lead_id": lead,
                        "id_type": "crm_id",
                        "id_value": rng.choice(leads),
                        "known_at": created + rng.randint(0, 40),
                    },
                )
            )
    for place in range(rng.randint(2, 9)):
        told += _touch(rng, number, place, leads)
    if rng.random() < 0.6:
        at = rng.randint(20, 120)
        told.append(
            (
                "work_events",
                {
                    "event_id": f"W{number}",
                    "lead_id": rng.choice(leads),
                    "kind": "screening",
                    "outcome": rng.choice(["qualified", "not_qualified"]),
                    "occurred_at": at,
                    "known_at": at,
                },
            )
        )
    return [WorldRow(entity, "crm", 1, _dated(cells)) for entity, cells in told]


def _lead(rng: random.Random, lead: str, leads: list[str], created: int) -> list[tuple[str, Cells]]:
    cells = {"lead_id": lead, "created_at": created, "service_line": "cardiology", "email": rng.choice(["x", lead]),
             "channel": rng.choice(["search", "mail"])}  # fmt: skip
    known = created + rng.choice([0, 0, 2])
    told = [("leads", {**cells, "known_at": known})]
    while rng.random() < 0.5:
        known += rng.randint(1, 30)
        into = rng.choice([None, *(other for other in leads if other != lead)])
        change = {
            "merged_into_lead_id": into,
            "channel": rng.choice(["search", "social"]),
            "location_id": rng.choice(["N", None]),
        }
        told.append(("leads", {**cells, **change, "known_at": known}))
    return told


def _touch(rng: random.Random, number: int, place: int, leads: list[str]) -> list[tuple[str, Cells]]:
    at = rng.randint(0, 90)
    is_named = rng.random() < 0.7
    cells: Cells = {
        "touch_id": f"T{number}-{place}", "occurred_at": at, "signal": rng.choice(SIGNALS),
        "lead_id": rng.choice(leads) if is_named else None, "anonymous_id": None if is_named else f"a{number}",
        "session_id": rng.choice([f"S{number}", f"R{number}", None]), "landing_page": rng.choice(["/a", "/b", None]),
    }  # fmt: skip
    known = at + rng.choice([0, 0, 0, 1, 25])
    told = [("touches", {**cells, "is_deleted": None, "known_at": known})]
    while rng.random() < 0.3:
        known += rng.randint(1, 30)
        cells = {**cells, rng.choice(["signal", "landing_page"]): rng.choice(SIGNALS)}
        if rng.random() < 0.5:
            cells["occurred_at"] = rng.randint(0, 90)
        told.append(("touches", {**cells, "is_deleted": rng.choice([None, None, "true"]), "known_at": known}))
    return told


_TIMES = ("created_at", "known_at", "occurred_at")


def _dated(cells: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        name: hour(value).isoformat() if name in _TIMES and value is not None else value
        for name, value in cells.items()
    }


def _known(row: WorldRow) -> datetime:
    return datetime.fromisoformat(str(row.cells["known_at"]))


def _altered(row: WorldRow, rng: random.Random, *, after: datetime | None = None) -> WorldRow:
    """The row told otherwise; `after`: as something new, known an hour to four days after that moment."""
    cells = dict(row.cells)
    if after is not None:
        cells["known_at"] = (after + timedelta(hours=rng.randint(1, 96))).isoformat()
        if row.entity in ("touches", "work_events") and rng.random() < 0.5:
            name = "touch_id" if row.entity == "touches" else "event_id"
            cells[name] = f"{cells[name]}-new"
    changes = {
        "leads": {"channel": "other", "location_id": "S"},
        "lead_attributes": {"value": rng.choice(["a", "z", None])},
        "touches": {
            "signal": rng.choice(SIGNALS),
            "session_id": "new",
            "is_deleted": rng.choice([None, "true"]),
            "landing_page": "/z",
        },
        "work_events": {"outcome": "qualified"},
    }
    return replace(row, cells={**cells, **changes.get(row.entity, {})})
