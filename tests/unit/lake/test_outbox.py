"""The outbox alone: what is queued, in which order, and that receipts land once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.lake.canonical_text import text_of
from orchestration.lake.outbox import Outbox, Receipt, Wanted


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox(tmp_path / "outbox.sqlite")
    yield opened
    opened.close()


def wanted(lead_id: str, **payload: object) -> Wanted:
    return Wanted(lead_id, f"key-{lead_id}", "clinic", payload)


def settle(outbox: Outbox, status: str) -> None:
    writes = outbox.pending("crm", limit=100)
    outbox.settle("crm", [Receipt(write, status, datetime(2026, 1, 1)) for write in writes])


def test_sequences_only_rise(outbox):
    outbox.queue("crm", [wanted("b", x=1), wanted("a", x=1)])
    assert [(write.lead_id, write.sequence) for write in outbox.pending("crm", limit=9)] == [("a", 1), ("b", 2)]
    outbox.queue("crm", [wanted("a", x=2)], floor=10)
    outbox.queue("crm", [wanted("b", x=2)], floor=3)
    assert [(write.lead_id, write.sequence) for write in outbox.pending("crm", limit=9)] == [("a", 11), ("b", 12)]


def test_destinations_do_not_know_each_other(outbox):
    outbox.queue("one", [wanted("a", x=1)])
    assert outbox.queue("two", [wanted("a", x=1)]) == 1
    assert [write.sequence for write in outbox.pending("two", limit=9)] == [1]


@pytest.mark.parametrize(("status", "stays"), [("verified", 0), ("rejected", 0), ("gone", 0), ("failed", 1)])
def test_what_is_settled_waits_for_a_change(outbox, status, stays):
    outbox.queue("crm", [wanted("a", x=1)])
    settle(outbox, status)
    assert outbox.queue("crm", [wanted("a", x=1)]) == 0
    assert len(outbox.pending("crm", limit=9)) == stays
    assert outbox.queue("crm", [wanted("a", x=2)]) == 1
    assert len(outbox.pending("crm", limit=9)) == 1


def test_of_a_destination_that_moved_everything_is_to_be_proved_again(outbox):
    outbox.aim("crm", "old place")
    outbox.queue("crm", [wanted("a", x=1), wanted("b", x=1)])
    settle(outbox, "verified")
    outbox.aim("crm", "old place")
    assert outbox.pending("crm", limit=9) == []
    outbox.aim("crm", "new place")
    assert outbox.pending("crm", limit=9) == [], "nothing is sent before it is read"
    assert [(write.lead_id, write.sequence) for write in outbox.unresolved("crm", limit=9)] == [("a", 1), ("b", 2)]


def test_receipts_land_once_and_a_killed_landing_is_repeated_under_its_own_batch(outbox):
    outbox.queue("crm", [wanted("a", x=1)])
    settle(outbox, "verified")
    first = outbox.unlanded_receipts("batch-1")
    assert list(first) == ["batch-1"]
    outbox.queue("crm", [wanted("b", x=1)])
    settle(outbox, "verified")
    second = outbox.unlanded_receipts("batch-2")
    assert second["batch-1"] == first["batch-1"] and [row["lead_id"] for row in second["batch-2"]] == ["b"]
    outbox.mark_landed("batch-1")
    outbox.mark_landed("batch-2")
    assert outbox.unlanded_receipts("batch-3") == {}


def test_what_landed_long_ago_is_dropped_and_what_did_not_land_stays(outbox):
    outbox.queue("crm", [wanted("a", x=1)])
    settle(outbox, "verified")
    outbox.unlanded_receipts("batch-1")
    assert outbox.prune(before=datetime(2026, 2, 1)) == 0, "killed between landing and marking: it lands again"
    assert list(outbox.unlanded_receipts("batch-2")) == ["batch-1"]
    outbox.mark_landed("batch-1")
    outbox.queue("crm", [wanted("b", x=1)])
    settle(outbox, "verified")
    assert outbox.prune(before=datetime(2026, 1, 1)) == 0, "not so long ago"
    assert outbox.prune(before=datetime(2026, 2, 1)) == 1
    assert [row["lead_id"] for row in outbox.unlanded_receipts("batch-3")["batch-3"]] == ["b"]
    assert outbox.counts("crm") == {"verified": 2} and outbox.queue("crm", [wanted("a", x=1)]) == 0


def test_the_file_is_its_owners_alone(outbox, tmp_path):
    assert (tmp_path / "outbox.sqlite").stat().st_mode & 0o777 == 0o600


def test_one_moment_and_one_number_have_one_text():
    assert text_of(datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == "2026-01-01T00:00:00Z"
    assert text_of(datetime(2026, 1, 1, tzinfo=UTC)) == text_of(datetime(2026, 1, 1)) == "2026-01-01T00:00:00Z"
    assert text_of(Decimal("12.500000")) == text_of(12.5) == "12.5"
    assert text_of(float("nan")) is None and text_of(-0.0) == "0" and text_of(1e-9) == "0" and text_of(2) == "2"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6))
def test_numbers_survive_their_text(number):
    assert Decimal(text_of(number)) == number


def test_a_file_of_code_between_two_steps_is_brought_to_today(tmp_path):
    path = tmp_path / "outbox.sqlite"
    Outbox(path).close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("alter table sequences drop column is_above_crm")
        file.execute("pragma user_version = 1")
    with closing(Outbox(path)) as opened:
        opened.number_above("crm", lambda: 5)
        assert opened.queue("crm", [wanted("a", x=1)], floor=5) == 1
