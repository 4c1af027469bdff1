"""Advertising reports through whole runs: what is published as spend, restated between two runs, nothing twice."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from tests.integration.harness import Home

GOOGLE = "customer_id,date,id,device,cost_micros,impressions,clicks"
META = '{{"ad_id": {ad}, "date": "{day}", "account_id": 77, "spend": "{spend}", "impressions": 9}}\n'


def write(folder: Path) -> Path:
    """Two platforms, two accounts of one and their currencies, a registry."""
    for name in ("google", "meta"):
        (folder / name).mkdir()
    rows = ["11,2026-01-10,344,MOBILE,1250000,10,1", "11,2026-01-10,344,DESKTOP,1,10,1", "12,2026-01-10,9,MOBILE,5,1,1"]
    (folder / "google/campaign_stats.csv").write_text("\n".join([GOOGLE, *rows]) + "\n")
    (folder / "google/account_stats.csv").write_text("customer_id,date,cost_micros\n11,2026-01-10,1250001\n")
    (folder / "meta/basic_ad.ndjson").write_text(META.format(ad=71, day="2026-01-10", spend="144."))
    accounts = {"11": {"currency": "USD"}, "12": {"currency": "EUR"}}
    common = {"timezone": "America/Chicago"}
    sources = {
        "google": {"connector": "google_ads", "path": "google", "accounts": accounts, **common},
        "meta": {"connector": "meta_ads", "path": "meta", "currency": "USD", **common},
    }
    (folder / "sources.yaml").write_text(json.dumps({"sources": sources}))
    return folder / "sources.yaml"


SPEND = "select platform, campaign_id, currency, channel, cost from fct_campaign_spend order by all"


def test_spend_is_published_and_restated_by_the_next_run(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", write(tmp_path))
    home.run("2026-02-01T00:00:00Z")
    assert home.query(SPEND) == [
        ("google_ads", "344", "USD", "(none)", Decimal("1.250001")),
        ("google_ads", "9", "EUR", "(none)", Decimal("0.000005")),
        ("meta_ads", "(none)", "USD", "paid_social", Decimal(144)),
    ]
    (tmp_path / "google/campaign_stats.csv").write_text(f"{GOOGLE}\n11,2026-01-10,344,MOBILE,2000000,10,1\n")
    (tmp_path / "google/campaign_history.csv").write_text(
        "id,updated_at,name,advertising_channel_type\n344,2026-01-01 00:00:00,Knees,SEARCH\n"
    )
    (tmp_path / "meta/ad_history.csv").write_text("id,updated_time,campaign_id\n71,2026-01-01T00:00:00,601\n")
    home.run("2026-02-02T00:00:00Z")
    assert home.query(SPEND) == [
        ("google_ads", "344", "USD", "paid_search", Decimal(2)),
        ("google_ads", "9", "EUR", "(none)", Decimal("0.000005")),
        ("meta_ads", "601", "USD", "paid_social", Decimal(144)),
    ]
