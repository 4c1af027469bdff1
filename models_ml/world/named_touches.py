"""Touches people make by name: the form, call or referral that makes the lead, e-mail clicks, events, requests.

Same columns as `browsing.page_touches`. What a signal truly says of a lead follows from `intent` here and nowhere
else; what staff then do is `intake.py`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic
from models_ml.world.clock import DAY, HOUR, MINUTE, SECOND, to_local, to_utc
from models_ml.world.draws import Bools, Draws, Ints, sigmoid

_CAMPAIGNS = clinic.campaign_table()
_EMAILS = 8


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
    return pd.DataFrame({"row": np.flatnonzero(kept), "own": own, "step": 10_000 + step, "time": time[kept],
                         "signal": np.broadcast_to(np.asarray(signal, dtype=np.int64), count)[kept],
                         "channel": channels, "campaign": _CAMPAIGNS[channels, line], "line": line,
                         "session": draws.bits("named_session", own, step)})  # fmt: skip


def _entries(draws: Draws, cast: pd.DataFrame) -> pd.DataFrame:
    everyone = np.ones(len(cast), dtype=np.bool_)
    return _part(
        draws, cast, everyone, 0, cast["entry"].to_numpy(), cast["created"].to_numpy(), cast["channel"].to_numpy()
    )


def _events(draws: Draws, cast: pd.DataFrame) -> list[pd.DataFrame]:
    """Registrations after the lead, and attendance at 18:00 local some days after registering."""
    number, intent = cast["number"].to_numpy(), cast["intent"].to_numpy()
    created, zone = cast["created"].to_numpy(), cast["zone"].to_numpy()
    enters_so = cast["entry"].to_numpy() == clinic.REGISTERED
    holds = (_CAMPAIGNS[clinic.WEBINAR] >= 0)[cast["line"].to_numpy()]
    later = ~enters_so & holds & draws.chance("registers_later", 0.08 * np.exp(0.4 * intent.clip(-2, 2)), number)
    when = created + (draws.exponential("registers_after", 12.0, number).clip(0.1, 120) * DAY).astype(np.int64)
    registered = np.where(enters_so, created, when)
    shown = (enters_so | later) & draws.chance("attends", sigmoid(0.1 + 0.8 * intent), number)
    day = to_local(registered, zone) // DAY + 2 + draws.below("event_in", 12, number)
    attended = to_utc(day * DAY + 18 * HOUR + draws.below("event_minute", 20, number) * MINUTE, zone)
    channel = np.where(enters_so, cast["channel"].to_numpy(), clinic.WEBINAR)
    return [
        _part(draws, cast, later, 1, clinic.REGISTERED, registered, clinic.WEBINAR),
        _part(draws, cast, shown, 2, clinic.ATTENDED, attended, channel),
    ]


def _emails(draws: Draws, cast: pd.DataFrame) -> list[pd.DataFrame]:
    """Clicks in the nurture mails that follow the lead, fewer as weeks go by."""
    number, intent = cast["number"].to_numpy(), cast["intent"].to_numpy()
    clicks = draws.poisson("email_clicks", 1.0 * np.exp(0.3 * intent.clip(-2, 2)), number, most=_EMAILS)
    clicks = np.where(cast["has_email"].to_numpy(), clicks, 0)
    parts = []
    for place in range(_EMAILS):
        after = draws.exponential("email_after", 24.0, number, place).clip(0.2, 200) * DAY
        time = cast["created"].to_numpy() + after.astype(np.int64)
        parts.append(_part(draws, cast, clicks > place, 10 + place, clinic.EMAIL_CLICK, time, clinic.EMAIL))
    return parts


def _requests(draws: Draws, cast: pd.DataFrame) -> list[pd.DataFrame]:
    """Appointment requests, calls and messages to support after the lead."""
    number, intent = cast["number"].to_numpy(), cast["intent"].to_numpy()
    created = cast["created"].to_numpy()
    parts = []
    asks = draws.chance("asks_appointment", sigmoid(-2.4 + 1.2 * intent), number)
    at_once = draws.chance("asks_at_once", 0.35, number)
    wait = np.where(at_once, 3 * MINUTE, draws.exponential("asks_after", 5.0, number).clip(0.01, 120) * DAY)
    kinds: tuple[tuple[int, int, Bools, Ints, int], ...] = (
        (3, clinic.APPOINTMENT_REQUEST, asks, created + wait.astype(np.int64), clinic.DIRECT),
        (4, clinic.PHONE_CALL, *_later(draws, cast, "calls", 0.09, 7.0), clinic.DIRECT),
        (5, clinic.SUPPORT_REQUEST, *_later(draws, cast, "writes", 0.13, 10.0), clinic.DIRECT),
        (6, clinic.DOWNLOAD, *_later(draws, cast, "downloads", 0.22, 14.0), clinic.EMAIL),
        (7, clinic.FORM_SUBMIT, *_later(draws, cast, "second_form", 0.07, 9.0), clinic.ORGANIC),
    )
    for step, signal, kept, time, channel in kinds:
        parts.append(_part(draws, cast, kept, step, signal, time, channel))
    return parts


def _later(draws: Draws, cast: pd.DataFrame, stream: str, probability: float, days: float) -> tuple[Bools, Ints]:
    number, intent = cast["number"].to_numpy(), cast["intent"].to_numpy()
    kept = draws.chance(stream, probability * np.exp(0.35 * intent.clip(-2, 2)), number)
    after = draws.exponential(stream + "_after", days, number).clip(0.02, 150) * DAY
    return kept, cast["created"].to_numpy() + after.astype(np.int64)
