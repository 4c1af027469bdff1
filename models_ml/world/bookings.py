"""Appointments: booked by the lead or by staff, moved, cancelled, missed or held, each change a version.

Frames of codes and micros; one row per version, with the moment it became known.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic, delays
from models_ml.world.clock import DAY, HOUR, MINUTE, NEVER, SECOND, BusinessTime
from models_ml.world.draws import Draws, Ints

_WAIT_DAYS = np.array([line.wait_days for line in clinic.SERVICE_LINES])
_NO_SHOW = np.array([line.no_show for line in clinic.SERVICE_LINES])
BOOKED, HELD, NO_SHOW, CANCELLED = range(4)
STATUSES = np.array(["booked", "held", "no_show", "cancelled"], dtype=object)


def make_appointments(draws: Draws, cast: pd.DataFrame, story: pd.DataFrame, business: BusinessTime) -> pd.DataFrame:
    """One row per appointment: row, place, booked, by_lead, starts, moved_at, moved_to, outcome, ended_at (micros)."""
    number = cast["number"].to_numpy()
    myself, qualified = story["self_booked_at"].to_numpy(), story["qualified_at"].to_numpy()
    after = delays.BOOKING_WAIT.draw(draws, number)
    by_staff = business.add(
        np.where(draws.chance("books", 0.86, number), qualified, NEVER), after, cast["calendar"].to_numpy()
    )
    first = np.minimum(myself, by_staff)
    one = _course(draws, cast, business, 0, first, myself <= by_staff)
    lost = np.isin(one["outcome"], (NO_SHOW, CANCELLED)) & draws.chance("rebooks", 0.42, number)
    again = business.add(
        np.where(lost, one["ended_at"], NEVER),
        delays.REBOOK_WAIT.draw(draws, number),
        cast["calendar"].to_numpy(),
    )
    two = _course(draws, cast, business, 1, again, draws.chance("rebooks_self", 0.3, number))
    story["booked_at"] = first
    held = [np.where(part["outcome"] == HELD, part["ended_at"], NEVER) for part in (one, two)]
    story["held_at"] = np.minimum(held[0], held[1])
    both = pd.concat([one, two], ignore_index=True)
    return both[both["booked"] < NEVER].reset_index(drop=True)


def _course(
    draws: Draws,
    cast: pd.DataFrame,
    business: BusinessTime,
    place: int,
    booked: Ints,
    by_lead: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> pd.DataFrame:
    """How the `place`-th appointment of each lead goes; `booked` NEVER where there is none."""
    number, line, intent = (cast[name].to_numpy() for name in ("number", "line", "intent"))
    wait = delays.APPOINTMENT_WAIT.draw(draws, number, place, scale=_WAIT_DAYS[line]).clip(0.8, 90)
    starts = _slot(
        draws, cast, business, place, np.where(booked < NEVER, booked + (wait * DAY).astype(np.int64), NEVER)
    )
    moves = draws.chance("moves", 0.13, number, place) & (booked < NEVER)
    share = 0.1 + 0.8 * draws.uniform("move_when", number, place)
    moved_at = np.where(moves, booked + (share * (starts - booked)).astype(np.int64), NEVER)
    further = delays.MOVED_BY.draw(draws, number, place) * DAY
    moved_to = _slot(draws, cast, business, place + 5, np.where(moves, starts + further.astype(np.int64), NEVER))
    final = np.where(moves, moved_to, starts)
    miss = np.clip(_NO_SHOW[line] * np.exp(-0.35 * intent) * (1 + 0.012 * (wait - 12)), 0.01, 0.6)
    outcome = 1 + draws.pick(
        "outcome", np.stack([1 - miss - 0.12, miss, np.full(len(cast), 0.12)], axis=1), number, place
    )
    last_known = np.where(moves, moved_at, booked)
    cancel = last_known + ((0.1 + 0.85 * draws.uniform("cancel_when", number, place)) * (final - last_known)).astype(
        np.int64
    )
    closed = final + (25 + draws.below("closed_after", 60, number, place)) * MINUTE
    closed = np.where(draws.chance("closed_next_day", 0.1, number, place), closed + 18 * HOUR, closed)
    ended = np.where(outcome == CANCELLED, cancel, closed) // SECOND * SECOND
    ended = np.where(booked < NEVER, ended, NEVER)
    return pd.DataFrame({"row": np.arange(len(cast)), "place": place, "booked": booked, "by_lead": by_lead,
                         "starts": starts, "moved_at": moved_at // SECOND * SECOND, "moved_to": moved_to,
                         "outcome": outcome, "ended_at": ended})  # fmt: skip


def _slot(draws: Draws, cast: pd.DataFrame, business: BusinessTime, place: int, moments: Ints) -> Ints:
    """The half-hour slot, within opening hours, that an appointment about that moment gets."""
    step = 1.0 + 30.0 * draws.below("slot", 16, cast["number"].to_numpy(), place)
    placed = business.add(moments, step.astype(np.float64), cast["calendar"].to_numpy())
    return np.where(placed < NEVER, placed // (30 * MINUTE) * (30 * MINUTE), NEVER)


def appointment_versions(appointments: pd.DataFrame) -> pd.DataFrame:
    """One row per version: `known`, `starts` and `status` as of then, beside the appointment's own columns."""
    booked = appointments.assign(known=appointments["booked"], status=BOOKED)
    moves = appointments[appointments["moved_at"] < NEVER]
    moved = moves.assign(known=moves["moved_at"], starts=moves["moved_to"], status=BOOKED)
    final = np.where(appointments["moved_at"] < NEVER, appointments["moved_to"], appointments["starts"])
    ended = appointments.assign(known=appointments["ended_at"], starts=final, status=appointments["outcome"])
    return pd.concat([booked, moved, ended], ignore_index=True)
