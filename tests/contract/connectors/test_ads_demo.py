"""The demo's deliveries: the world's spend and clicks, written as the platforms would, come back to the cent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import yaml

from models_ml.world import World, build_world
from orchestration.demo.ads_files import GOOGLE, META, ads_sources, write_ads_files
from orchestration.lake.tokens import token_of
from orchestration.sources.registry import Registry, load_registry
from tests.contract.connectors.ads_staging import AdStaging
from tests.contract.connectors.homes import KEY, LandingHome

MODELS = {"google_ads": "stg_google_ads__spend", "meta_ads": "stg_meta_ads__spend"}


@pytest.fixture(scope="module")
def world() -> World:
    """Two months of a small world."""
    return build_world(leads=600, seed=5, months=2)


def registry(folder: Path) -> Registry:
    """The demo's two sources."""
    (folder / "sources.yaml").write_text(yaml.safe_dump({"sources": ads_sources()}))
    return load_registry(folder / "sources.yaml", environ={})


def true_spend(spend: pd.DataFrame) -> dict[tuple[str, str, str], tuple[Decimal, int, int]]:
    """(platform, campaign, day) → the figures known last."""
    last = spend.sort_values("known_at", kind="stable").drop_duplicates(
        ["platform", "campaign_id", "spend_date"], keep="last"
    )
    return {
        (row.platform, row.campaign_id, row.spend_date): (Decimal(f"{row.cost:.2f}"), row.impressions, row.clicks)
        for row in last.itertuples()
    }


def staged_spend(
    home: LandingHome, known: Registry, ad_staging: AdStaging
) -> dict[tuple[str, str, str], tuple[Decimal, int, int]]:
    """The same of what is staged of both platforms."""
    return {
        (key[0], key[1], str(key[2])): said
        for model in MODELS.values()
        for key, said in ad_staging.standing(home.paths, known, model).items()
    }


def land(home: LandingHome, known: Registry) -> None:
    for source in known.sources.values():
        assert not home.land(source).faults


def test_spend_and_clicks_come_back_to_the_cent(
    world: World, home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    rest = write_ads_files(tmp_path / "ads", world.tables)
    known = registry(tmp_path)
    land(home, known)
    staged, true = staged_spend(home, known, ad_staging), true_spend(world.tables["spend"])
    assert staged == {key: said for key, said in true.items() if key[0] in (GOOGLE, META)}
    assert true_spend(rest["spend"]) == {key: said for key, said in true.items() if key[0] not in (GOOGLE, META)}
    clicks = world.tables["ad_clicks"]
    google = clicks[clicks["platform"] == GOOGLE]
    days = google["occurred_at"].dt.tz_convert("America/Chicago").dt.strftime("%Y-%m-%d")
    expected = {
        (token_of("click", click, KEY), GOOGLE, campaign, day)
        for click, campaign, day in zip(google["click_id"], google["campaign_id"], days, strict=True)
    }
    columns = "click_token, platform, campaign_id, strftime(occurred_at - interval 5 hour, '%Y-%m-%d')"
    found = ad_staging.rows(home.paths, known, "stg_google_ads__ad_clicks", columns)
    assert set(found) == expected and len(found) == len(google)
    assert list(rest["ad_clicks"]["click_id"]) == list(clicks[clicks["platform"] != GOOGLE]["click_id"])
    names = ad_staging.rows(home.paths, known, MODELS["google_ads"], "distinct campaign_id, campaign_name, channel")
    named = world.tables["spend"].query("platform == 'google'")
    assert set(names) == set(named[["campaign_id", "campaign_name", "channel"]].itertuples(index=False, name=None))


def test_day_by_day_gives_what_all_at_once_gives_and_restated_days_are_restated(
    world: World, home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    spend = world.tables["spend"]
    moments = sorted(spend["known_at"].unique())[:9]
    known = None
    since = None
    for until in moments:
        tables = {name: world.known_between(None, until)[name] for name in ("spend", "ad_clicks")}
        write_ads_files(tmp_path / "ads", tables, since=since, by="day")
        known = known or registry(tmp_path)
        land(home, known)
        since = until
    assert known is not None
    true = true_spend(spend[(spend["known_at"] <= since) & spend["platform"].isin((GOOGLE, META))])
    assert staged_spend(home, known, ad_staging) == true
    early = true_spend(spend[(spend["known_at"] <= since)].drop_duplicates(["campaign_id", "spend_date"]))
    restated = {key for key, said in true.items() if early[key] != said}
    assert restated
    model = MODELS["google_ads"]
    versions = ad_staging.rows(home.paths, known, model, "campaign_id, cast(spend_date as varchar), cost")
    for platform, campaign, day in restated:
        if platform == GOOGLE:
            costs = {row[2] for row in versions if row[:2] == (campaign, day)}
            assert costs == {early[platform, campaign, day][0], true[platform, campaign, day][0]}
