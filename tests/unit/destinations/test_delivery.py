"""Delivery as stories: what a CRM does, and what the outbox makes of it."""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing

import pytest

from orchestration.destinations.base import DestinationError, Unavailable
from orchestration.destinations.calls import Calls
from orchestration.destinations.delivery import Delivery, deliver
from orchestration.lake.lease import LeaseHeld
from orchestration.lake.outbox import Outbox, Wanted
from tests.unit.destinations.conftest import findings, receipts, send, wanted
from tests.unit.destinations.simulated import BAD, FragileOutbox, Killed


def test_one_row_that_goes_through_marks_no_batch_and_rows_that_failed_are_not_skipped_for_ever(outbox, make_crm):
    # A sync sends four leads in one call. The CRM takes one, refuses one, loses one and never mentions the last.
    crm = make_crm(4, batch_size=4)
    rows = wanted(4)
    rows[1] = Wanted("lead-01", "key-01", "clinic", {**rows[1].payload, "handoff_stage": BAD})
    silent = {"lead-02", "lead-03"}
    real = crm.write

    def partly(writes):
        if any(write.lead_id in silent for write in writes):
            answers = dict(real([write for write in writes if write.lead_id != "lead-02"]))
            return {lead_id: answer for lead_id, answer in answers.items() if lead_id not in silent}
        return real(writes)

    crm.write = partly
    outbox.queue("crm", rows)
    counts = Delivery(outbox, Calls(crm, pause=lambda _: None), max_attempts=1)
    counts.run()
    # The tool that booked by the call would say: four written. What is true is said instead, of each by itself.
    states = {row["lead_id"]: row["status"] for row in receipts(outbox)}
    assert states == {"lead-00": "verified", "lead-01": "rejected", "lead-02": "failed", "lead-03": "verified"}
    # The next sync finds nothing new in the data. It sends the one that failed all the same, and only that one.
    crm.write, sent = real, []
    crm.write = lambda writes: sent.extend(write.lead_id for write in writes) or real(writes)
    assert send(outbox, crm, rows) == {"verified": 3, "rejected": 1}
    assert sent == ["lead-02"]
    # The refused one waits for a reason to hope: its data change, and it is sent.
    assert send(outbox, crm, wanted(4)) == {"verified": 4}
    assert all(record.fields["handoff_stage"] == "mql" for record in crm.records.values())


def test_unchanged_records_take_no_call_at_all(outbox, make_crm):
    crm = make_crm(4)
    send(outbox, crm, wanted(4))
    crm.calls = 0
    crm.check = crm.highest_sequence = crm.schema_version = lambda: pytest.fail("a call for nothing")
    assert send(outbox, crm, wanted(4)) == {"verified": 4} and crm.calls == 0


@pytest.mark.parametrize("is_guarding", [True, False])
@pytest.mark.parametrize("dropped", [0.2, 0.4])
def test_calls_are_few_when_replies_are_dropped_and_senders_die(tmp_path, make_crm, dropped, is_guarding):
    n = 400
    for seed in range(8):
        kills = {"killed_before": 0.01, "killed_after": 0.01} if seed % 2 else {}
        crm = make_crm(
            n, seed=seed, odds={"dropped": dropped, **kills}, batch_size=10, read_size=20, is_guarding=is_guarding
        )
        killed = 0
        with closing(FragileOutbox(tmp_path / f"{seed}-{dropped}-{is_guarding}.sqlite")) as outbox:
            outbox.queue("crm", wanted(n))
            while outbox.counts("crm") != {"verified": n}:
                try:
                    deliver(outbox, crm, pause=lambda _: None)
                except Killed:
                    killed += 1
        writes, reads, looks = math.ceil(n / 10), math.ceil(n / 20), 0 if is_guarding else math.ceil(n / 10)
        # The share that was really dropped: calls that came to nothing are not more than those.
        assert crm.calls - crm.dropped <= 1.1 * (writes + reads + looks) + 2 * killed, seed
        assert crm.broken == []


def test_a_write_whose_reply_was_lost_is_read_and_not_sent_again(outbox, make_crm):
    crm = make_crm(2)
    real, sent = crm.write, []

    def lose(writes):
        sent.extend(write.lead_id for write in writes)
        real(writes)
        raise Unavailable("no reply", is_fate_unknown=True)

    crm.write = lose
    assert send(outbox, crm, wanted(2)) == {"verified": 2}
    assert sent == ["lead-00", "lead-01"]
    told = [(row["acknowledged_at"], row["verified_at"] is None) for row in receipts(outbox)]
    assert told == [(None, False)] * 2, "no reply said so; reading did"


@pytest.mark.parametrize("is_guarding", [True, False])
def test_a_reply_is_told_when_it_came_and_not_where_the_write_was_found_there_already(outbox, make_crm, is_guarding):
    crm = make_crm(1, is_guarding=is_guarding)
    send(outbox, crm, wanted(1))
    (first,) = receipts(outbox)
    assert first["attempted_at"] <= first["acknowledged_at"] <= first["verified_at"]
    outbox.aim("crm", "before")
    outbox.aim("crm", "now")
    deliver(outbox, crm, pause=lambda _: None)
    again = receipts(outbox)[-1]
    assert again["acknowledged_at"] is None and again["verified_at"] > first["verified_at"]


def test_of_two_senders_one_leaves_and_a_dead_one_is_taken_over(outbox, make_crm, tmp_path):
    crm = make_crm(2)
    outbox.queue("crm", wanted(2))
    with outbox.sender("crm"), closing(Outbox(outbox.path)) as other:
        with pytest.raises(LeaseHeld, match="a sender to crm"):
            deliver(other, crm)
        assert crm.calls == 0
    crm.odds["killed_after"] = 1.0
    with pytest.raises(Killed):
        deliver(outbox, crm)
    crm.odds.clear()
    with closing(Outbox(outbox.path)) as other:
        assert deliver(other, crm) == {"verified": 2}


def test_a_crm_that_is_away_is_asked_after_what_it_says_and_given_up_in_bounded_time(outbox, make_crm):
    crm, waited = make_crm(2), []

    def away(_):
        raise Unavailable("too many calls", retry_after=7.0)

    crm.write = away
    outbox.queue("crm", wanted(2))
    with pytest.raises(Unavailable):
        deliver(outbox, crm, pause=waited.append)
    assert waited == [7.0] * 5
    assert set(outbox.counts("crm")) == {"sending"}, "what may have been sent is read first next time"

    waited.clear()
    crm.check = lambda: away(None)
    calls = Calls(crm, pause=waited.append, patience=20.0)
    with pytest.raises(DestinationError):
        Delivery(outbox, calls).run()
    assert waited == [7.0, 7.0] and calls.waited == 14.0


def test_without_a_word_of_when_to_come_back_waiting_grows_and_is_jittered(make_crm):
    crm, waited = make_crm(1), []

    def away():
        raise Unavailable("503")

    for _ in range(200):
        with pytest.raises(Unavailable):
            Calls(crm, pause=waited.append).again(away)
    for place, most in enumerate((0.5, 1, 2, 4, 8)):
        shown = waited[place::5]
        assert min(shown) >= 0 and max(shown) <= most and max(shown) > 0.8 * most and min(shown) < 0.2 * most


def test_what_a_field_cannot_hold_is_told_after_three_tries(outbox, make_crm):
    crm = make_crm(1)
    real = crm.read

    def rounded(lead_ids):
        return {
            lead_id: type(held)(held.sequence, {**held.fields, "handoff_readiness": "1"}, held.remote_id)
            for lead_id, held in real(lead_ids).items()
        }

    crm.read = rounded
    assert send(outbox, crm, wanted(1)) == {"rejected": 1}
    told = [(row["status"], row["error_code"]) for row in receipts(outbox)]
    code = "read_back_differs handoff_readiness"
    assert told == [("failed", code)] * 2 + [("rejected", code)]
    assert findings(outbox) == [], "it is the CRM's own doing"
    assert send(outbox, crm, wanted(1)) == {"rejected": 1} and len(receipts(outbox)) == 3


def test_dead_letters_are_tried_again_when_data_or_fields_change(outbox, make_crm):
    crm = make_crm(2)
    del crm.records["lead-01"]
    rows = wanted(2, handoff_stage=BAD)
    assert send(outbox, crm, rows) == {"rejected": 1, "gone": 1}
    letters = [(each.lead_id, each.status, each.error_code) for each in outbox.dead_letters("crm")]
    assert letters == [("lead-01", "gone", "unknown_record"), ("lead-00", "rejected", "BAD_STAGE")]
    calls = crm.calls
    assert send(outbox, crm, rows) == {"rejected": 1, "gone": 1} and crm.calls == calls, "for the same, not again"
    crm.version = "fields 2"
    send(outbox, crm, rows)
    assert crm.calls == calls + 1, "the refused one, since the CRM's fields are others now"


def test_a_new_home_writes_on_where_an_earlier_one_was_lost(outbox, make_crm, tmp_path):
    crm = make_crm(3)
    send(outbox, crm, wanted(3))
    crm.change("lead-02", "handoff_team_id", None)
    with closing(Outbox(tmp_path / "new.sqlite")) as new:
        assert send(new, crm, wanted(3, handoff_team_id="t2", handoff_stage="sql")) == {"verified": 3}
    assert {record.fields["handoff_team_id"] for record in crm.records.values()} == {"t2"}
    assert [record.sequence for record in crm.records.values()] == [4, 5, 6]


@pytest.mark.parametrize("theirs", ["t1", "theirs", None])
def test_where_a_reading_lagged_behind_a_write_that_arrived_what_staff_made_of_it_since_stands(
    outbox, make_crm, theirs
):
    crm = make_crm(1, is_guarding=False)
    send(outbox, crm, wanted(1))
    outbox.queue("crm", wanted(1, handoff_team_id="t2"))
    real, before = crm.read, crm.read(["lead-00"])

    def lag(lead_ids):
        if crm.records["lead-00"].sequence == 1:
            return real(lead_ids)
        crm.read = real
        # While a reader still sees it as it was, somebody who sees the new team gives it back, or to another.
        crm.change("lead-00", "handoff_team_id", theirs)
        return before

    crm.read = lag
    assert deliver(outbox, crm, pause=lambda _: None) == {"conflicting": 1} and crm.broken == []
    assert crm.records["lead-00"].fields["handoff_team_id"] == theirs
    assert findings(outbox) == [("lead-00", "handoff_team_id", "t2", theirs, "stands")]


def test_a_home_of_earlier_code_goes_on(tmp_path, make_crm):
    path, payload = tmp_path / "outbox.sqlite", json.dumps(wanted(1)[0].payload, sort_keys=True, separators=(",", ":"))
    with closing(sqlite3.connect(path)) as old:
        old.executescript(_EARLIER)
        states = ["verified", "sending", "failed", "dead_letter", "dead_letter"]
        codes = [None, None, "read_back_differs", "unknown_record", "newer_write_present"]
        for n, (status, code) in enumerate(zip(states, codes, strict=True)):
            row = ("crm", f"lead-{n:02}", f"key-{n:02}", "clinic", n + 1, payload, f"hash {n}", status, 1, code)
            old.execute("insert into outbox values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        old.execute("insert into sequences values ('crm', 5)")
        old.commit()
    crm = make_crm(5)
    for n in (0, 1):
        crm.records[f"lead-{n:02}"].fields = dict(wanted(1)[0].payload)
        crm.records[f"lead-{n:02}"].sequence = n + 1
    with closing(Outbox(path)) as outbox:
        assert outbox.counts("crm") == {"verified": 1, "sending": 1, "failed": 1, "gone": 1, "rejected": 1}
        assert shape(outbox.path) == shape(Outbox(tmp_path / "made today.sqlite").path), "but for its rows, a new file"
        applied = []
        crm_write, crm.write = crm.write, lambda writes: applied.extend(w.lead_id for w in writes) or crm_write(writes)
        counts = deliver(outbox, crm, pause=lambda _: None)
        assert counts == {"verified": 4, "gone": 1}
        assert sorted(applied) == ["lead-02", "lead-04"], "what had arrived is read, not sent again"


def shape(path):
    """Columns and indexes of the queue, and whether it has rowids."""
    with closing(sqlite3.connect(path)) as file:
        (without_rowid,) = file.execute("select wr from pragma_table_list where name = 'outbox'").fetchone()
        columns = [row[:3] for row in file.execute("select name, type, pk from pragma_table_info('outbox')")]
        return without_rowid, columns, sorted(file.execute("select name, partial from pragma_index_list('outbox')"))


_EARLIER = """
create table outbox (
    destination text not null, lead_id text not null, lead_key text not null, source text not null,
    sequence integer not null, payload text not null, payload_sha256 text not null, status text not null,
    attempt integer not null default 0, error_code text,
    primary key (destination, lead_id)
) without rowid;
create table sequences (destination text primary key, last integer not null) without rowid;
create table aims (destination text primary key, place text not null) without rowid;
create table attempts (
    attempt_no integer primary key autoincrement, destination text not null, source text not null,
    lead_id text not null, lead_key text not null, sequence integer not null, payload_sha256 text not null,
    status text not null, remote_id text, error_code text, attempt integer not null,
    attempted_at text not null, acknowledged_at text, verified_at text, batch_id text,
    is_landed integer not null default 0
);
create index attempts_unlanded on attempts (is_landed) where is_landed = 0;
create index outbox_unsettled on outbox (destination, sequence) where status not in ('verified', 'dead_letter');
"""
