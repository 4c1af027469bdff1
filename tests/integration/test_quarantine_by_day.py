"""Rows of ad reports and GA4 days that could not be read: runs bring them in by themselves, and nothing twice."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.contract.connectors.ads_shapes import GOOGLE, META, Deliveries, insight, stat
from tests.contract.connectors.ga4_events import event, write_events
from tests.integration.harness import Home

KNOWN, OTHER = "2121450128", "9990001112"
AT = datetime(2026, 1, 10, 18)
FIRST, SECOND = (f"https://clinic.example/{name}" for name in ("first", "second"))
SPEND = "select platform, sum(cost) from fct_campaign_spend group by platform order by platform"
SUMS = "sum(rows_read), sum(rows_landed), sum(rows_duplicate), sum(rows_quarantined)"
ACCOUNTS = f"select source, {SUMS} from fct_load_accounting group by source order by source"


def say(folder: Path, *, is_mended: bool) -> Path:
    """The registry; mended, it knows both accounts, and what the export writes for no date."""
    accounts = {account: {"currency": "USD"} for account in ([KNOWN, OTHER] if is_mended else [KNOWN])}
    common = {"timezone": "America/Chicago"}
    signal = {"event": "page_view", "signal": "view"}
    web = {"connector": "ga4_export", "path": "web", "signals": [signal], **common}
    sources = {
        "google": {"connector": "google_ads", "path": "google/export", "accounts": accounts, **common},
        "meta": {"connector": "meta_ads", "path": "meta/export", "accounts": accounts, **common},
        "web": {**web, "null_tokens": ["(not set)"]} if is_mended else web,
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


def test_runs_bring_in_what_a_mended_registry_reads(tmp_path: Path) -> None:
    google = deliver(tmp_path)
    home = Home(tmp_path / "home", say(tmp_path, is_mended=False))
    home.run("2026-02-01T00:00:00Z")
    assert home.query(SPEND) == [("google_ads", Decimal("1.25")), ("meta_ads", Decimal("12.34"))]
    assert [row[1:] for row in home.query(ACCOUNTS)] == [(3, 1, 0, 2), (2, 1, 0, 1), (2, 1, 0, 1)]
    google.put("campaign_stats", [stat(), stat("345", customer_id=OTHER, cost=2_000_000)], GOOGLE)
    say(tmp_path, is_mended=True)
    told = home.run("2026-02-02T00:00:00Z")
    assert "google.campaign_stats, campaign_stats.csv: 2 rows read again, 2 landed" in told
    assert "meta.basic_ad, basic_ad.csv: 1 rows read again, 1 landed" in told
    assert home.query(SPEND) == [("google_ads", Decimal("3.25")), ("meta_ads", Decimal("24.68"))]
    told = home.run("2026-02-03T00:00:00Z")
    assert "web.events, events_20260110.ndjson: 1 rows, which are read with all of their day or not at all" in told
    assert "read again" not in told and home.query(SPEND)[0] == ("google_ads", Decimal("3.25"))
    assert [row[1:] for row in home.query(ACCOUNTS)] == [(5, 4, 1, 0), (2, 2, 0, 0), (4, 2, 2, 0)]
