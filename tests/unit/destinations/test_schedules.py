"""Random schedules of faults: at the end the CRM is as the ledger says, whatever happened on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.destinations import delivery
from tests.unit.destinations.schedules import play


@pytest.mark.parametrize("part", range(4))
def test_crm_equals_ledger_after_five_hundred_schedules(part: int, tmp_path: Path) -> None:
    for seed in range(500 * part, 500 * (part + 1)):
        play(seed, tmp_path)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(20))
def test_crm_equals_ledger_after_ten_thousand_schedules(part: int, tmp_path: Path) -> None:
    for seed in range(10_000 + 500 * part, 10_000 + 500 * (part + 1)):
        play(seed, tmp_path)


def test_the_schedules_see_a_batch_booked_by_its_reply_alone(tmp_path, monkeypatch):
    def believe(write, held, **said):
        return judge(write, held if held is None or held.sequence == write.sequence else _as_sent(write, held), **said)

    judge = delivery.judge_read
    monkeypatch.setattr(delivery, "judge_read", believe)
    with pytest.raises(AssertionError, match="seed"):
        for seed in range(200):
            play(seed, tmp_path)


def _as_sent(write, held):
    return type(held)(write.sequence, dict(write.payload), held.remote_id, held.state)
