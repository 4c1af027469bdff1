"""Business time in plain Python, minute by minute: what is open when, how long between two moments, when it is due.

Written from the contract's words, with `zoneinfo` and no sums over openings; knows nothing of the SQL. Moments are
naive and mean UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Calendar:
    """Weekly openings (ISO weekday, opens, closes: local HH:MM); holidays: date → openings in place of the date's."""

    timezone: str
    openings: Sequence[tuple[int, str, str]]
    holidays: Mapping[date, Sequence[tuple[str, str]]]


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """UTC of a local time: of two the first; of none the instant the clock jumps to."""
    while True:
        moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == local:
            return moment.replace(tzinfo=None)
        local += MINUTE


def open_minutes(calendar: Calendar, first: date, last: date) -> set[datetime]:
    """The begin of every open minute of openings that begin on the given local dates."""
    zone = ZoneInfo(calendar.timezone)
    found: set[datetime] = set()
    day = first
    while day <= last:
        for opens, closes in _openings_of(calendar, day):
            begin, end = _local(day, opens), _local(day, closes)
            moment = instant_of(begin, zone)
            until = instant_of(end if end > begin else end + timedelta(days=1), zone)
            while moment < until:
                found.add(moment)
                moment += MINUTE
        day += timedelta(days=1)
    return found


def open_time(minutes: set[datetime], begin: datetime, end: datetime) -> timedelta:
    """Open time between two moments; none if the second is not after the first."""
    if end <= begin:
        return timedelta()
    cells = (cell for cell in _cells(begin, end) if cell in minutes)
    return sum((min(end, cell + MINUTE) - max(begin, cell) for cell in cells), timedelta())


def due_instant(minutes: set[datetime], begin: datetime, wanted: timedelta, latest: datetime) -> datetime | None:
    """The earliest instant by which that much time has been open; None if that is not before `latest`."""
    passed = timedelta()
    for cell in _cells(begin, latest):
        if cell not in minutes:
            continue
        here = max(begin, cell)
        if passed + (cell + MINUTE - here) >= wanted:
            return here + (wanted - passed)
        passed += cell + MINUTE - here
    return None


def _openings_of(calendar: Calendar, day: date) -> Iterable[tuple[str, str]]:
    if day in calendar.holidays:
        return calendar.holidays[day]
    return [(opens, closes) for weekday, opens, closes in calendar.openings if weekday == day.isoweekday()]


def _local(day: date, clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return datetime(day.year, day.month, day.day) + timedelta(hours=int(hours), minutes=int(minutes))


def _cells(begin: datetime, end: datetime) -> Iterable[datetime]:
    cell = begin.replace(second=0, microsecond=0)
    while cell < end:
        yield cell
        cell += MINUTE
