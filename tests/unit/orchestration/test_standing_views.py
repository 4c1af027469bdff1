"""Which staging views a dbt step may leave as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from orchestration.lake.paths import HomePaths
from orchestration.standing_views import look_at_views

FIRST, LATER = ["stg_a__leads", "stg_a__touches"], ["stg_handoff__scores"]


def home(place: Path) -> HomePaths:
    paths = HomePaths(place)
    paths.home.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute("create schema staging")
        for view in [*FIRST, *LATER]:
            connection.execute(f"create view staging.{view} as select 1 as one")
    return paths


def land(paths: HomePaths, object_name: str, file: str) -> None:
    place = paths.landed / "a" / object_name / "clinic" / f"{file}.parquet"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"")


def test_views_stand_while_the_same_objects_have_landed(tmp_path: Path) -> None:
    paths = home(tmp_path)
    land(paths, "leads", "1")
    views = look_at_views(paths, FIRST)
    assert not views.stand
    views.remember()
    land(paths, "leads", "2")
    assert look_at_views(paths, FIRST[::-1]).stand


def test_an_object_that_lands_for_the_first_time_makes_its_views_anew(tmp_path: Path) -> None:
    paths = home(tmp_path)
    land(paths, "leads", "1")
    look_at_views(paths, FIRST).remember()
    land(paths, "touches", "1")
    assert not look_at_views(paths, FIRST).stand


def test_each_step_remembers_for_itself(tmp_path: Path) -> None:
    paths = home(tmp_path)
    land(paths, "leads", "1")
    look_at_views(paths, LATER).remember()
    land(paths, "scores", "1")
    look_at_views(paths, FIRST).remember()
    assert look_at_views(paths, FIRST).stand
    assert not look_at_views(paths, LATER).stand


def test_more_or_other_views_were_not_made(tmp_path: Path) -> None:
    paths = home(tmp_path)
    land(paths, "leads", "1")
    look_at_views(paths, FIRST).remember()
    assert not look_at_views(paths, FIRST[:1]).stand
    assert not look_at_views(paths, [*FIRST, *LATER]).stand


def test_a_copy_of_a_home_reads_its_own_lake(tmp_path: Path) -> None:
    paths = home(tmp_path / "one")
    land(paths, "leads", "1")
    look_at_views(paths, FIRST).remember()
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    assert not look_at_views(HomePaths(tmp_path / "other"), FIRST).stand


def test_views_of_a_warehouse_that_was_deleted_or_replaced_do_not_stand(tmp_path: Path) -> None:
    paths = home(tmp_path)
    land(paths, "leads", "1")
    look_at_views(paths, FIRST).remember()
    paths.warehouse.unlink()
    assert not look_at_views(paths, FIRST).stand
    duckdb.connect(str(paths.warehouse)).close()
    assert not look_at_views(paths, FIRST).stand
