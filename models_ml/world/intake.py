"""What the clinic did with each lead: its own MQL rule, who tried to reach it when, and how screenings ended.

This is the outcome model. P(qualified) depends on latent intent and fit, on the line, on who screens and on how long
the lead waited; none of the latents leaves the world except as truth. Appointments are `bookings.py`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic
from models_ml.world.clock import DAY, HOUR, MINUTE, NEVER, SECOND, BusinessTime
from models_ml.world.draws import Bools, Draws, Floats, Ints, sigmoid
from models_ml.world.staffing import pick_members, team_table

ATTEMPTS = 5
_PACE = np.array([line.pace for line in clinic.SERVICE_LINES])
_QUALIFY = np.array([line.qualify for line in clinic.SERVICE_LINES])
_SELF_BOOKING = np.array([line.self_booking for line in clinic.SERVICE_LINES])


def payer_given(draws: Draws, cast: pd.DataFrame) -> Bools:
    """Whether the lead named its payer when it came."""
    return draws.chance("payer_given", 0.66, cast["number"].to_numpy())


def house_mql_at(draws: Draws, cast: pd.DataFrame, touches: pd.DataFrame) -> Ints:
    """When the clinic's own rule (HOUSE_POINTS, no decay) would call each lead an MQL; NEVER where it would not."""
    own = touches[touches["row"] >= 0]
    row, signal = own["row"].to_numpy(), own["signal"].to_numpy()
    time = np.maximum(own["known"].to_numpy(), cast["created"].to_numpy()[row])
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
    books = draws.chance(
        "books_self", 0.7 * _SELF_BOOKING[cast["line"]] * np.exp(0.25 * cast["intent"].to_numpy()), number
    )
    able = cast["in_state"].to_numpy() & (cast["purpose"].to_numpy() == 0)
    story["self_booked_at"] = np.where(books & able & (requested < NEVER), requested + 4 * MINUTE, NEVER)
    team = team_table()[cast["line"], cast["location"]]
    story["worked_at"] = _worked_at(draws, cast, story)
    story["team"] = team
    worked = np.minimum(story["worked_at"].to_numpy(), NEVER)
    story["staff"] = pick_members(draws, "staff", members, team, worked, number)
    attempts = _attempts(draws, cast, story, members, business)
    screenings = _screenings(draws, cast, story, members, business)
    events = pd.concat([attempts, screenings], ignore_index=True)
    events = events[events["time"] < NEVER].reset_index(drop=True)
    late = draws.chance("typed_in_late", 0.04, number[events["row"]], events["step"].to_numpy())
    soon = (
        events["time"].to_numpy()
        + (20 + draws.below("typed_in", 160, number[events["row"]], events["step"].to_numpy())) * SECOND
    )
    slow = business.add(
        events["time"].to_numpy(), np.full(len(events), 540.0), cast["calendar"].to_numpy()[events["row"]]
    )
    events["known"] = np.where(late, slow, soon)
    return story, events


def _worked_at(draws: Draws, cast: pd.DataFrame, story: pd.DataFrame) -> Ints:
    """Handed to intake when labelled; callers at once; a few others because somebody felt like it."""
    number, created = cast["number"].to_numpy(), cast["created"].to_numpy()
    handed = np.where(story["mql_at"] < NEVER, story["mql_at"] + 2 * MINUTE, NEVER)
    whim = created + (draws.exponential("whim_after", 3.0, number) * DAY).astype(np.int64)
    handed = np.where((handed >= NEVER) & draws.chance("whim", 0.22, number), whim, handed)
    caller = cast["by_phone"].to_numpy() & draws.chance("call_taken", 0.85, number)
    return np.where(caller, created, handed)


def _attempts(
    draws: Draws, cast: pd.DataFrame, story: pd.DataFrame, members: pd.DataFrame, business: BusinessTime
) -> pd.DataFrame:
    """Attempts until somebody is reached; adds `contacted_at`, `waited_hours` and `p_reached` to the story."""
    number, intent, calendar = (cast[name].to_numpy() for name in ("number", "intent", "calendar"))
    speed = members["speed"].to_numpy()[story["staff"]]
    worked = story["worked_at"].to_numpy()
    # Who has booked before anybody tried is often left in peace.
    spared = np.where(draws.chance("spared_after_booking", 0.6, number), story["self_booked_at"].to_numpy(), NEVER)
    time = worked
    contacted = np.full(len(cast), NEVER, dtype=np.int64)
    waited = np.zeros(len(cast))
    missed = np.ones(len(cast))
    parts = []
    for place in range(ATTEMPTS):
        median = (45.0 if place == 0 else 330.0) * _PACE[cast["line"]] / speed
        minutes = draws.lognormal("attempt_wait", median, 1.25 if place == 0 else 0.8, number, place)
        time = business.add(time, minutes, calendar)
        time = np.where(spared < time, NEVER, time)
        hours = np.where(time < NEVER, (time - worked) / HOUR, 0.0)
        reached = sigmoid(-0.1 + 0.5 * intent - 0.28 * np.log1p(hours / 4) - 0.1 * place)
        answered = draws.chance("answers", reached, number, place) & (time < NEVER)
        missed *= 1.0 - reached
        contacted = np.where(answered, np.minimum(contacted, time + 30 * SECOND), contacted)
        waited = np.where(answered, hours, waited)
        channel = draws.pick("attempt_channel", [0.72, 0.12, 0.06, 0.10], number, place)
        parts.append(
            _events(time, place, "contact_attempt", channel, np.where(answered, "reached", "no_answer"), story)
        )
        parts.append(_events(np.where(answered, contacted, NEVER), 10 + place, "contact_made", channel, None, story))
        gives_up = draws.chance("gives_up", 0.12, number, place)
        time = np.where(answered | gives_up, NEVER, time)
    story["contacted_at"], story["waited_hours"], story["p_reached"] = contacted, waited, 1.0 - missed
    return pd.concat(parts, ignore_index=True)


def _events(
    time: Ints,
    step: int,
    kind: str,
    channel: Ints,
    outcome: np.ndarray[tuple[int, ...], np.dtype[np.object_]] | None,
    story: pd.DataFrame,
) -> pd.DataFrame:
    count = len(time)
    names = np.array(["call", "sms", "email", "secure_message"], dtype=object)[channel]
    kept = time < NEVER
    return pd.DataFrame({"row": np.flatnonzero(kept), "step": step, "time": time[kept], "kind": kind,
                         "channel": names[kept],
                         "outcome": (np.full(count, None) if outcome is None else outcome.astype(object))[kept],
                         "staff": story["staff"].to_numpy()[kept]})  # fmt: skip


def qualify_chance(cast: pd.DataFrame, story: pd.DataFrame, severity: Floats) -> Floats:
    """P(a screening of this lead by staff of that severity ends qualified), after the wait it had."""
    intent, fit = cast["intent"].to_numpy(), cast["fit"].to_numpy()
    wait = np.log1p(story["waited_hours"].to_numpy() / 8)
    chance = sigmoid(-1.2 + 1.35 * intent + 1.2 * fit + _QUALIFY[cast["line"]] - severity - 0.22 * wait)
    # Care elsewhere is seldom possible; who wants no care is never qualified.
    chance = np.where(cast["in_state"].to_numpy(), chance, 0.05 * chance)
    return np.where(cast["purpose"].to_numpy() == 0, chance, 0.0)


def _screenings(
    draws: Draws, cast: pd.DataFrame, story: pd.DataFrame, members: pd.DataFrame, business: BusinessTime
) -> pd.DataFrame:
    """Up to three screenings a lead; adds `qualified_at`, `refused_at` and `p_qualified` to the story."""
    number, calendar = cast["number"].to_numpy(), cast["calendar"].to_numpy()
    contacted, referral = story["contacted_at"].to_numpy(), cast["referral_at"].to_numpy()
    story["p_qualified"] = qualify_chance(cast, story, members["severity"].to_numpy()[story["staff"]])
    good = draws.chance("qualifies", story["p_qualified"].to_numpy(), number)
    at_once = draws.chance("screens_at_once", 0.66, number)
    quick = np.where(contacted < NEVER, contacted + (4 + draws.below("screen_minutes", 14, number)) * MINUTE, NEVER)
    later = business.add(contacted, draws.lognormal("screen_wait", 700.0, 0.8, number), calendar)
    first = np.where(at_once, quick, later)
    silent = ~at_once & draws.chance("misses_screening", 0.2, number) & (first < NEVER)
    again = business.add(np.where(silent & draws.chance("tried_again", 0.55, number), first, NEVER),
                         draws.lognormal("again_wait", 900.0, 0.7, number), calendar)  # fmt: skip
    decided = np.where(silent, again, first)
    waits = good & (referral > decided) & (decided < NEVER)
    followed = np.where(waits & draws.chance("followed_up", 0.85, number), referral, NEVER)
    cleared = business.add(followed, np.full(len(cast), 180.0), calendar)
    turns = draws.chance("turns", np.where(good, 0.025, 0.06), number) & ~waits & (decided < NEVER)
    changed = business.add(
        np.where(turns, decided + 8 * DAY, NEVER), draws.lognormal("turn_wait", 900.0, 1.0, number), calendar
    )
    channel = draws.pick("screen_channel", [0.82, 0.0, 0.0, 0.18], number)
    verdict = np.where(waits, "needs_referral", np.where(good, "qualified", "not_qualified")).astype(object)
    reverse = np.where(good, "not_qualified", "qualified").astype(object)
    story["qualified_at"] = np.where(good, np.where(waits, cleared, decided), np.where(turns, changed, NEVER))
    story["refused_at"] = np.where(good, np.where(turns, changed, NEVER), decided)
    nobody, said = np.full(len(cast), "no_answer", dtype=object), np.full(len(cast), "qualified", dtype=object)
    return pd.concat([
        _events(np.where(silent, first, NEVER), 20, "screening", channel, nobody, story),
        _events(decided, 21, "screening", channel, verdict, story),
        _events(cleared, 22, "screening", channel, said, story),
        _events(changed, 23, "screening", channel, reverse, story),
    ], ignore_index=True)  # fmt: skip
