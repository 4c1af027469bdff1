"""Writes what Google Ads and Meta Ads deliver: reports of whole account-days, histories and single clicks.

A delivery holds the days that something became known of, each of them in full as it stood then: a restated day comes
whole, like a new one. Platforms give their campaigns numbers; the registry says which is which. Spend and clicks of
other platforms are returned to the caller, and so are Meta's clicks, of which Meta has no report.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models_ml.world import clinic

GOOGLE, META = "google", "meta"
GOOGLE_FOLDER, META_FOLDER = "google_ads", "meta_ads"
ACCOUNTS = {GOOGLE: "4155550123", META: "1700252260223815"}
ZONE = "America/Chicago"
_LENGTHS = {"month": 7, "day": 10}
_SINCE = "2024-01-01T00:00:00"


def ads_sources(folder: str = "./ads") -> dict[str, Any]:
    """Registry entries of both platforms, for what `write_ads_files` wrote into that folder."""
    common = {"timezone": ZONE, "delivery_lag": "PT6H", "complete_for": "days"}
    return {
        "google_ads": {
            "connector": "google_ads",
            "path": f"{folder}/{GOOGLE_FOLDER}",
            **common,
            "platform": GOOGLE,
            "spend_from": "campaign_stats",
            "campaigns": _campaign_names(GOOGLE),
        },
        "meta_ads": {
            "connector": "meta_ads",
            "path": f"{folder}/{META_FOLDER}",
            **common,
            "platform": META,
            "campaigns": _campaign_names(META),
        },
    }


def write_ads_files(
    folder: Path, tables: Mapping[str, pd.DataFrame], *, since: pd.Timestamp | None = None, by: str = "month"
) -> dict[str, pd.DataFrame]:
    """Write the deliveries of each month or day (`by`, UTC) in which something became known after `since`.

    `tables` holds everything known by now, also before `since`: a restated day is written whole.

    Returns
    -------
    dict
        `spend` and `ad_clicks` (of all times) that neither platform delivers, where given.
    """
    rest = {}
    if "spend" in tables:
        spend = tables["spend"]
        for platform, write in ((GOOGLE, _write_google_day), (META, _write_meta_day)):
            for period, days in _deliveries(spend[spend["platform"] == platform], since, by):
                write(folder, period, days)
        rest["spend"] = spend[~spend["platform"].isin((GOOGLE, META))]
    if "ad_clicks" in tables:
        clicks = tables["ad_clicks"]
        googled = clicks["platform"] == GOOGLE
        for period, part in _known_by_period(clicks[googled], since, by):
            _write(folder / GOOGLE_FOLDER / "click_view", period, _click_view(part), "parquet")
        rest["ad_clicks"] = clicks[~googled]
    return rest


def platform_id(kind: str, name: str) -> str:
    """The number a platform gives a campaign or an ad of that name: eleven digits, always the same."""
    return str(10**10 + int(hashlib.sha256(f"{kind}|{name}".encode()).hexdigest()[:12], 16) % (9 * 10**10))


def _campaign_names(platform: str) -> dict[str, dict[str, str]]:
    return {
        platform_id(platform, one.id): {"campaign_id": one.id}
        for one in clinic.CAMPAIGNS
        if clinic.PLATFORMS[one.channel] == platform
    }


def _known_by_period(frame: pd.DataFrame, since: pd.Timestamp | None, by: str) -> Iterator[tuple[str, pd.DataFrame]]:
    new = frame if since is None else frame[frame["known_at"] > since]
    period = new["known_at"].dt.strftime("%Y-%m-%d").str[: _LENGTHS[by]]
    for name, part in new.groupby(period.to_numpy(), sort=True):
        yield str(name), part


def _deliveries(spend: pd.DataFrame, since: pd.Timestamp | None, by: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each period with the days it tells of, whole, as they stood at its end."""
    for period, part in _known_by_period(spend, since, by):
        until = part["known_at"].max()
        told = spend[spend["spend_date"].isin(part["spend_date"].unique()) & (spend["known_at"] <= until)]
        told = told.sort_values("known_at", kind="stable")
        last = told.drop_duplicates(["campaign_id", "spend_date", "currency"], keep="last")
        standing = last[~last["is_deleted"].astype(bool)]
        yield period, standing.sort_values(["spend_date", "campaign_id"]).reset_index(drop=True)


def _shares(days: pd.DataFrame, numerator: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each row in two parts that add up to it to the cent: `numerator` thirds, rounded down, and what is left."""
    cents = np.round(days["cost"].to_numpy() * 100).astype(np.int64)
    whole = {"cents": cents, "impressions": days["impressions"].to_numpy(), "clicks": days["clicks"].to_numpy()}
    first = {name: values * numerator // 3 for name, values in whole.items()}
    rest = {name: values - first[name] for name, values in whole.items()}
    return days.assign(**first), days.assign(**rest)


def _write_google_day(folder: Path, period: str, days: pd.DataFrame) -> None:
    place = folder / GOOGLE_FOLDER
    account = pd.DataFrame({
        "id": [ACCOUNTS[GOOGLE]], "updated_at": _SINCE, "currency_code": "USD", "time_zone": ZONE,
        "descriptive_name": "Clinic group",
    })  # fmt: skip
    _write(place / "account_history", period, account, "csv")
    campaigns = _numbered(GOOGLE, days)
    history = pd.DataFrame({
        "id": campaigns["number"], "updated_at": _SINCE, "name": campaigns["campaign_name"],
        "customer_id": ACCOUNTS[GOOGLE], "advertising_channel_type": "SEARCH", "status": "ENABLED",
    })  # fmt: skip
    _write(place / "campaign_history", period, history, "csv")
    parts = [
        pd.DataFrame({
            "customer_id": ACCOUNTS[GOOGLE], "date": part["spend_date"], "id": part["campaign_id"].map(_number(GOOGLE)),
            "ad_network_type": "SEARCH", "device": device, "cost_micros": part["cents"] * 10_000,
            "impressions": part["impressions"], "clicks": part["clicks"],
        })
        for device, part in zip(("MOBILE", "DESKTOP"), _shares(days, 2), strict=True)
    ]  # fmt: skip
    _write(place / "campaign_stats", period, pd.concat(parts, ignore_index=True), "csv")


def _write_meta_day(folder: Path, period: str, days: pd.DataFrame) -> None:
    place = folder / META_FOLDER
    account = pd.DataFrame({
        "id": [ACCOUNTS[META]], "_fivetran_synced": _SINCE, "name": "Clinic group", "currency": "USD",
        "timezone_name": ZONE,
    })  # fmt: skip
    _write(place / "account_history", period, account, "ndjson")
    campaigns = _numbered(META, days)
    history = pd.DataFrame({
        "id": campaigns["number"], "updated_time": _SINCE, "account_id": ACCOUNTS[META],
        "name": campaigns["campaign_name"], "objective": "OUTCOME_LEADS",
    })  # fmt: skip
    _write(place / "campaign_history", period, history, "ndjson")
    ads, insights = [], []
    for ad, part in zip(("video", "picture"), _shares(days, 1), strict=True):
        ad_ids = part["campaign_id"].map(lambda name, ad=ad: platform_id("ad", f"{name}|{ad}"))
        ads.append(pd.DataFrame({
            "id": ad_ids, "account_id": ACCOUNTS[META], "campaign_id": part["campaign_id"].map(_number(META)),
            "name": ad, "updated_time": _SINCE,
        }).drop_duplicates("id"))  # fmt: skip
        insights.append(pd.DataFrame({
            "ad_id": ad_ids, "date": part["spend_date"], "account_id": ACCOUNTS[META],
            "impressions": part["impressions"], "inline_link_clicks": part["clicks"],
            "spend": [f"{cents // 100}.{cents % 100:02d}" for cents in part["cents"].tolist()],
        }))  # fmt: skip
    _write(place / "ad_history", period, pd.concat(ads, ignore_index=True), "ndjson")
    _write(place / "basic_ad", period, pd.concat(insights, ignore_index=True), "ndjson")


def _number(platform: str) -> Mapping[str, str]:
    return {one.id: platform_id(platform, one.id) for one in clinic.CAMPAIGNS}


def _numbered(platform: str, days: pd.DataFrame) -> pd.DataFrame:
    """The campaigns of these days, each once, with the platform's number."""
    campaigns = days[["campaign_id", "campaign_name"]].drop_duplicates("campaign_id").sort_values("campaign_id")
    return campaigns.assign(number=campaigns["campaign_id"].map(_number(platform))).reset_index(drop=True)


def _click_view(clicks: pd.DataFrame) -> pd.DataFrame:
    """Google knows the day of a click where the account is, and its campaign."""
    local = clicks["occurred_at"].dt.tz_convert(ZONE)
    return pd.DataFrame({
        "customer_id": ACCOUNTS[GOOGLE], "date": local.dt.strftime("%Y-%m-%d"),
        "campaign_id": clicks["campaign_id"].map(_number(GOOGLE)), "gclid": clicks["click_id"],
        "click_type": "URL_CLICKS",
    }).reset_index(drop=True)  # fmt: skip


def _write(folder: Path, period: str, frame: pd.DataFrame, suffix: str) -> None:
    """A further file, whole when it appears; files of one period are numbered in the order they were written.

    A history that says what it said is not exported again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = max(folder.glob("[!.]*"), default=None)
    number = 1 + sum(1 for _ in folder.glob(f"{period}.*"))
    path = folder / f"{period}.{number:03d}.{suffix}"
    unfinished = path.with_name(f".{path.name}")
    if suffix == "parquet":
        frame.to_parquet(unfinished, index=False)
    elif suffix == "ndjson":
        frame.to_json(unfinished, orient="records", lines=True)
    else:
        frame.to_csv(unfinished, index=False, lineterminator="\n")
    if before is not None and filecmp.cmp(before, unfinished, shallow=False):
        unfinished.unlink()
    else:
        os.replace(unfinished, path)
