"""Writes what a browser did in the world as GA4 exports it: nested events, one file of JSON lines a day.

GA4 sees browsers: the world's touches without a lead id, whose pages, downloads and price views carry the analytics'
own client id or, of visitors who refused to be counted, a click id alone. Touches that name their lead (forms, calls,
referrals, registrations, clicks in mails) are recorded by the form, the phone or the mailing tool and stay in the
contract's files, as do links between visitors and leads, which the CRM makes.

A day is written when it is over, and again whenever something of it became known, changed or was taken back, always
whole. How long the world took to know a touch the export cannot say.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

ZONE = "America/Chicago"
DOWNLOAD, PRICING, PLAIN = "content_download", "pricing_view", "page_view"
_FIELDS = ("string_value", "int_value", "float_value", "double_value")
# channel → source and medium as campaigns are tagged; the platform is what leads and spend call it.
TRAFFIC: dict[str, tuple[str, str, str]] = {
    "paid_search": ("google", "cpc", "google"),
    "paid_social": ("facebook", "paid_social", "meta"),
    "organic_search": ("google", "organic", "organic"),
    "email": ("newsletter", "email", "email"),
    "webinar": ("webinar", "event", "webinar"),
    "education_session": ("seminar", "event", "events"),
    "physician_referral": ("practice", "referral", "referral"),
    "direct": ("(direct)", "(none)", "direct"),
}
_MAPPED = {"service_line": {"param": "service_line"}, "topic": {"param": "topic"}}


def ga4_source(folder: str = "./ga4", *, lead_ids_from: str = "crm") -> dict[str, Any]:
    """The registry entry that reads the files as the world's touches."""
    return {
        "connector": "ga4_export",
        "path": folder,
        "timezone": ZONE,
        "lead_ids_from": lead_ids_from,
        "restates_days": 3,
        "signals": [
            {"event": "file_download", "signal": DOWNLOAD, **_MAPPED, "offer_id": {"param": "offer_id"}},
            {"event": "page_view", "page": "/*/prices", "signal": PRICING, **_MAPPED},
            {"event": "page_view", "page": "/", "signal": PLAIN},
            {"event": "page_view", "signal": "service_page_view", **_MAPPED},
        ],
        "channels": [
            {"source": source, "medium": medium, "channel": channel, "platform": platform}
            for channel, (source, medium, platform) in TRAFFIC.items()
        ],
        "platforms": {"google_ads": "google", "meta_ads": "meta"},
    }


def is_browser_touch(touches: pd.DataFrame) -> pd.Series:
    """Which touches GA4 sees: those a browser made without naming a lead."""
    return touches["lead_id"].isna()


def write_ga4_days(
    folder: Path, touches: pd.DataFrame, *, until: pd.Timestamp, since: pd.Timestamp | None = None
) -> list[Path]:
    """Write each day, over by `until`, of which something became known, changed or was over after `since`.

    Parameters
    ----------
    folder
        Where the files go; made if missing.
    touches
        The world's touches, all versions, at least those with known_at <= until.
    until, since
        Aware moments; `since` None writes every day.
    """
    seen = touches[is_browser_touch(touches) & (touches["known_at"] <= until)]
    days = seen["occurred_at"].dt.tz_convert(ZONE).dt.date
    ends = {day: _end_of(day) for day in days.unique()}
    over = days.map(lambda day: ends[day] <= until)
    news = seen["known_at"] > since if since is not None else over
    fresh = {day for day in days[over & news].unique()}
    fresh |= {day for day, end in ends.items() if end <= until and (since is None or end > since)}
    last = seen.sort_values(["touch_id", "known_at"], kind="stable").drop_duplicates("touch_id", keep="last")
    current = last[~last["is_deleted"]]
    by_day = dict(iter(current.groupby(days.loc[current.index])))
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder, day, by_day.get(day, current.iloc[:0])) for day in sorted(fresh)]


def _end_of(day: Any) -> datetime:
    """The instant the property's day is over."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(ZONE)).astimezone(UTC)


def _write(folder: Path, day: Any, touches: pd.DataFrame) -> Path:
    path = folder / f"events_{day:%Y%m%d}.ndjson"
    unfinished = path.with_name(f".{path.name}")
    with unfinished.open("w", encoding="utf-8") as stream:
        for event in _events(touches.sort_values(["occurred_at", "touch_id"])):
            stream.write(json.dumps(event) + "\n")
    os.replace(unfinished, path)
    return path


def _events(touches: pd.DataFrame) -> Iterator[dict[str, Any]]:
    columns = {str(name): touches[name].tolist() for name in touches.columns}
    for place in range(len(touches)):
        row = {name: _cell(values[place]) for name, values in columns.items()}
        yield _event(row)


def _cell(value: Any) -> Any:
    return None if value is None or value != value else value


def _event(row: dict[str, Any]) -> dict[str, Any]:
    moment = row["occurred_at"].to_pydatetime()
    source, medium, _ = TRAFFIC[row["channel"]]
    campaign = {"campaign_id": row["campaign_id"], "campaign_name": None, "source": source, "medium": medium}
    params = {
        "ga_session_id": int(row["session_id"][:12], 16) if row["session_id"] else None,
        "page_location": _address(row),
        "service_line": row["service_line"],
        "topic": row["topic"],
        "offer_id": row["offer_id"],
        "engaged_session_event": 1,
    }
    return {
        "event_date": moment.astimezone(ZoneInfo(ZONE)).strftime("%Y%m%d"),
        "event_timestamp": str(row["occurred_at"].value // 1000),
        "event_name": "file_download" if row["signal"] == DOWNLOAD else "page_view",
        "event_params": [_pair(name, value) for name, value in params.items() if value is not None],
        "event_bundle_sequence_id": str(int(row["touch_id"][:15], 16)),
        "user_id": None,
        "user_pseudo_id": row["anonymous_id"],
        "privacy_info": {"analytics_storage": "Yes" if row["anonymous_id"] else "No", "ads_storage": "Yes"},
        "user_properties": [],
        "traffic_source": {"name": "(direct)", "medium": "(none)", "source": "(direct)"},
        "collected_traffic_source": {"gclid": row["click_id"]} if row["click_id_type"] == "gclid" else None,
        "session_traffic_source_last_click": {"manual_campaign": campaign},
        "stream_id": "5150",
        "platform": "WEB",
        "items": [],
    }


def _address(row: dict[str, Any]) -> str | None:
    """The page as the browser has it, the ad's click id among its parameters."""
    page, click = row["landing_page"], row["click_id"]
    if page is None or click is None:
        return None if page is None else str(page)
    return f"{page}{'&' if '?' in page else '?'}{row['click_id_type']}={click}"


def _pair(name: str, value: str | int) -> dict[str, Any]:
    kind = "int_value" if isinstance(value, int) else "string_value"
    return {"key": name, "value": {**dict.fromkeys(_FIELDS), kind: str(value)}}
