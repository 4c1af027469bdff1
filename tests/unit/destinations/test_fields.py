"""Fields of ours that somebody makes, or makes anew, after records were written: filled by then, nobody's choice."""

from __future__ import annotations

import pytest

from orchestration.destinations.reconcile import reconcile
from tests.unit.destinations.conftest import QUIET, findings, receipts, send, wanted

guarding = pytest.mark.parametrize("is_guarding", [True, False])


@guarding
def test_a_field_that_is_made_later_is_filled_and_its_emptiness_is_nobodys_choice(outbox, make_crm, is_guarding):
    crm = make_crm(3, is_guarding=is_guarding)
    crm.lacks = {"handoff_team_id", "handoff_readiness"}
    assert send(outbox, crm, wanted(3)) == {"verified": 3}
    assert {row["absent_fields"] for row in receipts(outbox)} == {"handoff_readiness,handoff_team_id"}
    crm.lacks = set()
    crm.change("lead-02", "handoff_team_id", "theirs")
    assert outbox.reach("crm", crm.fields()) == 3
    assert send(outbox, crm, wanted(3)) == {"verified": 2, "conflicting": 1} and crm.broken == []
    assert [record.fields["handoff_team_id"] for record in crm.records.values()] == ["t1", "t1", "theirs"]
    assert {record.fields["handoff_readiness"] for record in crm.records.values()} == {"0.5"}
    assert findings(outbox) == [("lead-02", "handoff_team_id", None, "theirs", "stands")]
    assert receipts(outbox)[-1]["absent_fields"] is None and outbox.reach("crm", crm.fields()) == 0


@guarding
def test_reconciliation_sees_a_field_that_was_made_too(outbox, make_crm, is_guarding):
    crm = make_crm(2, is_guarding=is_guarding)
    crm.lacks = {"handoff_team_id"}
    send(outbox, crm, wanted(2))
    crm.lacks = set()
    assert reconcile(outbox, crm, **QUIET).findings == {} and outbox.counts("crm") == {"verified": 2}
    assert {record.fields["handoff_team_id"] for record in crm.records.values()} == {"t1"}


def test_what_is_to_stay_empty_needs_no_write_for_a_new_field(outbox, make_crm):
    crm = make_crm(2)
    crm.lacks = {"handoff_staff_id"}
    send(outbox, crm, wanted(2))
    crm.lacks, crm.calls = set(), 0
    assert outbox.reach("crm", crm.fields()) == 0 and send(outbox, crm, wanted(2)) == {"verified": 2}
    assert crm.calls == 0
    crm.change("lead-00", "handoff_staff_id", "mia")
    assert reconcile(outbox, crm, **QUIET).findings == {"stands": 1}


def test_what_is_on_its_way_while_a_field_is_made_is_written_again_with_it(outbox, make_crm):
    crm = make_crm(1)
    crm.lacks = {"handoff_team_id"}
    outbox.reach("crm", crm.fields())
    outbox.queue("crm", wanted(1))
    crm.write(outbox.begin("crm", outbox.pending("crm", limit=1)))
    crm.lacks = set()
    assert send(outbox, crm, wanted(1)) == {"verified": 1}
    assert crm.records["lead-00"].fields["handoff_team_id"] == "t1" and findings(outbox) == []


@guarding
def test_a_field_made_while_nobody_wanted_the_record_is_filled_once_it_is_wanted_again(outbox, make_crm, is_guarding):
    crm = make_crm(2, is_guarding=is_guarding)
    crm.lacks = {"handoff_readiness"}
    send(outbox, crm, wanted(2))
    outbox.keep_only("crm", ["lead-01"])
    crm.lacks = set()
    assert outbox.reach("crm", crm.fields()) == 1
    outbox.keep_only("crm", ["lead-00", "lead-01"])
    assert send(outbox, crm, wanted(2)) == {"verified": 2} and crm.broken == []
    assert {record.fields["handoff_readiness"] for record in crm.records.values()} == {"0.5"}
