"""The demo folder: what is written is what the connectors read back, at once or in pieces, and no more."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from models_ml.world import World
from orchestration.demo.crm_feed import feed_crm, make_crm
from orchestration.demo.crm_schema import HANDOFF_COLUMNS, HISTORY, LEADS
from orchestration.demo.web_files import WEB_FORMATS
from orchestration.demo.write import build_world_command, write_demo, write_truth
from orchestration.destinations.base import FIELDS
from orchestration.lake.contract import ENTITIES
from orchestration.lake.extract import Extract
from orchestration.lake.opening import open_rows
from orchestration.sources import contract_files, crm_sql
from orchestration.sources.registry import load_registry


def crm_rows(registry: Path) -> dict[str, Counter[tuple[tuple[str, str | None], ...]]]:
    """Every row the CRM connector brings, as landing reads it, by contract table, whatever their order."""
    source = load_registry(registry).sources["crm"]
    found: dict[str, Counter[tuple[tuple[str, str | None], ...]]] = {}
    for extract in crm_sql.extracts(source):  # type: ignore[arg-type]
        assert isinstance(extract, Extract), extract
        rows: Counter[tuple[tuple[str, str | None], ...]] = Counter()
        _, blocks = open_rows(extract)
        for block in blocks:
            table = block.table.to_pydict()
            table.pop("_cursor", None)
            rows.update(tuple(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True))
        found[extract.spec.name] = rows
    return found


@pytest.fixture(scope="module")
def whole(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder all of whose exports have the contract's shape: of the platforms' shapes the contract suites tell."""
    return write_demo(world, tmp_path_factory.mktemp("whole"), exports="contract")


def test_the_crm_gives_back_every_row_of_the_world(world: World, whole: Path) -> None:
    rows = crm_rows(whole)
    assert set(rows) == set(HISTORY)
    for name, found in rows.items():
        assert found.total() == len(world.tables[name]), name
    statuses = Counter(dict(row)["status"] for row in rows["appointments"].elements())
    assert statuses == Counter(world.tables["appointments"]["status"])
    archived = Counter(dict(row)["is_deleted"] for row in rows["leads"].elements())
    assert archived["true"] == world.tables["leads"]["is_deleted"].sum()


def test_files_and_crm_together_bring_every_table_of_the_contract(whole: Path) -> None:
    registry = load_registry(whole)
    web = registry.sources["web"]
    extracts = list(contract_files.extracts(web))  # type: ignore[arg-type]
    assert all(isinstance(extract, Extract) for extract in extracts)
    brought = {extract.spec.name for extract in extracts if isinstance(extract, Extract)}
    assert brought == set(WEB_FORMATS)
    assert brought | set(HISTORY) == set(ENTITIES)
    assert web.id_space == "crm"


def test_web_files_hold_every_row_once(world: World, whole: Path) -> None:
    touches = pq.read_table(whole.parent / "web" / "touches")
    assert touches.num_rows == len(world.tables["touches"])
    assert set(touches["touch_id"].to_pylist()) == set(world.tables["touches"]["touch_id"])
    spend = pd.concat([pd.read_csv(file) for file in sorted((whole.parent / "web" / "spend").iterdir())])
    assert round(spend["cost"].sum(), 2) == round(world.tables["spend"]["cost"].sum(), 2)
    links = [json.loads(line) for file in (whole.parent / "web" / "identities").iterdir() for line in file.open()]
    assert len(links) == len(world.tables["identities"])


def test_written_in_pieces_the_crm_holds_the_same(world: World, whole: Path, tmp_path: Path) -> None:
    moments = ["2026-03-01", "2026-05-31", "2026-06-01T12:00", "2026-06-02T12:00", world.as_of]
    since = None
    for until in moments:
        by: Literal["month", "day"] = "month" if since is None else "day"
        registry = write_demo(world, tmp_path, until=until, since=since, by=by, exports="contract")
        since = until
    assert crm_rows(registry) == crm_rows(whole)
    query = f"select * from {LEADS} order by lead_ref"
    current = [sqlite3.connect(folder / "crm.db").execute(query).fetchall() for folder in (tmp_path, whole.parent)]
    assert current[0] == current[1]
    assert pq.read_table(tmp_path / "web" / "touches").num_rows == len(world.tables["touches"])


def test_what_stands_in_a_file_is_never_changed(world: World, tmp_path: Path) -> None:
    write_demo(world, tmp_path, until="2026-03-10")
    before = {path: path.read_bytes() for path in (tmp_path / "web").rglob("*.*")}
    write_demo(world, tmp_path, since="2026-03-10", until="2026-03-20")
    after = {path: path.read_bytes() for path in (tmp_path / "web").rglob("*.*")}
    assert before.items() <= after.items()
    assert len(after) > len(before)


def test_handoff_columns_are_the_destinations_and_empty(whole: Path) -> None:
    assert list(HANDOFF_COLUMNS) == list(FIELDS)
    with sqlite3.connect(whole.parent / "crm.db") as crm:
        filled = " or ".join(f"{name} is not null" for name in HANDOFF_COLUMNS)
        assert crm.execute(f"select count(*) from {LEADS} where {filled}").fetchone() == (0,)


def test_a_write_to_a_record_moves_its_modification_time_but_no_history(world: World, tmp_path: Path) -> None:
    registry = write_demo(world, tmp_path, until="2026-02-01")
    before = crm_rows(registry)
    with sqlite3.connect(tmp_path / "crm.db") as crm:
        lead, modified = crm.execute(f"select lead_ref, modified_on from {LEADS} limit 1").fetchone()
        crm.execute(f"update {LEADS} set handoff_stage = 'mql' where lead_ref = ?", (lead,))
        after = crm.execute(f"select modified_on from {LEADS} where lead_ref = ?", (lead,)).fetchone()[0]
    assert after > modified
    assert crm_rows(registry) == before


def test_feeding_does_not_touch_what_was_written_back(world: World, tmp_path: Path) -> None:
    write_demo(world, tmp_path, until="2026-02-01")
    with sqlite3.connect(tmp_path / "crm.db") as crm:
        crm.execute(f"update {LEADS} set handoff_stage = 'mql', handoff_sequence = 3")
    write_demo(world, tmp_path, since="2026-02-01", until="2026-04-01")
    with sqlite3.connect(tmp_path / "crm.db") as crm:
        kept = crm.execute(f"select count(*) from {LEADS} where handoff_sequence = 3").fetchone()[0]
    assert kept == world.known_between(None, pd.Timestamp("2026-02-01", tz="UTC"))["leads"]["lead_id"].nunique()


def test_a_folder_that_has_a_crm_is_not_written_over(world: World, whole: Path) -> None:
    with pytest.raises(FileExistsError, match="crm.db is already"):
        write_demo(world, whole.parent)
    with pytest.raises(ValueError, match="until must be after since"):
        write_demo(world, whole.parent, since="2026-05-01", until="2026-04-01")


def test_truth_is_outside_every_source_folder(world: World, whole: Path) -> None:
    folder = write_truth(world.truth, whole.parent)
    registry = load_registry(whole)
    assert not folder.is_relative_to(registry.sources["web"].path)  # type: ignore[union-attr]
    assert {path.stem for path in folder.iterdir()} == set(world.truth)


def test_the_command_writes_a_world_and_says_where(tmp_path: Path) -> None:
    made = build_world_command(60, 5, tmp_path / "out", until="2026-05-01", months=3)
    assert Path(str(made["sources"])).name == "sources.yaml"
    assert made["as_of"] == pd.Timestamp("2026-05-01", tz="UTC")
    assert json.loads((tmp_path / "out" / "world.json").read_text())["seed"] == 5


def test_the_crm_can_live_on_postgresql(world: World, postgres_database_url: str) -> None:
    engine = make_crm(postgres_database_url)
    try:
        first, last = pd.Timestamp("2026-02-01", tz="UTC"), pd.Timestamp("2026-02-15", tz="UTC")
        feed_crm(engine, world.known_between(None, first))
        feed_crm(engine, world.known_between(first, last))
        with engine.connect() as connection:
            held = connection.execute(sa.text(f"select count(*) from {LEADS}")).scalar()
        assert held == world.known_between(None, last)["leads"]["lead_id"].nunique()
    finally:
        engine.dispose()
