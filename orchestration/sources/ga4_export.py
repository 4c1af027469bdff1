"""Connector `ga4_export`: the daily event tables of a GA4 property's BigQuery export, as files.

    events_20260301.ndjson.gz, events_20260301-000.parquet, events_20260301/part-7.json, event_date=2026-03-01/…

All files of one day together are that day: delivered anew, they replace what landed of it. Intraday tables are left
out, since the day's own table holds their events. A file that names no day adds its events and replaces none. An event
is one row of the object `events`; which of them are touches, the registry's `signals` say.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from orchestration.lake.extract import ColumnSpec, Extract, ObjectSpec, Restates
from orchestration.lake.joining import IsNew, joined_where_new
from orchestration.sources.extracting import Cursors, Found, SourceFault, rules_of
from orchestration.sources.file_listing import files_below
from orchestration.sources.ga4_rows import Ga4Tally, read_events
from orchestration.sources.registry_ga4 import Ga4Source

FOLDER = "ga4_export"
EVENTS = "events"
_SUFFIXES = (".parquet", ".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".jsonl.gz")
_DAY = re.compile(
    r"(?:events_)?(?P<plain>\d{8})(?!\d)|events_(?P<shard>\d{8})"
    r"|(?:event_)?d(?:ate|ay|t)=(?P<hive>\d{4}-?\d\d-?\d\d)$"
)
# Tables the export also makes that are no day of events: the day so far, and users.
_INTRADAY = ("events_intraday_", "events_fresh_")
_USERS = ("users_", "pseudonymous_users_")
_SHOWN = 12
COLUMNS = (
    ColumnSpec("event_key", "touch_token", required=True, door="web_token"),
    ColumnSpec("event_name", "event_name", required=True),
    ColumnSpec("occurred_at", "occurred_at", "timestamp", required=True),
    ColumnSpec("event_date", "event_date", "date", formats=("%Y%m%d", "%Y-%m-%d")),
    ColumnSpec("export_date", "export_date", "date", formats=("%Y%m%d", "%Y-%m-%d")),
    ColumnSpec("anonymous_id", "anonymous_token", door="web_token"),
    ColumnSpec("session_key", "session_token", door="web_token"),
    ColumnSpec("lead_id", "lead_id"),
    *(ColumnSpec(name, name) for name in ("signal", "service_line", "topic", "offer_id", "form_id")),
    *(ColumnSpec(name, name) for name in ("channel", "platform", "campaign_id")),
    ColumnSpec("click_id", "click_token", door="web_token"),
    ColumnSpec("click_id_type", "click_id_type"),
    ColumnSpec("page", "page", door="page"),
    ColumnSpec("landing_page", "landing_page", door="page"),
    ColumnSpec("is_engaged", "is_engaged", "boolean"),
    ColumnSpec("is_deleted", "is_deleted", "boolean", optional=True),
)


def extracts(source: Ga4Source, *, cursors: Cursors | None = None, is_new: IsNew | None = None) -> Found:
    """Every day as one extract, oldest first, then files without a day; notices of what became no touch come last.

    With `is_new` small days that follow each other, and are new, come joined.

    A path that is not there comes as `SourceFault`; so do, as notices, days that are missing between others, and
    files that are left out. `cursors` is not used: landing knows the files it has.
    """
    del cursors
    path = source.path
    if not path.exists():
        yield SourceFault(source.name, "", path.name, "there is no such folder or file: mend `path`, or bring it back")
        return
    days, others, left_out = _listed(path)
    tally: Ga4Tally = {}
    by_day = (_extract(source, files, tally, day) for day, files in sorted(days.items()))
    yield from joined_where_new(by_day, is_new) if is_new else by_day
    for file in others:
        yield _extract(source, [file], tally, None)
    yield from _notices(source, tally, sorted(days), left_out)


def declared(source: Ga4Source, name: str, origin: str) -> Extract | None:
    """How events are read today; None of any other object. An event alone lacks what its session says: see `reader`."""
    if name != EVENTS:
        return None
    return Extract(
        rules=replace(rules_of(source), timezone=None),
        spec=object_spec(source.folder),
        origin=origin,
        reader=partial(read_events, source=source, tally={}),
        reading=_reading(source),
    )


def object_spec(folder: str = FOLDER) -> ObjectSpec:
    """The object `events` as landing checks it."""
    return ObjectSpec(folder, EVENTS, COLUMNS, ("event_key",), event_time="occurred_at")


def day_of(file: Path) -> date | None:
    """The day whose table a file (below the source's path) belongs to, by its name or a folder's; None: no day."""
    for part in file.parts:
        if found := _DAY.match(part):
            text = next(text for text in found.groups() if text).replace("-", "")
            try:
                return datetime.strptime(text, "%Y%m%d").date()
            except ValueError:
                return None
    return None


def _listed(path: Path) -> tuple[Mapping[date, list[Path]], Sequence[Path], Sequence[str]]:
    """Files by day, files without one, and names of what is left out."""
    folder = path if path.is_dir() else path.parent
    days: dict[date, list[Path]] = {}
    others, left_out = [], []
    for file in files_below(path) if path.is_dir() else [path]:
        below = file.relative_to(folder)
        if not file.name.lower().endswith(_SUFFIXES):
            continue
        if any(part.startswith((*_INTRADAY, *_USERS)) for part in below.parts):
            left_out.append(str(below))
        elif (day := day_of(below)) is not None:
            days.setdefault(day, []).append(file)
        else:
            others.append(file)
    return days, others, left_out


def _extract(source: Ga4Source, files: Sequence[Path], tally: Ga4Tally, day: date | None) -> Extract:
    folder = source.path if source.path.is_dir() else source.path.parent
    first = str(files[0].relative_to(folder))
    return Extract(
        rules=replace(rules_of(source), timezone=None),  # every time is UTC and says so
        spec=object_spec(source.folder),
        origin=first if len(files) == 1 else f"{first} and {len(files) - 1} more of its day",
        format="ndjson",
        parts=tuple(files),
        reader=partial(read_events, source=source, tally=tally),
        restates=Restates("export_date", days=(day,)) if day is not None else None,
        delivery=day.isoformat() if day is not None else None,
        reading=_reading(source),
    )


def _reading(source: Ga4Source) -> str:
    """What the registry says of how events are read: another mapping reads the same files anew."""
    decides = {"signals", "lead_id_from", "channels", "platforms", *(["null_tokens"] if source.null_tokens else [])}
    said = source.model_dump_json(include=decides)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _notices(
    source: Ga4Source, tally: Ga4Tally, days: Sequence[date], left_out: Sequence[str]
) -> Iterator[SourceFault]:
    said = []
    if left_out:
        said.append(f"{len(left_out)} files are left out, as they hold no whole day of events: {_some(left_out)}")
    if gaps := _gaps(days):
        said.append(f"days without a file between others: {_some([day.isoformat() for day in gaps])}")
    if empty := [name for name, each in sorted(tally.items()) if not each.rows]:
        said.append(f"files without any event: {_some(empty)}")
    if unmapped := sum((each.unmapped for each in tally.values()), Counter[str]()):
        counted = [f"{name} x {count}" for name, count in unmapped.most_common()]
        said.append(f"events no `signals` entry maps, which landed and are no touches: {_some(counted)}")
    if nameless := sum(each.nameless for each in tally.values()):
        said.append(
            f"{nameless} signals of visitors who refused to be known (no user_pseudo_id, lead or click id) "
            "landed and are nobody's touches"
        )
    for message in said:
        yield SourceFault(source.name, EVENTS, "", message, is_notice=True)


def _gaps(days: Sequence[date]) -> list[date]:
    if not days:
        return []
    whole = (days[0] + timedelta(days=number) for number in range((days[-1] - days[0]).days))
    known = set(days)
    return [day for day in whole if day not in known]


def _some(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more
