"""Folders of every scenario: a day's bytes depend on that day alone, and written by months equals written at once."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow.parquet as pq
import pytest

from models_ml.world import World, build_world
from models_ml.world.scenario import SCENARIOS
from orchestration.demo.crm_schema import HISTORY, LEADS
from orchestration.demo.mess import BROKEN_CELLS, NEW_COLUMN, NULL_TOKENS, RENAMED, RENAMED_TO, Mess
from orchestration.demo.write import build_world_command, delivered_between, write_demo

NAMES = list(SCENARIOS)
END = pd.Timestamp("2026-03-20T12:00", tz="UTC")


@cache
def world_of(name: str) -> World:
    return build_world(leads=600, seed=9, months=4, scenario=name)


def digests(folder: Path) -> dict[str, str]:
    """Files of web, analytics and ads with a hash of their bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for system in ("web", "ga4", "ads")
        for path in sorted((folder / system).rglob("*.*"))
    }


def crm_tables(folder: Path, name: str) -> dict[str, list[str]]:
    """Every table of the CRM, rows in the order they were written; of hostile ones, and current records, in any."""
    tables = {mapped.table: mapped.is_history for mapped in HISTORY.values()}
    with sqlite3.connect(folder / "crm.db") as crm:
        found = {table: list(map(repr, crm.execute(f"select * from {table}"))) for table in (*tables, LEADS)}
    if name == "hostile":
        return {table: sorted(row.partition(", ")[2] if tables.get(table) else row for row in rows)
                for table, rows in found.items()}  # fmt: skip
    return {**found, LEADS: sorted(found[LEADS])}


@pytest.mark.parametrize("name", NAMES)
def test_the_bytes_of_a_day_do_not_depend_on_how_far_the_world_is_built(name: str, tmp_path: Path) -> None:
    """A short world written at once and a long one written in three pieces have the same days, but those cut."""
    short = build_world(leads=600, seed=9, months=4, scenario=name, until=END)
    write_demo(short, tmp_path / "short", by="day")
    moments = [END - pd.Timedelta(days=9), END - pd.Timedelta(days=1), END]
    for since, until in zip([None, *moments[:-1]], moments, strict=True):
        write_demo(world_of(name), tmp_path / "long", since=since, until=until, by="day")
    cut = tuple(moment.strftime("%Y-%m-%d") for moment in moments[:-1])
    once = {path: digest for path, digest in digests(tmp_path / "short").items() if not Path(path).name.startswith(cut)}
    assert len(once) > 50
    assert once.items() <= digests(tmp_path / "long").items()


@pytest.mark.parametrize("name", NAMES)
def test_written_by_months_a_folder_equals_one_written_at_once(name: str, tmp_path: Path) -> None:
    made = build_world_command(600, 9, tmp_path / "months", months=4, scenario=name)
    write_demo(world_of(name), tmp_path / "once")
    assert digests(tmp_path / "months") == digests(tmp_path / "once")
    assert Path(str(made["sources"])).read_text() == (tmp_path / "once" / "sources.yaml").read_text()
    assert (tmp_path / "months" / "world.json").read_text() == (tmp_path / "once" / "world.json").read_text()
    assert not (tmp_path / "months" / ".parts").exists()
    # Hostile histories are in no order within what is written together.
    assert crm_tables(tmp_path / "months", name) == crm_tables(tmp_path / "once", name)


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        build_world_command(150, 3, tmp_path / folder, months=3, scenario="hostile", touches_per_lead=30)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    truths = [sorted((tmp_path / folder / "truth").iterdir()) for folder in ("one", "two")]
    assert [path.read_bytes() for path in truths[0]] == [path.read_bytes() for path in truths[1]]
    assert (tmp_path / "one" / "crm.db").read_bytes() == (tmp_path / "two" / "crm.db").read_bytes()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    write_demo(world_of("hostile"), folder)
    return folder


def touch_cells(folder: Path) -> pd.DataFrame:
    files = sorted((folder / "web" / "touches").glob("*.csv"))
    return pd.concat([pd.read_csv(path, dtype=str, keep_default_na=False).assign(file=path.name) for path in files])


def test_hostile_cells_speak_every_dialect_of_nothing(hostile: Path) -> None:
    cells = touch_cells(hostile)
    assert set(cells["topic"]) >= {"", *NULL_TOKENS}
    with sqlite3.connect(hostile / "crm.db") as crm:
        remarks = {row[0] for row in crm.execute("select distinct remark from crm_activities")}
    assert remarks >= {None, *NULL_TOKENS}


def test_hostile_times_are_local_and_read_back_but_for_the_hour_that_comes_twice(hostile: Path) -> None:
    world = world_of("hostile")
    cells = touch_cells(hostile).set_index("touch_id")["occurred_at"]
    cells = cells[cells != BROKEN_CELLS["touches"][1]]
    home = ZoneInfo("America/Chicago")
    read = pd.to_datetime(cells).map(lambda local: local.replace(tzinfo=home).astimezone(ZoneInfo("UTC")))
    true = world.tables["touches"].drop_duplicates("touch_id").set_index("touch_id")["occurred_at"]
    assert (read.to_numpy() == true.loc[read.index].to_numpy()).all()
    assert not cells.str.contains("Z|[+]").any()


def test_hostile_columns_drift(hostile: Path) -> None:
    early = pd.read_csv(hostile / "web" / "touches" / "2026-03.csv", dtype=str, nrows=5).columns
    late = pd.read_csv(hostile / "web" / "touches" / "2026-05.csv", dtype=str, nrows=5).columns
    assert RENAMED in early and RENAMED_TO not in early
    assert RENAMED_TO in late and RENAMED not in late
    assert NEW_COLUMN in late


def test_hostile_rows_come_out_of_order_and_some_a_day_later(hostile: Path) -> None:
    cells = touch_cells(hostile)
    assert not cells[cells["file"] == "2026-05.csv"]["known_at"].is_monotonic_increasing
    older = [known[:7] < file[:7] for known, file in zip(cells["known_at"], cells["file"], strict=True)]
    assert 0 < sum(older) < 0.02 * len(cells)


def test_what_hostile_systems_hold_back_comes_on_a_later_day() -> None:
    world = world_of("hostile")
    days = [None, *pd.date_range("2026-04-01", "2026-04-20", freq="D", tz="UTC")]
    pieces = [delivered_between(world, since, until) for since, until in zip(days, days[1:], strict=False)]
    whole = delivered_between(world, None, days[-1])
    for name in ("touches", "spend", "identities"):
        together = pd.concat([piece[name] for piece in pieces], ignore_index=True)
        assert sorted(together.to_csv(index=False).splitlines()) == sorted(whole[name].to_csv(index=False).splitlines())
        held = Mess(world.seed).delivered_at(name, whole[name]) > whole[name]["known_at"]
        assert 0.01 < held.mean() < 0.06


def test_broken_cells_are_a_few_in_a_thousand() -> None:
    world, mess = world_of("hostile"), Mess(world_of("hostile").seed)
    shares = {name: mess.is_broken(name, world.tables[name]).mean() for name in ("touches", "identities")}
    assert all(0.001 < share < 0.01 for share in shares.values()), shares


@pytest.mark.parametrize("name", ["clean", "real"])
def test_other_scenarios_spoil_no_cell(name: str, tmp_path: Path) -> None:
    write_demo(world_of(name), tmp_path, exports="contract")
    assert pq.read_table(tmp_path / "web" / "touches").num_rows == len(world_of(name).tables["touches"])
    assert "null_tokens" not in (tmp_path / "sources.yaml").read_text()
    assert json.loads((tmp_path / "world.json").read_text())["scenario"] == name


def test_a_build_that_was_killed_is_told_from_a_whole_one(tmp_path: Path) -> None:
    build_world_command(20, 1, tmp_path, months=1)
    with pytest.raises(FileExistsError, match="give an empty one"):
        build_world_command(20, 1, tmp_path, months=1)
    (tmp_path / "world.json").unlink()
    with pytest.raises(FileExistsError, match="begun there and not ended"):
        build_world_command(20, 1, tmp_path, months=1)
    (tmp_path / "crm.db").unlink()
    with pytest.raises(FileExistsError, match="web is already"):
        build_world_command(20, 1, tmp_path, months=1)
    for system in ("web", "ga4", "ads"):
        shutil.rmtree(tmp_path / system)
    (tmp_path / ".parts" / "2026-06").mkdir(parents=True)
    (tmp_path / ".parts" / "2026-06" / "touches.000001").write_bytes(b"half")
    assert build_world_command(20, 1, tmp_path, months=1)["rows"]
