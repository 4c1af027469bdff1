"""Ad reports and GA4 events that wait: what a mended registry, or a later delivery of their day, makes of them."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.sources.registry import Registry, load_registry
from tests.contract.connectors.ads_shapes import ACCOUNT, FORMATS, GOOGLE, META, OTHER, Deliveries, insight, stat
from tests.contract.connectors.ads_staging import AdStaging
from tests.contract.connectors.ga4_events import Event, event, write_events
from tests.contract.connectors.homes import Runs, counts

USD = {"currency": "USD"}
KNOWN, BOTH = {ACCOUNT: USD}, {ACCOUNT: USD, OTHER: USD}
ADS: dict[str, tuple[str, tuple[str, ...], Any]] = {
    "google_ads": ("campaign_stats", GOOGLE, lambda who, **cells: stat(who, **cells)),
    "meta_ads": ("basic_ad", META, lambda who, **cells: insight(who, **cells)),
}
ACCOUNT_OF = {"google_ads": "customer_id", "meta_ads": "account_id"}
COST_OF = {"google_ads": "cost_micros", "meta_ads": "spend"}


class Ads:
    """Reports of an advertising connector, of one account the registry knows and one it may learn of."""

    def __init__(self, place: Path, connector: str, **settings: Any) -> None:
        self.connector = connector
        self.name, self.columns, self._row = ADS[connector]
        self.files = Deliveries(place, connector, **settings)

    def put(self, *rows: dict[str, Any], name: str | None = None, suffix: str = "csv") -> None:
        """A report of these rows."""
        self.files.put(name or self.name, rows, self.columns, suffix)

    def row(self, who: str, account: str = ACCOUNT, cost: str = "2", **cells: Any) -> dict[str, Any]:
        """What a campaign (an ad) of an account cost on a day; Google counts in millionths."""
        said = cost if self.connector == "meta_ads" or not cost.isdigit() else int(cost) * 1_000_000
        return self._row(who, **{ACCOUNT_OF[self.connector]: account, COST_OF[self.connector]: said}, **cells)

    def spent(self, runs: Runs, staging: AdStaging, registry: Registry) -> Decimal:
        """All that staging makes of it."""
        said = staging.standing(runs.paths, registry, f"stg_{self.connector}__spend")
        return sum((each[0] for each in said.values()), Decimal(0))


@pytest.fixture(params=ADS)
def ads(request: pytest.FixtureRequest, tmp_path: Path) -> Ads:
    """A source of each advertising connector."""
    return Ads(tmp_path / "ads", request.param)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """A home that reads the registry of `ads`."""
    return Runs(tmp_path / "ads")


@pytest.mark.parametrize("suffix", FORMATS)
def test_spend_of_an_account_lands_once_the_registry_names_it(
    ads: Ads, runs: Runs, ad_staging: AdStaging, suffix: str
) -> None:
    ads.put(ads.row("1"), ads.row("2", OTHER), ads.row("3", OTHER, "5"), suffix=suffix)
    runs.land(ads.files.registry(accounts=KNOWN))
    assert [str(each) for each in runs.replay() if each.result is None or each.result.rows_landed] == []
    assert runs.totals() == (3, 1, 0, 2)
    known = ads.files.registry(accounts=BOTH)
    (done,) = runs.replay()
    assert done.result is not None and (done.result.rows_landed, done.result.still) == (2, {})
    assert runs.totals() == (3, 3, 0, 0) and runs.reasons() == []
    assert ads.spent(runs, ad_staging, known) == 9
    assert counts(runs.land(known)) == (0, 0, 0, 0)


def test_an_account_its_own_history_names_is_as_good(ads: Ads, runs: Runs, ad_staging: AdStaging) -> None:
    ads.put(ads.row("1"), ads.row("2", OTHER))
    known = ads.files.registry(accounts=KNOWN)
    runs.land(known)
    said = {"google_ads": ("updated_at", "currency_code"), "meta_ads": ("_fivetran_synced", "currency")}
    moment, currency = said[ads.connector]
    ads.files.put("account_history", [{"id": OTHER, moment: "2026-01-01", currency: "USD"}], ("id", moment, currency))
    (done,) = runs.replay()
    assert done.result is not None and done.result.rows_landed == 1
    runs.land(known)
    assert ads.spent(runs, ad_staging, known) == 4


def test_what_its_day_no_longer_holds_stays_away_and_what_it_holds_lands(
    ads: Ads, runs: Runs, ad_staging: AdStaging
) -> None:
    ads.put(ads.row("1"), ads.row("2", OTHER), ads.row("3", OTHER), ads.row("4", OTHER, date="2026-01-11"))
    runs.land(ads.files.registry(accounts=KNOWN))
    ads.put(ads.row("1"), ads.row("3", OTHER, "7"), name=f"{ads.name}_2026-01-12")
    runs.land(ads.files.registry(accounts=KNOWN))
    known = ads.files.registry(accounts=BOTH)
    first, second = runs.replay()
    assert first.result is not None and (first.result.rows_landed, first.result.still) == (1, {"superseded": 2})
    assert second.result is not None and (second.result.rows_landed, second.result.still) == (1, {})
    assert ads.spent(runs, ad_staging, known) == 2 + 7 + 2
    assert runs.totals() == (6, 3, 1, 2) and runs.reasons() == [("superseded", 2)]


def test_rows_alone_overtake_nothing(ads: Ads, runs: Runs, ad_staging: AdStaging) -> None:
    ads.put(ads.row("1"), ads.row("2", OTHER))
    runs.land(ads.files.registry(accounts=KNOWN, complete_for="rows"))
    ads.put(ads.row("3", OTHER), ads.row("1"), name=f"{ads.name}-part-2")
    runs.land(ads.files.registry(accounts=KNOWN, complete_for="rows"))
    known = ads.files.registry(accounts=BOTH, complete_for="rows")
    runs.replay()
    assert ads.spent(runs, ad_staging, known) == 6 and runs.reasons() == []


def test_a_cost_that_was_no_number_lands_never_beside_its_correction(
    ads: Ads, runs: Runs, ad_staging: AdStaging
) -> None:
    ads.put(ads.row("1"), ads.row("2", cost="n/a"), ads.row("3", cost="n/a"))
    known = ads.files.registry(accounts=KNOWN)
    runs.land(known)
    ads.put(ads.row("1"), ads.row("2", cost="5"))
    runs.land(known)
    (done,) = runs.replay()
    assert done.result is not None and done.result.rows_landed == 0
    assert ads.spent(runs, ad_staging, known) == 7 and sum(rows for _, rows in runs.reasons()) == 2


def test_a_click_of_an_account_lands_once_the_registry_names_it(
    tmp_path: Path, runs: Runs, ad_staging: AdStaging
) -> None:
    files = Deliveries(tmp_path / "ads", "google_ads")
    clicks = [{"customer_id": account, "date": "2026-01-10", "campaign_id": "344", "gclid": f"click-{account}"}
              for account in (ACCOUNT, OTHER)]  # fmt: skip
    files.put("click_view", clicks, ("customer_id", "date", "campaign_id", "gclid"))
    runs.land(files.registry(accounts=KNOWN))
    known = files.registry(accounts=BOTH)
    (done,) = runs.replay()
    assert done.result is not None and (done.result.rows_landed, runs.totals()) == (1, (2, 2, 0, 0))
    assert len(ad_staging.rows(runs.paths, known, "stg_google_ads__ad_clicks", "click_token")) == 2


def test_a_report_of_an_account_nobody_knows_any_more_waits_on(ads: Ads, runs: Runs) -> None:
    ads.put(ads.row("1"), ads.row("2", OTHER))
    runs.land(ads.files.registry(accounts=KNOWN))
    ads.files.registry()
    (done,) = runs.replay()
    assert done.result is None and OTHER not in str(done) and runs.totals() == (2, 1, 0, 1)


AT = datetime(2026, 3, 1, 18)
DAY = "events_20260301.ndjson"
VIEW = {"event": "page_view", "signal": "view"}


class Web:
    """A GA4 export; its registry may know what the export writes for no date."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "ga4").mkdir(parents=True)

    def put(self, *events: Event, name: str = DAY) -> None:
        """A file of events."""
        write_events(self.place / "ga4" / name, events)

    def registry(self, **settings: Any) -> Registry:
        """The registry with one source."""
        entry = {"connector": "ga4_export", "path": "ga4", "timezone": "America/Chicago", "signals": [VIEW], **settings}
        file = self.place / "sources.yaml"
        file.write_text(json.dumps({"sources": {"web": entry}}), encoding="utf-8")
        return load_registry(file, environ={})


def page(visitor: str, **columns: Any) -> Event:
    """A view of the second page of a visit."""
    return event(visitor, AT + timedelta(minutes=1), page="https://clinic.example/second", **columns)


def start(visitor: str) -> Event:
    """The page a visit began with."""
    return event(visitor, AT, page="https://clinic.example/first?gclid=x")


MENDED = {"null_tokens": ["(not set)"]}
UNDATED = {"event_date": "(not set)"}
EVENTS = "event_name, landing_page, channel, event_date, coalesce(is_deleted, false)"


@pytest.fixture
def web(tmp_path: Path) -> Web:
    """An empty export."""
    return Web(tmp_path / "ads")


@pytest.mark.parametrize("name", [DAY, "history.ndjson"])
def test_an_event_lands_with_its_session_when_its_day_is_read_anew(web: Web, runs: Runs, name: str) -> None:
    web.put(start("1.1"), page("1.1", **UNDATED), name=name)
    assert counts(runs.land(web.registry())) == (2, 1, 0, 1)
    (waits,) = runs.replay()
    assert waits.result is not None and waits.result.still == {"not_a_date:event_date": 1}
    assert "read with all of their day" in str(waits) and "delivered again" in str(waits)
    known = web.registry(**MENDED)
    (waits,) = runs.replay()
    assert waits.result is not None and waits.result.rows_landed == 0
    assert counts(runs.land(known)) == (2, 1, 1, 0)
    assert runs.rows("ga4_export", "events", EVENTS) == [
        ("page_view", "/first", "paid_search", date(2026, 3, 1), False),
        ("page_view", "/first", "paid_search", None, False),
    ]
    (settled,) = runs.replay()
    assert settled.result is not None and (settled.result.rows_duplicate, settled.result.still) == (1, {})
    assert runs.totals() == (4, 2, 2, 0) and runs.reasons() == [] and runs.replay() == []


def test_an_event_its_day_no_longer_holds_stays_away(web: Web, runs: Runs) -> None:
    web.put(start("1.1"), page("1.1", **UNDATED), start("2.2"))
    runs.land(web.registry())
    web.put(start("1.1"), start("2.2"))
    runs.land(web.registry())
    web.registry(**MENDED)
    (settled,) = runs.replay()
    assert settled.result is not None and settled.result.still == {"superseded": 1}
    assert len(runs.rows("ga4_export", "events", EVENTS)) == 2
    assert runs.totals() == (5, 2, 2, 1) and runs.reasons() == [("superseded", 1)]


def test_an_event_that_was_overtaken_is_settled_when_its_day_goes_back_and_can_be_read(web: Web, runs: Runs) -> None:
    first, second = [start("1.1"), page("1.1", **UNDATED)], [start("1.1")]
    for events in (first, second):
        web.put(*events)
        runs.land(web.registry())
    (overtaken,) = runs.replay()
    assert overtaken.result is not None and overtaken.result.still == {"superseded": 1}
    web.put(*first)
    assert counts(runs.land(web.registry(**MENDED))) == (2, 1, 1, 0)
    (settled,) = runs.replay()
    assert settled.result is not None and (settled.result.rows_duplicate, settled.result.still) == (1, {})
    assert runs.totals() == (5, 2, 3, 0) and runs.reasons() == []


def test_an_event_its_day_says_better_now_is_overtaken_by_it(web: Web, runs: Runs) -> None:
    web.put(start("1.1"), page("1.1", **UNDATED))
    runs.land(web.registry())
    web.put(start("1.1"), page("1.1"))
    runs.land(web.registry())
    (settled,) = runs.replay()
    assert settled.result is not None and settled.result.still == {"superseded": 1}
    assert len(runs.rows("ga4_export", "events", EVENTS)) == 2 and runs.totals() == (4, 2, 1, 1)


def test_an_event_another_day_says_nothing_of_waits_on(web: Web, runs: Runs) -> None:
    web.put(start("1.1"), page("1.1", **UNDATED))
    runs.land(web.registry())
    web.put(event("3.3", AT + timedelta(days=1)), name="events_20260302.ndjson")
    runs.land(web.registry())
    (waits,) = runs.replay()
    assert waits.result is not None and waits.result.still == {"not_a_date:event_date": 1}
    assert runs.reasons() == [("not_a_date", 1)]


def test_a_line_that_is_no_event_waits_through_every_reading_of_its_day(web: Web, runs: Runs) -> None:
    web.put(start("1.1"))
    with (web.place / "ga4" / DAY).open("ab") as file:
        file.write(b"not json\n")
    runs.land(web.registry())
    runs.land(web.registry(signals=[]))
    (waits,) = runs.replay()
    assert waits.result is not None and waits.result.still == {"not_json": 1}
    assert runs.totals() == (4, 2, 1, 1)


def test_an_event_lands_when_its_day_is_read_anew_together_with_others(web: Web, runs: Runs) -> None:
    for number in range(3):
        at = AT + timedelta(days=number)
        web.put(
            event("1.1", at), event("2.2", at, **(UNDATED if number < 2 else {})), name=f"events_{at:%Y%m%d}.ndjson"
        )
    assert counts(runs.land(web.registry())) == (6, 4, 0, 2)
    landed = runs.land(web.registry(**MENDED))
    assert counts(landed) == (6, 2, 4, 0) and len(landed.results) == 1
    assert [each.result and (each.result.rows_duplicate, each.result.still) for each in runs.replay()] == [(1, {})] * 2
    assert runs.totals() == (12, 6, 6, 0) and runs.reasons() == []
