"""Business time as a doorman counts it: minute by minute over many years, in numpy.

Every UTC minute has a reading of the wall clock. A doorman opens when the clock first shows or passes an opening's
time and closes when it first shows or passes its end; a clock set back shows again what has already passed. So what
counts is the furthest the clock has come, and neither the missing nor the doubled hour needs a rule. Knows nothing of
the SQL, adds up no openings and asks no zone for the instant of a local time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from tests.oracles.business_time import Calendar

DAY = 1440
Minutes = NDArray[np.int64]


def furthest_readings(zone: tzinfo, first: date, days: int) -> Minutes:
    """For each UTC minute from `first` on, the furthest the wall clock has come, in minutes since `first` on it."""
    begin = datetime(first.year, first.month, first.day)
    ahead = np.empty(days * DAY, np.int64)
    for day in range(days):
        midnight = begin + timedelta(days=day)
        place = slice(day * DAY, (day + 1) * DAY)
        if _ahead(zone, midnight) == _ahead(zone, midnight + timedelta(days=1)):
            ahead[place] = _ahead(zone, midnight)
        else:
            ahead[place] = [_ahead(zone, midnight + timedelta(minutes=minute)) for minute in range(DAY)]
    return np.maximum.accumulate(np.arange(days * DAY) + ahead)


class Doorman:
    """Counts the open minutes of one calendar, whose openings begin on the local dates `first` to `last`."""

    def __init__(self, calendar: Calendar, readings: Minutes, first: date, last: date) -> None:
        self.begin = datetime(first.year, first.month, first.day)
        shown = np.zeros(int(readings[-1]) + 3 * DAY, bool)
        for number in range((last - first).days + 1):
            for opens, closes in _hours(calendar, first + timedelta(days=number)):
                length = (closes - opens) if closes > opens else (closes + DAY - opens)
                at = number * DAY + opens
                shown[at : at + length] = True
        self.is_open = np.where(readings >= 0, shown[np.maximum(readings, 0)], False)
        self.seconds = np.concatenate(([0], np.cumsum(self.is_open) * 60))

    def counted(self, moment: datetime) -> int:
        """Open seconds from the beginning to a moment."""
        minute, second = divmod(int((moment - self.begin).total_seconds()), 60)
        return int(self.seconds[minute]) + (second if self.is_open[minute] else 0)

    def due(self, moment: datetime, minutes: int) -> datetime | None:
        """The earliest instant by which that much time has been open."""
        wanted = self.counted(moment) + minutes * 60
        after = int(np.searchsorted(self.seconds, wanted, side="left"))
        if after == len(self.seconds):
            return None
        return self.begin + timedelta(minutes=after - 1, seconds=wanted - int(self.seconds[after - 1]))


def _ahead(zone: tzinfo, moment: datetime) -> int:
    """Minutes the wall clock is ahead of UTC."""
    ahead = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    return int(ahead.total_seconds()) // 60 if ahead else 0


def _hours(calendar: Calendar, day: date) -> Iterable[tuple[int, int]]:
    if day in calendar.holidays:
        named = list(calendar.holidays[day])
    else:
        named = [(opens, closes) for weekday, opens, closes in calendar.openings if weekday == day.isoweekday()]
    return [(_minute(opens), _minute(closes)) for opens, closes in named]


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
