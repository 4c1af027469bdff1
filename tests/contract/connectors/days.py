"""Connectors that deliver by the day: one logical table of touches in each, for the suite `test_days.py`.

A touch is an identity, a moment and a topic; `held` says which touches the lake holds now. A shape that restates days
takes a day delivered anew for all there is of it. A report of an advertising platform knows the day alone: there a
touch is a campaign's (an ad's) row of that day, and its moment and topic stand in for what the platform counted.
"""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from orchestration.sources.registry import load_registry
from orchestration.sources.registry_schema import BaseSource
from tests.contract.connectors.ads_shapes import ACCOUNT, FORMATS
from tests.contract.connectors.ga4_events import Event, event, micros, write_events
from tests.contract.connectors.homes import LandingHome

TOPICS = ("evening", "night", "morning", "later", "corrected")


@dataclass(frozen=True)
class Touch:
    """Something a visitor did; `at` is UTC."""

    who: str
    at: datetime
    topic: str


class DayShape(ABC):
    """A source in Chicago that brings touches by the day."""

    folder: str
    object = "touches"
    key = "touch_id"
    topic = "topic"
    at = "occurred_at"
    moment = "occurred_at"
    required = "occurred_at"
    restates = False
    names_days = False  # a day is known by its file's name: also one without rows, also one that is missing
    has_header = True

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "export").mkdir(parents=True)

    @abstractmethod
    def path(self, day: date, part: int | None) -> Path:
        """Where a file of that day goes."""

    @abstractmethod
    def put(
        self, day: date, touches: Sequence[Touch], *, part: int | None = None, drop: Iterable[str] = (), **more: Any
    ) -> None:
        """Deliver a file of that day, without the columns to `drop` and with the same `more` in every row."""

    @abstractmethod
    def entry(self) -> str:
        """The registry entry, without the time zone."""

    def source(self) -> BaseSource:
        """The source as the registry gives it."""
        text = f"sources:\n  clinic:\n    timezone: America/Chicago\n{self.entry()}"
        (self.place / "sources.yaml").write_text(text, encoding="utf-8")
        return load_registry(self.place / "sources.yaml", environ={}).sources["clinic"]

    def held(self, home: LandingHome) -> list[tuple[str, datetime]]:
        """(topic, moment) of each touch that holds, in order."""
        deleted = "coalesce(is_deleted, false)" if self.restates else "false"
        columns = f"_batch_id, _row_no, {self.key}, {self.topic}, {self.at}, {deleted}"
        last = {row[2]: row[3:] for row in home.rows(self.folder, self.object, columns) if row[2] is not None}
        return sorted((topic, at) for topic, at, is_deleted in last.values() if not is_deleted)


class ContractDays(DayShape):
    """`contract_files`: a folder of CSV files, one a day; it adds and corrects, and takes nothing back."""

    folder = "contract_files"
    columns = ("touch_id", "lead_id", "occurred_at", "signal", "topic")

    def path(self, day: date, part: int | None) -> Path:
        return self.place / "export" / "touches" / f"{day.isoformat()}{f'-{part}' if part else ''}.csv"

    def put(
        self, day: date, touches: Sequence[Touch], *, part: int | None = None, drop: Iterable[str] = (), **more: Any
    ) -> None:
        stream = StringIO()
        names = [name for name in (*self.columns, *more) if name not in set(drop)]
        writer = csv.DictWriter(stream, names, extrasaction="ignore")
        writer.writeheader()
        for each in touches:
            moment = each.at.isoformat() + "Z"
            row = {"touch_id": each.who, "lead_id": "L1", "occurred_at": moment, "signal": "view", "topic": each.topic}
            writer.writerow({**row, **more})
        path = self.path(day, part)
        path.parent.mkdir(exist_ok=True)
        path.write_text(stream.getvalue(), encoding="utf-8")

    def entry(self) -> str:
        return "    connector: contract_files\n    path: export\n"


class FileDays(ContractDays):
    """`files`: the same CSV files, declared."""

    folder = "shop"

    def entry(self) -> str:
        columns = "{touch_id: text, lead_id: text, occurred_at: {type: timestamp, required: true}, signal: text, "
        columns += "topic: {type: text, optional: true}}"
        return (
            "    connector: files\n    path: export\n    staging: shop\n    objects:\n      touches:\n"
            f'        {{files: "touches/*.csv", key: touch_id, event_time: occurred_at, columns: {columns}}}\n'
        )


class Ga4Days(DayShape):
    """`ga4_export`: a day is all files of its name."""

    folder = "ga4_export"
    object = "events"
    key = "touch_token"
    required = "event_timestamp"
    restates = True
    names_days = True
    has_header = False
    suffix = ".ndjson"

    def path(self, day: date, part: int | None) -> Path:
        return self.place / "export" / f"events_{day:%Y%m%d}{f'-{part}' if part else ''}{self.suffix}"

    def put(
        self, day: date, touches: Sequence[Touch], *, part: int | None = None, drop: Iterable[str] = (), **more: Any
    ) -> None:
        events: list[Event] = []
        for each in touches:
            # The moment as text stands for a column of another type than declared.
            moment = more.pop("occurred_at", None)
            one = event(each.who, each.at, params={"topic": each.topic}, **more)
            one |= {} if moment is None else {"event_timestamp": moment}
            gone = {"topic": "event_params", "occurred_at": "event_timestamp"}
            events.append({name: one[name] for name in one if name not in {gone.get(each, each) for each in drop}})
        write_events(self.path(day, part), events)

    def entry(self) -> str:
        signal = "{event: page_view, signal: view, topic: {param: topic}}"
        return f"    connector: ga4_export\n    path: export\n    signals: [{signal}]\n"


class Ga4PackedDays(Ga4Days):
    """The same, packed."""

    suffix = ".ndjson.gz"


class Ga4ParquetDays(Ga4Days):
    """The same as Parquet."""

    suffix = ".parquet"


class GoogleDays(DayShape):
    """`google_ads`: a report a day, which says its account-days in full."""

    folder = "google_ads"
    object = "campaign_stats"
    key = "campaign_id"
    topic = f"[{', '.join(map(repr, TOPICS))}][clicks]"
    at = "make_timestamp(impressions)"
    moment = required = "date"
    restates = True
    suffix = "csv"
    columns = {"who": "id", "topic": "clicks", "account": "customer_id", "cost": "cost_micros"}
    settings = ""

    def path(self, day: date, part: int | None) -> Path:
        return self.place / "export" / f"{self.object}_{day:%Y%m%d}{f'-{part}' if part else ''}.{self.suffix}"

    def put(
        self, day: date, touches: Sequence[Touch], *, part: int | None = None, drop: Iterable[str] = (), **more: Any
    ) -> None:
        moment = more.pop("occurred_at", day.isoformat())
        rows = [{
            self.columns["who"]: each.who[1:], self.columns["topic"]: TOPICS.index(each.topic) + 1,
            self.columns["account"]: ACCOUNT, self.columns["cost"]: "1", "date": moment,
            "impressions": micros(each.at), **more,
        } for each in touches]  # fmt: skip
        gone = {{"topic": self.columns["topic"], "occurred_at": "date"}.get(each, each) for each in drop}
        names = [name for name in (*self.columns.values(), "date", "impressions", *more) if name not in gone]
        self.path(day, part).write_bytes(FORMATS[self.suffix](rows, names))

    def entry(self) -> str:
        return f"    connector: {self.folder}\n    path: export\n    currency: USD\n{self.settings}"


class GoogleParquetDays(GoogleDays):
    """The same as Parquet."""

    suffix = "parquet"


class GoogleParts(GoogleDays):
    """The same files taken for parts: they say nothing but their rows."""

    restates = False
    settings = "    complete_for: rows\n"


class MetaDays(GoogleDays):
    """`meta_ads`: the same by ad, packed."""

    folder = "meta_ads"
    object = "basic_ad"
    key = "ad_id"
    suffix = "csv.gz"
    columns = {"who": "ad_id", "topic": "inline_link_clicks", "account": "account_id", "cost": "spend"}


class MetaLineDays(MetaDays):
    """The same as lines of JSON."""

    suffix = "ndjson"
    has_header = False


DAY_SHAPES: dict[str, type[DayShape]] = {
    "contract_files": ContractDays,
    "files": FileDays,
    "ga4_ndjson": Ga4Days,
    "ga4_packed": Ga4PackedDays,
    "ga4_parquet": Ga4ParquetDays,
}
# Their rows are of a day and know no moment, and one file says all of an account's day.
AD_SHAPES: dict[str, type[DayShape]] = {
    "google_csv": GoogleDays,
    "google_parquet": GoogleParquetDays,
    "meta_packed": MetaDays,
    "meta_ndjson": MetaLineDays,
}
PART_SHAPES: dict[str, type[DayShape]] = {"google_parts": GoogleParts}
ALL_SHAPES = {**DAY_SHAPES, **AD_SHAPES, **PART_SHAPES}
