"""The world's tables are the input contract's: columns, required cells, enumerations, keys, clocks, links."""

from __future__ import annotations

import numpy as np
import pytest

from models_ml.world import World
from orchestration.lake.contract import ENTITIES


def test_brings_every_table_of_the_contract(world: World) -> None:
    assert set(world.tables) == set(ENTITIES)
    assert all(len(frame) for frame in world.tables.values())


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_columns_are_the_contracts(world: World, name: str) -> None:
    frame, entity = world.tables[name], ENTITIES[name]
    assert [column for column in frame.columns if entity.column(column) is None] == []
    required = [column.name for column in entity.columns if column.required]
    assert frame[required].notna().all().all()
    if entity.one_of:
        assert frame[list(entity.one_of)].notna().any(axis=1).all()


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_enumerated_cells_hold_allowed_values(world: World, name: str) -> None:
    frame = world.tables[name]
    for column in ENTITIES[name].columns:
        if column.allowed and column.name in frame:
            assert set(frame[column.name].dropna()) <= set(column.allowed), column.name


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_times_are_aware_and_texts_are_text(world: World, name: str) -> None:
    frame, entity = world.tables[name], ENTITIES[name]
    for column in frame.columns:
        declared = entity.column(column)
        assert declared is not None
        if declared.type == "timestamp":
            assert frame[column].dtype == "datetime64[us, UTC]", column
        elif declared.type == "boolean":
            assert frame[column].dtype == np.bool_
        elif declared.type == "date":
            assert frame[column].dropna().str.fullmatch(r"\d{4}-\d\d-\d\d").all()


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_versions_of_a_key_are_known_at_different_moments(world: World, name: str) -> None:
    frame, entity = world.tables[name], ENTITIES[name]
    known = ["known_at"] if "known_at" in frame else []
    assert not frame.duplicated([*entity.key, *known]).any()


@pytest.mark.parametrize("name", [n for n, e in ENTITIES.items() if e.event_time and n not in ("spend", "leads")])
def test_nothing_is_known_before_it_happened(world: World, name: str) -> None:
    frame, entity = world.tables[name], ENTITIES[name]
    assert (frame["known_at"] >= frame[str(entity.event_time)]).all()


def test_nothing_is_known_after_the_worlds_end(world: World) -> None:
    for name, frame in world.tables.items():
        if "known_at" in frame:
            assert frame["known_at"].max() <= world.as_of, name


def test_an_outcome_other_than_cancelled_comes_after_the_start(world: World) -> None:
    appointments = world.tables["appointments"]
    ended = appointments[appointments["status"].isin(["held", "no_show"])]
    assert (ended["known_at"] >= ended["starts_at"]).all()
    called_off = appointments[appointments["status"] == "cancelled"]
    assert (called_off["known_at"] <= called_off["starts_at"]).all()


def test_rows_name_leads_staff_and_places_that_exist(world: World) -> None:
    tables = world.tables
    leads = set(tables["leads"]["lead_id"])
    for name in ("lead_attributes", "touches", "identities", "stage_events", "work_events", "appointments", "consents"):
        unknown = set(tables[name]["lead_id"].dropna()) - leads
        # Delivered late, a lead's row may still be on its way at the very end.
        assert len(unknown) <= 3, name
    assert set(tables["leads"]["merged_into_lead_id"].dropna()) <= leads
    assert set(tables["work_events"]["staff_id"].dropna()) <= set(tables["staff"]["staff_id"])
    assert set(tables["work_events"]["team_id"].dropna()) <= set(tables["teams"]["team_id"])
    assert set(tables["leads"]["location_id"].dropna()) <= set(tables["locations"]["location_id"])
    assert set(tables["leads"]["service_line"].dropna()) <= set(tables["service_lines"]["service_line"])
    assert set(tables["locations"]["calendar_id"]) <= set(tables["calendars"]["calendar_id"])
    assert tables["calendars"]["timezone"].nunique() >= 3


def test_every_paid_campaign_of_a_touch_has_spend(world: World) -> None:
    touches, spend = world.tables["touches"], world.tables["spend"]
    paid = touches[touches["channel"].isin(["paid_search", "paid_social"])]["campaign_id"].dropna()
    assert set(paid) <= set(spend["campaign_id"])
    assert (spend["cost"] > 0).all()
    assert (spend["impressions"] >= spend["clicks"]).all()


def test_no_made_up_contact_could_be_a_real_one(world: World) -> None:
    leads = world.tables["leads"]
    assert leads["email"].dropna().str.fullmatch(r"lead\d+@(example|exmaple)\.org").all()
    assert leads["phone"].dropna().str.fullmatch(r"\+1-\d{3}-555-01\d\d").all()


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_times_are_whole_seconds_as_systems_write_them(world: World, name: str) -> None:
    frame = world.tables[name]
    for column in frame.select_dtypes("datetimetz"):
        assert (frame[column].dropna().dt.microsecond == 0).all(), column
