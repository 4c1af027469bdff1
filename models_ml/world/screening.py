"""Screenings: P(qualified) by lead, staff and wait, and when each verdict falls.

This is the heart of the outcome model: `intake.py` draws the world's verdicts here, `outcomes.py` integrates over them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models_ml.world import clinic, delays
from models_ml.world.clock import DAY, MINUTE, NEVER, BusinessTime
from models_ml.world.contact import work_events
from models_ml.world.draws import Bools, Draws, Floats, Ints, sigmoid

# Effects on the log-odds of a qualified screening, apart from the line's own.
INTENT_EFFECT, FIT_EFFECT, WAIT_EFFECT = 1.35, 1.2, -0.22
# How often a verdict turns later: one of not qualified, one of qualified.
TURNS = np.array([0.06, 0.025])
_QUALIFY = np.array([line.qualify for line in clinic.SERVICE_LINES])


def qualify_chance(cast: pd.DataFrame, waited_hours: Floats, severity: Floats) -> Floats:
    """P(a screening of each lead, by staff of that severity, after that wait, ends qualified)."""
    intent, fit = cast["intent"].to_numpy(), cast["fit"].to_numpy()
    wait = np.log1p(waited_hours / 8)
    odds = INTENT_EFFECT * intent + FIT_EFFECT * fit + _QUALIFY[cast["line"]] - severity + WAIT_EFFECT * wait
    chance = sigmoid(-1.2 + odds)
    # Care elsewhere is seldom possible; who wants no care is never qualified.
    chance = np.where(cast["in_state"].to_numpy(), chance, 0.05 * chance)
    return np.where(cast["purpose"].to_numpy() == 0, chance, 0.0)


@dataclass(frozen=True)
class Screening:
    """Of each lead (micros, NEVER): when a screening was missed, and when one was held."""

    missed: Ints
    held: Ints


def screen(draws: Draws, cast: pd.DataFrame, contacted: Ints, business: BusinessTime) -> Screening:
    """When leads reached at those moments are screened: in the same talk, or later and then perhaps in vain."""
    number, calendar = cast["number"].to_numpy(), cast["calendar"].to_numpy()
    at_once = draws.chance("screens_at_once", 0.66, number)
    quick = np.where(contacted < NEVER, contacted + (4 + draws.below("screen_minutes", 14, number)) * MINUTE, NEVER)
    first = np.where(at_once, quick, business.add(contacted, delays.SCREEN_WAIT.draw(draws, number), calendar))
    silent = ~at_once & draws.chance("misses_screening", 0.2, number) & (first < NEVER)
    again = np.where(silent & draws.chance("tried_again", 0.55, number), first, NEVER)
    held = np.where(silent, business.add(again, delays.AGAIN_WAIT.draw(draws, number), calendar), first)
    return Screening(np.where(silent, first, NEVER), held)


def verdicts(
    draws: Draws, cast: pd.DataFrame, held: Ints, good: Bools, business: BusinessTime, *, turning: Bools | None = None
) -> pd.DataFrame:
    """When what is said of each lead screened then, if `good` is what its screening finds (micros, NEVER).

    `turning` says whose verdict would turn later; None: as drawn.

    One row per lead: whether the verdict `waits` for a referral, `cleared` (qualified once that arrived), `changed`
    (the verdict turned), and from these `qualified_at` and `refused_at`.
    """
    number, calendar = cast["number"].to_numpy(), cast["calendar"].to_numpy()
    referral = cast["referral_at"].to_numpy()
    waits = good & (referral > held) & (held < NEVER)
    followed = np.where(waits & draws.chance("followed_up", 0.85, number), referral, NEVER)
    cleared = business.add(followed, np.full(len(cast), 180.0), calendar)
    turning = draws.chance("turns", TURNS[good.astype(np.int64)], number) if turning is None else turning
    turns = turning & ~waits & (held < NEVER)
    turned = np.where(turns, held + 8 * DAY, NEVER)
    changed = business.add(turned, delays.TURN_WAIT.draw(draws, number), calendar)
    return pd.DataFrame({
        "waits": waits, "cleared": cleared, "changed": changed,
        "qualified_at": np.where(good, np.where(waits, cleared, held), np.where(turns, changed, NEVER)),
        "refused_at": np.where(good, np.where(turns, changed, NEVER), held),
    })  # fmt: skip


def screenings(
    draws: Draws, cast: pd.DataFrame, story: pd.DataFrame, severity: Floats, business: BusinessTime
) -> pd.DataFrame:
    """Up to three screenings a lead, as work events; adds `p_qualified`, `qualified_at`, `refused_at` to the story."""
    number = cast["number"].to_numpy()
    story["p_qualified"] = qualify_chance(cast, story["waited_hours"].to_numpy(), severity)
    good = draws.chance("qualifies", story["p_qualified"].to_numpy(), number)
    screening = screen(draws, cast, story["contacted_at"].to_numpy(), business)
    said = verdicts(draws, cast, screening.held, good, business)
    story["qualified_at"], story["refused_at"] = said["qualified_at"], said["refused_at"]
    channel = draws.pick("screen_channel", [0.82, 0.0, 0.0, 0.18], number)
    plain = np.where(good, "qualified", "not_qualified").astype(object)
    verdict = np.where(said["waits"], "needs_referral", plain).astype(object)
    reverse = np.where(good, "not_qualified", "qualified").astype(object)
    nobody, yes = np.full(len(cast), "no_answer", dtype=object), np.full(len(cast), "qualified", dtype=object)
    steps = (
        (screening.missed, nobody),
        (screening.held, verdict),
        (said["cleared"].to_numpy(), yes),
        (said["changed"].to_numpy(), reverse),
    )
    parts = [
        work_events(time, 20 + place, "screening", channel, outcome, story)
        for place, (time, outcome) in enumerate(steps)
    ]
    return pd.concat(parts, ignore_index=True)
