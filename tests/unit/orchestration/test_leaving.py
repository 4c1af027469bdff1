"""Records that leave, fields that come, CRMs that move: what a sending makes of it, and what it leaves alone."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.assets import crm_sync
from orchestration.lake.outbox import Outbox
from tests.unit.orchestration.conftest import call, held, leave, sent, write_registry


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

        def count() -> int:
            return outbox._connection.execute("select count(*) from attempts").fetchone()[0]

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


_LEFT = "no longer a lead of its own: merged into another record, or not qualified any more"


@pytest.mark.parametrize(("live_teams", "others"), [("[]", "2 unchanged"), ("[t1]", "3 in shadow")])
def test_a_record_merged_away_leaves_its_queue_by_one_last_write(home, live_teams, others):
    write_registry(home, live_teams=live_teams)
    sent(home)
    leave(home, "'lead-1'")
    shown = " ".join(call(home, "send", "crm", "--dry-run").split())
    assert others in shown and "1 to be written" in shown and "t1 │ (empty)" in shown
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
