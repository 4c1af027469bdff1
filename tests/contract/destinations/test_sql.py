"""What destination `sql` promises beside the contract: rights, columns of any type, keys as the table has them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from orchestration.destinations.base import FIELDS, BatchRefused, DestinationError, Unavailable
from orchestration.destinations.help_texts import COLUMN_HELP
from orchestration.destinations.sql import SqlDestination
from tests.contract.destinations.sql_system import SqlSystem
from tests.contract.destinations.systems import payload, write_of

BARE = "handoff_stage text, handoff_readiness {number}, handoff_sequence bigint"


@contextmanager
def client(system: SqlSystem, **options: object) -> Iterator[SqlDestination]:
    standard = {"name": "crm", "source": "clinic", "url": system.url, "table": "leads", "key": "lead_id"}
    destination = SqlDestination(**{**standard, **options})
    yield destination
    destination.close()


def outcomes(answers: object) -> dict[str, str]:
    return {lead_id: answer.outcome for lead_id, answer in answers.items()}


def test_where_it_writes_is_told_by_database_table_and_key_alone(sql_system):
    with (
        client(sql_system) as one,
        client(sql_system, batch_size=1) as same,
        client(sql_system, table="contacts") as table,
        client(sql_system, key="id") as key,
    ):
        assert same.place == one.place
        assert len({one.place, table.place, key.place}) == 3


def test_microseconds_survive(sql_system):
    sql_system.make(["a"])
    crm = sql_system.open()
    crm.write([write_of("a", 1, handoff_mql_at="2026-01-02T03:04:05.678901Z")])
    assert crm.read(["a"])["a"].fields["handoff_mql_at"] == "2026-01-02T03:04:05.678901Z"


def test_a_whole_batch_is_written_and_answered(sql_system):
    leads = [f"lead-{n:04}" for n in range(1_500)]
    sql_system.make(leads[:-1])
    crm = sql_system.open()
    answers = crm.write([write_of(lead_id, 1 + n) for n, lead_id in enumerate(leads)])
    assert set(answers) == set(leads) and answers[leads[-1]].outcome == "gone"
    assert {answer.outcome for lead_id, answer in answers.items() if lead_id != leads[-1]} == {"acknowledged"}
    held = crm.read(leads)
    assert [held[lead_id].sequence for lead_id in leads[:-1]] == list(range(1, 1_500))


def test_a_column_that_cannot_hold_the_value_never_says_it_does(sql_system):
    bare = BARE.format(number="integer")
    sql_system.execute(
        f"create table leads (lead_id integer primary key, {bare})", "insert into leads (lead_id) values (1), (7)"
    )
    with client(sql_system) as crm:
        assert outcomes(crm.write([write_of("007", 1), write_of("seven", 2)])) == {"007": "gone", "seven": "gone"}
        try:
            crm.write([write_of("1", 3)])
        except BatchRefused as refused:
            assert refused.error_code
        else:
            assert crm.read(["1"])["1"].fields["handoff_readiness"] != payload()["handoff_readiness"]


def test_an_id_greater_than_any_key_is_no_record_and_harms_no_other(sql_system):
    sql_system.execute(
        f"create table leads (lead_id bigint primary key, {BARE.format(number='double precision')})",
        "insert into leads (lead_id) values (1)",
    )
    with client(sql_system) as crm:
        answers = outcomes(crm.write([write_of("1", 1), write_of("9" * 20, 2)]))
        assert answers == {"1": "acknowledged", "9" * 20: "gone"} and set(crm.read(["1", "9" * 20])) == {"1"}


def test_a_key_that_names_several_records_is_refused(sql_system):
    bare = BARE.format(number="double precision")
    sql_system.execute(
        f"create table leads (lead_id varchar(9), {bare})",
        "insert into leads (lead_id) values ('a'), ('A'), (null), (null)",
    )
    with client(sql_system) as crm:
        crm.check()
        sql_system.execute("insert into leads (lead_id) values ('a')")
        with pytest.raises(DestinationError, match="lead_id names several records of table leads"):
            crm.check()


def test_text_columns_hold_every_kind(sql_system):
    columns = ", ".join(f"{name} text" for name in FIELDS if name != "handoff_sequence")
    sql_system.execute(
        f"create table leads (lead_id varchar(9) primary key, handoff_sequence bigint, {columns})",
        "insert into leads (lead_id) values ('lead-0')",
    )
    with client(sql_system) as crm:
        assert outcomes(crm.write([write_of("lead-0", 1)])) == {"lead-0": "acknowledged"}
        assert dict(crm.read(["lead-0"])["lead-0"].fields) == payload()


def test_an_empty_text_is_nobodys_choice_and_empties_what_takes_no_null(sql_system):
    bare = BARE.format(number="double precision")
    team, staff = ("handoff_team_id varchar(9) default ''", "handoff_staff_id varchar(9) not null default ''")
    sql_system.execute(
        f"create table leads (lead_id varchar(9) primary key, {bare}, {team}, {staff})",
        "insert into leads (lead_id) values ('a')",
    )
    with client(sql_system) as crm:
        assert crm.read(["a"])["a"].fields["handoff_team_id"] is None
        assert outcomes(crm.write([write_of("a", 1)])) == {"a": "acknowledged"}
        held = crm.read(["a"])["a"].fields
        assert (held["handoff_team_id"], held["handoff_staff_id"]) == ("t-1", None)
        known = payload()
        sql_system.change("a", "handoff_staff_id", "s-9")
        assert outcomes(crm.write([write_of("a", 2, expected=known)])) == {"a": "conflict"}
        sql_system.change("a", "handoff_staff_id", "")
        assert outcomes(crm.write([write_of("a", 3, expected=known)])) == {"a": "acknowledged"}


def test_padded_keys_and_keys_alike_but_for_case_are_told_apart(sql_system):
    bare = BARE.format(number="double precision")
    # MariaDB's own unique keys see no case: an index that is none is what such a table has.
    sql_system.execute(
        f"create table leads (lead_id char(9), {bare})",
        "insert into leads (lead_id) values ('a-1'), ('A-1'), ('b-2')",
    )
    with client(sql_system) as crm:
        assert outcomes(crm.write([write_of("A-1", 1), write_of("B-2", 2)])) == {"A-1": "acknowledged", "B-2": "gone"}
        assert {lead_id: held.sequence for lead_id, held in crm.read(["a-1", "A-1", "B-2"]).items()} == {
            "a-1": None,
            "A-1": 1,
        }


def test_prepare_prints_what_it_would_do_and_does_it_once(sql_system):
    sql_system.execute("create table leads (lead_id varchar(9) primary key, handoff_stage text)")
    with client(sql_system) as crm:
        with pytest.raises(DestinationError, match="handoff prepare crm"):
            crm.check()
        plan = crm.plan()
        added = [line for line in plan if line.startswith("ALTER TABLE leads ADD COLUMN handoff_")]
        assert len(added) == len(FIELDS) - 1 == len(crm.missing_columns()), "printing changes nothing"
        done = crm.prepare()
        assert [f"{statement};" for statement in done] == plan[: len(done)]
        assert crm.missing_columns() == [] and crm.prepare() == []
        crm.check()
    if sql_system.name != "sqlite":
        texts = {c["name"]: c["comment"] for c in sa.inspect(sa.create_engine(sql_system.url)).get_columns("leads")}
        assert all(texts[name] == COLUMN_HELP[name] for name in FIELDS if name != "handoff_stage")
        assert all("in UTC" in texts[name] for name, kind in FIELDS.items() if kind == "time")


@pytest.mark.parametrize("due", ["ours", "varchar(40)"])
def test_the_queue_view_shows_those_still_in_time_first_then_the_overdue_oldest_first_then_a_month_s(sql_system, due):
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    sql_system.make(["a", "b", "c", "d", "e", "f", "g"])
    if due != "ours":
        sql_system.execute(
            "drop view handoff_queue",
            "alter table leads drop column handoff_sla_due_at",
            f"alter table leads add column handoff_sla_due_at {due}",
        )
    crm = sql_system.open()
    crm.prepare()
    told = {"a": (2, 1), "b": (1, 2), "c": (1, 1), "d": (1, -1), "e": (2, -2), "g": (1, -24 * 31)}
    crm.write(
        [
            write_of(lead_id, number, handoff_priority=priority, handoff_sla_due_at=now + timedelta(hours=hours))
            for number, (lead_id, (priority, hours)) in enumerate(told.items(), start=1)
        ]
        + [write_of("f", 9, handoff_queue=None)]
    )
    assert [row[0] for row in sql_system.execute("select * from handoff_queue")] == ["c", "b", "a", "e", "d", "g"]


def test_a_rule_that_is_dropped_changes_the_schema_version(sql_system):
    sql_system.make(["a"])
    before = sql_system.open().schema_version()
    if sql_system.name == "sqlite":
        sql_system.execute("alter table leads drop column handoff_versions")
    else:
        sql_system.execute("alter table leads drop constraint refusing")
    assert sql_system.open().schema_version() != before


def test_the_least_rights_suffice_and_no_more_is_had(sql_system):
    sql_system.make(["a", "b"])
    if sql_system.name == "sqlite":
        assert any("SQLite keeps no rights" in line for line in sql_system.open().plan())
        return
    user = f"handoff_{abs(hash(sql_system.url)) % 10**8}"
    grants = [line for line in sql_system.open().plan() if line.startswith("GRANT")]
    if sql_system.name == "mariadb":
        sql_system.execute(f"create user {user}@'%' identified by 'pw'")
    else:
        sql_system.execute(f"create role {user} login password 'pw'")
    sql_system.execute(*(line.rstrip(";").replace("TO handoff", f"TO {user}") for line in grants))
    url = sa.make_url(sql_system.url).set(username=user, password="pw").render_as_string(hide_password=False)
    with client(sql_system, url=url) as crm:
        crm.check()
        assert crm.schema_version() and crm.highest_sequence() == 0 and crm.plan()
        assert outcomes(crm.write([write_of("a", 1), write_of("x", 2)])) == {"a": "acknowledged", "x": "gone"}
        assert crm.read(["a"])["a"].sequence == 1
    engine = sa.create_engine(url)
    for forbidden in ("update leads set owner = 'me'", "delete from leads", "insert into leads (lead_id) values ('n')"):
        with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
            connection.exec_driver_sql(forbidden)
    engine.dispose()


def test_two_writers_at_once_leave_the_newer_write(sql_system):
    leads = [f"lead-{n}" for n in range(60)]
    sql_system.make(leads)
    clients = [sql_system.open(), sql_system.open()]
    told: list[dict[str, str]] = [{}, {}]

    def run(me: int) -> None:
        for start in range(0, 60, 20):
            some = leads[start : start + 20] if me else leads[start : start + 20][::-1]
            writes = [write_of(lead_id, 100 * me + 1, handoff_band=f"by {me}") for lead_id in some]
            while True:
                try:
                    told[me] |= outcomes(clients[me].write(writes))
                    break
                except Unavailable:
                    continue

    threads = [threading.Thread(target=run, args=(me,)) for me in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(told[1].values()) == {"acknowledged"} and set(told[0].values()) <= {"acknowledged", "newer"}
    assert {sql_system.raw(lead_id)["handoff_band"] for lead_id in leads} == {"by 1"}


def test_errors_name_the_destination_and_show_no_value(sql_system, tmp_path):
    for url, table in [(sql_system.url, "absent"), (f"sqlite:///{tmp_path}/nowhere/secret.db", "leads")]:
        with client(sql_system, url=url, table=table) as crm:
            with pytest.raises(DestinationError, match="destination crm") as caught:
                crm.check()
            assert "secret" not in str(caught.value)
    with pytest.raises(DestinationError, match="driver"):
        SqlDestination(name="crm", source="c", url="nodialect://user:secret@host/db", table="t", key="k")


def test_a_database_that_is_away_is_tried_later(sql_system):
    if sql_system.name == "sqlite":
        assert sql_system.url.startswith("sqlite"), "a file is never away"
        return
    away = sa.make_url(sql_system.url).set(host="127.0.0.1", port=1, query={}).render_as_string(hide_password=False)
    with client(sql_system, url=away) as crm, pytest.raises(Unavailable):
        crm.check()
