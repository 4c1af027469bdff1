"""Leads for the routing game in a second or two: the world's own story, without the pipeline.

MQLs are those of the clinic's own rule, and the forecast is the shipped classifier on a few plain columns: what the
lead came by and how often it gave each signal by then. It knows less than the pipeline does; for tests of the game.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.readiness import ReadinessClassifier
from models_ml.world import clinic
from models_ml.world.blocks import Block, play
from models_ml.world.clock import DAY, NEVER
from models_ml.world.plan import Plan, make_plan
from models_ml.world.plays import sql_moments
from tests.benchmarks.desk_assumptions import HORIZON_DAYS
from tests.benchmarks.desk_leads import Arrivals, Forecasts, arrivals_of, cuts_of

MONTHS, BEGIN_DAY, END_DAY = 4, 70, 90
_SLA_MINUTES = np.array([60.0, 60.0, 240.0, 60.0, 30.0, 240.0])  # by service line, about as the shipped criteria say


def small_world(leads: int, seed: int) -> Arrivals:
    """MQLs of three weeks of a world, with a forecast learned from those known a horizon before them."""
    plan = make_plan(leads, seed, MONTHS)
    rows = pd.concat([_mqls(plan, first) for first in range(0, leads, 10_000)]).sort_values(["at", "number"])
    day = (rows["at"].to_numpy() - plan.begin) / DAY
    learned = day < BEGIN_DAY - HORIZON_DAYS
    features = rows.drop(columns=["number", "at", "is_sql"])
    model = ReadinessClassifier(random_state=seed).fit(features[learned], rows["is_sql"].to_numpy()[learned])
    later = ~learned & (day < END_DAY)
    readiness = np.asarray(model.predict_proba(features[later])[:, 1])
    is_played = day[later] >= BEGIN_DAY
    number, at = (rows[name].to_numpy()[later][is_played] for name in ("number", "at"))
    line = pd.Index(clinic.LINE_IDS).get_indexer(rows["service_line"][later][is_played])
    cuts = cuts_of(readiness[~is_played])
    return arrivals_of(plan, Forecasts(number, at, readiness[is_played], _SLA_MINUTES[line], *cuts))


def _mqls(plan: Plan, first: int) -> pd.DataFrame:
    block = play(plan, np.arange(first, min(first + 10_000, plan.leads), dtype=np.int64))
    assert block is not None, "a whole span holds every lead"
    cast, story = block.cast, block.story
    at = story["mql_at"].to_numpy()
    ready = sql_moments(cast, story["qualified_at"].to_numpy(), story["self_booked_at"].to_numpy())
    rows = pd.DataFrame({
        "number": cast["number"], "at": at, "is_sql": (ready - at <= HORIZON_DAYS * DAY).astype(int),
        "service_line": np.array(clinic.LINE_IDS, dtype=object)[cast["line"]],
        "channel": np.array(clinic.CHANNELS, dtype=object)[cast["channel"]],
        "days_as_lead": (at - cast["created"]) / DAY, **_signal_counts(block, at),
    })  # fmt: skip
    return rows[(at < NEVER) & (ready > at)]


def _signal_counts(block: Block, at: np.ndarray) -> dict[str, np.ndarray]:
    """How often each lead had given each signal by then."""
    touches = block.touches
    done = touches[touches["time"].to_numpy() <= at[touches["row"]]]
    counts = {}
    for code, signal in enumerate(clinic.SIGNALS):
        rows = done["row"].to_numpy()[done["signal"].to_numpy() == code]
        counts[f"{signal}_count"] = np.bincount(rows, minlength=len(at))
    return counts
