"""What other people change in fields of ours: a team or member stands, the rest is restored or left, all is told."""

from __future__ import annotations

import contextlib
from contextlib import closing

import pytest

from orchestration.destinations.calls import Calls
from orchestration.destinations.delivery import Delivery, deliver
from orchestration.destinations.reconcile import reconcile
from orchestration.lake.outbox import Outbox
from orchestration.withholding import CHANNELS, Consents, withhold_waiting
from tests.unit.destinations.conftest import QUIET, findings, receipts, send, wanted
from tests.unit.destinations.simulated import BAD, Killed, Record

guarding = pytest.mark.parametrize("is_guarding", [True, False])


@guarding
def test_a_team_that_staff_set_stands_and_the_rest_is_written(outbox, make_crm, is_guarding):
    crm = make_crm(2, is_guarding=is_guarding)
    send(outbox, crm, wanted(2))
    crm.change("lead-00", "handoff_team_id", "theirs")
    counts = send(outbox, crm, wanted(2, handoff_stage="sql", handoff_team_id="t2"))
    assert counts == {"verified": 1, "conflicting": 1} and crm.broken == []
    record = crm.records["lead-00"]
    assert (record.fields["handoff_team_id"], record.fields["handoff_stage"]) == ("theirs", "sql")
    assert findings(outbox) == [("lead-00", "handoff_team_id", "t1", "theirs", "stands")]
    # It stands as long as we want another; where routing takes it over, there is no conflict any more, and no call.
    assert send(outbox, crm, wanted(2, handoff_stage="consult")) == {"verified": 1, "conflicting": 1}
    assert crm.records["lead-00"].fields["handoff_team_id"] == "theirs"
    assert send(outbox, crm, wanted(2, handoff_stage="consult", handoff_team_id="theirs")) == {"verified": 2}


@guarding
def test_a_team_that_staff_emptied_stands_too(outbox, make_crm, is_guarding):
    crm = make_crm(1, is_guarding=is_guarding)
    send(outbox, crm, wanted(1))
    crm.change("lead-00", "handoff_team_id", None)
    assert send(outbox, crm, wanted(1, handoff_stage="sql")) == {"conflicting": 1}
    assert crm.records["lead-00"].fields["handoff_team_id"] is None


@guarding
def test_a_team_that_staff_set_before_we_ever_wrote_stands(outbox, make_crm, is_guarding):
    crm = make_crm(1, is_guarding=is_guarding)
    crm.change("lead-00", "handoff_staff_id", "mia")
    assert send(outbox, crm, wanted(1, handoff_staff_id="ben")) == {"conflicting": 1}
    assert crm.records["lead-00"].fields["handoff_staff_id"] == "mia" and crm.broken == []


@guarding
def test_a_team_that_staff_set_stands_where_only_the_address_moved(outbox, make_crm, is_guarding):
    crm = make_crm(2, is_guarding=is_guarding)
    outbox.aim("crm", "old token")
    send(outbox, crm, wanted(2))
    crm.change("lead-00", "handoff_team_id", "theirs")
    crm.change("lead-01", "handoff_readiness", "0.99")
    reconcile(outbox, crm, conflicts="leave", **QUIET)
    outbox.aim("crm", "new token")
    assert send(outbox, crm, wanted(2)) == {"conflicting": 1, "verified": 1} and crm.broken == []
    assert send(outbox, crm, wanted(2, handoff_stage="sql")) == {"conflicting": 1, "verified": 1} and crm.broken == []
    assert crm.records["lead-00"].fields["handoff_team_id"] == "theirs"


def test_what_staff_set_while_the_destination_is_asked_for_its_numbers_stands(outbox, make_crm, tmp_path):
    crm = make_crm(1)
    send(outbox, crm, wanted(1))
    crm.change("lead-00", "handoff_team_id", "theirs")

    def meanwhile() -> int:
        with closing(Outbox(tmp_path / "outbox.sqlite")) as other:
            reconcile(other, crm, **QUIET)
            other.queue("crm", wanted(1, handoff_stage="sql"), floor=crm.highest_sequence)
        return crm.highest_sequence()

    assert outbox.queue("crm", wanted(1, handoff_stage="sql"), floor=meanwhile) == 0, "numbered once"
    assert deliver(outbox, crm, **QUIET) == {"conflicting": 1} and crm.broken == []


def test_reconciliation_restores_a_field_and_tells_no_free_text(outbox, make_crm):
    crm = make_crm(3)
    rows = wanted(3)
    send(outbox, crm, rows)
    crm.change("lead-00", "handoff_readiness", "0.99")
    crm.change("lead-01", "handoff_staff_id", "mia")
    found = reconcile(outbox, crm, **QUIET)
    assert found.read == 3 and found.findings == {"restored": 1, "stands": 1}
    assert crm.records["lead-00"].fields["handoff_readiness"] == "0.5"
    assert crm.records["lead-01"].fields["handoff_staff_id"] == "mia" and crm.broken == []
    assert findings(outbox) == [
        ("lead-00", "handoff_readiness", "0.5", "0.99", "restored"),
        ("lead-01", "handoff_staff_id", None, "mia", "stands"),
    ]
    assert reconcile(outbox, crm, **QUIET).findings == {}, "told once"


def test_words_nobody_knows_are_told_by_their_hash_alone(outbox, make_crm):
    crm = make_crm(3)
    send(outbox, crm, wanted(3))
    for lead_id, said in (("lead-00", "call Jo Doe"), ("lead-01", "sql"), ("lead-02", None)):
        crm.change(lead_id, "handoff_stage", said)
    assert reconcile(outbox, crm, **QUIET).findings == {"restored": 3}
    assert [row[2:4] for row in findings(outbox)] == [(None, None), ("mql", "sql"), ("mql", None)]


@guarding
def test_by_setting_a_field_is_left_until_we_have_another_value_for_it(outbox, make_crm, is_guarding):
    crm = make_crm(2, is_guarding=is_guarding)
    leave = {"conflicts": "leave"}
    send(outbox, crm, wanted(2))
    crm.change("lead-00", "handoff_readiness", "0.99")
    assert reconcile(outbox, crm, **leave, **QUIET).findings == {"left": 1}
    assert reconcile(outbox, crm, **leave, **QUIET).findings == {}, "told once"
    assert send(outbox, crm, wanted(2), **leave) == {"conflicting": 1, "verified": 1}
    assert send(outbox, crm, wanted(2, handoff_stage="sql"), **leave) == {"conflicting": 1, "verified": 1}
    record = crm.records["lead-00"].fields
    assert (record["handoff_readiness"], record["handoff_stage"]) == ("0.99", "sql")
    assert send(outbox, crm, wanted(2, handoff_stage="sql", handoff_readiness="0.6"), **leave) == {"verified": 2}
    assert crm.records["lead-00"].fields["handoff_readiness"] == "0.6"
    assert {row[3:] for row in findings(outbox)} == {("0.99", "left"), ("0.99", "restored")}


@guarding
@pytest.mark.parametrize(("conflicts", "held", "states"), [
    ("restore", "0.5", {"verified": 2}), ("leave", "0.99", {"conflicting": 1, "verified": 1}),
])  # fmt: skip
def test_what_others_changed_is_told_when_we_write_over_it_or_left(
    outbox, make_crm, is_guarding, conflicts, held, states
):
    crm = make_crm(2, is_guarding=is_guarding)
    send(outbox, crm, wanted(2), conflicts=conflicts)
    crm.change("lead-00", "handoff_readiness", "0.99")
    crm.change("lead-00", "handoff_stage", "call Jo Doe")
    assert send(outbox, crm, wanted(2, handoff_stage="sql"), conflicts=conflicts) == states
    record = crm.records["lead-00"].fields
    assert (record["handoff_readiness"], record["handoff_stage"]) == (held, "sql")
    how = "restored" if conflicts == "restore" else "left"
    told = [("lead-00", "handoff_readiness", "0.5", "0.99", how), ("lead-00", "handoff_stage", None, None, "restored")]
    assert sorted(findings(outbox)) == told
    assert send(outbox, crm, wanted(2, handoff_stage="sql"), conflicts=conflicts) == states
    assert "Jo Doe" not in str(receipts(outbox)), "and no words of theirs are kept"


@guarding
def test_a_sender_killed_after_it_found_a_change_leaves_it_all_the_same(outbox, make_crm, is_guarding):
    crm = make_crm(1, is_guarding=is_guarding)
    send(outbox, crm, wanted(1), conflicts="leave")
    crm.change("lead-00", "handoff_readiness", "0.99")
    crm.odds["killed_after"] = 0.3
    outbox.queue("crm", wanted(1, handoff_stage="sql"))
    for _ in range(99):
        with contextlib.suppress(Killed):
            deliver(outbox, crm, conflicts="leave", **QUIET)
            break
    assert outbox.counts("crm") == {"conflicting": 1}
    record = crm.records["lead-00"].fields
    assert (record["handoff_readiness"], record["handoff_stage"]) == ("0.99", "sql")
    assert {row[1:] for row in findings(outbox)} == {("handoff_readiness", "0.5", "0.99", "left")}


@guarding
def test_a_record_made_anew_was_changed_by_nobody(outbox, make_crm, is_guarding):
    crm = make_crm(1, is_guarding=is_guarding)
    send(outbox, crm, wanted(1, handoff_team_id=None))
    crm.records["lead-00"] = Record()
    assert send(outbox, crm, wanted(1, handoff_team_id=None, handoff_stage="sql")) == {"verified": 1}
    assert findings(outbox) == []


def test_records_that_go_are_said_to_be_gone_none_is_made_and_one_that_is_back_is_written(outbox, make_crm):
    crm = make_crm(3)
    send(outbox, crm, wanted(3))
    crm.records["lead-00"].state = "archived"
    crm.records["lead-01"].state = "merged"
    lost = crm.records.pop("lead-02")
    found = reconcile(outbox, crm, **QUIET)
    assert found.missing == 3 and outbox.counts("crm") == {"archived": 1, "merged": 1, "gone": 1}
    assert send(outbox, crm, wanted(3, handoff_stage="sql")) == {"archived": 1, "merged": 1, "gone": 1}
    assert "lead-02" not in crm.records
    crm.records["lead-00"].state, crm.records["lead-02"] = "live", lost
    assert reconcile(outbox, crm, **QUIET).returned == 2
    assert outbox.counts("crm") == {"verified": 2, "merged": 1}
    assert {crm.records[lead_id].fields["handoff_stage"] for lead_id in ("lead-00", "lead-02")} == {"sql"}


def test_shadow_books_everything_and_sends_nothing_until_it_is_live(outbox, make_crm):
    crm = make_crm(3)
    outbox.queue("crm", wanted(3))
    assert outbox.shadow("crm") == 3 and outbox.is_idle("crm")
    assert outbox.counts("crm") == {"shadow": 3} and {row["status"] for row in receipts(outbox)} == {"shadow"}
    assert deliver(outbox, crm) == {"shadow": 3} and crm.calls == 0
    outbox.unshadow("crm")
    assert deliver(outbox, crm, **QUIET) == {"verified": 3}


def test_live_for_some_teams_and_a_lead_that_leaves_one_is_told_so(outbox, make_crm):
    crm = make_crm(2)
    rows = [wanted(1)[0], wanted(2, handoff_team_id="t2")[1]]
    live = {"field": "handoff_team_id", "live": ["t1"]}
    outbox.queue("crm", rows)
    assert outbox.shadow("crm", **live) == 1
    assert deliver(outbox, crm, **QUIET) == {"verified": 1, "shadow": 1}
    # The first lead goes to a team that is not live: its record must not stay in the queue of the one that is.
    outbox.queue("crm", wanted(1, handoff_team_id="t2"))
    assert outbox.shadow("crm", **live) == 0
    deliver(outbox, crm, **QUIET)
    assert crm.records["lead-00"].fields["handoff_team_id"] == "t2"
    outbox.queue("crm", wanted(1, handoff_team_id="t2", handoff_stage="sql"))
    assert outbox.shadow("crm", **live) == 1, "and from then on it is in shadow"


def test_what_is_no_longer_wanted_is_not_sent(outbox, make_crm):
    crm = make_crm(2)
    outbox.queue("crm", wanted(2))
    assert outbox.keep_only("crm", ["lead-00"]) == 1
    assert deliver(outbox, crm, **QUIET) == {"verified": 1, "withdrawn": 1}
    outbox.keep_only("crm", ["lead-00", "lead-01"])
    assert deliver(outbox, crm, **QUIET) == {"verified": 2}


def test_who_may_not_be_contacted_any_more_leaves_a_team_that_is_not_live_either(outbox, make_crm):
    crm = make_crm(1)
    live = {"field": "handoff_team_id", "live": ["t1"]}
    for team in ("t1", "t2", None):
        outbox.queue("crm", wanted(1, handoff_team_id=team))
        outbox.shadow("crm", **live)
        deliver(outbox, crm, **QUIET)
    assert crm.records["lead-00"].fields["handoff_team_id"] is None


@pytest.mark.parametrize("what", ["refused", "on its way", "on its way and changed"])
def test_what_is_not_live_is_not_sent_because_it_was_refused_or_on_its_way_before(outbox, make_crm, what):
    crm = make_crm(1)
    live = {"field": "handoff_team_id", "live": ["t1"]}
    outbox.queue("crm", wanted(1, handoff_team_id="t2", handoff_stage=BAD if what == "refused" else "mql"))
    if what == "refused":
        deliver(outbox, crm, **QUIET)
        crm.version, crm.write = "fields 2", lambda writes: pytest.fail("its team is not live")
    else:
        outbox.begin("crm", outbox.pending("crm", limit=1))
    if what == "on its way and changed":
        outbox.queue("crm", wanted(1, handoff_team_id="t2", handoff_stage="sql"))
    outbox.shadow("crm", **live)
    Delivery(outbox, Calls(crm, **QUIET)).run(lambda: outbox.shadow("crm", **live))
    assert outbox.counts("crm") == {"shadow": 1} and crm.records["lead-00"].sequence is None


def test_what_was_refused_goes_out_no_more_once_nobody_may_contact_the_lead(outbox, make_crm):
    crm = make_crm(1, odds={"refused": 1.0})
    assert send(outbox, crm, wanted(1)) == {"rejected": 1}
    crm.version, crm.odds = "fields 2", {}
    consents = Consents({"key-00": (None, CHANNELS)})
    reconcile(outbox, crm, before_sending=lambda: withhold_waiting(outbox, "crm", consents), **QUIET)
    assert outbox.counts("crm") == {"verified": 1} and crm.records["lead-00"].fields["handoff_team_id"] is None


def test_what_failed_and_is_no_longer_wanted_is_not_tried_again(outbox, make_crm):
    crm = make_crm(1)
    outbox.queue("crm", wanted(1))
    outbox.begin("crm", outbox.pending("crm", limit=1))
    outbox.keep_only("crm", [])
    deliver(outbox, crm, **QUIET)
    assert crm.records["lead-00"].sequence is None, "it was on its way, did not arrive, and nobody wants it by now"
