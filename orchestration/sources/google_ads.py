"""Connector `google_ads`: daily reports, histories and single clicks of Google Ads accounts, as files.

Which report of an account brings its spend is the registry's to say (`spend_from`); costs come in micros of the
account's currency. Names and channels are found in `campaign_history`, in its latest version; `click_view` says of a
click id which campaign it came from. A report has a row for each combination of what it is broken down by: the key
holds all of that, so that no row takes another's place.
"""

from __future__ import annotations

from collections.abc import Callable

from orchestration.lake.extract import ColumnSpec, Extract
from orchestration.sources.ad_files import ad_extracts, declaring_ads
from orchestration.sources.ad_objects import (
    ROW_ID,
    SYNCED,
    AdObject,
    a_click_id,
    a_count,
    a_day,
    a_label,
    a_moment,
    an_id,
)
from orchestration.sources.extracting import Cursors, Found
from orchestration.sources.registry_ads import GoogleAdsSource

_ACTIVE_VIEW = tuple(
    f"active_view_{what}"
    for what in ("impressions", "measurability", "measurable_cost_micros", "measurable_impressions", "viewability",
                 "cpm", "ctr")
)  # fmt: skip
_RESULTS = (
    SYNCED, *_ACTIVE_VIEW, "conversions", "conversions_value", "all_conversions", "all_conversions_value",
    "view_through_conversions", "interactions", "interaction_event_types", "interaction_rate", "engagements", "ctr",
    "average_cpc", "average_cpm", "average_cost", "cost_per_conversion", "conversions_from_interactions_rate",
    "video_views", "customer_descriptive_name", "customer_currency_code", "customer_time_zone", "campaign_name",
    "campaign_status", "campaign_advertising_channel_type", "ad_group_name", "ad_group_status",
    "bidding_strategy_type", "invalid_clicks", "search_impression_share",
)  # fmt: skip
_ACCOUNT = an_id("customer_id", "account_id")
_SPLIT = (a_label("ad_network_type"), a_label("device"), ROW_ID)
_SPLIT_KEY = ("ad_network_type", "device", "_fivetran_id")
_FIGURES = (
    ColumnSpec("cost_micros", "cost_micros", "integer", required=True),
    a_count("impressions"),
    a_count("clicks"),
)


def _report(name: str, *own: ColumnSpec, ignored: tuple[str, ...] = (), brings_spend: bool = True) -> AdObject:
    """A daily report; its own columns are part of its key."""
    return AdObject(
        name,
        (_ACCOUNT, a_day(), *own, *_SPLIT, *_FIGURES),
        ("customer_id", "date", *(column.name for column in own), *_SPLIT_KEY),
        (*_RESULTS, *ignored),
        day="date",
        account="customer_id",
        clock="spend",
        brings_spend=brings_spend,
    )


def _history(name: str, *own: ColumnSpec, key: tuple[str, ...] = ("id",), ignored: tuple[str, ...] = ()) -> AdObject:
    """A history: one row for each version of a thing."""
    changed = a_moment("updated_at", "changed_at")
    return AdObject(name, (*own, changed), (*key, "updated_at"), (SYNCED, "_fivetran_active", *ignored))


OBJECTS = (
    _history(
        "account_history",
        an_id("id", "account_id"),
        a_label("currency_code", "currency"),
        a_label("time_zone", "timezone"),
        ignored=(
            "auto_tagging_enabled", "descriptive_name", "final_url_suffix", "hidden", "manager", "manager_customer_id",
            "optimization_score", "pay_per_conversion_eligibility_failure_reasons", "test_account",
            "tracking_url_template", "status",
        ),
    ),
    _history(
        "campaign_history",
        an_id("id", "campaign_id"),
        an_id("customer_id", "account_id", required=False),
        a_label("name", "campaign_name"),
        a_label("advertising_channel_type", "campaign_type"),
        ignored=(
            "advertising_channel_subtype", "advertising_channel_sub_type", "start_date", "end_date", "serving_status",
            "status", "tracking_url_template", "base_campaign_id", "ad_serving_optimization_status",
            "experiment_type", "final_url_suffix", "frequency_caps", "optimization_score", "payment_mode",
            "vanity_pharma_display_url_mode", "vanity_pharma_text", "video_brand_safety_suitability",
        ),
    ),
    _history(
        "ad_group_history",
        an_id("id", "ad_group_id"),
        an_id("campaign_id", "campaign_id", required=False),
        ignored=("type", "campaign_name", "name", "status", "base_ad_group_id", "ad_rotation_mode",
                 "display_custom_bid_dimension", "explorer_auto_optimizer_setting_opt_in", "final_url_suffix",
                 "tracking_url_template"),
    ),
    _history(
        "ad_history",
        an_id("id", "ad_id"),
        an_id("ad_group_id", "ad_group_id", required=False),
        key=("id", "ad_group_id"),
        ignored=("name", "type", "status", "display_url", "final_urls", "action_items", "ad_strength",
                 "added_by_google_ads", "device_preference", "final_app_urls", "final_mobile_urls",
                 "final_url_suffix", "policy_summary_approval_status", "policy_summary_review_status",
                 "system_managed_resource_source", "tracking_url_template", "url_collections"),
    ),
    _history(
        "ad_group_criterion_history",
        an_id("id", "criterion_id"),
        an_id("ad_group_id", "ad_group_id"),
        key=("id", "ad_group_id"),
        ignored=("base_campaign_id", "type", "status", "keyword_match_type", "keyword_text", "negative",
                 "display_name", "final_urls", "final_mobile_urls", "tracking_url_template"),
    ),
    _report("account_stats", brings_spend=False),
    _report("campaign_stats", an_id("id", "campaign_id"), ignored=("base_campaign",)),
    _report(
        "ad_group_stats",
        an_id("id", "ad_group_id"),
        an_id("campaign_id", "campaign_id"),
        ignored=("base_ad_group", "campaign_base_campaign"),
    ),
    _report(
        "ad_stats",
        an_id("ad_id", "ad_id"),
        an_id("campaign_id", "campaign_id"),
        an_id("ad_group_id", "ad_group_id", required=False),
        a_label("ad_group"),
        a_label("keyword_ad_group_criterion"),
        ignored=("ad_group_base_ad_group", "campaign_base_campaign"),
    ),
    _report(
        "keyword_stats",
        an_id("campaign_id", "campaign_id"),
        an_id("ad_group_id", "ad_group_id"),
        an_id("ad_group_criterion_criterion_id", "criterion_id"),
        ignored=("ad_group_base_ad_group", "campaign_base_campaign"),
    ),
    _report(
        "search_term_keyword_stats",
        an_id("campaign_id", "campaign_id"),
        an_id("ad_group_id", "ad_group_id", required=False),
        a_label("keyword_ad_group_criterion"),
        a_label("search_term_match_type"),
        ignored=("search_term", "status", "info_text"),
        brings_spend=False,
    ),
    AdObject(
        "click_view",
        (
            _ACCOUNT,
            a_day(landed="click_date"),
            an_id("campaign_id", "campaign_id"),
            a_click_id("gclid"),
            a_click_id("wbraid"),
            a_click_id("gbraid"),
        ),
        ("customer_id", "date", "gclid", "wbraid", "gbraid"),
        (
            SYNCED, "_fivetran_id", "ad_group_id", "ad_group_ad", "ad_network_type", "click_type", "clicks", "device",
            "page_number", "slot", "keyword", "keyword_info_text", "keyword_info_match_type", "user_list",
            "campaign_location_target", "campaign_name", "campaign_base_campaign", "ad_group_base_ad_group",
            "month_of_year", "resource_name", "location_of_presence_city", "location_of_presence_country",
            "location_of_presence_metro", "location_of_presence_region", "location_of_presence_most_specific",
            "area_of_interest_city", "area_of_interest_country", "area_of_interest_metro", "area_of_interest_region",
            "area_of_interest_most_specific",
        ),
        day="date",
        account="customer_id",
        clock="ad_clicks",
        one_of=("gclid", "wbraid", "gbraid"),
    ),
)  # fmt: skip


def extracts(source: GoogleAdsSource, *, cursors: Cursors | None = None) -> Found:
    """Every file of every report, histories first. `cursors` is not used: landing knows the files it has."""
    del cursors
    return ad_extracts(source, OBJECTS)


def declaring(source: GoogleAdsSource) -> Callable[[str, str], Extract | None]:
    """How rows of a report are read today, by its name and origin."""
    return declaring_ads(source, OBJECTS)
