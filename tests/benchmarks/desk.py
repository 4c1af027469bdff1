"""Routing by readiness, played against the clinic world's outcome model at equal staff: `make bench-routing`.

    python -m tests.benchmarks.desk --worlds 10 --leads 20000 --out docs/routing-played.md

Writes the tables between the page's markers. Arms are in `desk_policies.py` and `desk_router.py`, what is assumed in
`desk_assumptions.py`, how it is judged in `desk_measures.py`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from tests.benchmarks.desk_game import Desk, Policy
from tests.benchmarks.desk_leads import Arrivals
from tests.benchmarks.desk_measures import lead_rows
from tests.benchmarks.desk_page import BY_DUE, IN_TIME, OLDEST, SHUFFLED, as_markdown
from tests.benchmarks.desk_policies import DueFirst, FirstCome, NewestFirst, RoundRobin
from tests.benchmarks.desk_roster import Roster, roster_of
from tests.benchmarks.desk_router import ByReadiness, Routes, routes_of
from tests.benchmarks.desk_worlds import compiled, desk_world
from tests.benchmarks.pages import write_between

FIRST_SEED, SCARCITIES, GUARDED = 101, (0.6, 0.8, 1.0, 1.3), (0.8,)
Rows = dict[tuple[float, str], pd.DataFrame]


def play_world(arrivals: Arrivals, scarcities: Sequence[float] = SCARCITIES) -> Rows:
    """Every arm at every staffing, over one world's leads: (staff to demand, arm) → rows of leads."""
    roster = roster_of(arrivals.plan)
    supply, demand = staff_minutes(arrivals, roster)
    routes = routes_of(arrivals, roster)
    placebo = routes_of(arrivals, roster, shuffle_seed=arrivals.plan.seed)
    played: Rows = {}
    for scarcity in scarcities:
        arms = plain_arms(routes, placebo) + (guarded_arms(routes) if scarcity in GUARDED else [])
        for arm in arms:
            desk = Desk(arrivals, roster, arm, stretch=supply / (scarcity * demand))
            played[scarcity, arm.name] = lead_rows(arrivals, roster, desk.play())
    return played


def plain_arms(routes: Routes, placebo: Routes) -> list[Policy]:
    """The arms of every staffing."""
    return [
        FirstCome(), RoundRobin(), NewestFirst(), DueFirst(),
        ByReadiness(routes, name=BY_DUE),
        ByReadiness(routes, name=OLDEST, order="oldest_overdue"),
        ByReadiness(placebo, name=SHUFFLED, order="oldest_overdue"),
    ]  # fmt: skip


def guarded_arms(routes: Routes) -> list[Policy]:
    """Guards against starving, tried where staff are scarce."""
    return [
        ByReadiness(routes, name=IN_TIME, order="in_time"),
        ByReadiness(routes, name="overdue last; two days old: first", order="in_time", aged_after_days=2.0),
        ByReadiness(routes, name="overdue last; every fourth call first come", order="in_time", first_come_share=0.25),
    ]


def staff_minutes(arrivals: Arrivals, roster: Roster) -> tuple[float, float]:
    """Staff minutes there are while leads come, and those that calling every lead at once would take."""
    at = arrivals.leads["at"].to_numpy()
    demand = Desk(arrivals, roster, FirstCome(), stretch=0.01).play().used_minutes
    return roster.minutes(int(at.min()), int(at.max())), demand


def play_worlds(worlds: Iterator[Arrivals]) -> Rows:
    """All worlds' rows, one frame per staffing and arm."""
    parts: dict[tuple[float, str], list[pd.DataFrame]] = {}
    for arrivals in worlds:
        for key, rows in play_world(arrivals).items():
            parts.setdefault(key, []).append(rows)
    return {key: pd.concat(frames, ignore_index=True) for key, frames in parts.items()}


def worlds_of(count: int, leads: int, scratch: Path) -> Iterator[Arrivals]:
    """Worlds of successive seeds, one after the other."""
    project = compiled(scratch)
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        yield desk_world(leads, seed, scratch, project)


def main() -> None:
    """Play, and write or print the tables."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--worlds", type=int, default=10)
    words.add_argument("--leads", type=int, default=20_000)
    words.add_argument("--out", type=Path, help="page with the markers; else the tables are printed only")
    given = words.parse_args()
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        rows = play_worlds(worlds_of(given.worlds, given.leads, Path(folder)))
    told = as_markdown(rows, given.worlds, given.leads, time.process_time() - started)
    print(told)
    if given.out:
        write_between(given.out, told, name="bench-routing")


if __name__ == "__main__":
    main()
