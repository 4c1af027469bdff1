"""The proof: leads written to a real CRM under fire, and then looked at one by one.

`prove` queues waves of changes, lets two schedules overlap over one outbox, kills senders at random moments, loses
replies, and compares what the CRM's own database holds with what was wanted. Its figures are `Figures`.
"""

from __future__ import annotations

import json
import random
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.lake.outbox import Outbox, Wanted
from tests.contract.destinations.systems import PAYLOAD
from tests.fire.proxy import Proxy

BATCH = 100


@dataclass(frozen=True)
class Figures:
    """What became of `leads` records in `writes` wanted writes."""

    leads: int
    writes: int
    kills: int
    overlaps: int
    calls: int
    dropped: int
    minimum: int
    lost: int
    duplicate: int
    wrong: int
    seconds: float

    @property
    def allowed(self) -> float:
        """Calls that are allowed: a tenth above the least, made up for lost replies, and two for each kill."""
        return 1.1 * self.minimum / (1 - self.dropped / self.calls) + 2 * self.kills

    def told(self, name: str) -> str:
        """One line."""
        return (
            f"{name}: {self.leads} leads, {self.writes} writes, {self.kills} kills, {self.overlaps} overlapping runs; "
            f"{self.lost} lost, {self.duplicate} duplicate, {self.wrong} wrong; {self.calls} calls "
            f"({self.dropped} replies dropped, {self.dropped / self.calls:.1%}), least {self.minimum}, "
            f"allowed {self.allowed:.0f}; {self.seconds:.0f} s"
        )


@dataclass
class Ground:
    """A CRM under fire: how its senders reach it, and how its database is seen past our client and the proxy."""

    kind: str
    options: Mapping[str, Any]
    proxy: Proxy
    held: Callable[[], Mapping[str, Mapping[str, str | None]]]
    """Lead id → our fields of every record there."""
    applied: Callable[[], Mapping[tuple[str, int], int]]
    """(Lead id, sequence) → how many times that write was applied, by the CRM's own history."""


def wanted(lead_ids: list[str], wave: int) -> list[Wanted]:
    """What a wave wants: in the later ones another band and team."""
    return [
        Wanted(
            lead_id,
            f"key of {lead_id}",
            "clinic",
            {**PAYLOAD, "handoff_band": f"wave {wave}", "handoff_team_id": f"t-{wave % 3}", "handoff_priority": n % 5},
        )
        for n, lead_id in enumerate(lead_ids)
    ]


def prove(
    ground: Ground,
    lead_ids: list[str],
    path: Path,
    *,
    waves: list[float],
    kills: int,
    span: float,
    seed: int = 7,
) -> Figures:
    """Each wave changes its share of the leads and is delivered under a part of the kills; the last till all are had.

    A run is killed at most `span` seconds after it began to deliver.
    """
    dice, began = random.Random(seed), time.monotonic()
    told = Counter[str]()
    wave = 0
    while wave < len(waves) or (told["kills"] < kills and wave < 10 * len(waves)):
        some = sorted(dice.sample(lead_ids, round(waves[min(wave, len(waves) - 1)] * len(lead_ids))))
        with closing(Outbox(path)) as outbox:
            told["writes"] += (queued := outbox.queue("crm", wanted(some, wave)))
            assert queued == len(some)
        told["minimum"] += 2 * -(-queued // BATCH)
        left = kills - told["kills"]
        _deliver(ground, path, left if wave >= len(waves) - 1 else left // (len(waves) - wave), dice, told, span)
        wave += 1
    return _figures(ground, lead_ids, path, told, time.monotonic() - began)


class _Run:
    """One run of a schedule: killed, if it is to be, at a random moment of its start or of its delivery."""

    def __init__(self, ground: Ground, path: Path, dice: random.Random, span: float) -> None:
        command = [sys.executable, "-m", "tests.fire.sender", str(path), ground.kind, json.dumps(ground.options)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._delay = dice.uniform(0.0, span)
        # One in ten dies before it has begun.
        self._due = time.monotonic() + self._delay if dice.random() < 0.1 else float("inf")

    def is_due(self) -> bool:
        """Whether its moment has come."""
        if self._due == float("inf") and select.select([self.process.stdout], [], [], 0)[0]:
            self._due = time.monotonic() + self._delay
        return time.monotonic() >= self._due

    def end(self) -> int | None:
        """Its exit code once it has ended."""
        code = self.process.poll()
        if code is not None:
            _, said = self.process.communicate()
            assert code in (0, 3, 4, -9), said.decode()[-2000:]
        return code


def _deliver(ground: Ground, path: Path, kills: int, dice: random.Random, told: Counter[str], span: float) -> None:
    """Two schedules side by side until nothing is pending; runs are killed as long as there are kills."""
    running: list[_Run | None] = [None, None]
    starts, is_idle = [0.0, dice.uniform(0.0, 2.0) + time.monotonic()], False
    until = time.monotonic() + 1_500
    while not is_idle or any(running):
        assert time.monotonic() < until, "not delivered in time"
        for schedule, run in enumerate(running):
            if run is None:
                if not is_idle and time.monotonic() >= starts[schedule]:
                    running[schedule] = _Run(ground, path, dice, span)
                    told["overlaps"] += all(running)
                continue
            if kills and run.end() is None and run.is_due():
                run.process.kill()
                run.process.wait()
                told["kills"], kills = told["kills"] + 1, kills - 1
            if (code := run.end()) is not None:
                running[schedule] = None
                starts[schedule] = time.monotonic() + dice.uniform(0.0, 2.0 if code == 3 else 0.1)
                is_idle = is_idle or code == 0
        time.sleep(0.01)


def _figures(ground: Ground, lead_ids: list[str], path: Path, told: Counter[str], seconds: float) -> Figures:
    held, applied = ground.held(), ground.applied()
    with closing(Outbox(path)) as outbox:
        ledger = {row.write.lead_id: row.write for row in outbox.settled("crm", limit=10 * len(lead_ids))}
        assert outbox.counts("crm") == {"verified": len(ledger)}, outbox.counts("crm")
    wrong = lost = 0
    for lead_id in lead_ids:
        if lead_id not in ledger:
            wrong += any(held[lead_id].values())
            continue
        write = ledger[lead_id]
        lost += held[lead_id]["handoff_sequence"] is None
        wrong += dict(held[lead_id]) != {**write.payload, "handoff_sequence": str(write.sequence)}
    duplicate = sum(times - 1 for times in applied.values()) + len(held) - len(lead_ids)
    lost += told["writes"] - len(applied)
    return Figures(
        leads=len(lead_ids),
        writes=told["writes"],
        kills=told["kills"],
        overlaps=told["overlaps"],
        calls=ground.proxy.calls.total(),
        dropped=ground.proxy.dropped.total(),
        minimum=told["minimum"],
        lost=lost,
        duplicate=duplicate,
        wrong=wrong,
        seconds=seconds,
    )
