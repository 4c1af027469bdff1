"""Records made anew, and a CRM that is another one: what was proved before says nothing of them."""

from __future__ import annotations

from contextlib import closing

import pytest

from orchestration.destinations.delivery import deliver
from orchestration.destinations.reconcile import reconcile
from orchestration.lake.outbox import Outbox
from tests.unit.destinations.conftest import QUIET, findings, send, wanted
from tests.unit.destinations.simulated import Crm, Record

guarding = pytest.mark.parametrize("is_guarding", [True, False])
MEMBER = {"handoff_staff_id": "m1"}


def routes(crm: Crm) -> list[tuple]:
    return [(r.fields["handoff_team_id"], r.fields["handoff_staff_id"]) for r in crm.records.values()]


@guarding
@pytest.mark.parametrize("reconciles", [True, False])
def test_a_record_deleted_and_made_again_gets_its_team_and_keeps_what_staff_put_there(
    outbox, make_crm, is_guarding, reconciles
):
    crm = make_crm(3, is_guarding=is_guarding)
    send(outbox, crm, wanted(3, **MEMBER))
    for lead_id in ("lead-00", "lead-01"):
        crm.records[lead_id] = Record()
    crm.change("lead-01", "handoff_team_id", "theirs")
    if reconciles:
        assert reconcile(outbox, crm, **QUIET).returned == 2
    changes = {} if reconciles else {"handoff_stage": "sql"}
    assert send(outbox, crm, wanted(3, **MEMBER, **changes)) == {"verified": 2, "conflicting": 1}
    assert sorted(routes(crm)) == [("t1", "m1"), ("t1", "m1"), ("theirs", "m1")] and crm.broken == []
    assert findings(outbox) == [("lead-01", "handoff_team_id", None, "theirs", "stands")]


@guarding
def test_a_record_that_was_gone_and_is_made_again_is_filled(outbox, make_crm, is_guarding):
    crm = make_crm(1, is_guarding=is_guarding)
    send(outbox, crm, wanted(1))
    del crm.records["lead-00"]
    reconcile(outbox, crm, **QUIET)
    assert outbox.counts("crm") == {"gone": 1}
    crm.records["lead-00"] = Record()
    reconcile(outbox, crm, **QUIET)
    assert outbox.counts("crm") == {"verified": 1} and routes(crm) == [("t1", None)] and findings(outbox) == []


@guarding
@pytest.mark.parametrize("books", ["shadow", "withdrawn", None])
def test_from_a_sandbox_to_production_no_empty_team_is_taken_for_staffs_choice(outbox, make_crm, is_guarding, books):
    sandbox, production = make_crm(2, is_guarding=is_guarding), make_crm(2, is_guarding=is_guarding)
    outbox.aim("crm", "sandbox")
    send(outbox, sandbox, wanted(2))
    changes = {"handoff_stage": "sql"} if books else {}
    outbox.queue("crm", wanted(2, **changes))
    if books == "shadow":
        outbox.shadow("crm")
    elif books:
        outbox.keep_only("crm", [])
    outbox.aim("crm", "production")
    outbox.unshadow("crm")
    outbox.keep_only("crm", ["lead-00", "lead-01"])
    assert send(outbox, production, wanted(2, **changes)) == {"verified": 2}
    assert routes(production) == [("t1", None)] * 2 and findings(outbox) == [] and production.broken == []


@guarding
@pytest.mark.parametrize("theirs", [2, 9])
def test_moved_to_a_crm_another_home_wrote_to_all_is_written_and_its_teams_are_not_staffs(
    outbox, make_crm, tmp_path, is_guarding, theirs
):
    ours, crm = make_crm(2, is_guarding=is_guarding), make_crm(theirs, is_guarding=is_guarding)
    with closing(Outbox(tmp_path / "another.sqlite")) as another:
        # Its numbers are ours for some records, and higher for others.
        send(another, crm, wanted(theirs, handoff_team_id="t9", handoff_stage="consult"))
        crm.records["lead-01"].sequence = theirs + 5
    outbox.aim("crm", "before")
    send(outbox, ours, wanted(2))
    outbox.aim("crm", "now")
    outbox.number_above("crm", crm.highest_sequence)
    assert send(outbox, crm, wanted(2)) == {"verified": 2}
    assert routes(crm)[:2] == [("t1", None)] * 2 and findings(outbox) == [] and crm.broken == []


@guarding
def test_what_was_refused_for_a_newer_write_goes_on_above_it_where_numbers_are_looked_at_anew(
    outbox, make_crm, is_guarding
):
    crm = make_crm(2, is_guarding=is_guarding)
    outbox.queue("crm", wanted(2))
    crm.records["lead-00"].sequence = 50
    assert send(outbox, crm, wanted(2)) == {"rejected": 1, "verified": 1}
    outbox.queue("crm", wanted(2, handoff_stage="sql")[1:], floor=None)
    outbox.number_above("crm", crm.highest_sequence)
    assert send(outbox, crm, [*wanted(1), *wanted(2, handoff_stage="sql")[1:]]) == {"verified": 2}


@guarding
def test_what_arrived_before_its_record_was_merged_is_known_once_it_is_live_again(outbox, make_crm, is_guarding):
    crm = make_crm(1, is_guarding=is_guarding)
    outbox.queue("crm", wanted(1))
    # The sender died between the write and its proof.
    crm.write(outbox.begin("crm", outbox.pending("crm", limit=1)))
    crm.change("lead-00", "handoff_team_id", "theirs")
    crm.records["lead-00"].state = "merged"
    assert deliver(outbox, crm, **QUIET) == {"merged": 1}
    crm.records["lead-00"].state = "live"
    reconcile(outbox, crm, **QUIET)
    assert send(outbox, crm, wanted(1, handoff_stage="sql")) == {"conflicting": 1}
    assert crm.records["lead-00"].fields["handoff_team_id"] == "theirs" and crm.broken == []
