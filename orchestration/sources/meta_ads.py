"""Connector `meta_ads`: daily insights and histories of Meta (Facebook, Instagram) ad accounts, as files.

`basic_ad` brings the spend, by ad and day in the account's currency; `ad_history` says of an ad, in its latest
version, which campaign it belongs to. Breakdowns by country or region, and what people did, land for their row counts
and bring no spend a second time.
"""

from __future__ import annotations

from collections.abc import Callable

from orchestration.lake.extract import ColumnSpec, Extract
from orchestration.sources.ad_files import ad_extracts, declaring_ads
from orchestration.sources.ad_objects import ROW_ID, SYNCED, AdObject, a_count, a_day, a_label, a_moment, an_id
from orchestration.sources.extracting import Cursors, Found
from orchestration.sources.registry_ads import MetaAdsSource

_INSIGHTS = (
    SYNCED, "reach", "frequency", "cpc", "cpm", "cpp", "ctr", "unique_clicks", "unique_ctr", "social_spend",
    "inline_post_engagement", "ad_name", "adset_id", "adset_name", "ad_set_id", "ad_set_name", "campaign_name",
    "account_name", "account_currency", "objective", "buying_type", "date_start", "date_stop", "clicks",
)  # fmt: skip
_ACCOUNT = an_id("account_id", "account_id")
_FIGURES = (
    ColumnSpec("spend", "cost", "decimal", required=True),
    a_count("impressions"),
    a_count("inline_link_clicks", "clicks"),
)


def _history(name: str, *own: ColumnSpec, changed: str = "updated_time", ignored: tuple[str, ...] = ()) -> AdObject:
    """A history: one row for each version of a thing."""
    synced = SYNCED if changed != SYNCED else "_fivetran_active"
    return AdObject(name, (*own, a_moment(changed, "changed_at")), ("id", changed), (synced, *ignored))


def _breakdown(name: str, by: str) -> AdObject:
    """Insights of an account broken down once more."""
    return AdObject(
        name,
        (_ACCOUNT, a_day(), a_label(by), ROW_ID, *_FIGURES),
        ("account_id", "date", by, "_fivetran_id"),
        _INSIGHTS,
        day="date",
        clock="spend",
    )


def _actions(name: str, of: ColumnSpec) -> AdObject:
    """What people did: counted by the platform's own attribution, kept for its row counts alone."""
    windows = ("_1_d_view", "_7_d_click", "_28_d_click", "_1_d_click", "_7_d_view", "_28_d_view", "inline", "value")
    return AdObject(
        name,
        (of, a_day(), a_label("index", "action_index"), a_label("action_type"), ROW_ID),
        (of.name, "date", "index", "action_type", "_fivetran_id"),
        (SYNCED, "account_id" if of.name != "account_id" else "ad_id", *windows),
        day="date",
        clock="spend",
    )


OBJECTS = (
    _history(
        "account_history",
        an_id("id", "account_id"),
        a_label("currency"),
        a_label("timezone_name", "timezone"),
        changed=SYNCED,
        ignored=(
            "name", "account_status", "business_country_code", "created_time", "timezone_offset_hours_utc",
            "amount_spent", "balance", "spend_cap", "min_daily_budget", "business_city", "business_name",
            "business_state", "business_street", "business_street_2", "business_zip", "end_advertiser", "owner",
            "disable_reason", "is_personal", "age", "media_agency", "partner", "timezone_id",
        ),
    ),
    _history(
        "campaign_history",
        an_id("id", "campaign_id"),
        an_id("account_id", "account_id", required=False),
        a_label("name", "campaign_name"),
        a_label("objective", "campaign_type"),
        ignored=(
            "status", "configured_status", "effective_status", "start_time", "stop_time", "created_time",
            "daily_budget", "lifetime_budget", "budget_remaining", "buying_type", "bid_strategy", "spend_cap",
            "special_ad_category", "source_campaign_id", "budget_rebalance_flag", "can_use_spend_cap",
            "smart_promotion_type", "boosted_object_id", "topline_id",
        ),
    ),
    _history(
        "ad_set_history",
        an_id("id", "ad_set_id"),
        an_id("campaign_id", "campaign_id", required=False),
        ignored=("account_id", "name", "status", "effective_status", "configured_status", "start_time", "end_time",
                 "created_time", "daily_budget", "lifetime_budget", "budget_remaining", "bid_strategy",
                 "bid_amount", "billing_event", "optimization_goal", "destination_type"),
    ),
    _history(
        "ad_history",
        an_id("id", "ad_id"),
        an_id("campaign_id", "campaign_id", required=False),
        ignored=("account_id", "ad_set_id", "creative_id", "name", "status", "effective_status", "configured_status",
                 "created_time", "ad_source_id", "bid_type", "bid_amount", "conversion_domain",
                 "last_updated_by_app_id", "preview_shareable_link"),
    ),
    _history(
        "creative_history",
        an_id("id", "creative_id"),
        ROW_ID,
        changed=SYNCED,
        ignored=(
            "page_link", "template_page_link", "account_id", "name", "url_tags", "url_tags_string", "body", "title",
            "asset_feed_spec_link_urls", "object_story_link_data_child_attachments",
            "object_story_link_data_caption", "object_story_link_data_description", "object_story_link_data_link",
            "object_story_link_data_message", "template_app_link_spec_ios", "template_app_link_spec_android",
            "status", "object_type", "thumbnail_url", "image_url", "video_call_to_action_value_link",
        ),
    ),
    AdObject(
        "basic_ad",
        (
            _ACCOUNT, an_id("ad_id", "ad_id"), an_id("campaign_id", "campaign_id", required=False), a_day(), ROW_ID,
            *_FIGURES,
        ),
        ("account_id", "ad_id", "date", "_fivetran_id"),
        _INSIGHTS,
        day="date",
        account="account_id",
        clock="spend",
        brings_spend=True,
    ),
    _breakdown("demographics_country", "country"),
    _breakdown("demographics_region", "region"),
    _actions("basic_ad_actions", an_id("ad_id", "ad_id")),
    _actions("basic_ad_action_values", an_id("ad_id", "ad_id")),
    _actions("demographics_country_actions", an_id("account_id", "account_id")),
    _actions("demographics_region_actions", an_id("account_id", "account_id")),
)  # fmt: skip


def extracts(source: MetaAdsSource, *, cursors: Cursors | None = None) -> Found:
    """Every file of every report, histories first. `cursors` is not used: landing knows the files it has."""
    del cursors
    return ad_extracts(source, OBJECTS)


def declaring(source: MetaAdsSource) -> Callable[[str, str], Extract | None]:
    """How rows of a report are read today, by its name and origin."""
    return declaring_ads(source, OBJECTS)
