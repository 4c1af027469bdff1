"""`make bench-routes`: what routing costs, at 10,000 open leads and 200 members in 14 teams.

    python -m tests.benchmarks.routing --out docs/benchmarks.md

Houses differ in how much hangs together: teams of one service line and location each; teams that share lines; one pool
in which every team may take every lead. Room is scarce (two thirds of the leads) or ample (half as much again).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models_ml.routing import route_leads
from tests.benchmarks.bench import write_section
from tests.benchmarks.measure import machine, peak_mib

NOW = pd.Timestamp("2026-05-04 15:00:00")
LINES = ("cardiology", "orthopaedics", "dermatology", "behavioural_health", "diabetes", "therapy", "vascular")
PLACES = tuple(f"place_{number}" for number in range(12))
HOUSES = ("apart", "shared", "pool")
TEAMS = 14


def main() -> None:
    """Measure and write the section."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--leads", type=int, default=10_000)
    words.add_argument("--staff", type=int, default=200)
    words.add_argument("--out", type=Path, help="page to write the section into; else it is printed only")
    given = words.parse_args()
    told = section(given.leads, given.staff)
    print(told)
    if given.out:
        write_section(given.out, "routing", told)


def section(leads: int, staff: int) -> str:
    """Measure all of it; returns the section of the page."""
    told = [
        f"## routing: {leads:,} open leads, {staff} members in {TEAMS} teams\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}; {machine()}\n\n"
        "| house | room | routes name | wall s | CPU s | peak MiB | leads with a team | aim (CPU) |\n"
        "|---|---|---|---|---|---|---|---|\n"
    ]
    for house, is_scarce, with_members in _cases():
        frames = world(leads, staff, house=house, is_scarce=is_scarce, seed=7)
        rules = {"assign_members": with_members, "licences": {"cardiology": ["nurse", "coordinator"]}}
        wall, cpu = time.perf_counter(), time.process_time()
        routes = route_leads(*frames, rules, as_of=NOW)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        told.append(
            f"| {house} | {'scarce' if is_scarce else 'ample'} | {'members' if with_members else 'teams'} "
            f"| {wall:.1f} | {cpu:.1f} | {peak_mib():.0f} | {routes['team_id'].notna().sum():,} | ≤ 20 s |\n"
        )
        print(told[-1], end="", flush=True)
    return "".join(told)


def _cases() -> Iterator[tuple[str, bool, bool]]:
    for house in HOUSES:
        for is_scarce in (True, False):
            yield from ((house, is_scarce, with_members) for with_members in (False, True))


def world(
    leads: int, staff: int, *, house: str, is_scarce: bool, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Open leads, teams and staff: a fifth of the leads return, a third of the staff is away."""
    rng = np.random.default_rng(seed)
    room = int(leads * (0.67 if is_scarce else 1.5))
    members = _staff(rng, staff, room)
    return _leads(rng, leads, members), _teams(rng, house, room), members


def _teams(rng: np.random.Generator, house: str, room: int) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for number in range(TEAMS):
        line, half = LINES[number % 7], PLACES[:6] if number < 7 else PLACES[6:]
        lines = line if house == "apart" or number % 3 else f"{line}|{LINES[(number + 1) % 7]}"
        limit = int(room / TEAMS * rng.uniform(0.9, 1.4))
        held = int(rng.integers(0, 300))
        is_open = bool(rng.random() < 0.8)
        rows.append(
            {
                "team_id": f"team_{number:02d}", "queue": f"queue_{number:02d}", "complexity_levels": None,
                "service_lines": None if house == "pool" else lines, "is_open": is_open,
                "location_ids": None if house == "pool" or (house == "shared" and number % 2) else "|".join(half),
                "languages": "en|es" if number % 4 else None, "daily_capacity": limit,
                "open_lead_capacity": limit + held, "routed_today_count": 0, "open_lead_count": held,
                "next_open_at": NOW if is_open else NOW + pd.Timedelta(hours=int(rng.integers(1, 20))),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _staff(rng: np.random.Generator, count: int, room: int) -> pd.DataFrame:
    is_here = rng.random(count) < 0.65
    held = rng.integers(0, 40, count)
    limit = (room / count * rng.uniform(0.8, 1.5, count)).astype("int64")
    return pd.DataFrame(
        {
            "staff_id": [f"staff_{number:03d}" for number in range(count)],
            "team_id": [f"team_{number % TEAMS:02d}" for number in range(count)],
            "role": rng.choice(["coordinator", "scheduler", "nurse"], count),
            "languages": rng.choice(["en", "en|es", "en|es|vi", "en|zh"], count),
            "daily_capacity": limit,
            "open_lead_capacity": limit + held,
            "routed_today_count": 0,
            "open_lead_count": held,
            "is_scheduled": True,
            "is_available": is_here,
            "next_available_at": NOW + pd.to_timedelta(np.where(is_here, 0, rng.integers(1, 40, count)), unit="h"),
        }
    )


def _leads(rng: np.random.Generator, count: int, members: pd.DataFrame) -> pd.DataFrame:
    known, returns = rng.integers(0, len(members), count), rng.random(count) < 0.2
    readiness = rng.beta(1.2, 3.5, count)
    return pd.DataFrame(
        {
            "lead_key": [f"lead_{number:06d}" for number in range(count)],
            "record_key": [f"record_{number:06d}" for number in range(count)],
            "service_line": rng.choice(LINES, count),
            "location_ids": rng.choice(np.array([*PLACES, None], dtype=object), count),
            "language": rng.choice(np.array(["en", "es", "vi", None], dtype=object), count, p=[0.7, 0.15, 0.05, 0.1]),
            "band": rng.choice(np.array(["high", "medium", "low", None], dtype=object), count),
            "readiness": np.where(rng.random(count) < 0.9, readiness, np.nan),
            "is_control": rng.random(count) < 0.05,
            "route_no": 0,
            "became_mql_at": NOW - pd.to_timedelta(rng.integers(1, 3_000, count), unit="min"),
            "sla_due_at": NOW + pd.to_timedelta(rng.integers(-300, 3_000, count), unit="min"),
            "previous_staff_id": np.where(returns, members["staff_id"].to_numpy(dtype=object)[known], None),
            "previous_team_id": np.where(returns, members["team_id"].to_numpy(dtype=object)[known], None),
            **{f"can_contact_by_{way}": rng.random(count) < 0.92 for way in ("call", "sms", "email")},
            "requests_since_mql_count": rng.integers(0, 3, count),
            "missed_call_backs_count": rng.integers(0, 2, count),
        }
    )


if __name__ == "__main__":
    main()
