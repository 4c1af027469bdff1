"""What `send`, `send --dry-run`, `reconcile` and `dead-letters` say: destination, record, field, and what to do."""

from __future__ import annotations

import sqlite3

import duckdb
import pytest

from tests.unit.orchestration.conftest import call, write_registry


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
