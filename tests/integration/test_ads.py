"""Ad reports and GA4 days through three whole runs: spend restated between two, and bad rows a mended registry reads.

Two clinics' sources feed one home, so that both stories are told by the same runs: `google`, `meta` and `web` have rows
that cannot be read, of 10 January; `other_google` and `other_meta` restate what they said of 20 January.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.contract.connectors.ads_shapes import GOOGLE, META, Deliveries, insight, stat
from tests.contract.connectors.ga4_events import event, write_events
from tests.integration.harness import Home

KNOWN, OTHER = "2121450128", "9990001112"
AT = datetime(2026, 1, 10, 18)
FIRST, SECOND = (f"https://clinic.example/{name}" for name in ("first", "second"))
BY_PLATFORM = """
select platform, sum(cost) from fct_campaign_spend where spend_date = '2026-01-10' group by platform order by platform
"""
BY_CAMPAIGN = """
select platform, campaign_id, currency, channel, cost from fct_campaign_spend
where spend_date = '2026-01-20' order by all
"""
SUMS = "sum(rows_read), sum(rows_landed), sum(rows_duplicate), sum(rows_quarantined)"
ACCOUNTS = f"""
select source, {SUMS} from fct_load_accounting where source in ('google', 'meta', 'web') group by source order by source
"""
REPORT = "customer_id,date,id,device,cost_micros,impressions,clicks"
COMMON = {"timezone": "America/Chicago"}


def say(folder: Path, *, is_mended: bool) -> Path:
    """The registry; mended, it knows both accounts, and what the export writes for no date."""
    accounts = {account: {"currency": "USD"} for account in ([KNOWN, OTHER] if is_mended else [KNOWN])}
    signal = {"event": "page_view", "signal": "view"}
    web = {"connector": "ga4_export", "path": "web", "signals": [signal], **COMMON}
    others = {"11": {"currency": "USD"}, "12": {"currency": "EUR"}}
    sources = {
        "google": {"connector": "google_ads", "path": "google/export", "accounts": accounts, **COMMON},
        "meta": {"connector": "meta_ads", "path": "meta/export", "accounts": accounts, **COMMON},
        "web": {**web, "null_tokens": ["(not set)"]} if is_mended else web,
        "other_google": {"connector": "google_ads", "path": "other_google", "accounts": others, **COMMON},
        "other_meta": {"connector": "meta_ads", "path": "other_meta", "currency": "USD", **COMMON},
    }
    (folder / "sources.yaml").write_text(json.dumps({"sources": sources}))
    return folder / "sources.yaml"


def deliver(folder: Path) -> Deliveries:
    """A day of each; an account nobody knows, and an event without its date. Returns where Google's reports go."""
    google, meta = Deliveries(folder / "google"), Deliveries(folder / "meta")
    google.put("campaign_stats", [stat(), stat("345", customer_id=OTHER), stat("346", customer_id=OTHER)], GOOGLE)
    meta.put("basic_ad", [insight(), insight("78", account_id=OTHER)], META)
    late = event("1.1", AT + timedelta(minutes=1), page=SECOND, event_date="(not set)")
    (folder / "web").mkdir()
    write_events(folder / "web" / "events_20260110.ndjson", [event("1.1", AT, page=FIRST), late])
    return google


def deliver_others(folder: Path) -> None:
    """Two accounts of one platform in their currencies, and one of another."""
    google, meta = folder / "other_google", folder / "other_meta"
    google.mkdir()
    meta.mkdir()
    rows = ["11,2026-01-20,344,MOBILE,1250000,10,1", "11,2026-01-20,344,DESKTOP,1,10,1", "12,2026-01-20,9,MOBILE,5,1,1"]
    (google / "campaign_stats.csv").write_text("\n".join([REPORT, *rows]) + "\n")
    (google / "account_stats.csv").write_text("customer_id,date,cost_micros\n11,2026-01-20,1250001\n")
    insights = {"ad_id": 71, "date": "2026-01-20", "account_id": 77, "spend": "144.", "impressions": 9}
    (meta / "basic_ad.ndjson").write_text(json.dumps(insights) + "\n")


def restate_others(folder: Path) -> None:
    """One campaign cost more than was said, and both platforms now say which campaign is which."""
    google, meta = folder / "other_google", folder / "other_meta"
    (google / "campaign_stats.csv").write_text(f"{REPORT}\n11,2026-01-20,344,MOBILE,2000000,10,1\n")
    (google / "campaign_history.csv").write_text(
        "id,updated_at,name,advertising_channel_type\n344,2026-01-01 00:00:00,Knees,SEARCH\n"
    )
    (meta / "ad_history.csv").write_text("id,updated_time,campaign_id\n71,2026-01-01T00:00:00,601\n")


@dataclass(frozen=True)
class Seen:
    """What a run said, and what was published after it."""

    told: str
    by_platform: list[tuple[Any, ...]]
    by_campaign: list[tuple[Any, ...]]
    accounts: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[Seen]:
    """Three runs: as delivered; restated, and the registry mended; with nothing new."""
    folder = tmp_path_factory.mktemp("ads")
    google = deliver(folder)
    deliver_others(folder)
    home = Home(folder / "home", say(folder, is_mended=False))

    def after(as_of: str) -> Seen:
        told = home.run(as_of)
        accounts = [row[1:] for row in home.query(ACCOUNTS)]
        return Seen(told, home.query(BY_PLATFORM), home.query(BY_CAMPAIGN), accounts)

    first = after("2026-02-01T00:00:00Z")
    google.put("campaign_stats", [stat(), stat("345", customer_id=OTHER, cost=2_000_000)], GOOGLE)
    restate_others(folder)
    say(folder, is_mended=True)
    return [first, after("2026-02-02T00:00:00Z"), after("2026-02-03T00:00:00Z")]


def test_runs_bring_in_what_a_mended_registry_reads(seen: list[Seen]) -> None:
    first, second, third = seen
    assert first.by_platform == [("google_ads", Decimal("1.25")), ("meta_ads", Decimal("12.34"))]
    assert first.accounts == [(3, 1, 0, 2), (2, 1, 0, 1), (2, 1, 0, 1)]
    assert "google.campaign_stats, campaign_stats.csv: 2 rows read again, 2 landed" in second.told
    assert "meta.basic_ad, basic_ad.csv: 1 rows read again, 1 landed" in second.told
    assert second.by_platform == [("google_ads", Decimal("3.25")), ("meta_ads", Decimal("24.68"))]
    known = "web.events, events_20260110.ndjson: 1 rows, which are read with all of their day or not at all"
    assert known in third.told and "read again" not in third.told
    assert third.by_platform == second.by_platform
    assert third.accounts == [(5, 4, 1, 0), (2, 2, 0, 0), (4, 2, 2, 0)]


def test_spend_is_published_and_restated_by_the_next_run(seen: list[Seen]) -> None:
    first, second, third = seen
    assert first.by_campaign == [
        ("google_ads", "344", "USD", "(none)", Decimal("1.250001")),
        ("google_ads", "9", "EUR", "(none)", Decimal("0.000005")),
        ("meta_ads", "(none)", "USD", "paid_social", Decimal(144)),
    ]
    assert second.by_campaign == [
        ("google_ads", "344", "USD", "paid_search", Decimal(2)),
        ("google_ads", "9", "EUR", "(none)", Decimal("0.000005")),
        ("meta_ads", "601", "USD", "paid_social", Decimal(144)),
    ]
    assert third.by_campaign == second.by_campaign
