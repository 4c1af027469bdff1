"""Whole runs over the world in every scenario: stage times are those that follow from what its systems truly said.

Clean: the truth itself. Real: the truth as known at as_of. Hostile: the same, but for rows nobody can read, and every
one of those is in quarantine with its reason.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from models_ml.world import World, build_world
from orchestration.demo.ga4_files import is_browser_touch
from orchestration.demo.mess import BROKEN_CELLS, NAIVE_TIMES, NEW_COLUMN, RENAMED_TO, Mess
from orchestration.demo.write import delivered_between, write_demo
from tests.integration.harness import ROOT, Home
from tests.integration.worlds import moment, small_world
from tests.oracles.world_stages import Clinic, Stages, load_criteria

STAGES = ("became_mql_at", "became_sql_at", "appointment_booked_at", "consult_held_at", "disqualified_at")
Found = dict[str, Stages]


@cache
def world_of(scenario: str) -> World:
    return build_world(leads=500, seed=19, months=6, scenario=scenario)


def run_world(scenario: str, directory: Path) -> Home:
    world = world_of(scenario)
    home = Home(directory / "home", write_demo(world, directory / "demo"))
    home.run(moment(world.as_of))
    return home


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return run_world("clean", tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return run_world("hostile", tmp_path_factory.mktemp("hostile"))


def published(home: Home) -> Found:
    """Lead id → its stage times, as published (naive UTC)."""
    rows = home.query(f"select lead_id, {', '.join(STAGES)} from fct_lead_lifecycles")
    return {row[0]: dict(zip(STAGES, map(_naive, row[1:]), strict=True)) for row in rows}


def _naive(value: datetime | None) -> datetime | None:
    return value if value is None or value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)


def expected(tables: dict[str, pd.DataFrame], as_of: pd.Timestamp) -> Found:
    return Clinic(tables, load_criteria(ROOT / "criteria", tables["staff"]), as_of).stages()


def different(home: Home, stages: Found) -> dict[str, list[str]]:
    """Leads whose published stage times are others, with the stages."""
    found = published(home)
    assert found.keys() == stages.keys()
    wrong = {lead: [name for name, at in own.items() if found[lead][name] != at] for lead, own in stages.items()}
    return {lead: names for lead, names in wrong.items() if names}


def assert_worth_comparing(stages: Found, least: int) -> None:
    counts = Counter(name for own in stages.values() for name, at in own.items() if at)
    assert all(counts[name] >= least for name in STAGES), counts


def test_clean_stage_times_are_the_truth(clean: Home) -> None:
    world = world_of("clean")
    stages = expected(world.tables, world.as_of)
    assert_worth_comparing(stages, 25)
    assert different(clean, stages) == {}


def test_clean_bookings_and_consults_are_when_they_truly_were(clean: Home) -> None:
    world = world_of("clean")
    truth = world.truth["leads"].set_index("lead_id")
    single = [lead for lead, own in expected(world.tables, world.as_of).items() if "disqualified_at" in own]
    found = published(clean)
    for stage, column in (("appointment_booked_at", "booked_at"), ("consult_held_at", "held_at")):
        known = truth[column].where(truth[column] <= world.as_of)
        told = {lead: _stamp(found[lead][stage]) for lead in single}
        assert told == {lead: _stamp(known[lead]) for lead in single}


def test_clean_sql_times_are_nearly_those_of_the_world_s_own_eligibility(clean: Home) -> None:
    """The criteria ask for less or more than the world's own rule (roles, attributes told): most leads agree."""
    world = world_of("clean")
    truth = world.truth["leads"].set_index("lead_id")["sql_at"]
    found = published(clean)
    both = [lead for lead in found if found[lead]["became_sql_at"] and not pd.isna(truth[lead])]
    equal = [lead for lead in both if _stamp(found[lead]["became_sql_at"]) == _stamp(truth[lead])]
    assert len(both) > 80
    assert len(equal) > 0.8 * len(both)


def _stamp(moment_or_none: datetime | pd.Timestamp | None) -> pd.Timestamp | None:
    if moment_or_none is None or pd.isna(moment_or_none):
        return None
    stamp = pd.Timestamp(moment_or_none)
    return stamp.tz_localize(None) if stamp.tz is None else stamp.tz_convert("UTC").tz_localize(None)


def test_nothing_clean_is_set_aside(clean: Home) -> None:
    assert clean.one("select coalesce(sum(rows_quarantined), 0) from fct_load_accounting") == 0


def test_real_stage_times_are_the_truth_as_known(undisturbed: Home) -> None:
    world = small_world()
    stages = expected(world.known_between(None, world.as_of), world.as_of)
    assert_worth_comparing(stages, 25)
    assert different(undisturbed, stages) == {}


def as_exported(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables as GA4 tells a browser's touches: as they are now, and known when they happened."""
    touches = tables["touches"].sort_values("known_at", kind="stable")
    browsed = touches[is_browser_touch(touches)].drop_duplicates("touch_id", keep="last")
    browsed = browsed[~browsed["is_deleted"]]
    told = [touches[~is_browser_touch(touches)], browsed.assign(known_at=browsed["occurred_at"])]
    return {**tables, "touches": pd.concat(told, ignore_index=True)}


def test_real_stage_times_through_the_platforms_are_the_truth_as_they_tell_it(tmp_path: Path) -> None:
    home, world = run_world("real", tmp_path), world_of("real")
    assert (tmp_path / "demo" / "ga4").is_dir() and (tmp_path / "demo" / "ads").is_dir()
    known = world.known_between(None, world.as_of)
    stages = expected(as_exported(known), world.as_of)
    assert_worth_comparing(stages, 25)
    assert different(home, stages) == {}
    late = known["touches"].query("known_at > occurred_at and lead_id.isna()")
    assert len(late) > 100


def as_read(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables with local times read as the contract says: of an hour that comes twice, the first."""
    home, result = ZoneInfo("America/Chicago"), dict(tables)
    for name, column in NAIVE_TIMES.items():
        local = [at.to_pydatetime().astimezone(home).replace(fold=0) for at in tables[name][column]]
        times = pd.to_datetime([at.astimezone(UTC) for at in local], utc=True).as_unit("us")
        result[name] = tables[name].assign(**{column: times})
    return result


def without_broken(tables: dict[str, pd.DataFrame], mess: Mess) -> dict[str, pd.DataFrame]:
    return {name: frame[~mess.is_broken(name, frame)].reset_index(drop=True) for name, frame in tables.items()}


def test_hostile_stage_times_differ_from_the_truth_only_by_rows_in_quarantine(hostile: Home) -> None:
    world = world_of("hostile")
    mess = Mess(world.seed)
    sent = delivered_between(world, None, world.as_of)
    readable = expected(as_read(without_broken(sent, mess)), world.as_of)
    assert_worth_comparing(readable, 25)
    assert different(hostile, readable) == {}

    broken = {name: frame[mess.is_broken(name, frame)] for name, frame in sent.items() if name in BROKEN_CELLS}
    told = dict(hostile.query("select object, sum(rows_quarantined) from fct_load_accounting group by object"))
    assert {name: told.get(name, 0) for name in broken} == {name: len(rows) for name, rows in broken.items()}
    assert sum(map(len, broken.values())) > 20

    touched = {lead for rows in broken.values() if "lead_id" in rows for lead in rows["lead_id"].dropna()}
    anonymous = set(broken["touches"]["anonymous_id"].dropna()) | set(broken["touches"]["click_id"].dropna())
    links = sent["identities"]
    touched |= set(links.loc[links["id_value"].isin(anonymous), "lead_id"])
    whole = expected(as_read(sent), world.as_of)
    survivors = Clinic(sent, load_criteria(ROOT / "criteria", sent["staff"]), world.as_of).lead_of
    assert set(different(hostile, whole)) <= {survivors[lead] for lead in touched if lead in survivors}


def test_hostile_drift_is_named(hostile: Home) -> None:
    named = hostile.query("select distinct unknown_columns from fct_load_accounting where object = 'touches'")
    columns = {column for (text,) in named for column in (NEW_COLUMN, RENAMED_TO) if text and column in text}
    assert columns == {NEW_COLUMN, RENAMED_TO}
