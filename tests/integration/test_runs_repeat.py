"""A run is a function of its lake and its moment: a second run is idle, a killed one is made good, and both agree."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.integration.harness import Home, different_tables, start, tree_hash
from tests.integration.worlds import CRM_COLUMNS, crm_rows, demo_home, moment, small_world, written

AS_OF = moment(small_world().as_of)


def test_every_mql_is_written_to_the_crm_and_proved(undisturbed: Home) -> None:
    due = undisturbed.one(
        "select count(*) from fct_lead_lifecycles where (became_mql_at is not null or became_sql_at is not null)"
    )
    verified = undisturbed.one("select count(distinct lead_key) from fct_crm_sync_receipts where status = 'verified'")
    assert due > 100 and (written(undisturbed), verified) == (due, due)


STATIONS: dict[str, Callable[[Home], bool]] = {
    "landing": lambda home: len(list((home.path / "lake" / "landed").rglob("0*.parquet"))) >= 4,
    "building": lambda home: (
        (home.path / "warehouse.duckdb").exists() and (home.path / "warehouse.duckdb").stat().st_size > 2_000_000
    ),
    "sending": lambda home: written(home) > 0,
}


# Landing leaves no warehouse behind, so that what is killed next is a first build, as it would be without.
KILLS = {"landing, then building": ("landing", "building"), "sending": ("sending",)}


@pytest.fixture(scope="module", params=KILLS.values(), ids=KILLS)
def made_good(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A second home over the same world, whose runs were killed each at its station, and then run to its end."""
    home = demo_home(tmp_path_factory.mktemp("killed"))
    for station in request.param:
        assert not STATIONS[station](home)
        assert kill_when(home, lambda at=station: STATIONS[at](home)), "the run was over before the station"
        assert not (home.path / "published" / "current").exists()
    home.run(AS_OF)
    return home


def test_a_run_killed_on_the_way_is_made_good_by_the_next(undisturbed: Home, made_good: Home) -> None:
    assert_as_undisturbed(made_good, undisturbed)


@pytest.mark.parametrize("made_good", [KILLS["landing, then building"]], ids=["landing, then building"], indirect=True)
def test_a_second_run_lands_nothing_and_writes_nothing(made_good: Home) -> None:
    landed = tree_hash(made_good.path / "lake" / "landed" / "crm_sql")
    crm = crm_rows(made_good, *CRM_COLUMNS, "handoff_sequence")
    receipts = made_good.one("select count(*) from fct_crm_sync_receipts")
    before = made_good.manifest()
    made_good.run(AS_OF)
    assert tree_hash(made_good.path / "lake" / "landed" / "crm_sql") == landed
    assert crm_rows(made_good, *CRM_COLUMNS, "handoff_sequence") == crm
    assert made_good.one("select count(*) from fct_crm_sync_receipts") == receipts
    assert made_good.manifest()["derived"] == before["derived"]


@pytest.mark.parametrize("made_good", [KILLS["sending"]], ids=["sending"], indirect=True)
def test_what_it_wrote_is_no_news_at_a_later_moment(made_good: Home) -> None:
    rows = "select coalesce(sum(rows_landed), 0) from fct_load_accounting"
    landed = made_good.one(rows)
    made_good.run(moment(small_world().as_of + pd.Timedelta(minutes=5)))
    assert made_good.one(rows) == landed


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("share", [share / 11 for share in range(1, 11)])
def test_a_run_killed_at_any_time_is_made_good_by_the_next(undisturbed: Home, tmp_path: Path, share: float) -> None:
    began = time.monotonic()
    demo = demo_home(tmp_path / "timed")
    demo.run(AS_OF)
    lasts = time.monotonic() - began
    home = killed_after(lasts * share, tmp_path)
    home.run(AS_OF)
    assert_as_undisturbed(home, undisturbed)


def killed_after(seconds: float, directory: Path) -> Home:
    """A home whose first run was killed after so many seconds, or earlier where the machine was faster than that."""
    for number in range(4):
        home = demo_home(directory / f"killed_{number}")
        stop_at = time.monotonic() + seconds * 0.7**number
        if kill_when(home, lambda until=stop_at: time.monotonic() > until):
            return home
    raise AssertionError("every run was over before it could be killed")


def kill_when(home: Home, reached: Callable[[], bool]) -> bool:
    """Start a run and `kill -9` all of it at the first moment `reached` holds; False where it was over before."""
    process = start(*home.arguments(AS_OF))
    try:
        while process.poll() is None and not reached():
            time.sleep(0.005)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
    assert process.returncode in (-signal.SIGKILL, 0), said[-4000:]
    return process.returncode == -signal.SIGKILL


def assert_as_undisturbed(home: Home, undisturbed: Home) -> None:
    """Equal derived tables, and the CRM holds for each lead what the published tables say."""
    assert different_tables(undisturbed, home) == []
    facts = ("handoff_stage", "handoff_mql_at", "handoff_fit_points", "handoff_behaviour_points", "handoff_readiness")
    assert crm_rows(home, *facts) == crm_rows(undisturbed, *facts)
