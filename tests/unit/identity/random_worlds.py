"""Small random worlds made to collide: few ids, few moments, few values, every kind of row.

Two sources share one id space, a third stands alone. Times lie on a grid of hours, so that rows are often known at
the same moment, before the lead they name, or after as_of. What the pipeline makes of them is the tests' business.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

BEGINNING = datetime(2026, 1, 1)
HOURS = 40
ID_SPACES = {"crm": "crm", "web": "crm", "other": "other"}
_LEADS = tuple(f"L{number}" for number in range(1, 21))
_WEB_IDS = ("a1", "a2", "a3", "a4", "a5", "a6")
_CLICKS = ("c1", "c2", "c3", "c4")


@dataclass(frozen=True)
class WorldRow:
    """One row of a contract table, and the piece of history it lands in (from 1)."""

    entity: str
    source: str
    piece: int
    cells: dict[str, str | None]


def hour(number: float) -> datetime:
    """A moment on the grid."""
    return BEGINNING + timedelta(hours=number)


def draw_world(seed: int, *, pieces: int, size: int = 150) -> list[WorldRow]:
    """Draw `size` rows, each landing in one of `pieces`; the same seed gives the same world."""
    rng = random.Random(seed)
    makers = list(_MAKERS.items())
    rows = []
    for _ in range(size):
        entity, make = rng.choices(makers, weights=[_WEIGHTS[name] for name, _ in makers])[0]
        source = rng.choices(list(ID_SPACES), weights=[5, 3, 1])[0]
        # Most of history comes first: later pieces must leave most records alone, or they would prove nothing.
        piece = 1 if rng.random() < 0.6 else rng.randint(2, pieces)
        rows.append(WorldRow(entity, source, piece, make(rng)))
    return rows


def _time(rng: random.Random) -> str:
    return hour(rng.randint(0, HOURS)).isoformat()


def _known(rng: random.Random) -> dict[str, str | None]:
    return {"known_at": None if rng.random() < 0.2 else _time(rng)}


def _deleted(rng: random.Random) -> dict[str, str | None]:
    return {"is_deleted": "true" if rng.random() < 0.15 else None}


def _lead(rng: random.Random) -> dict[str, str | None]:
    return {
        "lead_id": rng.choice(_LEADS),
        "created_at": hour(rng.choice([0, 0, 3, 35])).isoformat(),
        "service_line": rng.choice(["cardiology", "spine", None]),
        "channel": rng.choice(["search", "social", None]),
        "location_id": rng.choice(["N", None]),
        "email": rng.choice(["x", "y"]),
        "merged_into_lead_id": rng.choice([*_LEADS, "L99"]) if rng.random() < 0.08 else None,
        **_deleted(rng),
        **_known(rng),
    }


def _attribute(rng: random.Random) -> dict[str, str | None]:
    return {
        "lead_id": rng.choice([*_LEADS, "L99"]),
        "name": rng.choice(["payer", "channel"]),
        "value": rng.choice(["a", "b", None]),
        "known_at": _time(rng),
    }


def _touch(rng: random.Random) -> dict[str, str | None]:
    named = rng.random() < 0.3
    return {
        "touch_id": f"T{rng.randint(1, 25)}",
        "lead_id": rng.choice([*_LEADS, "L99"]) if named else None,
        "anonymous_id": rng.choice([*_WEB_IDS, None]),
        "click_id": rng.choice([*_CLICKS, None, None]),
        "occurred_at": hour(rng.choice([0, 1, 20, 30])).isoformat(),
        "signal": rng.choice(["guide", "call"]),
        **_deleted(rng),
        **_known(rng),
    }


def _identity(rng: random.Random) -> dict[str, str | None]:
    kind = rng.choices(["anonymous_id", "click_id", "crm_id", "email"], weights=[10, 8, 1, 1])[0]
    values = {"anonymous_id": _WEB_IDS, "click_id": _CLICKS, "crm_id": _LEADS, "email": ("x",)}[kind]
    return {
        "lead_id": rng.choice([*_LEADS, "L99"]),
        "id_type": kind,
        "id_value": rng.choice(values),
        "known_at": _time(rng),
    }


def _stage_event(rng: random.Random) -> dict[str, str | None]:
    return {
        "event_id": f"S{rng.randint(1, 6)}",
        "lead_id": rng.choice([*_LEADS, "L99"]),
        "stage_raw": "q",
        "stage": rng.choice(["mql", "sql"]),
        "entered_at": hour(rng.choice([2, 25])).isoformat(),
        **_deleted(rng),
        **_known(rng),
    }


def _work_event(rng: random.Random) -> dict[str, str | None]:
    number = rng.randint(1, 6)
    return {
        "event_id": f"W{number}",
        "checklist": "need|times" if number % 2 else "need",
        "lead_id": rng.choice([*_LEADS, "L99"]),
        "occurred_at": hour(rng.choice([2, 25])).isoformat(),
        "kind": rng.choice(["screening", "contact_made"]),
        "outcome": rng.choice(["qualified", None]),
        **_deleted(rng),
        **_known(rng),
    }


def _appointment(rng: random.Random) -> dict[str, str | None]:
    booked = rng.choice([4, 18])
    starts = hour(booked + rng.choice([3, 15]))
    # Some name the day alone: its midnight, in the source's time zone, may come between two pieces.
    is_dated = rng.random() < 0.4
    return {
        "appointment_id": f"P{rng.randint(1, 5)}",
        "lead_id": rng.choice([*_LEADS, "L99"]),
        "booked_at": hour(booked).isoformat(),
        "starts_at": None if is_dated else starts.isoformat(),
        "appointment_date": starts.date().isoformat() if is_dated else None,
        "booked_by": rng.choice(["lead", "staff"]),
        "status": rng.choice(["booked", "held", "cancelled"]),
        **_deleted(rng),
        **_known(rng),
    }


def _consent(rng: random.Random) -> dict[str, str | None]:
    return {
        "lead_id": rng.choice([*_LEADS, "L99"]),
        "purpose": "contact",
        "channel": rng.choice(["call", None]),
        "status": rng.choice(["granted", "withdrawn"]),
        "occurred_at": hour(rng.choice([2, 25])).isoformat(),
        **_known(rng),
    }


_MAKERS: dict[str, Callable[[random.Random], dict[str, str | None]]] = {
    "leads": _lead,
    "lead_attributes": _attribute,
    "touches": _touch,
    "identities": _identity,
    "stage_events": _stage_event,
    "work_events": _work_event,
    "appointments": _appointment,
    "consents": _consent,
}
_WEIGHTS = {
    "leads": 20,
    "lead_attributes": 14,
    "touches": 24,
    "identities": 12,
    "stage_events": 7,
    "work_events": 7,
    "appointments": 7,
    "consents": 5,
}
