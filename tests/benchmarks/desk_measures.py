"""What a routing game is judged by: one row per lead and arm, sums of paired differences, their intervals.

Arms are paired lead by lead; a difference is drawn again by worlds, and within a world by days of arrival, since leads
of one day wait in the same queues.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models_ml.world.clock import DAY, NEVER
from models_ml.world.intake import HANDED_AFTER
from tests.benchmarks.desk_game import Played
from tests.benchmarks.desk_leads import Arrivals, local_days
from tests.benchmarks.desk_roster import Roster

REPEATS = 400
GROUPS = ("language", "location_id", "service_line", "age_band", "band")
MEASURES = ("sql_in_time", "is_sql", "is_in_time")


@dataclass(frozen=True)
class Difference:
    """Per 100 MQLs, with its 95 % interval, and how many MQLs it is of."""

    mean: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:+.2f} [{self.low:+.2f}, {self.high:+.2f}]"


def lead_rows(arrivals: Arrivals, roster: Roster, played: Played) -> pd.DataFrame:
    """One row per measured lead, in order of arrival: world, day, groups, and what became of it.

    is_in_time: first contact made by the due time; is_sql: the chance of SQL within the horizon as it went;
    sql_in_time: the two multiplied; minutes: business minutes to contact (NaN: none); waited_days: to the first
    attempt, those never tried NaN; is_untried.
    """
    leads = arrivals.leads
    at, due, calendar = (leads[name].to_numpy() for name in ("at", "due_at", "calendar"))
    staff = np.array(roster.staff_ids, dtype=object)[played.member]
    is_sql, in_time = arrivals.outcomes(staff, played.contacted_at), played.contacted_at <= due
    tried = played.attempted_at < NEVER
    rows = pd.DataFrame({
        "world": arrivals.plan.seed, "day": local_days(at), **{name: leads[name] for name in GROUPS},
        "is_in_time": in_time.astype(np.float64), "is_sql": is_sql, "sql_in_time": is_sql * in_time,
        "minutes": arrivals.plan.business.minutes(at + HANDED_AFTER, played.contacted_at, calendar),
        "waited_days": np.where(tried, (played.attempted_at - at) / DAY, np.nan), "is_untried": ~tried,
    })  # fmt: skip
    rows["language"] = rows["language"].fillna("(not told)")
    return rows[leads["is_measured"]].reset_index(drop=True)


def difference(rows: pd.DataFrame, other: pd.DataFrame, measure: str, *, repeats: int = REPEATS) -> Difference:
    """How much more of `measure` per 100 MQLs there is in `rows` than in `other`, the same leads in another arm."""
    gained = (rows[measure] - other[measure]).to_numpy()
    sums = pd.DataFrame({"world": rows["world"], "day": rows["day"], "gained": gained, "count": 1.0})
    days = sums.groupby(["world", "day"], as_index=False).sum()
    random, drawn = np.random.default_rng(7), np.empty(repeats)
    worlds = [part[["gained", "count"]].to_numpy() for _, part in days.groupby("world")]
    for place in range(repeats):
        total = np.zeros(2)
        for one in random.integers(0, len(worlds), len(worlds)):
            part = worlds[one]
            total += part[random.integers(0, len(part), len(part))].sum(axis=0)
        drawn[place] = 100 * total[0] / max(total[1], 1.0)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Difference(100 * float(gained.mean()), float(low), float(high), len(rows))


def summary(rows: pd.DataFrame) -> dict[str, float]:
    """An arm in short: measures per 100 MQLs, median minutes to contact (never: the longest), the low band."""
    low = rows[rows["band"] == "low"]
    waits = rows["minutes"].fillna(np.inf)
    return {
        **{name: 100 * float(rows[name].mean()) for name in MEASURES},
        "median_minutes": float(waits.median()),
        "low_in_time": 100 * float(low["is_in_time"].mean()),
        "low_untried": 100 * float(low["is_untried"].mean()),
        "low_wait_p95": float(low["waited_days"].quantile(0.95)),
        "low_wait_longest": float(low["waited_days"].max()),
    }
