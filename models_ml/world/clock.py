"""The world's span, local time and opening hours. Every time is a whole number of microseconds since 1970, UTC.

The world ends at one fixed moment and never asks the wall clock. Business time is exact: opening spans are laid out
in UTC once per calendar, so days the clock changes and holidays need no special case.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world.clinic import CALENDARS, SHORT_DAY, Calendar
from models_ml.world.draws import Floats, Ints

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# A multiple of a day, so that cutting to seconds or slots keeps it.
NEVER = np.iinfo(np.int64).max // 4 // DAY * DAY
HOME_ZONE = "America/Chicago"
WORLD_END = pd.Timestamp("2026-07-01", tz=HOME_ZONE)
ZONES = tuple(dict.fromkeys(calendar.timezone for calendar in CALENDARS))


def to_micros(moment: pd.Timestamp) -> int:
    """Microseconds since 1970 of an aware timestamp."""
    return int(moment.tz_convert("UTC").tz_localize(None).to_datetime64().astype("datetime64[us]").astype(np.int64))


def span(months: int) -> tuple[int, int]:
    """First and last moment of a world of that many months (micros)."""
    return to_micros(WORLD_END - pd.DateOffset(months=months)), to_micros(WORLD_END)


def to_utc(local: Ints, zone: Ints) -> Ints:
    """UTC micros of local wall-clock micros; `zone` indexes ZONES. A time that does not exist moves to the jump."""
    result = np.empty(local.shape, dtype=np.int64)
    for index, name in enumerate(ZONES):
        chosen = zone == index
        naive = pd.DatetimeIndex(local[chosen].astype("datetime64[us]"))
        aware = naive.tz_localize(name, ambiguous=np.ones(len(naive), dtype=bool), nonexistent="shift_forward")
        result[chosen] = aware.as_unit("us").asi8
    return result


def to_local(moments: Ints, zone: Ints) -> Ints:
    """Local wall-clock micros of UTC micros."""
    result = np.empty(moments.shape, dtype=np.int64)
    for index, name in enumerate(ZONES):
        chosen = zone == index
        aware = pd.DatetimeIndex(moments[chosen].astype("datetime64[us]")).tz_localize("UTC").tz_convert(name)
        result[chosen] = aware.tz_localize(None).as_unit("us").asi8
    return result


class OpenHours:
    """Open time of one calendar: how much of it has passed at a moment, and when so much of it will have passed."""

    def __init__(self, calendar: Calendar, first: int, last: int) -> None:
        zone = ZONES.index(calendar.timezone)
        days = np.arange(first // DAY - 2, last // DAY + 3)
        opens: list[int] = []
        closes: list[int] = []
        for day in days:
            for start, end in _spans_of(calendar, int(day)):
                opens.append(int(day) * DAY + start * MINUTE)
                closes.append(int(day) * DAY + end * MINUTE)
        zones = np.full(len(opens), zone)
        self.opens = to_utc(np.array(opens, dtype=np.int64), zones)
        self.closes = to_utc(np.array(closes, dtype=np.int64), zones)
        lengths = self.closes - self.opens
        self.before = np.concatenate([[0], np.cumsum(lengths)])

    def passed(self, moments: Ints) -> Ints:
        """Open micros from the calendar's first opening to each moment."""
        index = np.searchsorted(self.opens, moments, side="right") - 1
        inside = np.clip(moments - self.opens[np.maximum(index, 0)], 0, None)
        length = self.closes[np.maximum(index, 0)] - self.opens[np.maximum(index, 0)]
        return np.where(index < 0, 0, self.before[np.maximum(index, 0)] + np.minimum(inside, length))

    def after(self, open_micros: Ints) -> Ints:
        """Earliest moment by which that much open time has passed."""
        index = np.clip(np.searchsorted(self.before, open_micros, side="left") - 1, 0, len(self.opens) - 1)
        return np.asarray(self.opens[index] + (open_micros - self.before[index]), dtype=np.int64)


def _spans_of(calendar: Calendar, day: int) -> tuple[tuple[int, int], ...]:
    date = str(np.datetime64(day, "D"))
    if date in calendar.holidays:
        return ()
    return (SHORT_DAY,) if date in calendar.short_days else calendar.spans((day + 3) % 7 + 1)


class BusinessTime:
    """Open hours of all CALENDARS over the world's span and the year after it."""

    def __init__(self, begin: int, end: int) -> None:
        self.hours = [OpenHours(calendar, begin - 30 * DAY, end + 400 * DAY) for calendar in CALENDARS]

    def add(self, moments: Ints, minutes: Floats, calendar: Ints) -> Ints:
        """The moment at which so many open minutes have passed since each moment; NEVER stays NEVER."""
        result = np.full(moments.shape, NEVER, dtype=np.int64)
        for index, hours in enumerate(self.hours):
            chosen = (calendar == index) & (moments < NEVER)
            wanted = hours.passed(moments[chosen]) + np.maximum(minutes[chosen] * MINUTE, 1).astype(np.int64)
            result[chosen] = hours.after(wanted)
        return whole_seconds(result)

    def minutes(self, earlier: Ints, later: Ints, calendar: Ints) -> Floats:
        """Open minutes between two moments."""
        result = np.full(earlier.shape, np.nan)
        for index, hours in enumerate(self.hours):
            chosen = (calendar == index) & (earlier < NEVER) & (later < NEVER)
            result[chosen] = (hours.passed(later[chosen]) - hours.passed(earlier[chosen])) / MINUTE
        return result


def whole_seconds(moments: Ints) -> Ints:
    """Micros cut to whole seconds; NEVER stays."""
    return np.where(moments >= NEVER, NEVER, moments // SECOND * SECOND)


def stamps(moments: Ints) -> pd.Series:
    """Aware UTC timestamps (datetime64[us, UTC]); NEVER becomes missing."""
    gone = moments >= NEVER
    values = np.where(gone, 0, moments).astype("datetime64[us]")
    values[gone] = np.datetime64("NaT")
    return pd.Series(pd.DatetimeIndex(values).tz_localize("UTC"))


def date_text(local: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
    """Local dates as ISO text; empty where NEVER."""
    days = np.where(local >= NEVER, 0, local).astype("datetime64[us]").astype("datetime64[D]")
    text = np.datetime_as_string(days, unit="D").astype(object)
    text[local >= NEVER] = None
    return text
