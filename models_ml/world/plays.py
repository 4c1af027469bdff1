"""A lead handed over, played many times: what may become of it, given what is knowable of it then.

Plays go through the very rules the world itself is drawn by (`contact.py`, `screening.py`); what is hidden at the
handover is drawn anew in each, given what is not (`knowable.py`). `outcomes.py` asks; `truth.py` tells the answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models_ml.world import habits, knowable
from models_ml.world.blocks import Block
from models_ml.world.clock import DAY, HOUR, MINUTE, NEVER
from models_ml.world.contact import attempts
from models_ml.world.delays import ASKS_AFTER
from models_ml.world.draws import Draws, Floats, Ints
from models_ml.world.intake import BOOKS_AFTER, HANDED_AFTER, SELF_BOOKING
from models_ml.world.plan import Plan
from models_ml.world.screening import TURNS, qualify_chance, screen, verdicts
from models_ml.world.staffing import pick_members, team_table

PLAYS = 128
HORIZONS = (30, 60, 90)
_SAME_MOMENT = 15 * MINUTE
# What a play needs to know of a lead.
_PLAYED = ("number", "intent", "fit", "line", "location", "calendar", "in_state", "purpose", "created", "referral_at")


@dataclass(frozen=True)
class Plays:
    """Leads handed over at `at` (micros), each played `PLAYS` times: lead-major frames, one row per play."""

    at: Ints
    cast: pd.DataFrame
    story: pd.DataFrame


def sql_moments(cast: pd.DataFrame, qualified: Ints, booked: Ints) -> Ints:
    """When each lead truly is ready and eligible: qualified or booked for itself, with the referral, in the state."""
    ready = np.maximum(np.minimum(qualified, booked), cast["referral_at"].to_numpy())
    return np.where(cast["in_state"].to_numpy(), np.minimum(ready, NEVER), NEVER)


def possible_plays(plan: Plan, block: Block, at: Ints) -> Plays:
    """Plays of the block's leads with at < NEVER, consistent with all that is knowable of each at that moment."""
    # The world's own draws say what was told; what is not yet known is drawn apart from them.
    draws, hidden = plan.draws, plan.draws.branch("outcomes")
    weights = knowable.intent_weights(draws, block, np.minimum(at, plan.end))
    cast, story = block.cast, block.story
    intent = knowable.sample_intent(draws, cast, weights, PLAYS)
    at_each = np.repeat(at, PLAYS)
    row = np.repeat(np.arange(len(cast)), PLAYS)
    played = pd.DataFrame({name: cast[name].to_numpy()[row] for name in _PLAYED})
    played["number"] = played["number"] * PLAYS + np.tile(np.arange(PLAYS), len(cast))
    played["intent"] = intent.ravel()
    played["fit"] = knowable.sample_fit(draws, cast, PLAYS).ravel()
    played["referral_at"] = knowable.sample_referral(draws, cast, at, intent).ravel()
    told = draws.chance("purpose_given", 0.6, cast["number"].to_numpy())
    told |= at >= cast["created"].to_numpy() + 2 * DAY
    odd = hidden.chance("odd_purpose", 0.028, played["number"].to_numpy())
    played["purpose"] = np.where(np.repeat(told, PLAYS), played["purpose"], odd.astype(np.int64))
    # Who called was taken up in that very call; work of another time than the handover's is not this handover's.
    worked = story["worked_at"].to_numpy()
    worked = np.where(np.abs(worked - at) <= _SAME_MOMENT, worked, at + HANDED_AFTER)
    tale = pd.DataFrame({"worked_at": np.repeat(worked, PLAYS)})
    tale["self_booked_at"] = _self_booked(hidden, played, story, row, at_each)
    return Plays(at_each, played, tale)


def _self_booked(draws: Draws, cast: pd.DataFrame, story: pd.DataFrame, row: Ints, at: Ints) -> Ints:
    """When each play books for itself: as known, or asked and not yet booked, or asks later."""
    number, created, intent = (cast[name].to_numpy() for name in ("number", "created", "intent"))
    requested, booked = story["requested_at"].to_numpy()[row], story["self_booked_at"].to_numpy()[row]
    passed = ((at - created) / DAY).clip(0, None)
    at_once = np.where(passed * DAY < 3 * MINUTE, habits.ASKS_AT_ONCE, 0.0)
    slowly = (1 - habits.ASKS_AT_ONCE) * np.exp(-passed / ASKS_AFTER.typical)
    asks = habits.asks(intent)
    left = asks * (at_once + slowly)
    will_ask = draws.chance("will_ask", left / (left + 1 - asks), number)
    soon = draws.chance("will_ask_at_once", at_once / (at_once + slowly), number)
    later = at + (ASKS_AFTER.draw(draws, number) * DAY).astype(np.int64)
    asked = np.where(requested <= at, requested, np.where(will_ask, np.where(soon, created + 3 * MINUTE, later), NEVER))
    books = draws.chance("will_book", habits.books(intent, SELF_BOOKING[cast["line"]]), number)
    able = cast["in_state"].to_numpy() & (cast["purpose"].to_numpy() == 0)
    hoped = np.where(books & able & (asked < NEVER), asked + BOOKS_AFTER, NEVER)
    return np.where(requested + BOOKS_AFTER <= at, booked, hoped)


def work_plays(plan: Plan, plays: Plays) -> None:
    """Adds to the plays who works them and when they are reached, as intake goes of itself."""
    draws, cast, story = plan.draws.branch("outcomes"), plays.cast, plays.story
    number = cast["number"].to_numpy()
    team = team_table()[cast["line"], cast["location"]]
    story["staff"] = pick_members(draws, "staff", plan.members, team, story["worked_at"].to_numpy(), number)
    attempts(draws, cast, story, plan.members["speed"].to_numpy()[story["staff"]], plan.business)
    story["weight"] = 1.0


def contact_plays(plan: Plan, plays: Plays, staff: Ints, minutes: Floats) -> None:
    """Adds to the plays that this member reaches each lead after so many open minutes (each per play).

    Who is reached then is likelier to be keen: plays weigh as likely as it is that they answer.
    """
    cast, story = plays.cast, plays.story
    worked = story["worked_at"].to_numpy()
    contacted = plan.business.add(worked, minutes, cast["calendar"].to_numpy())
    hours = (contacted - worked) / HOUR
    story["staff"], story["contacted_at"], story["waited_hours"] = staff, contacted, hours
    story["weight"] = habits.reaches(cast["intent"].to_numpy(), hours, 0)


def chances(plan: Plan, plays: Plays, days: Sequence[float]) -> Floats:
    """P(SQL at most so many days after the handover | none before it), shape (leads, days).

    NaN for a lead that had become SQL in every play: what has happened has no chance.
    """
    draws, cast, story = plan.draws.branch("outcomes"), plays.cast, plays.story
    severity = plan.members["severity"].to_numpy()[story["staff"]]
    good = qualify_chance(cast, story["waited_hours"].to_numpy(), severity)
    weight = story["weight"].to_numpy().reshape(-1, PLAYS)
    result, open_yet = np.zeros((len(weight), len(days))), np.zeros((len(weight), 1))
    held = screen(draws, cast, story["contacted_at"].to_numpy(), plan.business).held
    # What is rare is weighed, not drawn: so few plays may never show it, and what can happen has no chance of 0.
    ways = ((True, False, good), (False, True, (1 - good) * TURNS[0]), (False, False, (1 - good) * (1 - TURNS[0])))
    for is_good, is_turning, chance in ways:
        finds, turning = np.full(len(cast), is_good), np.full(len(cast), is_turning)
        said = verdicts(draws, cast, held, finds, plan.business, turning=turning)
        ready = sql_moments(cast, said["qualified_at"].to_numpy(), story["self_booked_at"].to_numpy())
        later = ready > plays.at
        open_yet[:, 0] += ((chance * later).reshape(-1, PLAYS) * weight).sum(axis=1)
        for place, horizon in enumerate(days):
            within = later & (ready < NEVER) & (ready - plays.at <= horizon * DAY)
            result[:, place] += ((chance * within).reshape(-1, PLAYS) * weight).sum(axis=1)
    return np.divide(result, open_yet, out=np.full_like(result, np.nan), where=open_yet > 0)


def true_chances(plan: Plan, block: Block) -> Floats:
    """P(SQL within each of HORIZONS | what was knowable at MQL), by the clinic's own MQL; NaN without; (leads, 3)."""
    result = np.full((len(block.cast), len(HORIZONS)), np.nan)
    chosen = np.flatnonzero(block.story["mql_at"].to_numpy() < NEVER)
    if len(chosen):
        part = some_of(block, chosen)
        plays = possible_plays(plan, part, part.story["mql_at"].to_numpy())
        work_plays(plan, plays)
        result[chosen] = chances(plan, plays, HORIZONS)
    return result


def some_of(block: Block, rows: Ints) -> Block:
    """The block with these rows of its cast alone, in this order; a row asked for twice is two leads."""
    cast, story = (frame.iloc[rows].reset_index(drop=True) for frame in (block.cast, block.story))
    place = pd.DataFrame({"row": rows, "new": np.arange(len(rows))})
    touches = block.touches[block.touches["row"].isin(rows)].merge(place, on="row")
    return replace(block, cast=cast, story=story, touches=touches.assign(row=touches["new"]).drop(columns="new"))
