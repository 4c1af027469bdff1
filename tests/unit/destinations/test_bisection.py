"""Halving a refused batch: the rows at fault are named, the others go through, and it takes few calls."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from orchestration.destinations.base import Answer, BatchRefused, Unavailable
from orchestration.destinations.bisection import send_halving
from orchestration.lake.outbox_types import Write


def write(number: int) -> Write:
    return Write(f"lead-{number}", "key", "clinic", number + 1, {}, "hash", 0)


batches = st.integers(1, 300).flatmap(
    lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1), max_size=min(size, 8)))
)


@given(batches)
def test_each_row_at_fault_costs_at_most_two_log_n_and_one_calls(batch):
    size, bad = batch
    calls = []

    def send(writes):
        calls.append(len(writes))
        if any(int(each.lead_id[5:]) in bad for each in writes):
            raise BatchRefused("refused", error_code="BAD")
        return {each.lead_id: Answer("acknowledged") for each in writes}

    answers = send_halving([write(n) for n in range(size)], send)
    assert {lead_id for lead_id, answer in answers.items() if answer.outcome == "rejected"} == {
        f"lead-{n}" for n in bad
    }
    assert len(answers) == size, "nobody is left without an answer"
    assert len(calls) - 1 <= len(bad) * (2 * math.log2(size) + 1), calls


@given(batches, st.sets(st.integers(1, 20), max_size=6))
def test_a_lost_reply_on_the_way_leaves_its_rows_unknown_and_the_others_answered(batch, lost):
    size, bad = batch
    applied, calls = set(), 0

    def send(writes):
        nonlocal calls
        calls += 1
        if any(int(each.lead_id[5:]) in bad for each in writes):
            raise BatchRefused("refused", error_code="BAD")
        applied.update(each.lead_id for each in writes)
        if calls in lost:
            raise Unavailable("no reply", is_fate_unknown=True)
        return {each.lead_id: Answer("acknowledged") for each in writes}

    answers = send_halving([write(n) for n in range(size)], send)
    acknowledged = {lead_id for lead_id, answer in answers.items() if answer.outcome == "acknowledged"}
    assert acknowledged <= applied
    assert applied - acknowledged == {f"lead-{n}" for n in range(size)} - set(answers), "unknown, not refused"
