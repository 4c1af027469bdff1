"""From the sync table to a CRM: who may not be contacted, what a dry run shows, what a destination's mode means."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from orchestration.assets import crm_sync
from orchestration.cli import main
from orchestration.criteria_files import Criteria, load_criteria
from orchestration.destinations.base import DestinationError
from orchestration.lake.outbox import Outbox
from orchestration.lake.paths import HomePaths
from orchestration.sending import Sent, send
from orchestration.settings import CHECKOUT
from orchestration.sources.registry import load_registry
from orchestration.waiting import waits

_SYNC = """
create schema syncs; create schema intermediate; create schema marts;
create table marts.fct_lead_lifecycles as
select 'key-' || i as lead_key, 'heart' as service_line from range(4) as t(i);
create table syncs.sync_crm__lead_readiness as
select 'key-' || i as lead_key, 'clinic' as source, 'lead-' || i as lead_id, 'mql' as handoff_stage,
    'near by' as handoff_reasons, 't' || i % 2 as handoff_team_id, 'q' as handoff_queue, 1 as handoff_priority,
    0.25 * i as handoff_readiness, timestamp '2026-01-01' as handoff_sla_due_at
from range(4) as t(i);
create table intermediate.int_consents__newest as
select 'key-' || i as lead_key, channel, i = 3 or (i = 2 and channel = 'sms') as is_withdrawn,
    timestamp '2020-01-01' as valid_from, timestamp '9999-12-31' as valid_to
from range(4) as t(i), (values ('call'), ('sms'), ('email')) as c(channel);
"""
_COLUMNS = "handoff_stage text, handoff_reasons text, handoff_team_id text, handoff_queue text, handoff_priority int"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a build of four leads, a CRM with three of them, and a registry."""
    paths = HomePaths(tmp_path / "home").make()
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute(_SYNC)
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    with engine.begin() as crm:
        crm.exec_driver_sql(
            f"create table leads (lead_id text primary key, {_COLUMNS}, handoff_readiness float, "
            "handoff_sla_due_at timestamp, handoff_sequence bigint)"
        )
        crm.exec_driver_sql("insert into leads (lead_id) values ('lead-0'), ('lead-1'), ('lead-3')")
    engine.dispose()
    write_registry(tmp_path)
    return tmp_path


def write_registry(folder: Path, **said: str) -> None:
    said = {"table": "leads", "url": "sqlite:///crm.db", **said}
    more = "".join(f", {name}: {value}" for name, value in said.items())
    (folder / "sources.yaml").write_text(
        "sources:\n  clinic: {connector: contract_files, path: ., timezone: UTC}\n"
        "destinations:\n  crm: {kind: sql, source: clinic, key: lead_id"
        f"{more}}}\n"
    )


def held(folder: Path) -> dict[str, tuple]:
    engine = sa.create_engine(f"sqlite:///{folder / 'crm.db'}")
    with engine.begin() as crm:
        rows = crm.exec_driver_sql("select lead_id, handoff_team_id, handoff_queue, handoff_reasons from leads").all()
    engine.dispose()
    return {row[0]: tuple(row[1:]) for row in rows}


def sent(home: Path, **channels: list[str]):
    registry = load_registry(home / "sources.yaml")
    with closing(Outbox(home / "home" / "outbox.sqlite")) as outbox:
        warehouse = HomePaths(home / "home").warehouse
        return send(outbox, registry, warehouse, "crm", channels=channels, pause=lambda _: None)


def call(home: Path, *words: str) -> str:
    options = ["--home", str(home / "home"), "--sources", str(home / "sources.yaml")]
    if words[0] in ("send", "reconcile"):
        options += ["--criteria", str(home / "criteria")]
    result = CliRunner().invoke(main, [*words, *options], catch_exceptions=False)
    return f"{result.exit_code} {result.output}"


def test_who_may_be_reached_on_no_channel_is_in_nobodys_queue(home):
    assert sent(home).states == {"written": 3, "gone": 1}
    assert held(home) == {
        "lead-0": ("t0", "q", "near by"),
        "lead-1": ("t1", "q", "near by"),
        "lead-3": (None, None, "not to be contacted: consent is withdrawn on every channel"),
    }
    again = sent(home)
    assert again.states == {"unchanged": 3, "gone": 1} and (again.reads, again.writes) == (0, 0)


OWN = "not to be contacted: consent is withdrawn on every channel by which its queue contacts"


@pytest.mark.parametrize(("channels", "is_withheld"), [
    ({}, False), ({"heart": ["call"]}, False), ({"heart": ["sms"]}, True), ({"q": ["call"], "heart": ["sms"]}, False),
    ({"q": ["sms"]}, True), ({"q": ["sms", "email"]}, False), ({"other": ["sms"]}, False),
])  # fmt: skip
def test_whom_its_queue_may_reach_on_no_channel_is_in_nobodys_queue_either(home, channels, is_withheld):
    """lead-2 withdrew from texts alone. Its queue is q, its service line heart."""
    with sqlite3.connect(home / "crm.db") as crm:
        crm.execute("insert into leads (lead_id) values ('lead-2')")
    sent(home, **channels)
    assert held(home)["lead-2"] == ((None, None, OWN) if is_withheld else ("t0", "q", "near by"))
    assert held(home)["lead-1"] == ("t1", "q", "near by")


def test_by_hand_too_a_queue_contacts_by_the_channels_the_criteria_name(home):
    with sqlite3.connect(home / "crm.db") as crm:
        crm.execute("insert into leads (lead_id) values ('lead-2')")
    call(home, "send", "crm")
    assert held(home)["lead-2"][2] == "near by"
    (home / "criteria").mkdir()
    (home / "criteria" / "routing.yaml").write_text("channels:\n  q: [sms]\n")
    assert "handoff_queue" in call(home, "send", "crm", "--dry-run")
    call(home, "send", "crm")
    assert held(home)["lead-2"] == (None, None, OWN)


def test_a_sending_opens_the_build_once(home, monkeypatch):
    opened = []
    real = duckdb.connect
    monkeypatch.setattr(duckdb, "connect", lambda *said, **more: opened.append(said) or real(*said, **more))
    sent(home)
    assert len(opened) == 1


def test_a_dry_run_shows_counts_and_every_field_and_writes_nothing(home):
    shown = call(home, "send", "crm", "--dry-run")
    assert shown.startswith("0 ") and not (home / "home" / "outbox.sqlite").exists()
    assert set(held(home).values()) == {(None, None, None)}
    for line in ("4 wanted", "3 to be written", "1 not in the CRM", "handoff_readiness", "0.25", "(empty)"):
        assert line in shown, line
    shown = call(home, "send", "crm", "--dry-run", "--lead", "lead-3", "--lead", "lead-7")
    assert "│ lead-3" in shown and "│ lead-1" not in shown and "lead-7: nothing to be written" in shown
    assert call(home, "send", "crm", "--lead", "lead-3").startswith("2 ")
    assert call(home, "send", "crm").startswith("0 crm: 1 gone, 3 written")
    assert "0 to be written" in call(home, "send", "crm", "--dry-run")


def test_dead_letters_tell_what_to_do(home):
    assert call(home, "dead-letters", "crm").startswith("2 ")
    call(home, "send", "crm")
    told = call(home, "dead-letters", "crm")
    assert "lead-2\tgone\tunknown_record" in told and "correct the id where the source gives it" in told


def test_what_is_said_names_the_record_the_field_and_what_to_do(home):
    with sqlite3.connect(home / "crm.db") as crm:
        crm.execute(
            "create trigger rule before update on leads when new.lead_id = 'lead-1' begin select raise(ignore); end"
        )
        crm.execute("create trigger other before update on leads when new.lead_id = 'lead-3' "
                    "begin select raise(abort, 'Jo Doe'); end")  # fmt: skip
    told = call(home, "send", "crm")
    assert told.startswith("1 ") and "crm: 1 records wait for the next run" in told
    assert "crm: 2 records not written: `handoff dead-letters crm` says why" in told
    dead = call(home, "dead-letters", "crm")
    assert "lead-1\twaiting\tnot_applied" in dead and "a trigger or a row-level policy" in dead
    assert "lead-3\trejected\tSQLITE_CONSTRAINT_TRIGGER" in dead and "Jo Doe" not in dead
    assert "2 dead letters (`handoff dead-letters crm` says why)" in call(home, "send", "crm", "--dry-run")


def test_a_reconciliation_names_every_field_that_others_changed_and_shows_no_words_of_theirs(home):
    call(home, "send", "crm")
    with sqlite3.connect(home / "crm.db") as crm:
        crm.execute("update leads set handoff_team_id = 't9', handoff_priority = 9 where lead_id = 'lead-0'")
        crm.execute("update leads set handoff_queue = 'ask Jo Doe' where lead_id = 'lead-1'")
        crm.execute("delete from leads where lead_id = 'lead-3'")
    told = call(home, "reconcile", "crm")
    assert "crm: 4 records read back; 1 no longer to be written to, 0 again" in told
    assert "lead-3\tgone" in told and "correct the id where the source gives it" in told
    assert "lead-0\thandoff_team_id\tt0 -> t9\tset by staff: it stands" in told
    assert "lead-0\thandoff_priority\t1 -> 9\tchanged by someone else: ours is sent again" in told
    assert "lead-1\thandoff_queue\t(not shown) -> (not shown)" in told and "Jo Doe" not in told


@pytest.mark.parametrize(("conflicts", "told", "notice"), [
    ("restore", "1 (over theirs)", "2 fields that someone else changed there were written over"),
    ("leave", "9: left", "2 fields that someone else changed there were left as they are"),
])  # fmt: skip
def test_a_dry_run_tells_what_others_changed_and_sending_does_so(home, conflicts, told, notice):
    write_registry(home, conflicts=conflicts)
    call(home, "send", "crm")
    with sqlite3.connect(home / "crm.db") as crm:
        crm.execute("update leads set handoff_priority = 9, handoff_queue = 'ask Jo Doe' where lead_id = 'lead-0'")
    with duckdb.connect(str(home / "home" / "warehouse.duckdb")) as connection:
        connection.execute("update syncs.sync_crm__lead_readiness set handoff_stage = 'sql'")
    shown = call(home, "send", "crm", "--dry-run")
    assert told in shown and "Jo Doe" not in shown and "not there to be written to: lead-2" in shown
    assert f"destination crm: {notice}" in call(home, "send", "crm")


def test_who_finds_another_sender_at_work_leaves_with_75(home):
    with closing(Outbox(home / "home" / "outbox.sqlite")) as outbox, outbox.sender("crm"):
        assert call(home, "send", "crm").startswith("75 another process is at it: a sender to crm")


@pytest.mark.parametrize(("mode", "states"), [("shadow", {"shadow": 4}), ("paused", {"waiting": 4})])
def test_in_shadow_and_paused_nothing_leaves_and_it_is_said(home, mode, states):
    write_registry(home, mode=mode)
    done = sent(home)
    assert done.states == states and len(done.notices) == 1 and mode in done.notices[0]
    assert set(held(home).values()) == {(None, None, None)}
    write_registry(home)
    assert sent(home).states == {"written": 3, "gone": 1}


@pytest.mark.parametrize("mode", ["shadow", "paused"])
def test_what_was_numbered_before_it_was_live_is_not_taken_for_older_than_the_crm(home, mode):
    write_registry(home, mode=mode)
    sent(home)
    engine = sa.create_engine(f"sqlite:///{home / 'crm.db'}")
    with engine.begin() as crm:
        crm.exec_driver_sql("update leads set handoff_sequence = 500")
    engine.dispose()
    write_registry(home)
    assert sent(home).states == {"written": 3, "gone": 1}


def test_only_leads_of_live_teams_are_sent(home):
    write_registry(home, live_teams="[t1]")
    assert sent(home).states == {"written": 1, "shadow": 3}
    assert [lead_id for lead_id, row in held(home).items() if row[2]] == ["lead-1"]


def test_a_write_waits_too_long_after_what_is_set_or_the_shortest_promise(home):
    with closing(Outbox(home / "home" / "outbox.sqlite")) as outbox:
        rows = load_registry(home / "sources.yaml")
        assert list(waits(outbox, rows, pytest.fail)) == []
        write_registry(home, mode="paused")
        sent(home)
        since = outbox.oldest_unsent("crm")
        assert isinstance(since, datetime)
        criteria = lambda: load_criteria(CHECKOUT / "criteria")  # noqa: E731
        for said, minutes in ({"alarm_after": "PT10M"}, 10), ({}, 30):
            write_registry(home, **said)
            registry = load_registry(home / "sources.yaml")
            for late, is_late in ((minutes - 1, False), (minutes + 1, True)):
                (found,) = waits(outbox, registry, criteria, at=since + timedelta(minutes=late))
                assert found.is_too_long is is_late and f"{minutes} minutes are allowed" in str(found)
        write_registry(home, mode="paused")
        assert list(waits(outbox, load_registry(home / "sources.yaml"), criteria)) == [], "on purpose"


def test_a_table_without_our_columns_is_named_and_the_others_go_on(home, monkeypatch):
    with sqlite3.connect(home / "crm.db") as crm:
        crm.execute("create table bare (lead_id text primary key)")
    write_registry(home, table="bare")
    with pytest.raises(DestinationError, match="table bare lacks .*handoff_sequence.*handoff prepare crm"):
        sent(home)

    errors = {"one": TypeError("Jo Doe, 555-0101"), "two": DestinationError("destination two: away")}

    def failing(outbox, registry, warehouse, name, **_):
        raise errors[name]

    monkeypatch.setattr(crm_sync, "send", failing)
    failures: list[str] = []
    log = SimpleNamespace(error=lambda text: failures.append(text))
    run = SimpleNamespace(
        registry=None, paths=SimpleNamespace(warehouse=None), fail=failures.append, criteria=Criteria()
    )
    with closing(Outbox(home / "home" / "outbox.sqlite")) as outbox:
        for name in ("one", "two"):
            assert crm_sync._send(SimpleNamespace(log=log), outbox, run, name).states == {}
    told = " ".join(failures)
    assert "destination one" in told and "TypeError" in told and "destination two: away" in told
    assert "Jo Doe" not in told


def test_while_the_crm_is_away_what_changed_is_queued_and_no_older_route_goes_out_later(home):
    write_registry(home, url="sqlite:///nowhere/crm.db")
    with pytest.raises(DestinationError):
        sent(home)
    with closing(Outbox(home / "home" / "outbox.sqlite")) as outbox:
        assert outbox.oldest_unsent("crm") is not None
        assert outbox.states("crm", since=datetime(2020, 1, 1)) == {"waiting": 4}
    with duckdb.connect(str(home / "home" / "warehouse.duckdb")) as connection:
        connection.execute("update intermediate.int_consents__newest set is_withdrawn = true where lead_key = 'key-1'")
    write_registry(home)
    assert call(home, "reconcile", "crm").startswith("0 ")
    assert held(home)["lead-0"] == ("t0", "q", "near by") and held(home)["lead-1"][:2] == (None, None)


def test_what_was_on_its_way_for_a_team_that_is_not_live_by_now_is_not_sent(home):
    write_registry(home, mode="paused")
    sent(home)
    with closing(Outbox(home / "home" / "outbox.sqlite")) as outbox:
        outbox.begin("crm", outbox.pending("crm", limit=9))
    write_registry(home, live_teams="[t1]")
    assert sent(home).states == {"written": 1, "shadow": 2, "gone": 1}
    assert [lead_id for lead_id, row in held(home).items() if row[2]] == ["lead-1"]


def test_receipts_that_landed_a_month_ago_leave_the_outbox_with_the_next_landing(home, monkeypatch):
    landed: list[str] = []
    monkeypatch.setattr(
        crm_sync, "land_rows", lambda run, name, batch_id, rows, schema: landed.append(name) or len(rows)
    )
    run = SimpleNamespace(batch_id=lambda name: f"{name}-1", as_of=None)
    sent(home)
    with closing(Outbox(home / "home" / "outbox.sqlite")) as outbox:
        count = lambda: outbox._connection.execute("select count(*) from attempts").fetchone()[0]  # noqa: E731
        assert crm_sync.land_logs(outbox, run) == (4, 0) and count() == 4
        outbox._connection.execute("update attempts set attempted_at = '2020-01-01T00:00:00' where lead_id = 'lead-0'")
        assert crm_sync.land_logs(outbox, run) == (0, 0) and count() == 3
    assert landed == ["receipts"]


def test_columns_that_prepare_adds_later_are_filled_though_nothing_else_is_new(home):
    with sqlite3.connect(home / "crm.db") as crm:
        for name in ("handoff_team_id", "handoff_queue", "handoff_reasons"):
            crm.execute(f"alter table leads drop column {name}")
    assert sent(home).states == {"written": 3, "gone": 1}
    assert call(home, "prepare", "crm", "--yes").startswith("0 ")
    assert set(held(home).values()) == {(None, None, None)}
    assert "3 to be written" in call(home, "send", "crm", "--dry-run")
    assert sent(home).states == {"written": 3, "gone": 1}
    assert held(home)["lead-1"] == ("t1", "q", "near by") and held(home)["lead-3"][:2] == (None, None)
    again = sent(home)
    assert again.states == {"unchanged": 3, "gone": 1} and (again.reads, again.writes) == (0, 0)


def leave(home: Path, leads: str) -> None:
    with duckdb.connect(str(home / "home" / "warehouse.duckdb")) as connection:
        connection.execute(f"delete from syncs.sync_crm__lead_readiness where lead_id in ({leads})")


_LEFT = "no longer a lead of its own: merged into another record, or not qualified any more"


@pytest.mark.parametrize("live_teams", ["[]", "[t1]"])
def test_a_record_merged_away_leaves_its_queue_by_one_last_write(home, live_teams):
    write_registry(home, live_teams=live_teams)
    sent(home)
    leave(home, "'lead-1'")
    shown = " ".join(call(home, "send", "crm", "--dry-run").split())
    assert "3 unchanged" in shown and "1 to be written" in shown and "t1 │ (empty)" in shown
    done = sent(home)
    assert held(home)["lead-1"] == (None, None, _LEFT) and done.states.get("written", 0) == 0
    again = sent(home)
    assert (again.reads, again.writes) == (0, 0) and sum(again.states.values()) == 3
    assert call(home, "reconcile", "crm").startswith("0 ")


def test_a_record_that_is_a_lead_again_is_in_its_queue_again(home):
    sent(home)
    warehouse = str(home / "home" / "warehouse.duckdb")
    with duckdb.connect(warehouse) as connection:
        connection.execute("create table syncs.kept as select * from syncs.sync_crm__lead_readiness")
    leave(home, "'lead-0', 'lead-1'")
    sent(home)
    assert held(home)["lead-0"][:2] == held(home)["lead-1"][:2] == (None, None)
    with duckdb.connect(warehouse) as connection:
        connection.execute("insert into syncs.sync_crm__lead_readiness from syncs.kept where lead_id = 'lead-1'")
    assert sent(home).states == {"written": 1, "unchanged": 1, "gone": 1}
    assert held(home)["lead-1"] == ("t1", "q", "near by")


def test_a_team_staff_set_stands_on_a_record_merged_away_too(home):
    sent(home)
    with sqlite3.connect(home / "crm.db") as crm:
        crm.execute("update leads set handoff_team_id = 'theirs' where lead_id = 'lead-1'")
    leave(home, "'lead-1'")
    sent(home)
    assert held(home)["lead-1"] == ("theirs", None, _LEFT)


def test_an_emptied_sync_table_takes_nobody_out_of_a_queue_until_somebody_says_so(home):
    with duckdb.connect(str(home / "home" / "warehouse.duckdb")) as connection:
        connection.execute(
            "insert into syncs.sync_crm__lead_readiness (lead_key, source, lead_id, handoff_stage, handoff_queue) "
            "select 'key-' || i, 'clinic', 'lead-' || i, 'mql', 'q' from range(10, 40) as t(i)"
        )
    with sqlite3.connect(home / "crm.db") as crm:
        crm.executemany("insert into leads (lead_id) values (?)", [(f"lead-{n}",) for n in range(10, 40)])
    sent(home)
    leave(home, ", ".join(f"'lead-{n}'" for n in range(10, 31)))
    assert "21 of 33 records" in call(home, "send", "crm", "--dry-run")
    told = call(home, "send", "crm")
    assert told.startswith("1 ") and "21 of 33 records" in told and "handoff send crm --clear" in told
    assert held(home)["lead-10"][1] == "q"
    assert call(home, "send", "crm").startswith("1 "), "told until somebody looks"
    assert call(home, "send", "crm", "--clear").startswith("0 ")
    assert [row[1] for i, row in held(home).items() if i in ("lead-10", "lead-30", "lead-31")] == [None, None, "q"]
    assert call(home, "send", "crm").startswith("0 ")
    leave(home, "'lead-31'")
    assert call(home, "send", "crm").startswith("0 ") and held(home)["lead-31"][1] is None


def test_reconciling_a_crm_that_is_another_one_by_now_takes_no_empty_team_for_staffs(home):
    shutil.copy(home / "crm.db", home / "blank.db")
    sent(home)
    (home / "blank.db").replace(home / "production.db")
    write_registry(home, url="sqlite:///production.db")
    assert "nobody changed a field of ours" in call(home, "reconcile", "crm")
    (home / "production.db").replace(home / "crm.db")
    assert held(home)["lead-1"] == ("t1", "q", "near by")


def test_a_home_built_by_other_code_is_to_be_built_first(home):
    with duckdb.connect(str(home / "home" / "warehouse.duckdb")) as connection:
        connection.execute("drop table intermediate.int_consents__newest")
    for words in (["send", "crm", "--dry-run"], ["send", "crm"]):
        told = call(home, *words)
        assert told.startswith("2 ") and "built by other code" in told and "handoff run" in told


@pytest.mark.parametrize(("mode", "failures"), [("shadow", 0), ("paused", 0), ("live", 1)])
def test_what_was_on_its_way_before_fails_a_run_of_a_live_destination_only(home, monkeypatch, mode, failures):
    write_registry(home, mode=mode)
    monkeypatch.setattr(crm_sync, "send", lambda *_, **__: Sent(states={"unverified": 1}))
    told: list[str] = []
    run = SimpleNamespace(
        registry=load_registry(home / "sources.yaml"), paths=HomePaths(home), notices=[], fail=told.append,
        criteria=Criteria(),
    )  # fmt: skip
    crm_sync._send(SimpleNamespace(), SimpleNamespace(), run, "crm")
    assert len(told) == failures
