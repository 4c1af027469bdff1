"""Rows of ad reports that wait: what a mended registry, or a later delivery of their day, makes of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.sources.registry import Registry
from tests.contract.connectors.ads_shapes import ACCOUNT, FORMATS, GOOGLE, META, OTHER, Deliveries, insight, stat
from tests.contract.connectors.ads_staging import AdStaging
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
