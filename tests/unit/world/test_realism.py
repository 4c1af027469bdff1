"""Magnitudes of a world of the demo's size: bounds and their sources stand in docs/world.md."""

from __future__ import annotations

import pandas as pd
import pytest

from models_ml.world import World, build_world


@pytest.fixture(scope="module")
def clinic() -> World:
    """A world large enough that chance hides nothing."""
    return build_world(leads=8000, seed=7, months=18)


def test_lead_to_mql_by_the_clinics_own_rule(clinic: World) -> None:
    assert 0.38 < clinic.truth["leads"]["house_mql_at"].notna().mean() < 0.54


def test_mql_to_sql_within_thirty_days(clinic: World) -> None:
    truth = clinic.truth["leads"]
    mature = truth[truth["house_mql_at"] <= clinic.as_of - pd.Timedelta(days=30)]
    rate = ((mature["sql_at"] - mature["house_mql_at"]) <= pd.Timedelta(days=30)).mean()
    assert 0.25 < rate < 0.40


def test_first_contact_takes_hours_for_most_and_days_for_some(clinic: World) -> None:
    truth = clinic.truth["leads"]
    wait = (truth["contacted_at"] - truth["worked_at"]).dropna().dt.total_seconds() / 3600
    assert 3 < wait.median() < 30
    assert 0.05 < (wait <= 1).mean() < 0.4
    assert (wait > 72).mean() > 0.03
    assert 0.6 < truth.loc[truth["worked_at"].notna(), "contacted_at"].notna().mean() < 0.9


def test_no_shows_and_waits_of_appointments(clinic: World) -> None:
    last = clinic.tables["appointments"].drop_duplicates("appointment_id", keep="last")
    ended = last[last["status"].isin(["held", "no_show"])]
    assert 0.10 < (ended["status"] == "no_show").mean() < 0.25
    assert 0.08 < (last["status"] == "cancelled").mean() < 0.2
    wait = (last["starts_at"] - last["booked_at"]).dt.total_seconds() / 86400
    assert 7 < wait.median() < 26
    assert 0.1 < (last["booked_by"] == "lead").mean() < 0.4


def test_the_web_sees_only_those_who_let_it(clinic: World) -> None:
    tables = clinic.tables
    linked = tables["identities"].loc[lambda rows: rows["id_type"] == "anonymous_id", "lead_id"].nunique()
    assert 0.5 < linked / 8000 < 0.8
    touches = tables["touches"]
    assert 10 < len(touches) / 8000 < 20
    assert touches["anonymous_id"].isna().mean() > 0.1


def test_duplicates_households_and_corrections_are_there(clinic: World) -> None:
    leads, truth = clinic.tables["leads"], clinic.truth["leads"]
    assert 0.03 < truth["is_duplicate"].mean() < 0.06
    merged = leads.loc[leads["merged_into_lead_id"].notna(), "lead_id"].nunique()
    assert 0.5 < merged / truth["is_duplicate"].sum() < 1.0
    assert (clinic.tables["identities"]["id_type"] == "crm_id").sum() > 10
    assert leads["is_deleted"].sum() > 10
    people = truth.merge(leads.drop_duplicates("lead_id")[["lead_id", "phone"]], on="lead_id").dropna(subset="phone")
    assert (people.groupby("phone")["person_id"].nunique() > 1).any()


def test_labels_have_the_fields_faults(clinic: World) -> None:
    labels, truth = clinic.tables["stage_events"], clinic.truth["leads"].set_index("lead_id")
    mql = labels[labels["stage"] == "mql"].sort_values("entered_at").drop_duplicates("lead_id").set_index("lead_id")
    both = truth[["house_mql_at"]].join(mql["entered_at"], how="left")
    has = both["house_mql_at"].notna()
    assert (both["entered_at"] < both["house_mql_at"] - pd.Timedelta(hours=12)).sum() > 20
    assert (both["entered_at"] > both["house_mql_at"] + pd.Timedelta(hours=24)).sum() > 20
    assert 0.01 < both.loc[has, "entered_at"].isna().mean() < 0.15
    assert both.loc[~has, "entered_at"].notna().sum() > 20
    assert labels["stage"].isna().any()


def test_true_chances_are_what_happens(clinic: World) -> None:
    truth = clinic.truth["leads"]
    contacted = truth[truth["contacted_at"].notna()]
    qualified = contacted["qualified_at"].notna()
    groups = qualified.groupby(pd.qcut(contacted["p_qualified"], 5), observed=True).mean()
    assert groups.is_monotonic_increasing
    assert groups.iloc[-1] - groups.iloc[0] > 0.4
