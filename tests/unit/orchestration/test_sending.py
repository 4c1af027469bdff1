"""From the sync table to a CRM: who may not be contacted, what a dry run shows, what a destination's mode means."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from types import SimpleNamespace

import duckdb
import pytest
import sqlalchemy as sa

from orchestration.assets import crm_sync
from orchestration.criteria_files import Criteria, load_criteria
from orchestration.destinations.base import DestinationError
from orchestration.lake.outbox import Outbox
from orchestration.lake.paths import HomePaths
from orchestration.sending import Sent
from orchestration.settings import CHECKOUT
from orchestration.sources.registry import load_registry
from orchestration.waiting import waits
from tests.unit.orchestration.conftest import call, held, sent, write_registry


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
