"""What holds for every destination once an outbox is delivered to it: proved, once, and said where it cannot be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest

from orchestration.destinations.base import Unavailable
from orchestration.destinations.delivery import deliver
from orchestration.destinations.judging import Conflicts
from orchestration.lake.canonical_text import Value
from orchestration.lake.outbox import Outbox, Wanted, Write
from tests.contract.destinations.systems import PAYLOAD, System, payload

LEADS = [f"lead-{n:02}" for n in range(20)]


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def crm(system: System):
    system.make(LEADS)
    return system.open(batch_size=8)


def wanted(lead_ids: Sequence[str], **changes: Value) -> list[Wanted]:
    return [Wanted(lead_id, f"key of {lead_id}", "clinic", {**PAYLOAD, **changes}) for lead_id in lead_ids]


def send(outbox: Outbox, crm: object, rows: Sequence[Wanted], *, conflicts: Conflicts = "restore") -> dict[str, int]:
    outbox.queue("crm", rows, floor=crm.highest_sequence())
    return deliver(outbox, crm, conflicts=conflicts, pause=lambda _: None)


def receipts(outbox: Outbox) -> list[dict]:
    return [row for rows in outbox.unlanded_receipts("b").values() for row in rows]


def test_all_is_verified_and_a_second_run_calls_nothing(system, crm, outbox):
    assert send(outbox, crm, wanted(LEADS)) == {"verified": len(LEADS)}
    assert {row["status"] for row in receipts(outbox)} == {"verified"} and len(receipts(outbox)) == len(LEADS)
    system.calls.reset()
    assert outbox.queue("crm", wanted(LEADS)) == 0
    assert deliver(outbox, crm) == {"verified": len(LEADS)}
    assert (system.calls.write, system.calls.read) == (0, 0)


def test_only_what_changed_is_written(system, crm, outbox):
    send(outbox, crm, wanted(LEADS))
    before = {lead_id: system.raw(lead_id) for lead_id in LEADS}
    send(outbox, crm, [*wanted(LEADS[:-1]), *wanted(LEADS[-1:], handoff_stage="sql")])
    assert [lead_id for lead_id in LEADS if system.raw(lead_id) != before[lead_id]] == LEADS[-1:]
    assert system.raw(LEADS[-1])["handoff_sequence"] == str(len(LEADS) + 1)


def test_one_row_that_is_well_does_not_make_its_batch_well(system, crm, outbox):
    """The bug of a live tool: a batch counted as done for one row, its failed rows never tried again."""
    bad, good = LEADS[3], [lead_id for lead_id in LEADS if lead_id != LEADS[3]]
    told = send(outbox, crm, [*wanted(good), *wanted([bad], **system.refused)])
    assert told == {"verified": len(good), "rejected": 1}
    (row,) = [row for row in receipts(outbox) if row["lead_id"] == bad]
    assert row["status"] == "rejected" and row["error_code"]
    assert system.raw(bad)["handoff_sequence"] is None
    assert send(outbox, crm, wanted(LEADS)) == {"verified": len(LEADS)}, "its data changed: it is tried again"
    assert {lead_id: system.raw(lead_id)["handoff_band"] for lead_id in LEADS} == dict.fromkeys(LEADS, "high")


def test_a_refused_row_costs_few_calls(system, outbox):
    system.make(LEADS)
    crm = system.open(batch_size=16)
    system.calls.reset()
    send(outbox, crm, [*wanted(LEADS[:7]), *wanted(LEADS[7:8], **system.refused), *wanted(LEADS[8:16])])
    assert system.calls.write <= 1 + 2 * math.log2(16) + 1
    assert outbox.counts("crm") == {"verified": 15, "rejected": 1}


def test_a_record_that_is_gone_is_said_and_not_made_again(system, crm, outbox):
    system.remove(LEADS[0])
    assert send(outbox, crm, wanted([*LEADS[:3], "nobody"])) == {"verified": 2, "gone": 2}
    assert system.count() == len(LEADS) - 1
    system.calls.reset()
    assert deliver(outbox, crm) == {"verified": 2, "gone": 2} and system.calls.write == 0


def test_a_team_that_staff_changed_stands(system, crm, outbox):
    send(outbox, crm, wanted(LEADS))
    system.change(LEADS[1], "handoff_team_id", "theirs")
    told = send(outbox, crm, wanted(LEADS, handoff_team_id="t-2", handoff_band="low"))
    assert told == {"verified": len(LEADS) - 1, "conflicting": 1}
    assert system.raw(LEADS[1])["handoff_team_id"] == "theirs" and system.raw(LEADS[2])["handoff_team_id"] == "t-2"
    assert system.raw(LEADS[1])["handoff_band"] == "low", "what is not the team is ours all the same"


@pytest.mark.parametrize("conflicts", ["restore", "leave"])
def test_another_field_that_somebody_changed_is_told_and_written_over_or_left(system, crm, outbox, conflicts):
    send(outbox, crm, wanted(LEADS))
    theirs = {
        "handoff_priority": "9",
        "handoff_queue": "ask Jo Doe",
        "handoff_sla_due_at": None,
        "handoff_band": "medium",
    }
    for lead_id, (name, value) in zip(LEADS, theirs.items(), strict=False):
        system.change(lead_id, name, value)
    told = send(outbox, crm, wanted(LEADS, handoff_band="low", handoff_stage="sql"), conflicts=conflicts)
    stays = 3 if conflicts == "leave" else 0
    assert told == {"verified": len(LEADS) - stays} | ({"conflicting": stays} if stays else {})
    how, meant = ("left", theirs) if stays else ("restored", payload())
    for lead_id, name in zip(LEADS, ("handoff_priority", "handoff_queue", "handoff_sla_due_at"), strict=False):
        assert system.raw(lead_id)[name] == meant[name] and system.raw(lead_id)["handoff_stage"] == "sql"
    assert system.raw(LEADS[3])["handoff_band"] == "low", "we want another value than the one they changed"
    found = [row for rows in outbox.unlanded_findings("b").values() for row in rows]
    names = ("lead_id", "field", "ours", "theirs", "resolution")
    assert sorted(tuple(row[name] for name in names) for row in found) == [
        (LEADS[0], "handoff_priority", "2", "9", how),
        (LEADS[1], "handoff_queue", None, None, how),
        (LEADS[2], "handoff_sla_due_at", payload()["handoff_sla_due_at"], None, how),
        (LEADS[3], "handoff_band", "high", "medium", "restored"),
    ]
    assert "Jo Doe" not in str(receipts(outbox)) + str(found)


def test_an_older_outbox_never_writes_over_a_newer_one(system, crm, outbox):
    outbox.queue("crm", wanted(LEADS[:4]))
    for lead_id in LEADS[:2]:
        system.change(lead_id, "handoff_sequence", "1000")
    deliver(outbox, crm, pause=lambda _: None)
    held = [system.raw(lead_id) for lead_id in LEADS[:4]]
    assert [row["handoff_stage"] for row in held[2:]] == ["mql", "mql"]
    for row in held[:2]:
        assert row["handoff_stage"] is None or int(row["handoff_sequence"]) > 1000, "either it stands, or we are newer"


def lose(calls: dict[str, int], real: Callable, error: BaseException) -> Callable:
    """The second call is done, and its reply lost."""

    def run(writes: Sequence[Write]) -> object:
        calls["n"] = calls.get("n", 0) + 1
        answers = real(writes)
        if calls["n"] == 2:
            raise error
        return answers

    return run


def test_a_lost_reply_is_read_and_not_written_again(system, crm, outbox, monkeypatch):
    system.calls.reset()
    monkeypatch.setattr(crm, "write", lose({}, crm.write, Unavailable("lost", is_fate_unknown=True)))
    outbox.queue("crm", wanted(LEADS))
    assert deliver(outbox, crm, pause=lambda _: None) == {"verified": len(LEADS)}
    assert system.calls.write == math.ceil(len(LEADS) / 8)
    assert all(system.raw(lead_id) == {**payload(), "handoff_sequence": str(n)} for n, lead_id in enumerate(LEADS, 1))


def test_killed_after_a_write_and_run_again_writes_the_rest(system, crm, outbox, monkeypatch):
    system.calls.reset()
    outbox.queue("crm", wanted(LEADS))
    with monkeypatch.context() as patch:
        patch.setattr(crm, "write", lose({}, crm.write, Killed()))
        with pytest.raises(Killed):
            deliver(outbox, crm, pause=lambda _: None)
    assert deliver(outbox, crm, pause=lambda _: None) == {"verified": len(LEADS)}
    assert system.calls.write == math.ceil(len(LEADS) / 8)
    assert [system.raw(lead_id)["handoff_sequence"] for lead_id in LEADS] == [str(n + 1) for n in range(len(LEADS))]
