"""A simulated CRM, an outbox, and the few words the stories use."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestration.destinations.delivery import deliver
from orchestration.destinations.judging import Conflicts
from orchestration.lake.outbox import Outbox, Wanted
from tests.unit.destinations.simulated import Crm, FragileOutbox, Kind

QUIET = {"pause": lambda _: None}


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(FragileOutbox(tmp_path / "outbox.sqlite")) as opened:
        yield opened


@pytest.fixture
def make_crm() -> Callable[..., Crm]:
    def made(count: int = 4, *, seed: int = 7, odds: dict[str, float] | None = None, **kind: object) -> Crm:
        leads = [f"lead-{n:02}" for n in range(count)]
        return Crm(Kind(**kind), leads, chance=random.Random(seed), odds=odds)

    return made


def wanted(count: int, **changes: str | None) -> list[Wanted]:
    """What so many leads should say."""
    payload = {
        "handoff_stage": "mql",
        "handoff_readiness": "0.5",
        "handoff_team_id": "t1",
        "handoff_staff_id": None,
        **changes,
    }
    return [Wanted(f"lead-{n:02}", f"key-{n:02}", "clinic", payload) for n in range(count)]


def send(outbox: Outbox, crm: Crm, rows: list[Wanted], *, conflicts: Conflicts = "restore") -> dict[str, int]:
    """Queue and deliver, without waiting."""
    outbox.queue("crm", rows, floor=crm.highest_sequence)
    return deliver(outbox, crm, conflicts=conflicts, pause=lambda _: None)


def receipts(outbox: Outbox) -> list[dict]:
    """Every attempt there was, in order."""
    return [row for rows in outbox.unlanded_receipts("batch").values() for row in rows]


def findings(outbox: Outbox) -> list[tuple]:
    """What others changed: lead, field, ours, theirs, resolution."""
    names = ("lead_id", "field", "ours", "theirs", "resolution")
    return [tuple(row[n] for n in names) for rows in outbox.unlanded_findings("batch").values() for row in rows]
