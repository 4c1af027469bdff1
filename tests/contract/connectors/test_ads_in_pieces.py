"""Random histories of deliveries: what the input layer holds, run by run, against a ledger kept in plain Python.

The ledger knows deliveries and nothing of landing, steps or SQL: a file replaces the account-days it holds, an ad is
its newest history's. After every run the appended rows must be those of a build in full, and what stands of them the
ledger's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.contract.connectors.ads_shapes import ACCOUNT, META, OTHER, Deliveries, insight
from tests.contract.connectors.ads_staging import AdInput, AdStaging
from tests.contract.connectors.homes import LandingHome, Runs

ADS, CAMPAIGNS = ("71", "72", "73"), ("601", "602")
# Runs land from the 2nd of March on: the last two days are not over when the first of them are told of.
DAYS = ("2026-01-10", "2026-01-11", "2026-03-02", "2026-03-03")
CURRENCIES = {ACCOUNT: "USD", OTHER: "EUR"}
Rows = Sequence[Mapping[str, Any]]


@dataclass
class Ledger:
    """What the deliveries said so far."""

    units: dict[tuple[str, str, str], Decimal] = field(default_factory=dict)
    owners: dict[str, tuple[str, str]] = field(default_factory=dict)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)

    def take(self, insights: Rows, histories: Rows, campaigns: Rows) -> None:
        """One run: its files in order."""
        for file in insights:
            told = {(row["account_id"], row["date"]) for row in file["rows"]}
            self.units = {key: cost for key, cost in self.units.items() if (key[0], key[1]) not in told}
            for row in file["rows"]:
                self.units[row["account_id"], row["date"], row["ad_id"]] = Decimal(row["spend"])
        for row in histories:
            self.owners[row["id"]] = max(
                self.owners.get(row["id"], ("", "")), (row["updated_time"], row["campaign_id"])
            )
        for row in campaigns:
            self.names[row["id"]] = max(self.names.get(row["id"], ("", "")), (row["updated_time"], row["name"]))

    def standing(self) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """(campaign, day, currency) → (cost, name)."""
        found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for (account, day, ad), cost in self.units.items():
            campaign = self.owners[ad][1] if ad in self.owners else "(none)"
            name = self.names[campaign][1] if campaign in self.names else None
            key = (campaign, date.fromisoformat(day), CURRENCIES[account])
            found[key] = (found.get(key, (Decimal(0),))[0] + cost, name)
        return found


def standing(rows: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The last version of each key that is not deleted, as the input layer would choose it."""
    last: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in sorted(rows, key=lambda row: (row[-2], row[-1])):
        last[row[1:4]] = row
    return {key: (row[6], row[4]) for key, row in last.items() if not row[9]}


units = st.tuples(st.sampled_from((ACCOUNT, OTHER)), st.sampled_from(DAYS), st.sampled_from(ADS))
costs = st.integers(0, 99_999).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
insight_files = st.dictionaries(units, costs, min_size=1, max_size=5).map(
    lambda found: {"rows": [insight(ad, day, cost, account_id=account) for (account, day, ad), cost in found.items()]}
)
moments = st.integers(1, 28).map(lambda day: f"2026-01-{day:02d}T00:00:00")


def told_of(ids: Sequence[str], what: str, values: Sequence[str]) -> st.SearchStrategy[Any]:
    """Rows of a history: one for each thing and moment."""
    keys = st.tuples(st.sampled_from(ids), moments)
    return st.dictionaries(keys, st.sampled_from(values), max_size=3).map(
        lambda found: [{"id": name, "updated_time": moment, what: value} for (name, moment), value in found.items()]
    )


runs = st.lists(
    st.tuples(
        st.lists(insight_files, max_size=3),
        told_of(ADS, "campaign_id", CAMPAIGNS),
        told_of(CAMPAIGNS, "name", ("Knees", "Hearts")),
    ),
    min_size=1,
    max_size=4,
)


# Shrinking lands hundreds of small lakes: a failing history is read as it is.
@settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(runs=runs)
def test_input_rows_only_grow_and_say_what_the_deliveries_said(ad_staging: AdStaging, runs: Any) -> None:
    with TemporaryDirectory() as folder:
        home = LandingHome.open(Path(folder) / "home")
        accounts = {account: {"currency": currency} for account, currency in CURRENCIES.items()}
        ads = Deliveries(Path(folder) / "ads", "meta_ads", accounts=accounts)
        known = ads.registry()
        ledger = Ledger()
        held = AdInput(ad_staging, home.paths, known, "stg_meta_ads__spend")
        said: dict[tuple[str, str, str], str] = {}
        for number, (insights, histories, campaigns) in enumerate(runs, start=1):
            # A history's row says one thing for ever: an id and moment told before keep what they were told with.
            histories, campaigns = (
                [{**row, what: said.setdefault((what, row["id"], row["updated_time"]), row[what])} for row in rows]
                for what, rows in (("campaign_id", histories), ("name", campaigns))
            )
            for place, file in enumerate(insights):
                ads.put(f"basic_ad/{number}-{place}", file["rows"], META)
            ads.put(f"ad_history/{number}", histories, ("id", "updated_time", "campaign_id"))
            ads.put(f"campaign_history/{number}", campaigns, ("id", "updated_time", "name"))
            assert not home.land(known.sources["ads"]).faults
            ledger.take(insights, histories, campaigns)
            whole = held.append(number)
            assert sorted(held.held, key=str) == sorted(whole, key=str)
            assert standing(held.held) == ledger.standing()
        home.vault.close()


# As above; one account is known to the registry from some run on, and what waited of it comes in before that run lands.
@settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(runs=st.lists(st.lists(insight_files, max_size=3), min_size=2, max_size=4), named_in=st.integers(1, 3))
def test_an_account_named_late_has_spent_what_its_days_were_told_last(
    ad_staging: AdStaging, runs: Any, named_in: int
) -> None:
    with TemporaryDirectory() as folder:
        home = Runs(Path(folder) / "ads")
        accounts = {account: {"currency": currency} for account, currency in CURRENCIES.items()}
        ads = Deliveries(Path(folder) / "ads", "meta_ads")
        ledger, known = Ledger(), ads.registry(accounts={ACCOUNT: accounts[ACCOUNT]})
        for number, insights in enumerate([*runs, []]):
            if number == min(named_in, len(runs)):
                known = ads.registry(accounts=accounts)
                home.replay()
            for place, file in enumerate(insights):
                # A row that can be read: a file without any is refused.
                file["rows"].append(insight("99", f"2025-12-{number + 1:02d}", f"{place}"))
                ads.put(f"basic_ad/{number}-{place}", file["rows"], META)
            assert not home.land(known).faults
            ledger.take(insights, [], [])
        read, landed, duplicate, quarantined = home.totals()
        assert read == landed + duplicate + quarantined
        held = AdInput(ad_staging, home.paths, known, "stg_meta_ads__spend")
        assert standing(held.append(len(runs) + 2)) == ledger.standing()
