"""The job `reconcile`, run by Dagster over a small CRM: what others changed is found, told and put where it belongs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest

from orchestration.lake.outbox import Outbox
from orchestration.reconcile_job import reconcile_job
from orchestration.resources import run_resource
from orchestration.settings import Settings
from tests.unit.orchestration.conftest import held, sent, write_registry


def reconciled(folder: Path, *, is_well: bool = True) -> tuple[dg.ExecuteInProcessResult, dict[str, object]]:
    """The job's result, and what it shows of itself."""
    (folder / "criteria").mkdir(exist_ok=True)
    settings = Settings(home=folder / "home", sources=folder / "sources.yaml", criteria=folder / "criteria")
    with dg.DagsterInstance.ephemeral() as instance:
        result = reconcile_job().execute_in_process(
            resources={"run": run_resource(settings)}, instance=instance, raise_on_error=False
        )
    assert result.success is is_well
    (output,) = [event for event in result.all_node_events if event.is_successful_output] or [None]
    shown = output.step_output_data.metadata if output else {}
    return result, {name: value.value for name, value in shown.items()}


def landed(folder: Path) -> list[tuple[object, ...]]:
    names = ("destination", "lead_id", "lead_key", "field", "ours", "theirs", "resolution")
    files = (folder / "home" / "lake").rglob("handoff/conflicts/*.parquet")
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    assert all(row["found_as_of"] and row["found_at"] for row in rows)
    return sorted(tuple(row[name] for name in names) for row in rows)


def test_what_staff_changed_is_found_told_and_put_where_it_belongs(home):
    sent(home)
    with sqlite3.connect(home / "crm.db") as crm:
        crm.execute("update leads set handoff_team_id = 'theirs', handoff_priority = 9 where lead_id = 'lead-0'")
        crm.execute("update leads set handoff_queue = 'ask Jo Doe' where lead_id = 'lead-1'")
        crm.execute("delete from leads where lead_id = 'lead-3'")
    result, shown = reconciled(home)
    assert shown == {
        "crm_read": 4, "crm_no_longer_there": 1, "crm_again_there": 0, "crm_stands": 1, "crm_restored": 2,
    }  # fmt: skip
    assert held(home) == {"lead-0": ("theirs", "q", "near by"), "lead-1": ("t1", "q", "near by")}
    assert landed(home) == [
        ("crm", "lead-0", "key-0", "handoff_priority", "1", "9", "restored"),
        ("crm", "lead-0", "key-0", "handoff_team_id", "t0", "theirs", "stands"),
        ("crm", "lead-1", "key-1", "handoff_queue", None, None, "restored"),
    ]
    with closing(Outbox(home / "home" / "outbox.sqlite")) as outbox:
        assert outbox.counts("crm") == {"conflicting": 1, "verified": 1, "gone": 2}
        assert outbox.unlanded_receipts("b") == outbox.unlanded_findings("b") == {}, "all of it is in the lake"
    assert reconciled(home)[1]["crm_read"] == 4 and len(landed(home)) == 3, "told once"


@pytest.mark.parametrize("mode", ["shadow", "paused"])
def test_a_destination_that_is_not_live_is_not_written_to(home, mode):
    sent(home)
    write_registry(home, mode=mode)
    with sqlite3.connect(home / "crm.db") as crm:
        crm.execute("update leads set handoff_priority = 9 where lead_id = 'lead-0'")
    assert reconciled(home)[1].get("crm_restored") == (1 if mode == "shadow" else None)
    with sqlite3.connect(home / "crm.db") as crm:
        assert crm.execute("select handoff_priority from leads where lead_id = 'lead-0'").fetchone() == (9,)


def test_a_crm_that_cannot_be_used_fails_the_job_by_name(home):
    sent(home)
    write_registry(home, table="elsewhere")
    result, _ = reconciled(home, is_well=False)
    (failure,) = [event for event in result.all_node_events if event.is_step_failure]
    assert "destination crm: has no table elsewhere that can be read" in str(failure.step_failure_data.error)
