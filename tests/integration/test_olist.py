"""Real input: the Olist funnel gives exactly the figures known of it, whenever the data is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.harness import ROOT, Home, environment, handoff

OLIST = ROOT.parent / "shared" / "data" / "olist"
pytestmark = pytest.mark.skipif(not OLIST.is_dir(), reason="the Olist data (../shared/data/olist) is not here")

AS_OF = "2018-12-01T00:00:00Z"


@pytest.fixture(scope="module")
def olist(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home run once over the Olist files by the registry of the how-to."""
    home = Home(tmp_path_factory.mktemp("olist") / "home", ROOT / "docs" / "how-to" / "olist.sources.yaml")
    handoff(*home.arguments(AS_OF), env=environment(OLIST_DIR=str(OLIST)))
    return home


def test_eight_thousand_leads_became_mql_and_842_of_them_sql(olist: Home) -> None:
    counted = olist.query("select count(*), count(became_mql_at), count(became_sql_at) from fct_lead_lifecycles")
    assert counted == [(8000, 8000, 842)]


def test_644_closed_within_sixty_days_the_early_one_counted(olist: Home) -> None:
    assert conversions(olist, "true") == (8000, 644)


def test_cohorts_of_january_and_may_2018_close_at_the_known_rates(olist: Home) -> None:
    rates = olist.query(
        """
        select date_trunc('month', became_mql_at), round(100.0 * count(became_sql_at) / count(*), 1)
        from fct_lead_lifecycles where became_mql_at >= '2018-01-01' group by 1 order by 1
        """
    )
    by_month = {month.strftime("%Y-%m"): rate for month, rate in rates}
    assert (by_month["2018-01"], by_month["2018-05"]) == (13.3, 10.0)


def test_the_deal_closed_before_first_contact_is_reported_not_dropped(olist: Home) -> None:
    early = olist.one("select count(*) from fct_lead_lifecycles where became_sql_at < became_mql_at")
    reported = olist.one(
        "select count(distinct lead_key) from fct_lead_stage_transitions "
        "where stage = 'sql' and anomaly = 'out_of_order'"
    )
    assert (early, reported) == (1, 1)


def test_cohorts_of_2017_are_marked_as_observed_only_from_december(olist: Home) -> None:
    marked = olist.query(
        """
        select distinct cast(observed_from as varchar) from fct_funnel_conversions
        where step = 'mql_to_sql' and cohort_date < '2017-12-05'
        """
    )
    after = olist.one(
        "select count(observed_from) from fct_funnel_conversions "
        "where step = 'mql_to_sql' and cohort_date > '2017-12-05'"
    )
    assert (marked, after) == ([("2017-12-05 00:00:00",)], 0)


def test_cohorts_of_2017_are_truncated_and_no_rate_of_theirs_is_mature(olist: Home) -> None:
    entered = olist.one("select count(*) from fct_lead_lifecycles where became_mql_at < '2017-12-05'")
    shown = olist.query(
        """
        select truncated_count, is_mature, entered_count, converted_count from fct_conversion_rates
        where step = 'mql_to_sql' and dimension = 'all' and cohort_month = '(all)'
        """
    )
    assert entered > 0 and shown == [(entered, False, 8000, 842)]
    by_month = olist.query(
        """
        select cohort_month, truncated_count > 0, is_mature from fct_conversion_rates
        where step = 'mql_to_sql' and dimension = 'all' and cohort_month <> '(all)'
        """
    )
    assert {month for month, truncated, _ in by_month if truncated} == {
        month for month, *_ in by_month if month <= "2017-12"
    }
    assert all(is_mature is not truncated for _, truncated, is_mature in by_month)


def test_a_mature_month_converts_at_its_horizon_as_the_plain_share_does(olist: Home) -> None:
    different = olist.query(
        """
        select
            rates.cohort_month,
            rates.rate,
            sum(conversions.converted_count) / sum(conversions.entered_count) as plain
        from fct_conversion_rates as rates
        inner join fct_funnel_conversions as conversions
            on rates.cohort_month = strftime(conversions.cohort_date, '%Y-%m')
            and rates.step = conversions.step
            and rates.horizon_days = conversions.horizon_days
        where rates.dimension = 'all' and rates.step = 'mql_to_sql' and rates.is_mature
        group by rates.cohort_month, rates.rate
        having abs(rates.rate - sum(conversions.converted_count) / sum(conversions.entered_count)) > 1e-6
        """
    )
    assert different == []


def test_leads_without_a_deal_are_open_not_lost(olist: Home) -> None:
    stages = dict(olist.query("select current_stage, count(*) from fct_lead_lifecycles group by 1"))
    assert stages == {"mql": 8000 - 842, "sql": 842}


def conversions(home: Home, where: str) -> tuple[int, int]:
    """Entered and converted within 60 days from MQL to SQL."""
    row = home.query(
        f"""
        select sum(entered_count), sum(converted_count) from fct_funnel_conversions
        where step = 'mql_to_sql' and horizon_days = 60 and {where}
        """
    )[0]
    return int(row[0]), int(row[1])


def test_the_shared_files_are_only_read(olist: Home) -> None:
    assert not [path for path in Path(OLIST).iterdir() if path.name.startswith(".")]
