"""What the advertising connectors must keep: ids, accounts, restated days, one source of spend, click ids."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.lake.tokens import token_of
from orchestration.sources.connectors import extracts
from orchestration.sources.extracting import SourceFault
from orchestration.sources.registry import RegistryRefused
from tests.contract.connectors.ads_shapes import ACCOUNT, FORMATS, GOOGLE, META, OTHER, Deliveries, insight, stat
from tests.contract.connectors.ads_staging import AdStaging
from tests.contract.connectors.homes import KEY, LandingHome, counts, reasons

USD = {"currency": "USD"}
SPEND = "stg_google_ads__spend"


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_spend(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging, suffix: str
) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    rows = [stat(), stat(device="DESKTOP", cost=1), stat("345", cost=999_999_999_990_000, clicks=None)]
    if suffix in ("ndjson", "parquet"):
        rows = [{**row, "id": int(str(row["id"])), "customer_id": int(ACCOUNT)} for row in rows]
    ads.put("campaign_stats", rows, GOOGLE, suffix)
    known = ads.registry()
    assert counts(home.land(known.sources["ads"])) == (3, 3, 0, 0)
    day = date(2026, 1, 10)
    assert ad_staging.standing(home.paths, known, SPEND) == {
        ("google_ads", "344", day, "USD"): (Decimal("1.250001"), 200, 6),
        ("google_ads", "345", day, "USD"): (Decimal("999999999.990000"), 100, None),
    }


@pytest.mark.parametrize("written", ["3.44E8", "344.0", "344.5", "3,44", "-344", "344 0", "0x158", "1" * 21])
@pytest.mark.parametrize("column", ["customer_id", "id"])
def test_an_id_that_was_a_number_is_quarantined_never_guessed(
    home: LandingHome, tmp_path: Path, written: str, column: str
) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    ads.put("campaign_stats", [stat(), stat("345", **{column: written})], GOOGLE)
    landed = home.land(ads.registry().sources["ads"])
    assert counts(landed) == (2, 1, 0, 1)
    assert reasons(landed) == {f"not_an_id:{column}": 1}


@pytest.mark.parametrize("written", ["1.25E6", "1250000.5", "1 250 000", "NaN"])
def test_a_cost_that_is_no_whole_number_of_micros_is_quarantined(
    home: LandingHome, tmp_path: Path, written: str
) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    ads.put("campaign_stats", [stat(), {**stat("345"), "cost_micros": written}], GOOGLE)
    assert reasons(home.land(ads.registry().sources["ads"])) == {"not_an_integer:cost_micros": 1}


def test_spend_without_a_currency_is_refused_in_words(home: LandingHome, tmp_path: Path) -> None:
    ads = Deliveries(tmp_path / "ads")
    ads.put("campaign_stats", [stat()], GOOGLE)
    landed = home.land(ads.registry().sources["ads"])
    (fault,) = landed.faults
    assert landed.has_failed and fault.object == "campaign_stats"
    for word in ("currency", "accounts", "account_history"):
        assert word in fault.message
    assert ACCOUNT not in str(fault)


def test_an_account_nobody_knows_waits_while_the_others_land_and_lands_once_it_is_named(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    ads = Deliveries(tmp_path / "ads", accounts={ACCOUNT: USD})
    ads.put("campaign_stats", [stat(), stat("9", customer_id=OTHER)], GOOGLE)
    landed = home.land(ads.registry().sources["ads"])
    assert counts(landed) == (2, 1, 0, 1)
    assert reasons(landed) == {"account_without_currency_or_timezone:customer_id": 1}
    named = ads.registry(accounts={ACCOUNT: USD, OTHER: {"currency": "EUR", "timezone": "Europe/Berlin"}})
    ads.put("campaign_stats", [stat(), stat("9", customer_id=OTHER, clicks=4)], GOOGLE)
    home.land(named.sources["ads"])
    rows = ad_staging.rows(home.paths, named, SPEND, "campaign_id, currency, clicks, known_at")
    assert rows == [
        ("344", "USD", 3, datetime(2026, 1, 11, 6)),  # midnight in Chicago
        ("9", "EUR", 4, datetime(2026, 1, 10, 23)),  # midnight in Berlin
    ]


def test_currency_and_zone_come_from_the_accounts_own_history(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    ads = Deliveries(tmp_path / "ads", timezone=None)
    columns = ("id", "updated_at", "currency_code", "time_zone")
    rows = [
        {"id": ACCOUNT, "updated_at": "2022-02-01 2:20:51", "currency_code": "SEK", "time_zone": "Europe/Stockholm"},
        {"id": OTHER, "updated_at": "2022-02-01 2:20:51", "currency_code": None, "time_zone": "Europe/Stockholm"},
    ]
    ads.put("account_history", rows, columns)
    ads.put("campaign_stats", [stat(), stat("9", customer_id=OTHER)], GOOGLE)
    known = ads.registry()
    landed = home.land(known.sources["ads"])
    assert reasons(landed) == {"account_without_currency_or_timezone:customer_id": 1}
    staged = ad_staging.rows(home.paths, known, SPEND, "campaign_id, currency, known_at")
    assert staged == [("344", "SEK", datetime(2026, 1, 10, 23))]


def test_a_currency_that_is_none_waits_for_one_that_is(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    ads = Deliveries(tmp_path / "ads")
    columns = ("id", "updated_at", "currency_code", "time_zone")
    account = {"id": ACCOUNT, "updated_at": "2022-02-01", "currency_code": "US$", "time_zone": "PST8"}
    ads.put("account_history", [account], columns)
    ads.put("campaign_stats", [stat()], GOOGLE)
    known = ads.registry()
    assert home.land(known.sources["ads"]).has_failed
    ads.put("account_history", [{**account, "currency_code": "USD", "updated_at": "2022-01-01"}], columns)
    assert not home.land(known.sources["ads"]).has_failed
    assert [key[3] for key in ad_staging.standing(home.paths, known, SPEND)] == ["USD"]


def test_one_report_of_an_account_brings_its_spend_and_the_registry_says_which(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    ads.put("campaign_stats", [stat(cost=5_000_000), stat(customer_id=OTHER, cost=7_000_000)], GOOGLE)
    of_ads = ("customer_id", "date", "ad_id", "campaign_id", "cost_micros")
    row = {"customer_id": ACCOUNT, "date": "2026-01-10", "ad_id": "1", "campaign_id": "344"}
    ads.put("ad_stats", [{**row, "cost_micros": 4_000_000}], of_ads)
    ads.put("account_stats", [{**row, "cost_micros": 5_000_000}], ("customer_id", "date", "cost_micros"))
    known = ads.registry()
    assert counts(home.land(known.sources["ads"])) == (4, 4, 0, 0)
    costs = {key: said[0] for key, said in ad_staging.standing(home.paths, known, SPEND).items()}
    assert list(costs.values()) == [Decimal(12)]
    by_account = ads.registry(accounts={ACCOUNT: {"spend_from": "ad_stats"}})
    costs = {key: said[0] for key, said in ad_staging.standing(home.paths, by_account, SPEND).items()}
    assert list(costs.values()) == [Decimal(11)]
    with pytest.raises(RegistryRefused, match="spend_from"):
        ads.registry(spend_from="account_stats")


def test_amounts_of_several_currencies_are_never_added(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    ads = Deliveries(tmp_path / "ads", accounts={ACCOUNT: USD, OTHER: {"currency": "EUR"}})
    ads.put("campaign_stats", [stat(), stat(customer_id=OTHER)], GOOGLE)
    known = ads.registry(campaigns={"344": {"campaign_id": "shared_name"}})
    home.land(known.sources["ads"])
    staged = ad_staging.standing(home.paths, known, SPEND)
    assert {key[1:]: said[0] for key, said in staged.items()} == {
        ("shared_name", date(2026, 1, 10), "EUR"): Decimal("1.25"),
        ("shared_name", date(2026, 1, 10), "USD"): Decimal("1.25"),
    }


def test_what_a_restated_day_no_longer_holds_is_withdrawn_and_other_days_and_accounts_stay(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    first = [stat(), stat("345"), stat("346", "2026-01-11"), stat("347", customer_id=OTHER)]
    ads.put("campaign_stats", first, GOOGLE)
    known = ads.registry()
    home.land(known.sources["ads"])
    ads.put("campaign_stats", [stat(cost=2_000_000), stat("348", "2026-01-12")], GOOGLE)
    home.land(known.sources["ads"])
    standing = ad_staging.standing(home.paths, known, SPEND)
    assert {key[1]: said[0] for key, said in standing.items()} == {
        "344": Decimal(2), "346": Decimal("1.25"), "347": Decimal("1.25"), "348": Decimal("1.25"),
    }  # fmt: skip
    versions = ad_staging.rows(home.paths, known, SPEND, "campaign_id, known_at, cost, is_deleted")
    assert [row[1:] for row in versions if row[0] == "345"] == [
        (datetime(2026, 1, 11, 6), Decimal("1.25"), False),
        (datetime(2026, 3, 3), Decimal(0), True),
    ]


def test_a_row_that_comes_back_before_its_day_is_over_stands_again(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    known, other = ads.registry(), stat("345", "2026-03-09")
    for rows in ([stat(day="2026-03-09"), other], [other], [stat(day="2026-03-09"), other]):
        ads.put("campaign_stats", rows, GOOGLE)
        home.land(known.sources["ads"])
    assert {key[1] for key in ad_staging.standing(home.paths, known, SPEND)} == {"344", "345"}


def test_a_delivery_of_the_last_days_speaks_of_days_it_holds_nothing_of(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    ads = Deliveries(tmp_path / "ads", complete_for="last_days", restates_days=3, **USD)
    days = [f"2026-01-{day}" for day in range(10, 15)]
    ads.put("campaign_stats/2026-01-14", [stat(day=day) for day in days], GOOGLE)
    ads.put("campaign_stats/2026-01-15", [stat(day="2026-01-15", cost=3_000_000)], GOOGLE)
    known = ads.registry()
    home.land(known.sources["ads"])
    days_left = [key[2].day for key in ad_staging.standing(home.paths, known, SPEND)]
    assert days_left == [10, 11, 12, 15]  # the 13th, 14th and 15th are the last three


def test_rows_alone_withdraw_nothing(home: LandingHome, tmp_path: Path, ad_staging: AdStaging) -> None:
    ads = Deliveries(tmp_path / "ads", complete_for="rows", **USD)
    ads.put("campaign_stats/part-1", [stat()], GOOGLE)
    ads.put("campaign_stats/part-2", [stat("345")], GOOGLE)
    known = ads.registry()
    home.land(known.sources["ads"])
    assert len(ad_staging.standing(home.paths, known, SPEND)) == 2


def test_a_row_whose_id_cannot_be_read_keeps_its_day_from_being_withdrawn(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    ads.put("campaign_stats", [stat(), stat("345")], GOOGLE)
    known = ads.registry()
    home.land(known.sources["ads"])
    ads.put("campaign_stats", [stat(), stat("3.45E2")], GOOGLE)
    home.land(known.sources["ads"])
    assert len(ad_staging.standing(home.paths, known, SPEND)) == 2


def test_a_report_broken_down_further_than_declared_is_refused_until_it_is_declared(
    home: LandingHome, tmp_path: Path, ad_staging: AdStaging
) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    ads.put("campaign_stats", [stat(hour=9), stat(hour=10, cost=2_000_000)], (*GOOGLE, "hour"))
    landed = home.land(ads.registry().sources["ads"])
    (fault,) = landed.faults
    assert landed.has_failed and "rows_of_one_key" in fault.message and "segments" in fault.message
    known = ads.registry(segments={"campaign_stats": ["hour"]})
    assert counts(home.land(known.sources["ads"])) == (2, 2, 0, 0)
    assert [said[0] for said in ad_staging.standing(home.paths, known, SPEND).values()] == [Decimal("3.25")]


def test_equal_parts_of_an_undeclared_breakdown_are_not_taken_for_one_row(home: LandingHome, tmp_path: Path) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    ads.put("campaign_stats", [stat(hour=9), stat(hour=10)], (*GOOGLE, "hour"))
    assert home.land(ads.registry().sources["ads"]).has_failed


def test_a_row_sent_twice_counts_once(home: LandingHome, tmp_path: Path, ad_staging: AdStaging) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    ads.put("campaign_stats", [stat(), stat()], GOOGLE)
    known = ads.registry()
    assert counts(home.land(known.sources["ads"])) == (2, 1, 1, 0)
    assert [said[0] for said in ad_staging.standing(home.paths, known, SPEND).values()] == [Decimal("1.25")]


def test_click_ids_become_the_tokens_touches_have(home: LandingHome, tmp_path: Path, ad_staging: AdStaging) -> None:
    ads = Deliveries(tmp_path / "ads", timezone="America/Chicago", **USD)
    columns = ("customer_id", "segments_date", "campaign_id", "click_view_gclid", "gbraid")
    click = {"customer_id": ACCOUNT, "segments_date": "2026-07-10", "campaign_id": "344"}
    rows = [
        {**click, "click_view_gclid": "Cj0Kcanary"},
        {**click, "gbraid": "0AAAAgb"},
        {**click, "click_view_gclid": None},
    ]
    ads.put("click_view", rows, columns)
    renamed = {"click_view": {"gclid": "click_view_gclid", "date": "segments_date"}}
    known = ads.registry(columns=renamed, campaigns={"344": {"campaign_id": "g_brand"}}, delivery_lag="PT5H")
    landed = home.land(known.sources["ads"])
    assert reasons(landed) == {"empty_one_of:click_view_gclid|wbraid|gbraid": 1}
    said = "click_token, click_id_type, platform, campaign_id, occurred_at, known_at"
    begun, known_at = datetime(2026, 7, 10, 5), datetime(2026, 7, 11, 10)
    assert set(ad_staging.rows(home.paths, known, "stg_google_ads__ad_clicks", said)) == {
        (token_of("click", "Cj0Kcanary", KEY), "gclid", "google_ads", "g_brand", begun, known_at),
        (token_of("click", "0AAAAgb", KEY), "gbraid", "google_ads", "g_brand", begun, known_at),
    }
    assert b"canary" not in home.bytes_outside_vault() + home.paths.vault.read_bytes()


def test_well_known_columns_are_left_behind_and_unknown_ones_named(home: LandingHome, tmp_path: Path) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    row = stat(conversions=2, _fivetran_synced="2026-01-11 01:00:00", my_label="Zanzibarovna")
    ads.put("campaign_stats", [row], (*GOOGLE, "conversions", "_fivetran_synced", "my_label"))
    landed = home.land(ads.registry().sources["ads"])
    assert [result.accounting.unknown_columns for result in landed.results] == [("my_label",)]
    assert b"Zanzibarovna" not in home.bytes_outside_vault()


def test_a_sync_time_is_no_clock_and_a_row_synced_again_no_news(home: LandingHome, tmp_path: Path) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    columns = (*GOOGLE, "_fivetran_synced")
    ads.put("campaign_stats", [stat(_fivetran_synced="2026-01-11 01:00:00")], columns)
    home.land(ads.registry().sources["ads"])
    ads.put("campaign_stats", [stat(_fivetran_synced="2026-01-12 01:00:00")], columns)
    assert counts(home.land(ads.registry().sources["ads"])) == (1, 0, 1, 0)
    assert home.rows("google_ads", "campaign_stats", "known_at") == [(datetime(2026, 1, 11, 6),)]


def test_files_are_taken_by_name_and_what_nobody_takes_is_named(tmp_path: Path) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    for name in ("campaign_stats-2026-01-10", "ad_stats_data", "ad_group_stats/whatever", "ad_stats_hourly", "notes"):
        ads.put(name, [stat()], GOOGLE)
    found = list(extracts(ads.registry().sources["ads"]))
    offered = {(each.spec.name, each.origin) for each in found if not isinstance(each, SourceFault)}
    assert offered == {
        ("campaign_stats", "campaign_stats-2026-01-10.csv"),
        ("ad_stats", "ad_stats_data.csv"),
        ("ad_group_stats", "ad_group_stats/whatever.csv"),
    }
    told = [(each.origin, each.is_notice) for each in found if isinstance(each, SourceFault)]
    assert told == [("ad_stats_hourly.csv", True), ("notes.csv", True)]


def test_garbage_is_refused_by_name_and_the_rest_lands(home: LandingHome, tmp_path: Path) -> None:
    ads = Deliveries(tmp_path / "ads", **USD)
    ads.put("campaign_stats/a", [stat()], GOOGLE)
    (tmp_path / "ads/export/campaign_stats/b.csv").write_bytes(bytes(range(256)) * 40)
    ads.put("campaign_stats/c", [stat()], ("customer_id", "date", "id"))
    ads.put("campaign_stats/d", [], GOOGLE)
    landed = home.land(ads.registry().sources["ads"])
    assert [fault.origin for fault in landed.faults] == ["campaign_stats/b.csv", "campaign_stats/c.csv"]
    assert "cost_micros" in landed.faults[1].message
    assert counts(landed) == (1, 1, 0, 0)


def test_meta_spend_moves_with_the_history_of_its_ads(home: LandingHome, tmp_path: Path, ad_staging: AdStaging) -> None:
    ads = Deliveries(tmp_path / "ads", "meta_ads", **USD)
    ads.put("basic_ad", [insight(), insight("78", spend="0.10"), insight("79", spend="144.")], META)
    known = ads.registry(channels={"LEADS": "lead_ads"})
    home.land(known.sources["ads"])
    model = "stg_meta_ads__spend"
    standing = ad_staging.standing(home.paths, known, model)
    assert {key[1]: said[0] for key, said in standing.items()} == {"(none)": Decimal("156.44")}
    history = ("id", "updated_time", "campaign_id")
    told = [
        {"id": "77", "updated_time": "2026-01-02T10:00:00", "campaign_id": "6002"},
        {"id": "77", "updated_time": "2026-01-01T10:00:00", "campaign_id": "6001"},
        {"id": "78", "updated_time": "2026-01-01T10:00:00", "campaign_id": "6002"},
    ]
    ads.put("ad_history", told, history)
    campaign = {"id": "6002", "updated_time": "2026-01-01T10:00:00", "name": "Knees", "objective": "LEADS"}
    ads.put("campaign_history", [campaign], ("id", "updated_time", "name", "objective"))
    home.land(known.sources["ads"])
    rows = ad_staging.rows(home.paths, known, model, "campaign_id, known_at, cost, campaign_name, channel, is_deleted")
    day_end, second_run = datetime(2026, 1, 11, 6), datetime(2026, 3, 3)
    assert rows == [
        ("(none)", day_end, Decimal("156.44"), None, "paid_social", False),
        ("(none)", second_run, Decimal("144.00"), None, "paid_social", False),
        ("6002", second_run, Decimal("12.44"), "Knees", "lead_ads", False),
    ]


def test_a_campaigns_own_channel_has_the_last_word(home: LandingHome, tmp_path: Path, ad_staging: AdStaging) -> None:
    ads = Deliveries(tmp_path / "ads", platform="google", channel="other_paid", **USD)
    ads.put("campaign_stats", [stat(), stat("345"), stat("346"), stat("347")], GOOGLE)
    rows = [
        {"id": name, "updated_at": "2026-01-01T00:00:00", "advertising_channel_type": kind}
        for name, kind in (("344", "SEARCH"), ("345", "SEARCH"), ("346", "VIDEO"))
    ]
    ads.put("campaign_history", rows, ("id", "updated_at", "advertising_channel_type"))
    known = ads.registry(campaigns={"345": {"channel": "brand"}}, channels={"VIDEO": "youtube"})
    home.land(known.sources["ads"])
    assert ad_staging.rows(home.paths, known, SPEND, "platform, campaign_id, channel") == [
        ("google", "344", "paid_search"),
        ("google", "345", "brand"),
        ("google", "346", "youtube"),
        ("google", "347", "other_paid"),
    ]
