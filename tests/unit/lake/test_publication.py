"""Publications: hashes that only content moves, links that never break a reader, a day's grace for what is replaced."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.lake.manifest import Manifest, Table, published_tables
from orchestration.lake.publication import Provenance, current_publication, publish, remove_old_publications

TABLES = (
    Table("fct_leads", operational=frozenset({"readiness"}), scales={"share": 3}),
    Table("fct_receipts", section="operational"),
)
PROVENANCE = Provenance(datetime(2026, 1, 31), code="c", criteria="k", model="m")


def build(path: Path, rows: list[tuple], receipts: int = 2) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(
            "create or replace table marts.fct_leads (lead_key varchar, happened_at timestamp, share double, "
            "points decimal(18,6), readiness double)"
        )
        connection.executemany("insert into marts.fct_leads values (?, ?, ?, ?, ?)", rows)
        connection.execute(
            f"create or replace table marts.fct_receipts as select range as sequence from range({receipts})"
        )
    return path


def rows(count: int = 50, readiness: float = 0.5) -> list[tuple]:
    return [
        (f"lead-{n}", datetime(2026, 1, 1 + n % 28), n / 7, n, readiness)
        if n % 5
        else (f"lead-{n}", None, None, None, None)
        for n in range(count)
    ]


def released(tmp_path: Path, content: list[tuple], **options: object) -> Manifest:
    build(tmp_path / "w.duckdb", content)
    return publish(
        warehouse=tmp_path / "w.duckdb",
        published=tmp_path / "published",
        tables=TABLES,
        provenance=PROVENANCE,
        **options,
    ).manifest


def test_row_order_and_noise_below_the_scale_do_not_move_a_hash(tmp_path):
    first = released(tmp_path, rows())
    shuffled = rows()
    random.Random(3).shuffle(shuffled)
    noisy = [(key, at, share and share + 1e-9, points, readiness) for key, at, share, points, readiness in shuffled]
    assert released(tmp_path, noisy).derived == first.derived


def test_any_changed_value_moves_the_hash(tmp_path):
    base = rows()
    first = released(tmp_path, base).derived["fct_leads"]
    key, at, share, points, readiness = base[3]
    for changed in [
        (key + "x", at, share, points, readiness),
        (key, datetime(2025, 1, 1), share, points, readiness),
        (key, at, share + 0.001, points, readiness),
        (key, at, share, None, readiness),
    ]:
        assert released(tmp_path, [*base[:3], changed, *base[4:]]).derived["fct_leads"] != first


def test_a_value_moved_across_columns_moves_the_hash(tmp_path):
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("create schema marts; create table marts.t as select 'ab' as a, 'c' as b")
    options = {"warehouse": tmp_path / "w.duckdb", "published": tmp_path / "p", "tables": (Table("t"),)}
    first = publish(**options, provenance=PROVENANCE).manifest
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("create or replace table marts.t as select 'a' as a, 'bc' as b")
    assert publish(**options, provenance=PROVENANCE).manifest.derived != first.derived


def test_operational_columns_are_hashed_apart(tmp_path):
    first, second = released(tmp_path, rows()), released(tmp_path, rows(readiness=0.6))
    assert first.derived == second.derived
    assert first.operational["fct_leads"] != second.operational["fct_leads"]
    assert set(first.derived) == {"fct_leads"} and set(first.operational) == {"fct_leads", "fct_receipts"}
    assert first.derived["fct_leads"].rows == 50 and first.operational["fct_receipts"].rows == 2


def test_unchanged_tables_are_linked_and_changed_ones_written(tmp_path):
    released(tmp_path, rows())
    before = current_publication(tmp_path / "published")
    released(tmp_path, rows(readiness=0.7))
    after = current_publication(tmp_path / "published")
    same = [
        os.path.samefile(before.path / "marts" / f"{name}.parquet", after.path / "marts" / f"{name}.parquet")
        for name in ("fct_leads", "fct_receipts")
    ]
    assert same == [False, True]


def test_sql_clients_read_a_publication_by_its_views(tmp_path):
    released(tmp_path, rows())
    with duckdb.connect(str(tmp_path / "published/current/warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from marts.fct_leads").fetchone() == (50,)
    assert (
        json.loads((tmp_path / "published/current/manifest.json").read_text())["as_of"] == "2026-01-31T00:00:00.000000Z"
    )


def test_files_are_for_their_owner_alone(tmp_path):
    released(tmp_path, rows())
    path = (tmp_path / "published/current").resolve()
    assert {p.stat().st_mode & 0o777 for p in path.rglob("*") if p.is_file()} == {0o600}


def test_beside_moves_no_link(tmp_path):
    released(tmp_path, rows())
    before = current_publication(tmp_path / "published")
    released(tmp_path, rows(10), moves_link=False)
    assert current_publication(tmp_path / "published") == before
    assert len(list((tmp_path / "published").glob("2*/manifest.json"))) == 2


def test_a_kept_table_stays_as_published_and_is_not_stale(tmp_path):
    kept = replace(PROVENANCE, kept_tables=frozenset({"fct_leads"}))
    build(tmp_path / "w.duckdb", rows())
    places = {"warehouse": tmp_path / "w.duckdb", "published": tmp_path / "published", "tables": TABLES}
    absent = publish(**places, provenance=kept).manifest
    assert absent.stale["tables"] == ["fct_leads"] and "fct_leads" not in absent.derived, "never published: not kept"
    first = publish(**places, provenance=PROVENANCE)
    assert first.manifest.is_of_one_moment
    build(tmp_path / "w.duckdb", rows(20), receipts=3)
    after = publish(**places, provenance=replace(kept, as_of=datetime(2026, 2, 1)))
    assert after.manifest.stale["tables"] == [] and after.linked == ("fct_leads",)
    assert after.manifest.derived["fct_leads"] == first.manifest.derived["fct_leads"]
    assert after.manifest.operational["fct_receipts"].as_of > first.manifest.as_of
    assert not after.manifest.is_of_one_moment, "a run for this as_of has something left to make"
    assert os.path.samefile(*(each.path / "marts" / "fct_leads.parquet" for each in (first, after)))


def test_a_stale_table_is_taken_over_with_its_own_as_of(tmp_path):
    first = released(tmp_path, rows())
    build(tmp_path / "w.duckdb", rows(20), receipts=3)
    later = replace(
        PROVENANCE, as_of=datetime(2026, 2, 1), stale_tables=frozenset({"fct_leads"}), stale_sources=("crm",)
    )
    second = publish(
        warehouse=tmp_path / "w.duckdb", published=tmp_path / "published", tables=TABLES, provenance=later
    ).manifest
    assert second.derived["fct_leads"] == first.derived["fct_leads"]
    assert second.operational["fct_receipts"].as_of.startswith("2026-02-01")
    assert second.stale == {"sources": ["crm"], "tables": ["fct_leads"]}
    with duckdb.connect(str(tmp_path / "published/current/warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from marts.fct_leads").fetchone() == (50,)


def test_the_replaced_stay_a_day_counted_from_their_replacement(tmp_path):
    published = tmp_path / "published"
    released(tmp_path, rows())
    first = current_publication(published).path
    two_days_ago = time.time() - 48 * 3600
    os.utime(first, (two_days_ago, two_days_ago))
    released(tmp_path, rows(10))
    assert first.exists(), "it was what readers saw until a moment ago"
    os.utime(first, (two_days_ago, two_days_ago))
    assert remove_old_publications(published) == [first.name]
    assert not first.exists() and current_publication(published) is not None


def test_a_publication_without_manifest_is_removed_and_never_seen(tmp_path):
    released(tmp_path, rows())
    torn = tmp_path / "published" / "20200101T000000000000Z"
    (torn / "marts").mkdir(parents=True)
    remove_old_publications(tmp_path / "published")
    assert not torn.exists()


def test_a_reader_loop_sees_no_error_and_no_mixed_version(tmp_path):
    released(tmp_path, rows(10))
    stop, seen, wrong = threading.Event(), set(), []

    def read() -> None:
        while not stop.is_set():
            try:
                path = (tmp_path / "published/current").resolve()
                count = Manifest.read(path / "manifest.json").derived["fct_leads"].rows
                with duckdb.connect(str(path / "warehouse.duckdb"), read_only=True) as connection:
                    found = connection.execute("select count(*) from marts.fct_leads").fetchone()[0]
                seen.add(count)
                if found != count:
                    wrong.append((found, count))
            except Exception as error:
                wrong.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for count in range(11, 19):
        released(tmp_path, rows(count))
    stop.set()
    reader.join()
    assert wrong == [] and len(seen) > 1


@pytest.mark.parametrize("place", ["meta", "config"])
def test_tables_come_from_the_dbt_manifest(tmp_path, place):
    def meta(**values: object) -> dict:
        return {"meta": values} if place == "meta" else {"config": {"meta": values}}

    nodes = {
        "a": {"resource_type": "model", "schema": "marts", "name": "fct_b", **meta(section="derived"),
              "columns": {"readiness": meta(operational=True), "share": meta(scale=4)}},
        "b": {"resource_type": "model", "schema": "marts", "name": "fct_a", **meta(section="operational"),
              "columns": {}},
        "c": {"resource_type": "model", "schema": "input", "name": "input__leads", "columns": {}},
        "d": {"resource_type": "test", "schema": "marts", "name": "unique", "columns": {}},
    }  # fmt: skip
    (tmp_path / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    assert published_tables(tmp_path / "manifest.json") == (
        Table("fct_a", section="operational"),
        Table("fct_b", operational=frozenset({"readiness"}), scales={"share": 4}),
    )
