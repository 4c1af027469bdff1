"""What the clinic did with each lead: its own MQL rule, when intake took it up, and who; the work events that follow.

How leads are reached is `contact.py`, how screenings end `screening.py`, appointments `bookings.py`. Nothing here knows
the scenario but the moments at which work is typed in.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic, delays, habits
from models_ml.world.clock import DAY, MINUTE, NEVER, SECOND, BusinessTime
from models_ml.world.contact import attempt_events, attempts
from models_ml.world.draws import Bools, Draws, Ints
from models_ml.world.scenario import Scenario
from models_ml.world.screening import screenings
from models_ml.world.staffing import pick_members, team_table

HANDED_AFTER, BOOKS_AFTER = 2 * MINUTE, 4 * MINUTE
SELF_BOOKING = np.array([line.self_booking for line in clinic.SERVICE_LINES])


def payer_given(draws: Draws, cast: pd.DataFrame) -> Bools:
    """Whether the lead named its payer when it came."""
    return draws.chance("payer_given", 0.66, cast["number"].to_numpy())


def house_mql_at(draws: Draws, cast: pd.DataFrame, touches: pd.DataFrame) -> Ints:
    """When the clinic's own rule (HOUSE_POINTS, no decay) would call each lead an MQL; NEVER where it would not.

    It goes by what its systems see at once (`seen`), so what a scenario delivers late moves nothing that happened.
    """
    own = touches[touches["row"] >= 0]
    row, signal = own["row"].to_numpy(), own["signal"].to_numpy()
    time = np.maximum(own["seen"].to_numpy(), cast["created"].to_numpy()[row])
    order = np.lexsort((own["step"].to_numpy(), time, row))
    row, signal, time = row[order], signal[order], time[order]
    rank = pd.DataFrame({"row": row, "signal": signal}).groupby(["row", "signal"]).cumcount().to_numpy()
    points = np.where(rank < clinic.HOUSE_AT_MOST[signal], clinic.HOUSE_POINTS[signal], 0)
    total = np.cumsum(points)
    starts = np.searchsorted(row, np.arange(len(cast)))
    before = np.concatenate([[0], total])[starts]
    reached = total - before[row] >= clinic.HOUSE_THRESHOLD
    result = np.full(len(cast), NEVER, dtype=np.int64)
    np.minimum.at(result, row[reached], time[reached])
    insured = payer_given(draws, cast) & (cast["payer"].to_numpy() < 3)
    fit = 20 * cast["in_area"].to_numpy() + 10 * insured + 10 * cast["in_state"].to_numpy()
    return np.where(fit >= 20, result, NEVER)


def first_times(touches: pd.DataFrame, signal: int, count: int) -> Ints:
    """Time of each lead's first touch of a signal; NEVER without one."""
    chosen = touches[(touches["signal"] == signal) & (touches["row"] >= 0)]
    result = np.full(count, NEVER, dtype=np.int64)
    np.minimum.at(result, chosen["row"].to_numpy(), chosen["time"].to_numpy())
    return result


def run_intake(
    draws: Draws, cast: pd.DataFrame, touches: pd.DataFrame, members: pd.DataFrame, business: BusinessTime
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each lead's story (times in micros, true probabilities) and the work events (row, step, time, kind, ...)."""
    number = cast["number"].to_numpy()
    story = pd.DataFrame({"mql_at": house_mql_at(draws, cast, touches)})
    requested = first_times(touches, clinic.APPOINTMENT_REQUEST, len(cast))
    books = draws.chance("books_self", habits.books(cast["intent"].to_numpy(), SELF_BOOKING[cast["line"]]), number)
    able = cast["in_state"].to_numpy() & (cast["purpose"].to_numpy() == 0)
    story["requested_at"] = requested
    story["self_booked_at"] = np.where(books & able & (requested < NEVER), requested + BOOKS_AFTER, NEVER)
    team = team_table()[cast["line"], cast["location"]]
    story["worked_at"] = _worked_at(draws, cast, story)
    story["team"] = team
    worked = np.minimum(story["worked_at"].to_numpy(), NEVER)
    story["staff"] = pick_members(draws, "staff", members, team, worked, number)
    speed, severity = (members[name].to_numpy()[story["staff"]] for name in ("speed", "severity"))
    tried = attempt_events(draws, cast, story, attempts(draws, cast, story, speed, business))
    screened = screenings(draws, cast, story, severity, business)
    events = pd.concat([tried, screened], ignore_index=True)
    return story, events[events["time"] < NEVER].reset_index(drop=True)


def typed_in(
    draws: Draws, scenario: Scenario, cast: pd.DataFrame, events: pd.DataFrame, business: BusinessTime
) -> Ints:
    """When each work event could be known: a minute or two later, some the next day or, in `hostile`, weeks later."""
    time, row = events["time"].to_numpy(), events["row"].to_numpy()
    if not scenario.lags:
        return time
    number, step = cast["number"].to_numpy()[row], events["step"].to_numpy()
    late = draws.chance("typed_in_late", scenario.late_work, number, step)
    soon = time + (20 + draws.below("typed_in", 160, number, step)) * SECOND
    slow = business.add(time, np.full(len(events), 540.0), cast["calendar"].to_numpy()[row])
    if scenario.latest_days > 3:
        slow = slow + draws.below("typed_in_days", scenario.latest_days - 3, number, step) * DAY
    return np.where(late, slow, soon)


def _worked_at(draws: Draws, cast: pd.DataFrame, story: pd.DataFrame) -> Ints:
    """Handed to intake when labelled; callers at once; a few others because somebody felt like it."""
    number, created = cast["number"].to_numpy(), cast["created"].to_numpy()
    handed = np.where(story["mql_at"] < NEVER, story["mql_at"] + HANDED_AFTER, NEVER)
    whim = created + (delays.WHIM_AFTER.draw(draws, number) * DAY).astype(np.int64)
    handed = np.where((handed >= NEVER) & draws.chance("whim", 0.22, number), whim, handed)
    caller = cast["by_phone"].to_numpy() & draws.chance("call_taken", 0.85, number)
    return np.where(caller, created, handed)
