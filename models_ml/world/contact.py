"""Attempts to reach a lead: when each is made, and which one is answered.

Who is chosen and when work begins is `intake.py`; what is then said is `screening.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models_ml.world import clinic, delays, habits
from models_ml.world.clock import HOUR, NEVER, SECOND, BusinessTime
from models_ml.world.draws import Bools, Draws, Floats, Ints

ATTEMPTS = 5
_PACE = np.array([line.pace for line in clinic.SERVICE_LINES])
_CHANNEL_NAMES = np.array(["call", "sms", "email", "secure_message"], dtype=object)


@dataclass(frozen=True)
class Attempt:
    """The same attempt at every lead: when (micros, NEVER) and whether it is answered."""

    time: Ints
    answered: Bools


def attempts(
    draws: Draws, cast: pd.DataFrame, story: pd.DataFrame, speed: Floats, business: BusinessTime
) -> list[Attempt]:
    """Attempts until somebody is reached, in order.

    Reads `worked_at` and `self_booked_at` of the story, and adds `contacted_at` (micros), `waited_hours` (since intake
    took the lead up) and `p_reached`. `speed` is that of each lead's member of staff.
    """
    number, intent, calendar = (cast[name].to_numpy() for name in ("number", "intent", "calendar"))
    worked = story["worked_at"].to_numpy()
    # Who has booked before anybody tried is often left in peace.
    spared = np.where(draws.chance("spared_after_booking", 0.6, number), story["self_booked_at"].to_numpy(), NEVER)
    time = worked
    contacted = np.full(len(cast), NEVER, dtype=np.int64)
    waited = np.zeros(len(cast))
    missed = np.ones(len(cast))
    made = []
    for place in range(ATTEMPTS):
        delay = delays.NEXT_ATTEMPT if place else delays.FIRST_ATTEMPT
        time = business.add(time, delay.draw(draws, number, place, scale=_PACE[cast["line"]] / speed), calendar)
        time = np.where(spared < time, NEVER, time)
        hours = np.where(time < NEVER, (time - worked) / HOUR, 0.0)
        reached = habits.reaches(intent, hours, place)
        answered = draws.chance("answers", reached, number, place) & (time < NEVER)
        missed *= 1.0 - reached
        contacted = np.where(answered, np.minimum(contacted, time + 30 * SECOND), contacted)
        waited = np.where(answered, hours, waited)
        made.append(Attempt(time, answered))
        gives_up = draws.chance("gives_up", 0.12, number, place)
        time = np.where(answered | gives_up, NEVER, time)
    story["contacted_at"], story["waited_hours"], story["p_reached"] = contacted, waited, 1.0 - missed
    return made


def attempt_events(draws: Draws, cast: pd.DataFrame, story: pd.DataFrame, made: list[Attempt]) -> pd.DataFrame:
    """The attempts, and the contacts that came of them, as work events."""
    number, contacted = cast["number"].to_numpy(), story["contacted_at"].to_numpy()
    parts = []
    for place, attempt in enumerate(made):
        channel = draws.pick("attempt_channel", [0.72, 0.12, 0.06, 0.10], number, place)
        outcome = np.where(attempt.answered, "reached", "no_answer").astype(object)
        parts.append(work_events(attempt.time, place, "contact_attempt", channel, outcome, story))
        spoken = np.where(attempt.answered, contacted, NEVER)
        parts.append(work_events(spoken, 10 + place, "contact_made", channel, None, story))
    return pd.concat(parts, ignore_index=True)


def work_events(
    time: Ints,
    step: int,
    kind: str,
    channel: Ints,
    outcome: np.ndarray[tuple[int, ...], np.dtype[np.object_]] | None,
    story: pd.DataFrame,
) -> pd.DataFrame:
    """One event for each lead whose `time` comes: row, step, time, kind, channel, outcome, staff."""
    kept = time < NEVER
    result = np.full(len(time), None, dtype=object) if outcome is None else outcome
    return pd.DataFrame({"row": np.flatnonzero(kept), "step": step, "time": time[kept], "kind": kind,
                         "channel": _CHANNEL_NAMES[channel[kept]], "outcome": result[kept],
                         "staff": story["staff"].to_numpy()[kept]})  # fmt: skip
