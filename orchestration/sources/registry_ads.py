"""What a source of advertising reports says in the registry: accounts, the report that brings the spend, channels.

    google_ads: {connector: google_ads, path: ./google_ads, timezone: America/Chicago, currency: USD}

`settings` are the rows by which staging reads it. What the reports' columns are stands in the connectors' own files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from orchestration.lake.run_rows import Setting
from orchestration.sources.registry_base import BaseSource, Entry
from orchestration.sources.registry_values import SourcePath, Text, Texts, Zone

Digits = Annotated[str, Field(strict=True, pattern=r"^\d{1,20}$")]
Currency = Annotated[str, Field(strict=True, pattern=r"^[A-Z]{3}$")]
GoogleSpendReport = Literal["campaign_stats", "ad_group_stats", "ad_stats", "keyword_stats"]

# advertising_channel_type → channel, where the registry does not say otherwise.
GOOGLE_CHANNELS: Mapping[str, str] = {
    "SEARCH": "paid_search",
    "SHOPPING": "paid_shopping",
    "DISPLAY": "display",
    "VIDEO": "paid_video",
    "DEMAND_GEN": "paid_social",
    "DISCOVERY": "paid_social",
    "PERFORMANCE_MAX": "cross_network",
    "MULTI_CHANNEL": "cross_network",
    "SMART": "cross_network",
    "LOCAL": "cross_network",
    "LOCAL_SERVICES": "local_services",
    "HOTEL": "travel",
    "TRAVEL": "travel",
}


class AdAccount(Entry):
    """What the registry knows of one account; it has the last word over what the account's own history says."""

    currency: Currency | None = None
    timezone: Zone | None = None


class AdCampaign(Entry):
    """A campaign's channel, and the id by which touches and leads call it where that is not the platform's."""

    channel: Text | None = None
    campaign_id: Text | None = None


class AdsSource(BaseSource):
    """Reports of advertising accounts as files.

    `complete_for` says what a file of daily figures speaks of: `days`, the account-days it holds (one file written
    anew, or a file a day); `last_days`, the `restates_days` up to its last; `rows`, nothing but its rows. What landed
    of such a day and is missing now is withdrawn. `timezone` and `currency` hold for accounts that have no other.
    """

    path: SourcePath
    platform: Text
    currency: Currency | None = None
    accounts: Mapping[Digits, AdAccount] = Field(default_factory=dict)
    complete_for: Literal["days", "last_days", "rows"] = "days"
    channel: Text | None = None
    channels: dict[Text, Text] = Field(default_factory=dict)
    campaigns: dict[Digits, AdCampaign] = Field(default_factory=dict)
    files: dict[Text, Texts] = Field(default_factory=dict)
    columns: dict[Text, dict[Text, Text]] = Field(default_factory=dict)
    segments: dict[Text, Texts] = Field(default_factory=dict)

    default_channels: ClassVar[Mapping[str, str]] = {}

    def spend_reports(self) -> Iterator[tuple[str, str]]:
        """(account, report that brings its spend); the account is empty for all that have no other."""
        raise NotImplementedError

    def settings(self) -> Iterator[Setting]:
        """Platform, lag, and what is said of accounts, channels and campaigns."""
        yield Setting("platform", "", self.platform)
        yield Setting("delivery_lag_micros", "", str(self.delivery_lag // timedelta(microseconds=1)))
        for account, report in self.spend_reports():
            yield Setting("spend_from", account, report)
        for setting in ("currency", "timezone"):
            named = {account: getattr(said, setting) for account, said in self.accounts.items()}
            for account, value in {"": getattr(self, setting), **named}.items():
                if value is not None:
                    yield Setting(setting, account, value)
        if self.channel is not None:
            yield Setting("channel", "", self.channel)
        for kind, channel in {**self.default_channels, **self.channels}.items():
            yield Setting("channel_of_type", kind, channel)
        for campaign, said in self.campaigns.items():
            if said.campaign_id is not None:
                yield Setting("campaign_id", campaign, said.campaign_id)
            if said.channel is not None:
                yield Setting("channel_of_campaign", said.campaign_id or campaign, said.channel)


class GoogleAdAccount(AdAccount):
    """An account of Google Ads; `spend_from` names another report than the source's."""

    spend_from: GoogleSpendReport | None = None


class GoogleAdsSource(AdsSource):
    """Google Ads: of the reports of an account exactly one brings its spend, the others land and bring none."""

    connector: Literal["google_ads"]
    platform: Text = "google_ads"
    accounts: Mapping[Digits, GoogleAdAccount] = Field(default_factory=dict)
    spend_from: GoogleSpendReport = "campaign_stats"

    default_channels: ClassVar[Mapping[str, str]] = GOOGLE_CHANNELS

    @property
    def entities(self) -> frozenset[str] | None:
        """Spend, and the clicks of `click_view`."""
        return frozenset({"spend", "ad_clicks"})

    def spend_reports(self) -> Iterator[tuple[str, str]]:
        """The source's report, and those of accounts that name another."""
        yield "", self.spend_from
        for account, said in self.accounts.items():
            if said.spend_from is not None:
                yield account, said.spend_from


class MetaAdsSource(AdsSource):
    """Meta Ads: `basic_ad` brings the spend, breakdowns of it land and bring none."""

    connector: Literal["meta_ads"]
    platform: Text = "meta_ads"
    channel: Text | None = "paid_social"

    @property
    def entities(self) -> frozenset[str] | None:
        """Spend alone: Meta reports no single clicks."""
        return frozenset({"spend"})

    def spend_reports(self) -> Iterator[tuple[str, str]]:
        """Always the insights of the ads."""
        yield "", "basic_ad"
