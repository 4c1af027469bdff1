"""Touches people make by name: the form, call or referral that makes the lead, e-mail clicks, events, requests.

Same columns as `browsing.page_touches`. What a signal truly says of a lead follows from `intent` here and nowhere
else; what staff then do is `intake.py`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic, delays, habits
from models_ml.world.clock import DAY, HOUR, MINUTE, SECOND, to_local, to_utc
from models_ml.world.draws import Bools, Draws, Ints

_CAMPAIGNS = clinic.campaign_table()


def named_touches(draws: Draws, cast: pd.DataFrame) -> pd.DataFrame:
    """Every touch that carries its lead's id: row, own, step, time, signal, channel, campaign, line, ..."""
    parts = [_entries(draws, cast), *_events(draws, cast), *_emails(draws, cast), *_requests(draws, cast)]
    frame = pd.concat(parts, ignore_index=True)
    frame["browser"] = -1
    frame["ends_in_lead"] = False
    frame["click"] = np.uint64(0)
    frame["time"] = frame["time"] // SECOND * SECOND
    return frame


def _part(
    draws: Draws, cast: pd.DataFrame, kept: Bools, step: int, signal: Ints | int, time: Ints, channel: Ints | int
) -> pd.DataFrame:
    """Rows of one kind of touch, for the leads kept."""
    count = len(cast)
    channels = np.broadcast_to(np.asarray(channel, dtype=np.int64), count)[kept]
    line = cast["line"].to_numpy()[kept]
    own = cast["number"].to_numpy()[kept]
    return pd.DataFrame({"row": np.flatnonzero(kept), "own": own, "step": step, "time": time[kept],
                         "signal": np.broadcast_to(np.asarray(signal, dtype=np.int64), count)[kept],
                         "channel": channels, "campaign": _CAMPAIGNS[channels, line], "line": line,
                         "session": draws.bits("named_session", own, step - habits.ENTRY_STEP)})  # fmt: skip


def _entries(draws: Draws, cast: pd.DataFrame) -> pd.DataFrame:
    everyone = np.ones(len(cast), dtype=np.bool_)
    return _part(
        draws,
        cast,
        everyone,
        habits.ENTRY_STEP,
        cast["entry"].to_numpy(),
        cast["created"].to_numpy(),
        cast["channel"].to_numpy(),
    )


def _events(draws: Draws, cast: pd.DataFrame) -> list[pd.DataFrame]:
    """Registrations after the lead, and attendance at 18:00 local some days after registering."""
    number, intent = cast["number"].to_numpy(), cast["intent"].to_numpy()
    created, zone = cast["created"].to_numpy(), cast["zone"].to_numpy()
    enters_so = cast["entry"].to_numpy() == clinic.REGISTERED
    holds = (_CAMPAIGNS[clinic.WEBINAR] >= 0)[cast["line"].to_numpy()]
    later = ~enters_so & holds & draws.chance("registers_later", habits.registers(intent), number)
    when = created + (delays.REGISTERS_AFTER.draw(draws, number).clip(0.1, 120) * DAY).astype(np.int64)
    registered = np.where(enters_so, created, when)
    shown = (enters_so | later) & draws.chance("attends", habits.attends(intent), number)
    day = to_local(registered, zone) // DAY + 2 + draws.below("event_in", 12, number)
    attended = to_utc(day * DAY + 18 * HOUR + draws.below("event_minute", 20, number) * MINUTE, zone)
    channel = np.where(enters_so, cast["channel"].to_numpy(), clinic.WEBINAR)
    return [
        _part(draws, cast, later, habits.REGISTERED_STEP, clinic.REGISTERED, registered, clinic.WEBINAR),
        _part(draws, cast, shown, habits.ATTENDED_STEP, clinic.ATTENDED, attended, channel),
    ]


def _emails(draws: Draws, cast: pd.DataFrame) -> list[pd.DataFrame]:
    """Clicks in the nurture mails that follow the lead, fewer as weeks go by."""
    number, intent = cast["number"].to_numpy(), cast["intent"].to_numpy()
    clicks = draws.poisson("email_clicks", habits.email_clicks(intent), number, most=habits.EMAILS)
    clicks = np.where(cast["has_email"].to_numpy(), clicks, 0)
    parts = []
    for place in range(habits.EMAILS):
        after = delays.EMAIL_AFTER.draw(draws, number, place).clip(0.2, 200) * DAY
        time = cast["created"].to_numpy() + after.astype(np.int64)
        parts.append(
            _part(draws, cast, clicks > place, habits.EMAIL_STEP + place, clinic.EMAIL_CLICK, time, clinic.EMAIL)
        )
    return parts


def _requests(draws: Draws, cast: pd.DataFrame) -> list[pd.DataFrame]:
    """Appointment requests, calls, messages to support, guides and second forms after the lead."""
    number, created = cast["number"].to_numpy(), cast["created"].to_numpy()
    intent = cast["intent"].to_numpy()
    asks = draws.chance("asks_appointment", habits.asks(intent), number)
    at_once = draws.chance("asks_at_once", habits.ASKS_AT_ONCE, number)
    wait = np.where(at_once, 3 * MINUTE, delays.ASKS_AFTER.draw(draws, number).clip(0.01, 120) * DAY)
    asked = created + wait.astype(np.int64)
    parts = [_part(draws, cast, asks, habits.REQUEST_STEP, clinic.APPOINTMENT_REQUEST, asked, clinic.DIRECT)]
    for kind in habits.LATER:
        kept = draws.chance(kind.stream, kind.chance(intent), number)
        time = created + (delays.LATER[kind.stream].draw(draws, number).clip(0.02, 150) * DAY).astype(np.int64)
        parts.append(_part(draws, cast, kept, kind.step, kind.signal, time, kind.channel))
    return parts
