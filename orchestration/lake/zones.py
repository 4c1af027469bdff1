"""Time zones as rows: the spans of one offset each IANA zone has, from the pinned tzdata package.

A local time that does not exist is the instant the clock jumps to, one that exists twice is the first. Spans are cut
so that a plain join says so: every local time lies in exactly one [local_from, local_to), and

    utc = greatest(utc_from, local - offset_seconds)

Landing converts naive times by them, `run_rows.py` lands them for SQL. Calendars do not belong here.
"""

from __future__ import annotations

import importlib.metadata
import io
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

BEGINNING = datetime(1, 1, 2)
END = datetime(9999, 12, 31)
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class OffsetSpan:
    """One offset of a zone; naive datetimes, half open. The first and last reach to the ends of time."""

    utc_from: datetime
    utc_to: datetime
    local_from: datetime
    local_to: datetime
    offset_seconds: int


def tzdata_version() -> str:
    """Version of the pinned tzdata package."""
    return importlib.metadata.version("tzdata")


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every IANA zone the pinned tzdata knows."""
    return frozenset((resources.files("tzdata") / "zones").read_text().split())


@lru_cache(maxsize=1024)
def load_zone(name: str) -> ZoneInfo:
    """The zone from tzdata, whatever the machine has.

    Raises
    ------
    ZoneInfoNotFoundError
        If tzdata has no zone of that name.
    """
    if name not in zone_names():
        raise ZoneInfoNotFoundError(f"no time zone {name!r} in tzdata {tzdata_version()}")
    with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@lru_cache(maxsize=1024)
def offset_spans(
    name: str, first_year: int = 1900, last_year: int = 2100, step_days: int = 1
) -> tuple[OffsetSpan, ...]:
    """Spans of `name` in order of time, with the changes between the two years that last `step_days` or longer."""
    content = resources.files("tzdata.zoneinfo").joinpath(*load_zone(name).key.split("/")).read_bytes()
    return _spans_of(content, first_year, last_year, step_days)


@lru_cache(maxsize=1024)
def _spans_of(content: bytes, first_year: int, last_year: int, step_days: int) -> tuple[OffsetSpan, ...]:
    """Many names are links to one zone: the same bytes are worked out once."""
    zone = ZoneInfo.from_file(io.BytesIO(content))
    at, end = (_seconds(datetime(year, 1, 1)) for year in (first_year, last_year + 1))
    offset = _offset(zone, at)
    changes = [(BEGINNING, offset)]
    named = [moment for moment in _named_changes(content) if at < moment < end]
    # Beyond the last change a zone's file names, a rule goes on.
    steps = range((named[-1] if named else at) + step_days * 86_400, end + step_days * 86_400, step_days * 86_400)
    for then in (*named, *steps):
        if (new := _offset(zone, then)) != offset:
            changes.append((_EPOCH + timedelta(seconds=_change(zone, at, then, offset)), new))
            offset = new
        at = then
    return _cut(changes)


def _named_changes(content: bytes) -> tuple[int, ...]:
    """Seconds since the epoch of the changes a zone's file lists (RFC 8536: the second, 64-bit part)."""
    counts = struct.unpack_from(">6I", content, 20)
    part = 44 + sum(count * size for count, size in zip(counts, (1, 1, 8, 5, 6, 1), strict=True))
    number = struct.unpack_from(">6I", content, part + 20)[3]
    return struct.unpack_from(f">{number}q", content, part + 44)


def _cut(changes: list[tuple[datetime, int]]) -> tuple[OffsetSpan, ...]:
    spans = []
    local_from = BEGINNING
    for index, (utc_from, offset) in enumerate(changes):
        is_last = index + 1 == len(changes)
        utc_to = END if is_last else changes[index + 1][0]
        local_to = END if is_last else utc_to + timedelta(seconds=offset)
        spans.append(OffsetSpan(utc_from, utc_to, local_from, local_to, offset))
        local_from = local_to
    return tuple(spans)


def _change(zone: ZoneInfo, before: int, after: int, offset: int) -> int:
    """The second at which the zone leaves `offset`, by halving."""
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(zone, middle) == offset else (before, middle)
    return after


def _seconds(moment: datetime) -> int:
    return int((moment - _EPOCH).total_seconds())


def _offset(zone: ZoneInfo, seconds: int) -> int:
    offset = datetime.fromtimestamp(seconds, zone).utcoffset()
    return round(offset.total_seconds()) if offset is not None else 0
