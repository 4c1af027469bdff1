"""A batch that the CRM tells of as a whole is booked as record by record it would be."""

from __future__ import annotations

import random

import pytest

from orchestration.destinations.delivery import deliver
from tests.unit.destinations.conftest import receipts, wanted
from tests.unit.destinations.simulated import Crm, Kind, ProvingCrm

_WHEN = ("attempted_at", "acknowledged_at", "verified_at")


@pytest.mark.parametrize("lacking", [set(), {"handoff_staff_id"}])
def test_states_and_receipts_are_those_of_reading_record_by_record(outbox, lacking):
    told = {}
    for name, make in (("singly", Crm), ("together", ProvingCrm)):
        crm = make(Kind(), [f"lead-{n:02}" for n in range(9)], chance=random.Random(1))
        crm.name, crm.lacks = name, set(lacking)
        outbox.queue(name, wanted(10))
        deliver(outbox, crm, pause=lambda _: None)
        outbox.queue(name, wanted(10, handoff_stage="sql"))
        counts = deliver(outbox, crm, pause=lambda _: None)
        rows = [row for row in receipts(outbox) if row["destination"] == name]
        assert all(
            row["attempted_at"] <= row["acknowledged_at"] <= row["verified_at"] for row in rows if row["verified_at"]
        )
        told[name] = (
            counts,
            [
                {
                    key: value is not None if key in _WHEN else value
                    for key, value in row.items()
                    if key != "destination"
                }
                for row in rows
            ],
        )
    assert told["together"] == told["singly"] and told["together"][0] == {"verified": 9, "gone": 1}


def test_what_was_queued_anew_while_a_write_was_on_its_way_stays_queued(outbox):
    crm = ProvingCrm(Kind(batch_size=6), [f"lead-{n:02}" for n in range(6)], chance=random.Random(1))
    outbox.queue("crm", wanted(6))
    write = crm.write

    def meanwhile(writes):
        crm.write = write
        answers = write(writes)
        outbox.queue("crm", wanted(2, handoff_stage="sql"))
        return answers

    crm.write = meanwhile
    assert deliver(outbox, crm, pause=lambda _: None) == {"verified": 6}
    rows = receipts(outbox)
    assert [row["status"] for row in rows] == ["verified"] * 8
    digests = {row["lead_id"]: row["payload_sha256"] for row in rows if row["sequence"] <= 6}
    assert len(set(digests.values())) == 1, "the receipt of a write bears the hash of what was sent"
