"""Real shapes: every file of the platforms' sample exports lands with its rows, and its spend to the cent."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.sources import google_ads, meta_ads
from orchestration.sources.registry import Registry, load_registry
from tests.contract.connectors.ads_shapes import EXPORTS, total
from tests.contract.connectors.ads_staging import AdStaging
from tests.contract.connectors.homes import LandingHome, counts

pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="the exports (../shared/data/platform_exports) are absent")

GOOGLE, META = EXPORTS / "google_ads", EXPORTS / "facebook_ads"
META_FILES = {declared.name: f"facebook_ads_{declared.name}_data.csv" for declared in meta_ads.OBJECTS}
SPEND_REPORTS = [declared.name for declared in google_ads.OBJECTS if declared.brings_spend]


def registry(folder: Path, entry: dict[str, object]) -> Registry:
    """A registry of the one source `ads`."""
    (folder / "sources.yaml").write_text(json.dumps({"sources": {"ads": entry}}))
    return load_registry(folder / "sources.yaml", environ={})


def google(folder: Path, **settings: object) -> Registry:
    """All of Google's sample; the account's history names its currency, and the registry its zone."""
    entry = {"connector": "google_ads", "path": str(GOOGLE), "timezone": "America/Los_Angeles", **settings}
    return registry(folder, entry)


def meta(folder: Path, **settings: object) -> Registry:
    """All of Meta's sample, whose account history names neither currency nor zone."""
    entry = {"connector": "meta_ads", "path": str(META), "timezone": "America/Chicago", "currency": "USD"}
    return registry(folder, {**entry, "files": META_FILES, **settings})


def rows(file: Path) -> list[dict[str, str]]:
    """The file as Python's csv module reads it."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("read", [google, meta])
def test_every_file_lands_with_its_rows(home: LandingHome, tmp_path: Path, read) -> None:
    source = read(tmp_path).sources["ads"]
    landed = home.land(source)
    expected = {file.name: len(rows(file)) for file in sorted(source.path.glob("*.csv"))}
    expected.pop("facebook_ads_creative_history_json_data.csv", None)
    assert {result.path.parents[1].name for result in landed.results} == {
        name.removeprefix("facebook_ads_").removesuffix("_data.csv") for name in expected
    }
    assert counts(landed) == (sum(expected.values()), sum(expected.values()), 0, 0)
    assert not any(result.accounting.unknown_columns for result in landed.results)
    assert [fault for fault in landed.faults if not fault.is_notice] == []


def test_the_other_form_of_the_creatives_lands_too(home: LandingHome, tmp_path: Path) -> None:
    file = META / "facebook_ads_creative_history_json_data.csv"
    landed = home.land(meta(tmp_path, files={"creative_history": file.name}, path=str(file)).sources["ads"])
    assert counts(landed) == (len(rows(file)), len(rows(file)), 0, 0)


@pytest.mark.parametrize("report", SPEND_REPORTS)
def test_the_spend_of_the_declared_report_is_the_files_to_the_cent(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging, report: str
) -> None:
    known = google(tmp_path, spend_from=report)
    home.land(known.sources["ads"])
    staged = ad_staging.standing(home.paths, known, "stg_google_ads__spend")
    expected: dict[tuple[str, str], Decimal] = {}
    for row in rows(GOOGLE / f"{report}_data.csv"):
        key = (row["id" if report == "campaign_stats" else "campaign_id"], row["date"])
        expected[key] = expected.get(key, Decimal(0)) + Decimal(row["cost_micros"]) / 1_000_000
    assert {(key[1], str(key[2])): said[0] for key, said in staged.items()} == expected
    assert total([said[0] for said in staged.values()]) == total(list(expected.values()))
    assert {key[3] for key in staged} == {"USD"}


def test_meta_spend_is_the_files_to_the_cent_by_the_campaign_of_the_ad(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    known = meta(tmp_path)
    home.land(known.sources["ads"])
    staged = ad_staging.standing(home.paths, known, "stg_meta_ads__spend")
    campaigns = {row["id"]: row["campaign_id"] for row in rows(META / META_FILES["ad_history"])}
    expected: dict[tuple[str, str], Decimal] = {}
    for row in rows(META / META_FILES["basic_ad"]):
        key = (campaigns[row["ad_id"]], row["date"])
        expected[key] = expected.get(key, Decimal(0)) + Decimal(row["spend"])
    assert {(key[1], str(key[2])): said[0] for key, said in staged.items()} == expected
    assert total([said[0] for said in staged.values()]) == Decimal("643.63")


def test_names_and_channels_come_from_the_newest_history(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    known = google(tmp_path)
    home.land(known.sources["ads"])
    history = rows(GOOGLE / "campaign_history_data.csv")
    newest = {row["id"]: row["name"] for row in sorted(history, key=lambda row: row["updated_at"])}
    named = ad_staging.rows(home.paths, known, "stg_google_ads__spend", "distinct campaign_id, campaign_name, channel")
    assert named == [(campaign, newest[campaign], "paid_search") for campaign, *_ in named] and named
