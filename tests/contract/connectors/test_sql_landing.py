"""The SQL connector with landing: late commits, moving cursors, tables updated in place, reads that break off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from orchestration.lake.batches import last_cursor
from tests.contract.connectors.databases import (
    HISTORY,
    START,
    change,
    insert,
    make_history,
    registry_source,
    run,
)
from tests.contract.connectors.homes import LandingHome, counts

BY_NUMBER = HISTORY.format(cursor="change_no", overlap=5)
IN_PLACE = """
    tables:
      leads:
        table: lead_history
        cursor: changed_at
        overlap: PT10M
        columns: {lead_id: id, created_at: created, channel: origin}
"""


def test_a_row_committed_late_lands_and_nothing_lands_twice(
    home: LandingHome, tmp_path: Path, database_url: str
) -> None:
    table = make_history(database_url)
    source = registry_source(tmp_path, database_url, BY_NUMBER, timezone="UTC")
    insert(database_url, table, *(change(number) for number in range(1, 31) if number != 28))
    assert counts(home.land(source)) == (29, 29, 0, 0)
    insert(database_url, table, change(28), change(31))
    read, landed, duplicate, quarantined = counts(home.land(source))
    assert (landed, duplicate, quarantined) == (2, read - 2, 0) and read < 10
    assert counts(home.land(source))[1] == 0
    ids = {row[0] for row in home.rows("crm_sql", "leads", "lead_id")}
    assert ids == {f"L{number}" for number in range(1, 32)}


def test_each_table_of_a_list_goes_on_from_its_own_cursor(home: LandingHome, tmp_path: Path, database_url: str) -> None:
    for name, numbers in (("east", range(1, 4)), ("west", range(1001, 1004))):
        run(
            database_url,
            lambda c, name=name: c.execute(sa.text(f"create table {name} (team_id varchar(9), n integer)")),
        )
        for n in numbers:
            run(
                database_url,
                lambda c, name=name, n=n: c.execute(sa.text(f"insert into {name} values ('{name}{n}', {n})")),
            )
    table = "{table: %s, cursor: n, overlap: 1}"
    source = registry_source(tmp_path, database_url, f"    tables: {{teams: [{table % 'east'}, {table % 'west'}]}}")
    assert counts(home.land(source))[1] == 6
    run(database_url, lambda c: c.execute(sa.text("insert into east values ('east4', 4)")))
    assert counts(home.land(source))[1] == 1
    cursor = last_cursor(home.paths, folder="crm_sql", name="teams", source="crm", origin="east")
    assert cursor is not None and int(cursor) == 4


def test_a_table_updated_in_place_gives_its_last_version_as_known_when_it_landed(
    home: LandingHome, tmp_path: Path, database_url: str
) -> None:
    table = make_history(database_url)
    source = registry_source(tmp_path, database_url, IN_PLACE, timezone="UTC")
    insert(database_url, table, change(1), change(2))
    home.land(source)
    later = {"origin": "X", "changed_at": START + timedelta(days=40)}
    run(database_url, lambda c: c.execute(sa.update(table).where(table.c.id == "L1").values(later)))
    assert counts(home.land(source))[1] == 1
    assert [row[0] for row in home.rows("crm_sql", "leads", "_known_at_basis")].count("landed") == 1


def test_a_time_of_change_still_to_come_hides_no_row_of_today(
    home: LandingHome, tmp_path: Path, database_url: str
) -> None:
    table = make_history(database_url)
    source = registry_source(tmp_path, database_url, IN_PLACE, timezone="UTC")
    insert(database_url, table, change(1), change(2, changed_at=datetime.now(UTC) + timedelta(days=1)))
    assert counts(home.land(source))[1] == 2
    insert(database_url, table, change(3, changed_at=datetime.now(UTC)))
    assert counts(home.land(source))[1] == 1


def test_what_we_write_into_a_crm_is_no_news_even_where_it_moves_the_cursor(
    home: LandingHome, tmp_path: Path, database_url: str
) -> None:
    table = make_history(database_url)
    source = registry_source(tmp_path, database_url, IN_PLACE, timezone="UTC")
    insert(database_url, table, *(change(number) for number in range(1, 20)))
    home.land(source)
    ours = {"handoff_stage": "sql", "changed_at": START + timedelta(days=40)}
    run(database_url, lambda c: c.execute(sa.update(table).values(ours)))
    read, landed, duplicate, _ = counts(home.land(source))
    assert (read, landed, duplicate) == (19, 0, 19)


def test_a_failure_half_way_lands_nothing_of_that_table(home: LandingHome, tmp_path: Path, database_url: str) -> None:
    table = make_history(database_url)
    insert(database_url, table, *(change(number) for number in range(1, 101)))
    broken = "case when change_no = 90 then abs(-9223372036854775808) else change_no end"
    if not database_url.startswith("sqlite"):
        broken = "1 / (90 - change_no)"
    run(
        database_url,
        lambda c: c.execute(sa.text(f"create view teams as select id as team_id, {broken} as name from lead_history")),
    )
    body = BY_NUMBER.rstrip() + "\n      teams: {table: teams}\n"
    landed = home.land(registry_source(tmp_path, database_url, body, timezone="UTC", batch_rows=10))
    assert [fault.object for fault in landed.faults] == ["teams"]
    assert counts(landed) == (100, 100, 0, 0) and home.rows("crm_sql", "teams") == []
