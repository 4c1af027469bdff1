"""The default channel grouping of web sessions, and which ad platform brought one, in SQL.

Works on the columns `traffic` (source, medium, campaign, campaign_id), `is_in_session` and `click_id_type`. The order
follows GA4's own default grouping, with this project's words; the registry's `channels` come first. Documented in
docs/how-to/ga4.md: change both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestration.lake.cell_sql import quote, quote_all
from orchestration.sources.registry_ga4 import Ga4Channel

SOURCE, MEDIUM, CAMPAIGN = (f"lower(traffic.{name})" for name in ("source", "medium", "campaign"))
_SEARCH = ("google", "bing", "yahoo", "duckduckgo", "ecosia", "baidu", "yandex", "ask", "startpage", "brave")
_SOCIAL = (
    "facebook", "fb", "instagram", "ig", "meta", "linkedin", "lnkd", "twitter", "t.co", "x.com", "tiktok", "pinterest",
    "reddit", "nextdoor", "threads", "snapchat",
)  # fmt: skip
_VIDEO = ("youtube", "vimeo", "twitch")
_PAID = f"regexp_full_match({MEDIUM}, '.*cp.*|ppc|retargeting|paid.*')"
_NOBODY = "('(none)', '(not set)', 'none', '')"
_FAMILIES = {"gclid": "google_ads", "wbraid": "google_ads", "gbraid": "google_ads", "dclid": "google_ads"}
_FAMILIES |= {"fbclid": "meta_ads", "msclkid": "microsoft_ads"}


def channel_sql(rules: Sequence[Ga4Channel]) -> str:
    """The channel: null only where neither session nor event tells anything."""
    search, social, video = _site(_SEARCH), _site(_SOCIAL), _site(_VIDEO)
    display = f"{MEDIUM} in ('display', 'banner', 'expandable', 'interstitial', 'cpm')"
    own = " ".join(f"when {_fits(rule)} then {quote(rule.channel)}" for rule in rules)
    mail = "'e[-_ ]?mail|newsletter'"
    return f"""case {own}
        when traffic is null and is_in_session then 'direct'
        when traffic is null then null
        when {SOURCE} = '(direct)' and coalesce({MEDIUM}, '') in {_NOBODY} then 'direct'
        when {_PAID} and {search} then 'paid_search'
        when {_PAID} and {social} then 'paid_social'
        when {_PAID} and {video} then 'paid_video'
        when {display} then 'display'
        when {_PAID} then 'paid_other'
        when regexp_full_match({MEDIUM}, 'sm|social([- ](network|media))?') or {social} then 'organic_social'
        when {MEDIUM} like '%video%' or {video} then 'organic_video'
        when regexp_matches({MEDIUM}, {mail}) or regexp_matches({SOURCE}, {mail}) then 'email'
        when {MEDIUM} = 'affiliate' then 'affiliate'
        when {MEDIUM} = 'organic' or {search} then 'organic_search'
        when {MEDIUM} in ('referral', 'app', 'link') then 'referral'
        when {MEDIUM} = 'sms' or {SOURCE} = 'sms' then 'sms'
        else 'other'
    end"""


def platform_sql(rules: Sequence[Ga4Channel], names: Mapping[str, str]) -> str:
    """The ad platform: as a rule says, by the click id, else by the site where the session was paid for."""
    own = " ".join(f"when {_fits(rule)} then {quote(rule.platform)}" for rule in rules if rule.platform)
    named = {family: names.get(family, family) for family in set(_FAMILIES.values())}
    kinds = [(kind, named[family]) for kind, family in _FAMILIES.items()]
    clicks = " ".join(f"when click_id_type = {quote(kind)} then {quote(name)}" for kind, name in kinds)
    sites = {
        "google_ads": ("google", "youtube"),
        "meta_ads": ("facebook", "fb", "instagram", "ig", "meta"),
        "microsoft_ads": ("bing",),
    }
    paid = " ".join(f"when {_PAID} and {_site(found)} then {quote(named[each])}" for each, found in sites.items())
    return f"case {own} {clicks} {paid} end"


def _site(names: Sequence[str]) -> str:
    """Whether the source names such a site, alone or as part of a host name (`m.facebook.com`)."""
    hosts = "|".join(name.replace(".", "[.]") for name in names)
    return f"regexp_matches({SOURCE}, '(^|[.]|-)({hosts})([.]|-|_|$)')"


def _fits(rule: Ga4Channel) -> str:
    tests = [
        matches_any(value, [pattern.lower() for pattern in patterns])
        for value, patterns in ((SOURCE, rule.source), (MEDIUM, rule.medium), (CAMPAIGN, rule.campaign))
        if patterns
    ]
    return f"({' and '.join(tests)})" if tests else "(traffic is not null)"


def matches_any(value: str, patterns: Sequence[str]) -> str:
    """SQL of whether the text fits one of the patterns (`*`, `?`)."""
    plain = tuple(each for each in patterns if not set(each) & set("*?["))
    tests = [f"{value} in ({quote_all(plain)})"] if plain else []
    tests += [f"{value} glob {quote(each)}" for each in patterns if each not in plain]
    return f"({' or '.join(tests)})"
