"""What every destination must do: keyed writes, proof by reading back, nothing over a newer write, nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestration.destinations.base import FIELDS, DestinationError
from orchestration.destinations.delivery import deliver
from orchestration.destinations.sql import SqlDestination
from orchestration.lake.outbox import Outbox, Wanted

PAYLOAD = {
    "handoff_stage": "mql",
    "handoff_mql_at": datetime(2026, 1, 2, 3, 4, 5, 678901),
    "handoff_fit_points": Decimal("12.500000"),
    "handoff_behaviour_points": Decimal("0.333333"),
    "handoff_readiness": 0.1234567,
    "handoff_band": "high",
    "handoff_reasons": "asked for an appointment; lives near by",
    "handoff_team_id": "t-1",
    "handoff_staff_id": None,
    "handoff_queue": "q",
    "handoff_priority": 2,
    "handoff_sla_due_at": datetime(2026, 1, 3),
    "handoff_versions": "criteria 1; model 2",
}


def execute(url: str, *statements: str) -> list:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        rows = [connection.exec_driver_sql(statement) for statement in statements][-1]
        found = [tuple(row) for row in rows] if rows.returns_rows else []
    engine.dispose()
    return found


def open_destination(url: str, **options: object) -> SqlDestination:
    return SqlDestination(
        **{"name": "crm", "source": "clinic", "url": url, "table": "leads", "key": "lead_id", **options}
    )


@pytest.fixture
def crm(database: str) -> Iterator[SqlDestination]:
    ids = ", ".join(f"('lead-{n}', 'kept')" for n in range(25))
    execute(
        database, "create table leads (lead_id varchar(40) primary key, owner text)", f"insert into leads values {ids}"
    )
    destination = open_destination(database, batch_size=7)
    destination.prepare()
    yield destination
    destination.close()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox(tmp_path / "home" / "outbox.sqlite")
    yield opened
    opened.close()


def wanted(*numbers: int, **changes: object) -> list[Wanted]:
    return [Wanted(f"lead-{n}", f"key-{n}", "clinic", {**PAYLOAD, **changes}) for n in numbers]


def send(outbox: Outbox, crm: SqlDestination, rows: list[Wanted]) -> dict[str, int]:
    outbox.queue("crm", rows, floor=crm.highest_sequence())
    return deliver(outbox, crm, pause=lambda _: None)


def landed(outbox: Outbox) -> list[dict]:
    return [row for rows in outbox.unlanded_receipts("b").values() for row in rows]


def test_every_field_arrives_and_is_verified(outbox, crm, database):
    assert send(outbox, crm, wanted(*range(20))) == {"verified": 20}
    held = crm.read(["lead-3", "lead-24"])
    assert held["lead-3"].fields["handoff_readiness"] == "0.123457"
    assert held["lead-3"].fields["handoff_mql_at"] == "2026-01-02T03:04:05.678901Z"
    assert held["lead-24"].sequence is None, "a record nobody wrote to stays as it was"
    assert execute(database, "select distinct owner from leads") == [("kept",)]
    assert {(row["status"], row["error_code"]) for row in landed(outbox)} == {("verified", None)}


def test_a_second_run_writes_nothing(outbox, crm, database):
    send(outbox, crm, wanted(*range(10)))
    before = execute(database, "select * from leads order by lead_id")
    assert outbox.queue("crm", wanted(*range(10)), floor=crm.highest_sequence()) == 0
    assert deliver(outbox, crm) == {"verified": 10}
    assert execute(database, "select * from leads order by lead_id") == before
    assert len(landed(outbox)) == 10


def test_only_what_changed_is_written(outbox, crm):
    send(outbox, crm, wanted(*range(10)))
    first = crm.read([f"lead-{n}" for n in range(10)])
    send(outbox, crm, [*wanted(*range(9)), *wanted(9, handoff_stage="sql")])
    second = crm.read([f"lead-{n}" for n in range(10)])
    assert [key for key in first if first[key] != second[key]] == ["lead-9"]
    assert second["lead-9"].sequence == 11


def test_where_it_writes_is_told_by_database_table_and_key_alone(crm, database):
    same = open_destination(database, batch_size=1)
    others = [open_destination(database, table="contacts"), open_destination(database, key="id")]
    assert same.place == crm.place
    assert len({crm.place, *(other.place for other in others)}) == 3
    for each in (same, *others):
        each.close()


def test_an_unknown_record_is_a_dead_letter_with_its_reason(outbox, crm):
    assert send(outbox, crm, wanted(1, 99)) == {"verified": 1, "dead_letter": 1}
    assert [row["error_code"] for row in landed(outbox) if row["lead_id"] == "lead-99"] == ["unknown_record"]
    assert deliver(outbox, crm) == {"verified": 1, "dead_letter": 1}
    assert len(landed(outbox)) == 2, "what is settled is not tried again"


def test_an_older_write_never_overwrites_a_newer_one(outbox, crm, database, tmp_path):
    send(outbox, crm, wanted(1))
    execute(database, "update leads set handoff_sequence = 1000, handoff_stage = 'sql' where lead_id = 'lead-1'")
    outbox.queue("crm", wanted(1, handoff_band="low"))
    assert deliver(outbox, crm) == {"dead_letter": 1}
    assert landed(outbox)[-1]["error_code"] == "newer_write_present"
    assert execute(database, "select handoff_stage, handoff_sequence from leads where lead_id = 'lead-1'") == [
        ("sql", 1000)
    ]


def test_the_guard_holds_in_the_statement_itself(outbox, crm, database):
    outbox.queue("crm", wanted(1))
    write = outbox.pending("crm", limit=1)[0]
    execute(database, "update leads set handoff_sequence = 5, handoff_stage = 'sql' where lead_id = 'lead-1'")
    crm.write([write])
    assert crm.read(["lead-1"])["lead-1"].fields["handoff_stage"] == "sql"


def test_a_new_home_goes_on_above_what_the_crm_holds(outbox, crm, tmp_path):
    send(outbox, crm, wanted(*range(5)))
    other = Outbox(tmp_path / "other.sqlite")
    assert send(other, crm, wanted(*range(5), handoff_stage="sql")) == {"verified": 5}
    assert crm.read(["lead-0"])["lead-0"].sequence == 6
    other.close()


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("station", ["before_write", "after_write", "before_settle"])
@pytest.mark.parametrize("call", [1, 2])
def test_killed_anywhere_and_run_again_is_right(tmp_path, crm, database, station, call, monkeypatch):
    path = tmp_path / "home" / "outbox.sqlite"
    first = Outbox(path)
    first.queue("crm", wanted(*range(20)))
    calls = 0
    real_write, real_settle = crm.write, first.settle

    def dying(real: object, *, after: bool) -> object:
        def run(*arguments: object) -> object:
            nonlocal calls
            calls += 1
            if calls == call and not after:
                raise Killed
            result = real(*arguments)
            if calls == call:
                raise Killed
            return result

        return run

    with monkeypatch.context() as patch:
        if station == "before_settle":
            patch.setattr(first, "settle", dying(real_settle, after=False))
        else:
            patch.setattr(crm, "write", dying(real_write, after=station == "after_write"))
        with pytest.raises(Killed):
            deliver(first, crm)
    first.close()
    writes = []
    monkeypatch.setattr(crm, "write", lambda batch: writes.extend(batch) or real_write(batch))
    again = Outbox(path)
    again.queue("crm", wanted(*range(20)))
    assert deliver(again, crm) == {"verified": 20}
    expected = {"before_write": 27 - 7 * call, "after_write": 20 - 7 * call, "before_settle": 20 - 7 * call}
    assert len(writes) == expected[station], "what arrived before the end is recognised, not written again"
    assert sorted(
        row[0] for row in execute(database, "select handoff_sequence from leads where handoff_stage = 'mql'")
    ) == list(range(1, 21))
    again.close()


def test_a_record_the_database_refuses_fails_alone_and_is_bounded(outbox, database):
    execute(
        database,
        "create table leads (lead_id varchar(40) primary key, "
        "handoff_stage varchar(20) check (handoff_stage <> 'bad'), "
        "handoff_readiness double precision, handoff_sequence bigint)",
        "insert into leads (lead_id) values ('lead-0'), ('lead-1'), ('lead-2')",
    )
    crm = open_destination(database)
    assert send(outbox, crm, [*wanted(0, 2), *wanted(1, handoff_stage="bad")]) == {"verified": 2, "failed": 1}
    failed = [row for row in landed(outbox) if row["lead_id"] == "lead-1"]
    assert [row["attempt"] for row in failed] == [1, 2, 3]
    assert {row["error_code"] for row in failed} == {"IntegrityError"}
    assert send(outbox, crm, wanted(0, 1, 2)) == {"verified": 3}
    crm.close()


def test_a_column_that_cannot_hold_the_value_is_not_verified(outbox, database):
    execute(
        database,
        "create table leads (lead_id integer primary key, handoff_stage text, handoff_readiness integer, "
        "handoff_sequence bigint)",
        "insert into leads (lead_id) values (1), (7)",
    )
    crm = open_destination(database)
    rows = [Wanted(lead_id, lead_id, "clinic", PAYLOAD) for lead_id in ("1", "007", "seven")]
    assert send(outbox, crm, rows) == {"failed": 1, "dead_letter": 2}
    crm.close()


def test_text_columns_hold_every_kind(outbox, database):
    columns = ", ".join(f"{name} text" for name in FIELDS if name != "handoff_sequence")
    execute(
        database,
        f"create table leads (lead_id varchar(9) primary key, handoff_sequence bigint, {columns})",
        "insert into leads (lead_id) values ('lead-0')",
    )
    crm = open_destination(database)
    assert send(outbox, crm, wanted(0)) == {"verified": 1}
    crm.close()


def test_prepare_prints_what_it_would_do_and_does_it_once(database):
    execute(database, "create table leads (lead_id varchar(9) primary key, handoff_stage text)")
    crm = open_destination(database)
    with pytest.raises(DestinationError, match="handoff prepare crm"):
        crm.check()
    statements = crm.statements()
    assert len(statements) == len(FIELDS) - 1 and all(
        s.startswith("ALTER TABLE leads ADD COLUMN handoff_") for s in statements
    )
    assert len(crm.missing_columns()) == len(statements), "printing changes nothing"
    assert crm.prepare() == statements
    assert crm.missing_columns() == [] and crm.prepare() == []
    crm.check()
    crm.close()


def test_errors_name_the_destination_and_show_no_value(database, tmp_path):
    for url, table in [(database, "absent"), (f"sqlite:///{tmp_path}/nowhere/secret.db", "leads")]:
        crm = open_destination(url, table=table)
        with pytest.raises(DestinationError, match="destination crm") as caught:
            crm.check()
        assert "secret" not in str(caught.value)
        crm.close()
    with pytest.raises(DestinationError, match="driver"):
        open_destination("nodialect://user:secret@host/db")
