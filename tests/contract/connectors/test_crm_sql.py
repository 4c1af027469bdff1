"""The SQL connector on its own: mapping, cursor and overlap, streaming, and faults in words, on each engine."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestration.lake.extract import Extract
from orchestration.sources.crm_sql import connect
from orchestration.sources.extracting import ExtractionError, SourceFault
from tests.contract.connectors.databases import (
    HISTORY,
    START,
    change,
    found,
    insert,
    make_history,
    read,
    registry_source,
    rows,
    run,
)

BY_NUMBER = HISTORY.format(cursor="change_no", overlap=2)
BY_TIME = HISTORY.format(cursor="changed_at", overlap="PT2M")


def ids(found_rows: list[dict[str, str | None]]) -> list[str]:
    """Lead ids in number order."""
    return sorted((str(row["lead_id"]) for row in found_rows), key=lambda name: int(name[1:]))


def test_rows_come_under_the_contracts_names_as_text(tmp_path: Path, database_url: str) -> None:
    insert(database_url, make_history(database_url), change(1, origin="X", deleted=True), change(2, mail=None))
    first, second = read(registry_source(tmp_path, database_url, BY_NUMBER, timezone="UTC"))
    assert (first["lead_id"], first["channel"], first["platform"], first["email"]) == (
        "L1",
        "X",
        "web",
        "p1@example.org",
    )
    assert (second["channel"], second["email"]) == ("paid_search", None)
    assert first["is_deleted"] in ("true", "1") and second["is_deleted"] in ("false", "0")
    assert str(first["created_at"]).replace(" ", "T").startswith("2026-01-05T08:00:00")
    assert "handoff_stage" not in first


def test_only_rows_from_the_cursor_less_the_overlap_are_read(tmp_path: Path, database_url: str) -> None:
    insert(database_url, make_history(database_url), *(change(number) for number in range(1, 12)))
    source = registry_source(tmp_path, database_url, BY_NUMBER)
    everything = read(source)
    last = max(str(row["_cursor"]) for row in everything)
    assert ids(everything) == [f"L{number}" for number in range(1, 12)]
    assert ids(read(source, last)) == ["L9", "L10", "L11"]


def test_a_row_that_commits_late_inside_the_overlap_is_read(tmp_path: Path, database_url: str) -> None:
    table = make_history(database_url)
    insert(database_url, table, change(1), change(3))
    for body in (BY_NUMBER, BY_TIME):
        source = registry_source(tmp_path, database_url, body, timezone="UTC")
        last = max(str(row["_cursor"]) for row in read(source))
        assert ids(read(source, last)) == ["L1", "L3"]
    insert(database_url, table, change(2))
    for body in (BY_NUMBER, BY_TIME):
        source = registry_source(tmp_path, database_url, body, timezone="UTC")
        assert "L2" in ids(read(source, last if body is BY_TIME else "3".zfill(20)))


def test_by_time_old_rows_are_left_out(tmp_path: Path, database_url: str) -> None:
    table = make_history(database_url)
    old = [change(number, changed_at=START - timedelta(days=30)) for number in range(1, 6)]
    insert(database_url, table, *old, change(6))
    source = registry_source(tmp_path, database_url, BY_TIME, timezone="UTC")
    last = max(str(row["_cursor"]) for row in read(source))
    assert ids(read(source, last)) == ["L6"]


def test_rows_without_a_cursor_are_always_read(tmp_path: Path, database_url: str) -> None:
    insert(database_url, make_history(database_url), change(1, changed_at=None), change(2), change(9))
    source = registry_source(tmp_path, database_url, BY_TIME, timezone="UTC")
    assert "L1" in ids(read(source, "2026-01-05T08:09:00+00:00"))


def test_days_that_are_restated_widen_the_overlap(tmp_path: Path, database_url: str) -> None:
    insert(database_url, make_history(database_url), change(1, changed_at=START - timedelta(days=2)), change(2))
    last = "2026-01-05T08:02:00.000000+00:00"
    assert ids(read(registry_source(tmp_path, database_url, BY_TIME, timezone="UTC"), last)) == ["L2"]
    assert ids(read(registry_source(tmp_path, database_url, BY_TIME, timezone="UTC", restates_days=3), last)) == [
        "L1",
        "L2",
    ]


def test_rows_stream_in_bounded_batches(tmp_path: Path, database_url: str) -> None:
    insert(database_url, make_history(database_url), *(change(number) for number in range(1, 1001)))
    (extract,) = found(registry_source(tmp_path, database_url, BY_NUMBER, batch_rows=64))
    assert isinstance(extract, Extract) and extract.batches is not None
    stream = extract.batches()
    sizes = [next(stream).num_rows, *(batch.num_rows for batch in stream)]
    assert max(sizes) == 64 and sum(sizes) == 1000


def test_a_read_abandoned_half_way_lets_the_table_go(tmp_path: Path, database_url: str) -> None:
    table = make_history(database_url)
    insert(database_url, table, *(change(number) for number in range(1, 200)))
    (extract,) = found(registry_source(tmp_path, database_url, BY_NUMBER, batch_rows=10))
    assert isinstance(extract, Extract) and extract.batches is not None
    stream = extract.batches()
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    run(database_url, lambda connection: table.drop(connection))


def test_only_chosen_rows_of_a_shared_table(tmp_path: Path, database_url: str) -> None:
    insert(
        database_url, make_history(database_url), change(1, origin="G"), change(2, origin="F"), change(3, origin="X")
    )
    body = BY_NUMBER.rstrip() + "\n        where: {origin: [G, F]}\n"
    assert ids(read(registry_source(tmp_path, database_url, body))) == ["L1", "L2"]


def test_a_table_with_the_contracts_names_needs_no_mapping(tmp_path: Path, database_url: str) -> None:
    run(
        database_url, lambda c: c.execute(sa.text("create table teams (team_id varchar(9), name varchar(9), rank int)"))
    )
    run(database_url, lambda c: c.execute(sa.text("insert into teams values ('T1', 'East', 3)")))
    (extract,) = found(registry_source(tmp_path, database_url, "    tables: {teams: {table: teams}}"))
    assert rows(extract) == [{"team_id": "T1", "name": "East"}]


def test_each_item_of_a_list_in_one_cell_is_renamed(tmp_path: Path, database_url: str) -> None:
    run(database_url, lambda c: c.execute(sa.text("create table squads (code varchar(9), does varchar(20))")))
    for code, does in (("A", "'ORT|PHY'"), ("B", "'CAR'"), ("C", "null"), ("D", "'ORT | X'"), ("E", "'ORT|CAR'")):
        statement = sa.text(f"insert into squads values ('{code}', {does})")
        run(database_url, lambda c, statement=statement: c.execute(statement))
    body = """
    tables:
      teams:
        table: squads
        columns:
          team_id: code
          service_lines:
            column: does
            values: {ORT: orthopaedics, PHY: physical_therapy, CAR: cardiology, "ORT|CAR": default}
"""
    (extract,) = found(registry_source(tmp_path, database_url, body))
    told = {row["team_id"]: row["service_lines"] for row in rows(extract)}
    assert told == {
        "A": "orthopaedics|physical_therapy",
        "B": "cardiology",
        "C": None,
        "D": "orthopaedics| X",
        "E": "default",
    }


def test_several_tables_may_bring_one_contract_table_each_with_its_cursor(tmp_path: Path, database_url: str) -> None:
    for name in ("east", "west"):
        run(database_url, lambda c, name=name: c.execute(sa.text(f"create table {name} (team_id varchar(9), n int)")))
        run(database_url, lambda c, name=name: c.execute(sa.text(f"insert into {name} values ('{name}', 7)")))
    table = "{table: %s, cursor: n, overlap: 1}"
    source = registry_source(tmp_path, database_url, f"    tables: {{teams: [{table % 'east'}, {table % 'west'}]}}")
    far = {"east": "1".zfill(20), "west": "99".zfill(20)}
    east, west = found(source, lambda spec, origin: far[origin])
    assert [row["team_id"] for row in rows(east)] == ["east"] and rows(west) == []


def test_what_is_not_there_is_said_and_the_rest_goes_on(tmp_path: Path, database_url: str) -> None:
    run(database_url, lambda c: c.execute(sa.text("create table teams (team_id varchar(9), title varchar(9))")))
    body = """
    tables:
      teams: {table: teams, columns: {team_id: team_id, name: titel}}
      staff: {table: nobody}
      locations: {table: teams}
      service_lines: {table: teams, columns: {service_line: title}}
"""
    teams, staff, locations, lines = found(registry_source(tmp_path, database_url, body))
    assert isinstance(teams, SourceFault) and "`titel`: did you mean `title`" in teams.message
    assert isinstance(staff, SourceFault) and "not a table or view" in staff.message
    assert isinstance(locations, SourceFault) and "`location_id`" in locations.message
    assert isinstance(lines, Extract)


def test_an_overlap_of_the_wrong_kind_is_refused_not_guessed(tmp_path: Path, database_url: str) -> None:
    insert(database_url, make_history(database_url), change(1))
    for cursor, overlap, last in (("change_no", "PT1H", "1".zfill(20)), ("changed_at", 5, "2026-01-05T08:01:00+00:00")):
        source = registry_source(tmp_path, database_url, HISTORY.format(cursor=cursor, overlap=overlap))
        with pytest.raises(ExtractionError, match="give `overlap` as a"):
            read(source, last)


def test_a_failure_while_reading_shows_no_value_and_no_password(tmp_path: Path, database_url: str) -> None:
    insert(database_url, make_history(database_url), change(1, origin="jane@example.org"))
    create = "create view broken as select id as team_id, cast(origin as integer) / 0 as n from lead_history"
    if database_url.startswith("sqlite"):
        create = "create view broken as select id as team_id, json_extract(origin, '$.a') as n from lead_history"
    run(database_url, lambda c: c.execute(sa.text(create)))
    source = registry_source(
        tmp_path, database_url, "    tables: {teams: {table: broken, columns: {team_id: team_id, name: n}}}"
    )
    with pytest.raises(ExtractionError) as caught:
        read(source)
    shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__suppress_context__}"
    assert "jane" not in shown and "broken" in shown and shown.endswith("True")


def test_a_database_that_is_away_is_one_fault(tmp_path: Path) -> None:
    body = "    tables: {teams: {table: t}, staff: {table: t}}"
    for url in (f"sqlite:///{tmp_path}/none.db", "postgresql://me:hunter2@127.0.0.1:1/crm"):
        (fault,) = found(registry_source(tmp_path, url, body))
        assert isinstance(fault, SourceFault) and "does not answer" in fault.message and "hunter2" not in str(fault)
    assert not (tmp_path / "none.db").exists()


def test_nothing_is_ever_written(tmp_path: Path, database_url: str) -> None:
    table = make_history(database_url)
    source = registry_source(tmp_path, database_url, BY_NUMBER)
    insert(database_url, table, change(1))
    with connect(source).connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.execute(sa.delete(table))
