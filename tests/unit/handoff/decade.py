"""Calendars and handoffs over ten years: every kind of opening, moments crowded where the clocks change."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from orchestration.lake.zones import offset_spans
from tests.oracles.business_minutes import Doorman
from tests.oracles.business_time import Calendar

BEGIN, END = datetime(2011, 7, 1), datetime(2021, 7, 1)
# Half an hour of summer time, a Ramadan without it, midnights that do not exist, and a Friday that Samoa left out.
ZONES = (
    "America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "America/Sao_Paulo",
    "Pacific/Apia",
)  # fmt: skip
MINUTES = (1, 45, 240, 900, 4800)


@dataclass(frozen=True)
class Handoff:
    """One MQL: its calendar's number, when it became MQL, the minutes promised, when it was reached (if it was)."""

    calendar: int
    at: datetime
    minutes: int
    contacted_at: datetime | None


def draw_calendars(rng: random.Random, *, each: int) -> list[Calendar]:
    """So many calendars of every zone."""
    return [_calendar(rng, zone) for zone in ZONES for _ in range(each)]


def draw_handoffs(rng: random.Random, calendars: list[Calendar], count: int) -> list[Handoff]:
    """Half of them within three hours or days of a change of the clock; some on the minute, most to the second."""
    found = []
    for _ in range(count):
        number = rng.randrange(len(calendars))
        changes = _changes(calendars[number].timezone)
        near = changes and rng.random() < 0.5
        at = rng.choice(changes) if near else BEGIN + (END - BEGIN) * rng.random()
        hours = rng.choice([3, 72])
        at = at.replace(microsecond=0) + timedelta(seconds=rng.randint(-hours * 3600, hours * 3600))
        if rng.random() < 0.3:
            at = at.replace(second=0)
        waited = timedelta(seconds=rng.choice([rng.randint(1, 20_000), rng.randint(1, 20 * 86_400)]))
        found.append(Handoff(number, at, rng.choice(MINUTES), at + waited if rng.random() < 0.8 else None))
    return found


def differences(row: pd.Series, handoff: Handoff, doorman: Doorman) -> list[tuple[Any, ...]]:
    """What the SQL says of a handoff and the doorman does not."""
    wrong: list[tuple[Any, ...]] = []
    due = doorman.due(handoff.at, handoff.minutes)
    if (None if pd.isna(row["sla_due_at"]) else row["sla_due_at"].to_pydatetime()) != due:
        wrong.append((handoff, row["sla_due_at"], due))
    if handoff.contacted_at is not None:
        waited = doorman.counted(handoff.contacted_at) - doorman.counted(handoff.at)
        if row["open_micros_to_contact"] != waited * 1_000_000:
            wrong.append((handoff, row["open_micros_to_contact"], waited))
    return wrong


def _calendar(rng: random.Random, zone: str) -> Calendar:
    openings = {
        (weekday, opens): closes
        for weekday in range(1, 8)
        if rng.random() < 0.8
        for opens, closes in (_span(rng) for _ in range(rng.choice([1, 1, 2, 3])))
    }
    # Clocks change on the night to a Sunday: openings that begin and end in the hours that are missing, or come twice.
    for weekday in (6, 7, 7):
        opens, closes = _night(rng)
        openings[weekday, opens] = closes
    days = [BEGIN.date() + timedelta(days=rng.randrange(3650)) for _ in range(60)]
    days += [change.date() + timedelta(days=rng.randint(-1, 1)) for change in _changes(zone) if rng.random() < 0.5]
    holidays: dict[date, list[tuple[str, str]]] = {
        day: [rng.choice([_span, _night])(rng)] if rng.random() < 0.6 else [] for day in days
    }
    return Calendar(zone, [(weekday, opens, closes) for (weekday, opens), closes in openings.items()], holidays)


def _span(rng: random.Random) -> tuple[str, str]:
    """Anything from minutes to a day; not after the first means past midnight."""
    if rng.random() < 0.5:
        opens = rng.randrange(6, 12) * 60
        return _clock(opens), _clock(opens + rng.randrange(60, 600, 15))
    if rng.random() < 0.3:
        return _clock(rng.randrange(0, 180)), _clock(rng.randrange(1, 240))
    return _clock(rng.randrange(1440)), rng.choice(["24:00", "00:00", _clock(rng.randrange(1440))])


def _night(rng: random.Random) -> tuple[str, str]:
    if rng.random() < 0.3:
        return _clock(rng.randrange(1320, 1440, 5)), _clock(rng.choice([rng.randrange(1380, 1440, 5), 1440, 30]))
    return _clock(rng.randrange(0, 240, 5)), _clock(rng.randrange(5, 300, 5))


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _changes(zone: str) -> list[datetime]:
    return [span.utc_from for span in offset_spans(zone, 2011, 2022, 7) if BEGIN < span.utc_from < END]
