"""What GA4's export needs beyond other connectors: sessions, channels, mapping, identity of events, consent, shapes."""

from __future__ import annotations

import fnmatch
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.lake.landing import LandingResult
from orchestration.lake.tokens import token_of
from orchestration.sources.connectors import SourceLanding
from orchestration.sources.ga4_channels import channel_sql
from orchestration.sources.ga4_rows import _connect
from orchestration.sources.registry import RegistryRefused, load_registry
from orchestration.sources.registry_ga4 import Ga4Channel
from orchestration.sources.registry_schema import BaseSource
from tests.contract.connectors.ga4_events import Event, event, lines, pair, write_events
from tests.contract.connectors.homes import KEY, LandingHome, counts

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT.parent / "shared" / "data" / "platform_exports" / "ga4" / "ga4_export_samples.ndjson"
DAY = "events_20260301.ndjson"
AT = datetime(2026, 3, 1, 18)
VIEW = {"event": "page_view", "signal": "view"}


class Export:
    """A folder of export files, landing into a home."""

    def __init__(self, place: Path, home: LandingHome) -> None:
        self.folder, self.home = place / "ga4", home
        self.folder.mkdir()

    def source(self, **settings: Any) -> BaseSource:
        """The source as the registry gives it."""
        entry = {"connector": "ga4_export", "path": "ga4", "timezone": "America/Chicago", "signals": [VIEW], **settings}
        file = self.folder.parent / "sources.yaml"
        file.write_text(yaml.safe_dump({"sources": {"clinic": entry}}))
        return load_registry(file, environ={}).sources["clinic"]

    def land(self, **settings: Any) -> SourceLanding[LandingResult]:
        """One run; asserts that nothing failed."""
        landed = self.home.land(self.source(**settings))
        assert not landed.has_failed, [str(fault) for fault in landed.faults]
        return landed

    def put(self, *events: Event, name: str = DAY) -> None:
        """Write a file of these events."""
        write_events(self.folder / name, events)

    def rows(self, columns: str) -> list[tuple[Any, ...]]:
        """Landed events."""
        return self.home.rows("ga4_export", "events", columns)


@pytest.fixture
def export(tmp_path: Path, home: LandingHome) -> Export:
    """An empty export."""
    return Export(tmp_path, home)


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the shared data sets are not beside this checkout")
def test_every_event_of_the_real_samples_lands(export: Export) -> None:
    (export.folder / SAMPLE.name).write_bytes(SAMPLE.read_bytes())
    landed = export.land()
    expected = len(SAMPLE.read_text().splitlines())
    assert counts(landed) == (expected, expected, 0, 0) and expected == 4
    assert export.rows("event_name, occurred_at, is_engaged") == [
        ("first_visit", datetime(2021, 4, 6, 6, 49, 50, 431476), True),
        ("page_view", datetime(2021, 1, 28, 1, 40, 22, 695757), True),
        ("page_view", datetime(2023, 10, 5, 1, 46, 58, 877027), False),
        ("scroll", datetime(2023, 10, 5, 1, 47, 32, 486466), True),
    ]


def test_the_full_example_is_a_registry_without_faults() -> None:
    registry = load_registry(ROOT / "docs" / "how-to" / "ga4.sources.yaml", environ={})
    assert registry.sources["analytics"].entities == {"touches", "identities"}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"signals": [{"event": "x", "signal": "y", "topic": {}}]}, "needs one of"),
        ({"signals": [{"event": "x", "signal": "y", "topic": {"param": "a", "value": "b"}}]}, "needs one of"),
        ({"signals": [{"signal": "y"}]}, "event: is missing"),
        ({"signals": [{"event": "x", "signl": "y"}]}, "did you mean `signal`"),
        ({"lead_id_from": {}}, "needs `param` or `user_property`"),
        ({"lead_id_from": "client_id"}, "user_id"),
        ({"platforms": {"google": "g"}}, "google_ads"),
    ],
)
def test_what_the_registry_cannot_mean_is_refused_with_what_to_do(
    export: Export, setting: dict[str, Any], said: str
) -> None:
    with pytest.raises(RegistryRefused, match=re.escape(said)):
        export.source(**setting)


def test_the_first_entry_that_fits_gives_signal_and_fields(export: Export) -> None:
    signals = [
        {"event": "page_view", "page": "/*/prices", "signal": "pricing_view", "service_line": {"page_segment": 1}},
        {"event": ["file_*"], "where": {"kind": ["pdf", "doc*"], "size": "1?"}, "signal": "content_download",
         "topic": {"param": "topic"}, "offer_id": "it's", "form_id": {"user_property": "form"}},
        {"event": "page_view", "signal": "view"},
    ]  # fmt: skip
    export.put(
        event(page="https://x.example/knee/prices?a=b"),
        event(at=AT + timedelta(1 / 24), name="file_download", params={"kind": "docx", "size": 12, "topic": 7},
              user_properties=[pair("form", "f7")]),
        event(at=AT + timedelta(2 / 24), name="file_download", params={"kind": "docx", "size": 123}),
        event(at=AT + timedelta(3 / 24), page="x.example/other"),
        event(at=AT + timedelta(4 / 24), name="scroll"),
    )  # fmt: skip
    landed = export.land(signals=signals)
    columns = "signal, service_line, topic, offer_id, form_id, page"
    found = [row[1:] for row in export.rows(f"occurred_at, {columns}")]
    assert found == [
        ("pricing_view", "knee", None, None, None, "/knee/prices"),
        ("content_download", None, "7", "it's", "f7", "/orthopaedics/knee"),
        (None, None, None, None, None, "/orthopaedics/knee"),
        ("view", None, None, None, None, "/other"),
        (None, None, None, None, None, "/orthopaedics/knee"),
    ]
    assert "file_download x 1, scroll x 1" in "".join(map(str, landed.faults))


def test_a_session_is_known_by_its_own_source_and_first_page_never_the_visitors_first_touch(export: Export) -> None:
    later = AT + timedelta(minutes=5)
    export.put(
        event("1.1", later, page="https://x.example/b"),
        event("1.1", AT, page="https://x.example/a", params={"source": "bing.com", "medium": "organic"}),
        event("1.1", AT, session=18),
        event("2.2", AT, session=17, collected_traffic_source={"manual_source": "fb", "manual_medium": "paid_social",
              "manual_campaign_name": "spring", "manual_campaign_id": "77"}),
        event("2.2", later, session=17),
        event("3.3", AT, params={"source": "wrong", "medium": "email"}, session_traffic_source_last_click={
              "manual_campaign": {"source": "wrong", "medium": "email"},
              "google_ads_campaign": {"campaign_id": "g1", "campaign_name": "knees"}}),
        event("4.4", AT, session_traffic_source_last_click={
              "cross_channel_campaign": {"source": "(direct)", "medium": "(none)", "campaign_name": "(direct)"}}),
    )  # fmt: skip
    export.land(platforms={"google_ads": "google"})
    found = export.rows("anonymous_token, session_token, occurred_at, channel, campaign_id, platform, landing_page")
    by_session = {(row[0], row[1]): [each[3:] for each in found if each[1] == row[1]] for row in found}
    token = {name: token_of("anonymous", name, KEY) for name in ("1.1", "2.2", "3.3", "4.4")}
    page = "/orthopaedics/knee"
    assert sorted((visitor, rows) for (visitor, _), rows in by_session.items()) == sorted([
        (token["1.1"], [("organic_search", None, None, "/a")] * 2),
        (token["1.1"], [("direct", None, None, page)]),
        (token["2.2"], [("paid_social", "77", "meta_ads", page)] * 2),
        (token["3.3"], [("paid_search", "g1", "google", page)]),
        (token["4.4"], [("direct", None, None, page)]),
    ])  # fmt: skip
    assert "first-touch" not in str(found)


def test_click_ids_come_from_page_or_collection_and_leave_tokens(export: Export) -> None:
    pages = ["?gclid=G1&fbclid=F1", "?x=1&wbraid=W%2B1", "?msclkid=M1#top", "?fbclid=", "?nogclid=1"]
    hours = [AT + timedelta(hours=number) for number in range(len(pages))]
    export.put(
        *(event(None, at, page=f"https://x.example/{page}") for page, at in zip(pages, hours, strict=True)),
        event(None, AT + timedelta(hours=5), collected_traffic_source={"gclid": "G2"}),
    )
    export.land()
    found = [row[1:] for row in export.rows("occurred_at, click_id_type, click_token, platform, page")]
    tokens = [token_of("click", each, KEY) for each in ("G1", "W+1", "M1", "G2")]
    assert [row[:3] for row in found] == [
        ("gclid", tokens[0], "google_ads"), ("wbraid", tokens[1], "google_ads"),
        ("msclkid", tokens[2], "microsoft_ads"), (None, None, None), (None, None, None),
        ("gclid", tokens[3], "google_ads"),
    ]  # fmt: skip


def test_one_identity_is_one_event_whatever_the_order_and_the_file(export: Export) -> None:
    first, second = event(params={"topic": "a"}), event(params={"topic": "b"})
    other = event(params={"topic": "a"}, event_bundle_sequence_id=9)
    export.put(first, second, second, other, name="events_20260301-1.ndjson")
    export.put(second, name="events_20260301-2.ndjson")
    assert counts(export.land()) == (5, 4, 1, 0)
    keys = export.rows("touch_token")
    assert len(set(keys)) == 4
    for name in ("1", "2"):
        (export.folder / f"events_20260301-{name}.ndjson").unlink()
    export.put(other, second, first, second, name="events_20260301.ndjson.gz")
    assert counts(export.land()) == (4, 0, 4, 0)
    assert export.rows("touch_token") == keys


def test_a_visitor_who_refused_is_nobody_and_not_lost(export: Export) -> None:
    export.put(event(None), event(None, page="https://x.example/?gclid=G1"), event(None, user_id="L7"))
    landed = export.land(lead_id_from="user_id")
    assert counts(landed) == (3, 3, 0, 0)
    assert "1 signals of visitors who refused" in "".join(map(str, landed.faults))
    assert sorted(export.rows("lead_id, click_id_type, session_token"), key=str) == [
        ("L7", None, None), (None, "gclid", None), (None, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "columns"),
    [
        ("user_id", {"user_id": "L7"}),
        ({"param": "crm"}, {"params": {"crm": "L7"}}),
        ({"user_property": "crm"}, {"user_properties": [pair("crm", "L7")]}),
    ],
)
def test_the_lead_is_named_where_the_registry_says(export: Export, where: Any, columns: dict[str, Any]) -> None:
    export.put(event(**columns))
    export.land(lead_id_from=where, lead_ids_from=None)
    assert export.rows("lead_id, anonymous_token") == [("L7", token_of("anonymous", "111.222", KEY))]
    assert export.rows("lead_id") == [("L7",)]


def test_no_web_id_and_no_query_stands_outside_the_vault(export: Export) -> None:
    page = "https://x.example/knee/me@canary.example?email=quill@canary.example&gclid=Canaryclick"
    export.put(event("Canaryvisitor.1", page=page, user_id="L1"), event("Canaryvisitor.1", name="scroll", page=page))
    export.land()
    outside = export.home.bytes_outside_vault().lower()
    assert b"canary" not in outside
    assert export.rows("distinct page") == [("/knee/***",)]


def test_lines_that_are_no_event_wait_with_their_bytes(export: Export) -> None:
    bad = [b'{"event_name": "cut', b"[1, 2]", b'{"event_timestamp": "1", "event_params": "page=1"}', b'{"x": "\xff"}']
    bad += [lines([event(event_timestamp="1772388000")]).strip(), lines([event(event_name=None)]).strip()]
    data = b"\n".join([lines([event("1.1")]).strip(), *bad[:3], b"", *bad[3:], lines([event("2.2")]).strip()])
    (export.folder / DAY).write_bytes(data + b"\n\n")
    landed = export.land()
    assert counts(landed) == (8, 2, 0, 6)
    assert landed.results[0].accounting.reasons == {
        "empty_required:event_name": 1, "invalid_utf8": 1, "not_a_parameter_list": 1, "not_a_timestamp:occurred_at": 1,
        "not_an_object": 1, "not_json": 1,
    }  # fmt: skip
    kept = export.home.vault.bad_rows(str(landed.results[0].batch_id))
    assert [(row.line, row.raw) for row in kept] == list(zip([2, 3, 4, 6, 7, 8], bad, strict=True))


def test_a_strange_value_harms_no_other_event(export: Export) -> None:
    strange = [
        event("1.1", page="https://x.example/%zz?gclid=%C3%28&fbclid=%"),
        event("2.2", event_params=[1, None, {"key": None}]),
        event("3.3", event_params=None), event("4.4", event_timestamp=1.7e15), event("5.5", event_timestamp="9" * 30),
        event("6.6", user_properties="x", collected_traffic_source=[1]), event(7, session=None),
        event("8.8", params={"topic": "a" * 100_000}, **{'od"d~/name': {"a": [1]}}), event("", page="/\u00e9\u2603"),
    ]  # fmt: skip
    export.put(*strange)
    landed = export.land()
    assert counts(landed) == (9, 7, 0, 2)
    assert landed.results[0].accounting.reasons == {"not_a_timestamp:occurred_at": 2}
    assert landed.results[0].accounting.unknown_columns == ('od"d~/name',)
    assert [row[1:] for row in export.rows("click_token, click_id_type, page") if row[0]] == [("gclid", "/%zz")]


def test_days_are_files_shards_and_folders_and_the_rest_is_told(export: Export) -> None:
    names = [
        "events_20260301000000000000.json", "events_20260301/part-1.ndjson", "event_date=2026-03-02/a.parquet",
        "20260303/x.json.gz", "events_intraday_20260304.ndjson", "pseudonymous_users_20260303.ndjson", "history.ndjson",
    ]  # fmt: skip
    for number, name in enumerate(names):
        export.put(event(f"{number}.1", AT + timedelta(days=min(number, 2))), name=name)
    (export.folder / "README.txt").write_text("no data")
    landed = export.land()
    assert counts(landed) == (5, 5, 0, 0)
    days = [str(row[0]) for row in export.rows("export_date")]
    assert sorted(days) == ["2026-03-01", "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-03"]
    told = "".join(map(str, landed.faults))
    assert "2 files are left out" in told and "events_intraday_20260304.ndjson" in told
    assert [result.status for result in export.land().results] == ["already_landed"] * 4


def test_older_exports_lack_columns_and_hold_numbers_as_numbers(export: Export) -> None:
    old = {
        "event_date": "20260301", "event_timestamp": 1772388000000001, "event_name": "page_view",
        "event_params": [{"key": "ga_session_id", "value": {"int_value": 5}},
                         {"key": "session_engaged", "value": {"int_value": 1}}],
    }  # fmt: skip
    export.put(old, event(None, params={"session_engaged": "0"}, session=None, page=None))
    export.land()
    assert export.rows("occurred_at, is_engaged, event_date is not null") == [
        (datetime(2026, 3, 1, 18), False, True), (datetime(2026, 3, 1, 18, 0, 0, 1), True, True),
    ]  # fmt: skip


def test_another_mapping_reads_landed_days_anew(export: Export) -> None:
    export.put(event("1.1"), event("2.2", name="scroll"))
    export.land()
    mended = [VIEW, {"event": "scroll", "signal": "read"}]
    assert counts(export.land(signals=mended)) == (2, 1, 1, 0)
    assert export.rows("signal, _known_at_basis") == [("read", "landed"), ("view", "event"), (None, "event")]
    assert [result.status for result in export.land(signals=mended).results] == ["already_landed"]
    assert counts(export.land()) == (2, 1, 1, 0)


def test_one_damaged_part_keeps_its_day_whole(export: Export) -> None:
    export.put(event("1.1"), name="events_20260301-1.ndjson")
    export.put(event("2.2"), name="events_20260301-2.ndjson.gz")
    export.land()
    whole = (export.folder / "events_20260301-2.ndjson.gz").read_bytes()
    (export.folder / "events_20260301-2.ndjson.gz").write_bytes(whole[:-9])
    landed = export.home.land(export.source())
    (fault,) = landed.faults
    assert "events_20260301-2.ndjson.gz" in str(fault) and "truncated_gzip" in str(fault)
    assert export.rows("is_deleted") == [(None,), (None,)]


_SEARCH = ("google", "bing", "yahoo", "duckduckgo", "ecosia", "baidu", "yandex", "ask", "startpage", "brave")
_SOCIAL = ("facebook", "fb", "instagram", "ig", "meta", "linkedin", "lnkd", "twitter", "t.co", "x.com", "tiktok",
           "pinterest", "reddit", "nextdoor", "threads", "snapchat")  # fmt: skip
_VIDEO = ("youtube", "vimeo", "twitch")


def _is_site(source: str, names: tuple[str, ...]) -> bool:
    return any(re.search(rf"(^|[.\-]){re.escape(name)}([.\-_]|$)", source) for name in names)


def _channel(source: str | None, medium: str | None, rules: list[Ga4Channel]) -> str:
    """The table of docs/how-to/ga4.md, told once more."""
    for rule in rules:
        wanted = [(source, rule.source), (medium, rule.medium)]
        if all(text is not None and any(fnmatch.fnmatchcase(text.lower(), p.lower()) for p in patterns)
               for text, patterns in wanted if patterns):  # fmt: skip
            return rule.channel
    where, how = (source or "").lower(), (medium or "").lower()
    if where == "(direct)" and how in ("", "(none)", "(not set)", "none"):
        return "direct"
    paid = "cp" in how or how in ("ppc", "retargeting") or how.startswith("paid")
    if paid:
        for names, channel in ((_SEARCH, "paid_search"), (_SOCIAL, "paid_social"), (_VIDEO, "paid_video")):
            if _is_site(where, names):
                return channel
    if how in ("display", "banner", "expandable", "interstitial", "cpm"):
        return "display"
    if paid:
        return "paid_other"
    social = ("sm", "social", "social-network", "social-media", "social network", "social media")
    mail = re.compile(r"e[-_ ]?mail|newsletter")
    tests = (
        (how in social or _is_site(where, _SOCIAL), "organic_social"),
        ("video" in how or _is_site(where, _VIDEO), "organic_video"),
        (bool(mail.search(how) or mail.search(where)), "email"),
        (how == "affiliate", "affiliate"),
        (how == "organic" or _is_site(where, _SEARCH), "organic_search"),
        (how in ("referral", "app", "link"), "referral"),
        ("sms" in (how, where), "sms"),
    )
    return next((channel for holds, channel in tests if holds), "other")


_SOURCES = ["google", "m.facebook.com", "(direct)", "News.Example", "youtube.com", "l.instagram.com", "bing", "fbook",
            "t.co", "e-mail", "newsletter_may", "sms", "ask.example", "task.example", "", None]  # fmt: skip
_MEDIA = ["cpc", "CPM", "organic", "referral", "(none)", "paid_social", "social", "social media", "email", "video",
          "affiliate", "banner", "ppc", "retargeting", "sms", "app", "(not set)", "x", "", None]  # fmt: skip
_RULES = [Ga4Channel(source=("news*",), medium=("x", "c?c"), channel="own"), Ga4Channel(medium=("APP",), channel="app")]


@settings(max_examples=40, deadline=None)
@given(pairs=st.lists(st.tuples(st.sampled_from(_SOURCES), st.sampled_from(_MEDIA)), min_size=1, max_size=40))
@pytest.mark.parametrize("rules", [[], _RULES], ids=["default", "with rules"])
def test_the_channel_grouping_is_the_documented_table(
    rules: list[Ga4Channel], pairs: list[tuple[str | None, str | None]]
) -> None:
    connection = _connect()
    values = ", ".join("(?::integer, ?::varchar, ?::varchar)" for _ in pairs)
    query = f"""
        with told as (
            select place, true as is_in_session,
                struct_pack(source := s, medium := m, campaign := null::varchar) as traffic
            from (values {values}) as given(place, s, m)
        )
        select {channel_sql(rules)} from told order by place
    """
    cells = [cell for place, each in enumerate(pairs) for cell in (place, *each)]
    found = [row[0] for row in connection.execute(query, cells).fetchall()]
    assert found == [_channel(source, medium, rules) for source, medium in pairs]
