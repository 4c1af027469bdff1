"""What a GA4 export may say of itself in the registry: which events are signals, and how sessions name their channel.

Shapes only; what the connector does with them is `ga4_export.py` and `ga4_sql.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from orchestration.sources.registry_base import BaseSource, Entry
from orchestration.sources.registry_values import SourcePath, Text, Texts, refuse


def _one_meaning(value: Ga4Value) -> Ga4Value:
    if sum(each is not None for each in (value.value, value.param, value.user_property, value.page_segment)) != 1:
        raise refuse("needs one of `value`, `param`, `user_property` and `page_segment`")
    return value


class Ga4Value(Entry):
    """Where a value comes from: fixed, an event parameter, a user property, or the n-th part of the page's path."""

    value: Text | None = None
    param: Text | None = None
    user_property: Text | None = None
    page_segment: Annotated[int, Field(strict=True, ge=1, le=9)] | None = None


def _as_value(value: object) -> object:
    return {"value": value} if isinstance(value, str) else value


def _as_lead_id(value: object) -> object:
    if isinstance(value, str) and value != "user_id":
        raise refuse("must be user_id, {param: …} or {user_property: …}")
    return {"user_id": True} if isinstance(value, str) else value


def _one_place(value: Ga4LeadId) -> Ga4LeadId:
    if sum((value.user_id, value.param is not None, value.user_property is not None)) != 1:
        raise refuse("needs `param` or `user_property`, or write user_id")
    return value


MappedValue = Annotated[Ga4Value, BeforeValidator(_as_value), AfterValidator(_one_meaning)]


class Ga4LeadId(Entry):
    """What names the lead in an event: GA4's `user_id` (written so), or `{param: …}`, or `{user_property: …}`."""

    user_id: bool = False
    param: Text | None = None
    user_property: Text | None = None


class Ga4Signal(Entry):
    """Events that are one signal: by name, path of the page and parameters (patterns with `*` and `?`)."""

    event: Texts = Field(min_length=1)
    page: Texts = ()
    where: dict[Text, Texts] = Field(default_factory=dict)
    signal: Text
    topic: MappedValue | None = None
    offer_id: MappedValue | None = None
    form_id: MappedValue | None = None
    service_line: MappedValue | None = None


class Ga4Channel(Entry):
    """Sessions of one channel: by source, medium and campaign (patterns, in any case; all given must fit)."""

    source: Texts = ()
    medium: Texts = ()
    campaign: Texts = ()
    channel: Text
    platform: Text | None = None


class Ga4Source(BaseSource):
    """Daily event tables of a GA4 property's BigQuery export, as files."""

    connector: Literal["ga4_export"]
    path: SourcePath
    signals: tuple[Ga4Signal, ...] = ()
    lead_id_from: Annotated[Ga4LeadId, BeforeValidator(_as_lead_id), AfterValidator(_one_place)] | None = None
    channels: tuple[Ga4Channel, ...] = ()
    platforms: dict[Literal["google_ads", "meta_ads", "microsoft_ads"], Text] = Field(default_factory=dict)

    @property
    def entities(self) -> frozenset[str] | None:
        """Touches, and identities where an event names the lead."""
        return frozenset({"touches", "identities"} if self.lead_id_from else {"touches"})
