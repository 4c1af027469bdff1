"""Writes what a browser did in the world as GA4 exports it: nested events, one Parquet file a day.

GA4 sees browsers: the world's touches without a lead id, whose pages, downloads and price views carry the analytics'
own client id or, of visitors who refused to be counted, a click id alone. Touches that name their lead (forms, calls,
referrals, registrations, clicks in mails) are recorded by the form, the phone or the mailing tool and stay in the
contract's files, as do links between visitors and leads, which the CRM makes.

A day is written when it is over, and again whenever something of it became known, changed or was taken back, always
whole. How long the world took to know a touch the export cannot say.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ZONE = "America/Chicago"
DOWNLOAD, PRICING, PLAIN = "content_download", "pricing_view", "page_view"
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
    told = current.assign(day=days.loc[current.index]).sort_values(["day", "occurred_at", "touch_id"])
    told = told[told["day"].isin(fresh)]
    events, places = _events(told), told["day"].to_numpy()
    folder.mkdir(parents=True, exist_ok=True)
    spans = {day: np.searchsorted(places, day, "left") for day in fresh}
    return [
        _write(folder, day, events.slice(spans[day], np.searchsorted(places, day, "right") - spans[day]))
        for day in sorted(fresh)
    ]


def _end_of(day: Any) -> datetime:
    """The instant the property's day is over."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(ZONE)).astimezone(UTC)


def _write(folder: Path, day: date, events: pa.Table) -> Path:
    path = folder / f"events_{day:%Y%m%d}.parquet"
    unfinished = path.with_name(f".{path.name}")
    pq.write_table(events, unfinished)
    os.replace(unfinished, path)
    return path


def _events(touches: pd.DataFrame) -> pa.Table:
    """Touches as nested events, in their order."""
    known = touches[["occurred_at", "signal", "service_line", "topic", "offer_id", "landing_page", "anonymous_id",
                     "campaign_id", "click_id", "click_id_type"]]  # fmt: skip
    traffic = touches["channel"].map(TRAFFIC)
    rows = known.assign(
        place=range(len(known)),
        event_date=touches["occurred_at"].dt.tz_convert(ZONE).dt.strftime("%Y%m%d"),
        micros=touches["occurred_at"].dt.as_unit("us").astype("int64"),
        source=traffic.str[0],
        medium=traffic.str[1],
        session=touches["session_id"].map(lambda text: int(text[:12], 16), na_action="ignore").astype("Int64"),
        bundle=touches["touch_id"].map(lambda text: int(text[:15], 16)),
    )
    with duckdb.connect(":memory:") as connection:
        connection.register("touches", pa.Table.from_pandas(rows, preserve_index=False))
        return connection.sql(_EVENTS).to_arrow_table()


def _pair(name: str, text: str = "null", number: str = "null") -> str:
    is_told = f"coalesce({text}::varchar, {number}::varchar) is not null"
    value = f"{{string_value: {text}, int_value: {number}, float_value: null::double, double_value: null::double}}"
    return f"case when {is_told} then {{key: '{name}', value: {value}}} end"


_PAIRS = ", ".join((
    _pair("ga_session_id", number="session"),
    _pair("page_location", "address"),
    *(_pair(name, name) for name in ("service_line", "topic", "offer_id")),
    _pair("engaged_session_event", number="1::bigint"),
))  # fmt: skip
# The page is as the browser has it, the ad's click id among its parameters.
_EVENTS = f"""
    with browsed as (
        select *, landing_page || coalesce(
            case when contains(landing_page, '?') then '&' else '?' end || click_id_type || '=' || click_id, ''
        ) as address
        from touches
    )
    select
        event_date,
        micros as event_timestamp,
        case when signal = '{DOWNLOAD}' then 'file_download' else 'page_view' end as event_name,
        list_filter([{_PAIRS}], lambda pair: pair is not null) as event_params,
        bundle as event_bundle_sequence_id,
        null::varchar as user_id,
        anonymous_id as user_pseudo_id,
        {{analytics_storage: if(anonymous_id is null, 'No', 'Yes'), ads_storage: 'Yes'}} as privacy_info,
        {{name: '(direct)', medium: '(none)', source: '(direct)'}} as traffic_source,
        case when click_id_type = 'gclid' then {{gclid: click_id}} end as collected_traffic_source,
        {{manual_campaign: {{
            campaign_id: campaign_id, campaign_name: null::varchar, source: source, medium: medium
        }}}} as session_traffic_source_last_click,
        '5150' as stream_id,
        'WEB' as platform
    from browsed
    order by place
"""
