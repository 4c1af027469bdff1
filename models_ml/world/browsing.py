"""Web sessions before and after a lead, and the anonymous touches in them; visitors who never become leads too.

Frames of codes and micros: `row` is the lead's row in the cast (-1: a visitor without lead). Touches a person makes
by name (forms, calls, e-mail, events) are `named_touches.py`; ids and texts are put on in `touch_tables.py`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic, delays, habits
from models_ml.world.clock import DAY, HOUR, MINUTE, SECOND, to_utc
from models_ml.world.draws import Draws, Ints
from models_ml.world.people import COOKIELESS, REFUSED, spread_over_days

LOOKBACK_DAYS = 110
_VISITORS = 1_000_000_000
_IDLE = 1000
_CAMPAIGNS = clinic.campaign_table()
# Channels of a later visit: people come back by search, by mail, or directly.
_RETURN_SHARES = [0.22, 0.10, 0.28, 0.12, 0.0, 0.0, 0.0, 0.28]


def lead_sessions(draws: Draws, cast: pd.DataFrame) -> pd.DataFrame:
    """Sessions of the cast: row, session, start, pages, channel, `ends_in_lead` (micros and codes)."""
    number = cast["number"].to_numpy()
    intent = cast["intent"].to_numpy()
    web = ~cast["by_referral"].to_numpy()
    before = np.where(web, 1 + draws.poisson("visits_before", habits.visits_before(intent), number, most=7), 0)
    before += draws.poisson("visits_before_referral", np.where(web, 0.0, 0.6), number, most=3)
    after = draws.poisson("visits_after", habits.visits_after(intent), number, most=7)
    total = before + after
    row = np.repeat(np.arange(len(cast)), total)
    session = np.arange(len(row)) - np.repeat(np.cumsum(total) - total, total)
    own, created = number[row], cast["created"].to_numpy()[row]
    pages = 1 + draws.poisson("pages", habits.pages_more(intent[row]), own, session, most=8)
    ends_in_lead = (session == before[row] - 1) & web[row]
    earlier = session < before[row]
    back = delays.VISIT_BACK.draw(draws, own, session).clip(0.05, LOOKBACK_DAYS) * DAY
    ahead = delays.VISIT_AHEAD.draw(draws, own, session).clip(0.02, 150) * DAY
    start = np.where(earlier, created - back, created + ahead).astype(np.int64)
    # The session in which the form is sent ends at the lead's creation, a minute or two after its last page.
    start = np.where(ends_in_lead, created - pages * 2 * MINUTE - MINUTE, start)
    first = cast["channel"].to_numpy()[row]
    lured = (session == 0) | (ends_in_lead & (session <= 1))
    channel = np.where(lured, first, draws.pick("visit_channel", _RETURN_SHARES, own, session))
    return pd.DataFrame({"row": row, "own": own, "session": session, "start": start // SECOND * SECOND, "pages": pages,
                         "channel": channel, "line": cast["line"].to_numpy()[row], "ends_in_lead": ends_in_lead,
                         "consent": cast["web_consent"].to_numpy()[row],
                         "browser": _browsers(draws, cast, row, session)})  # fmt: skip


def _browsers(draws: Draws, cast: pd.DataFrame, row: Ints, session: Ints) -> Ints:
    """Code of the browser of each session: a person's first or second device; some duplicates come from a third."""
    person = cast["person"].to_numpy()
    two = draws.chance("second_device", 0.16, person)[row]
    other = two & draws.chance("on_second_device", 0.4, cast["number"].to_numpy()[row], session)
    third = (cast["is_duplicate"].to_numpy() & draws.chance("new_device", 0.6, cast["number"].to_numpy()))[row]
    # A few households share one browser: the later link to it is somebody else's.
    shared = draws.chance("shared_browser", 0.006, person) & (person > 0)
    owner = np.where(shared, person - 1, person)[row]
    return owner * 4 + np.where(third, 2, other.astype(np.int64))


def visitor_sessions(draws: Draws, number: Ints, count: int, begin: int, end: int) -> pd.DataFrame:
    """Sessions of people who never become a lead, in the same columns."""
    own = number + _VISITORS
    day = spread_over_days(draws, "visitor_day", number, count, begin, end)
    line = draws.pick("visitor_line", [line.share for line in clinic.SERVICE_LINES], own)
    channel = draws.pick("visitor_channel", [0.34, 0.26, 0.25, 0.02, 0.0, 0.0, 0.0, 0.13], own)
    local = day * DAY + 8 * HOUR + draws.below("visitor_time", 14 * 3600, own) * SECOND
    zero = np.zeros(len(number), dtype=np.int64)
    consent = np.where(draws.chance("visitor_refuses", 0.25, own), REFUSED, 0)
    return pd.DataFrame({"row": zero - 1, "own": own, "session": zero, "start": to_utc(local, zero),
                         "pages": 1 + draws.poisson("pages", 1.3, own, 0, most=6), "channel": channel, "line": line,
                         "ends_in_lead": zero > 0, "consent": consent, "browser": own * 4})  # fmt: skip


def page_touches(
    draws: Draws, sessions: pd.DataFrame, intent: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> pd.DataFrame:
    """Touches of the sessions whose visitors let themselves be counted: one row per page that is a signal."""
    pages = sessions["pages"].to_numpy()
    at = np.repeat(np.arange(len(sessions)), pages)
    step = np.arange(len(at)) - np.repeat(np.cumsum(pages) - pages, pages)
    taken = sessions.take(at)
    own, session = taken["own"].to_numpy(), taken["session"].to_numpy()
    gap = (2 * MINUTE * step + draws.below("page_gap", 90, own, session, step) * SECOND).astype(np.int64)
    keen = np.where(taken["row"].to_numpy() >= 0, intent[np.maximum(taken["row"].to_numpy(), 0)], -0.6)
    weights = habits.page_weights(keen)
    signal = np.array(habits.PAGE_SIGNALS)[draws.pick("page_signal", weights, own, session, step)]
    click = taken["click"].to_numpy()
    frame = pd.DataFrame({"row": taken["row"].to_numpy(), "own": own, "step": step + 100 * session,
                          "time": taken["start"].to_numpy() + gap, "signal": signal,
                          "channel": taken["channel"].to_numpy(), "campaign": taken["campaign"].to_numpy(),
                          "line": taken["line"].to_numpy(), "browser": taken["browser"].to_numpy(),
                          "session": draws.bits("session", own, session), "click": click,
                          "ends_in_lead": taken["ends_in_lead"].to_numpy()})  # fmt: skip
    consent = taken["consent"].to_numpy()
    cookieless = consent == COOKIELESS
    frame.loc[cookieless, "browser"] = -1
    # Without a cookie only the page an ad led to is counted, by its click id.
    seen = (consent != REFUSED) & (~cookieless | ((click > 0) & (step == 0)))
    counted: pd.DataFrame = frame.loc[seen].reset_index(drop=True)
    return counted


def add_clicks(draws: Draws, sessions: pd.DataFrame) -> pd.DataFrame:
    """The sessions with `campaign` (-1: none; some paid search is the brand's) and `click` (bits; 0: no click id)."""
    channel, line, own, session = (sessions[name].to_numpy() for name in ("channel", "line", "own", "session"))
    brand = (channel == clinic.PAID_SEARCH) & draws.chance("brand_search", 0.12, own, session)
    campaign = np.where(brand, 0, _CAMPAIGNS[channel, line])
    paid = np.isin(channel, (clinic.PAID_SEARCH, clinic.PAID_SOCIAL)) & (campaign >= 0)
    clicked = paid & draws.chance("click_id_kept", 0.86, own, session)
    return sessions.assign(campaign=campaign, click=np.where(clicked, draws.bits("click", own, session), np.uint64(0)))


def idle_sessions(draws: Draws, cast: pd.DataFrame, mean: float) -> pd.DataFrame:
    """More visits of the cast, at any time from the lookback to half a year later, that say nothing of anybody."""
    number = cast["number"].to_numpy()
    count = np.minimum(np.rint(draws.exponential("idle_visits", mean, number)).astype(np.int64), 5000)
    count = np.where(mean > 0, count, 0)
    row = np.repeat(np.arange(len(cast)), count)
    session = _IDLE + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    own = number[row]
    at = (draws.uniform("idle_at", own, session) * (LOOKBACK_DAYS + 180) - LOOKBACK_DAYS) * DAY
    start = cast["created"].to_numpy()[row] + at.astype(np.int64)
    return pd.DataFrame({"row": row, "own": own, "session": session, "start": start // SECOND * SECOND,
                         "pages": 1 + draws.poisson("idle_pages", 8.0, own, session, most=20),
                         "channel": draws.pick("visit_channel", _RETURN_SHARES, own, session),
                         "line": cast["line"].to_numpy()[row], "ends_in_lead": np.zeros(len(row), dtype=np.bool_),
                         "consent": cast["web_consent"].to_numpy()[row],
                         "browser": _browsers(draws, cast, row, session),
                         "click": np.zeros(len(row), dtype=np.uint64)})  # fmt: skip


def idle_touches(draws: Draws, sessions: pd.DataFrame) -> pd.DataFrame:
    """Touches of visits that say nothing: pages of no meaning, campaigns of none."""
    nobody = np.zeros(int(sessions["row"].max()) + 1 if len(sessions) else 1)
    touches = page_touches(draws, sessions.assign(campaign=-1), nobody)
    return touches.assign(signal=clinic.OTHER_PAGE)
