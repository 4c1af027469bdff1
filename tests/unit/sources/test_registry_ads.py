"""What an advertising source says in the registry, and every fault of it in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestration.sources.connectors import source_rows
from orchestration.sources.registry import Registry, RegistryRefused, load_registry

ROOT = Path(__file__).resolve().parents[3]


def load(folder: Path, entry: str) -> Registry:
    (folder / "sources.yaml").write_text(f"sources:\n  ads: {{path: x, {entry}}}\n")
    return load_registry(folder / "sources.yaml", environ={})


FAULTS = {
    "connector: google_ads, complete_for: last_days": (r"complete_for", "restates_days"),
    "connector: google_ads, complete_for: weeks": ("complete_for", "'days', 'last_days' or 'rows'"),
    "connector: google_ads, accounts: {123: {currency: USD}}": ("accounts", "quotes"),
    'connector: google_ads, accounts: {"1.2E9": {currency: USD}}': ("accounts", ""),
    'connector: google_ads, accounts: {"12": {currency: usd}}': ("accounts.12.currency", ""),
    'connector: google_ads, accounts: {"12": {timezone: Chicago}}': ("accounts.12.timezone", "America/Chicago"),
    'connector: meta_ads, accounts: {"12": {spend_from: basic_ad}}': ("accounts.12.spend_from", "unknown key"),
    "connector: google_ads, spend_from: account_stats": ("spend_from", "campaign_stats"),
    "connector: google_ads, files: {campain_stats: a.csv}": ("files.campain_stats", "did you mean `campaign_stats`?"),
    "connector: google_ads, files: {campaign_stats: ../a.csv}": ("files.campaign_stats", "below `path`"),
    "connector: meta_ads, columns: {basic_ad: {spent: x}}": ("columns.basic_ad.spent", "did you mean `spend`?"),
    "connector: google_ads, columns: {click_view: {gclid: wbraid}}": ("columns.click_view.gclid", "wbraid"),
    "connector: google_ads, segments: {campaign_stats: [device]}": ("segments.campaign_stats", "already"),
    "connector: google_ads, segments: {account_stats: [hour]}": ("segments.account_stats", "spend"),
}


@pytest.mark.parametrize("entry", FAULTS)
def test_a_fault_is_told_with_its_place(tmp_path: Path, entry: str) -> None:
    place, words = FAULTS[entry]
    with pytest.raises(RegistryRefused) as refused:
        load(tmp_path, entry)
    (fault,) = refused.value.faults
    assert re.search(rf"sources\.ads\.{re.escape(place)}", str(fault)) and words in str(fault)


def test_staging_is_told_what_the_entry_says(tmp_path: Path) -> None:
    entry = (
        "connector: google_ads, timezone: UTC, platform: google, delivery_lag: PT1H, channels: {SEARCH: sem}, "
        'accounts: {"12": {currency: EUR, spend_from: ad_stats}}, campaigns: {"7": {channel: brand, campaign_id: b}}'
    )
    (row,) = source_rows(load(tmp_path, entry))
    told = {(setting.setting, setting.name): setting.value for setting in row.settings}
    assert told["platform", ""] == "google"
    assert told["delivery_lag_micros", ""] == "3600000000"
    assert (told["spend_from", ""], told["spend_from", "12"]) == ("campaign_stats", "ad_stats")
    assert (told["currency", "12"], told["timezone", ""]) == ("EUR", "UTC")
    assert (told["channel_of_type", "SEARCH"], told["channel_of_type", "VIDEO"]) == ("sem", "paid_video")
    assert (told["campaign_id", "7"], told["channel_of_campaign", "b"]) == ("b", "brand")
    assert not row.has_work_events


def test_a_change_of_any_of_it_is_a_change_of_meaning(tmp_path: Path) -> None:
    entries = [
        "connector: meta_ads",
        "connector: meta_ads, channel: x",
        "connector: meta_ads, files: {basic_ad: b.csv}",
    ]
    assert len({load(tmp_path, entry).meaning_hash for entry in entries}) == len(entries)
