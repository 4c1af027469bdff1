"""What could be known of a lead at a moment, and what follows from it about what cannot: the posterior of the latents.

Everything the person had done by then and told at the form counts; how likely each of it is given intent stands in
`habits.py`, so this is Bayes' rule over a grid and no fit. Left out: the other records of who came back, and the few
minutes it takes a page to be seen. What is told wrongly is told wrongly as often as in the `real` scenario.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from models_ml.world import clinic, delays, habits
from models_ml.world.blocks import Block
from models_ml.world.clock import DAY, MINUTE, NEVER
from models_ml.world.draws import Bools, Draws, Floats, Ints
from models_ml.world.intake import payer_given
from models_ml.world.people import (
    FIT_NOISE,
    FULL,
    IN_AREA_FIT,
    INTENT_NOISE,
    NEED_EFFECT,
    PAYER_FIT,
    PAYERS_BY_AGE,
    URGENCY_EFFECT,
    seniors_by_line,
    urgency_weights,
)
from models_ml.world.records import PAYER_WRONG

_GRID = np.arange(-4.0, 4.01, 0.1)
_OPEN_VISIT = 20 * MINUTE


def intent_grid(cast: pd.DataFrame) -> Floats:
    """Values of intent looked at for each lead, shape (leads, points): a grid around what its channel adds."""
    return np.asarray(_GRID[None, :] + clinic.CHANNEL_EFFECT[cast["channel"].to_numpy()][:, None])


def intent_weights(draws: Draws, block: Block, at: Ints) -> Floats:
    """Posterior weights over `intent_grid`, given all that is knowable at each moment; rows sum to one."""
    cast, grid = block.cast, intent_grid(block.cast)
    told = draws.chance("urgency_given", 0.64, cast["number"].to_numpy())
    prior = _priors()
    weight = np.where(told[:, None], prior[cast["urgency"].to_numpy()], prior.sum(axis=0)[None, :])
    days = ((at - cast["created"].to_numpy()) / DAY).clip(0, None)
    log = np.log(weight + 1e-300)
    log += _browsing_log(block, at, days, grid) + _named_log(block, at, days, grid) + _form_log(draws, cast, at, grid)
    log -= log.max(axis=1, keepdims=True)
    weight = np.exp(log)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _priors() -> Floats:
    """Joint weight of each urgency and each point of the grid, channel apart; shape (urgencies, points)."""
    need = np.linspace(-4, 4, 161)
    share = urgency_weights(need)
    share = share / share.sum(axis=1, keepdims=True) * np.exp(-0.5 * need**2)[:, None]
    centre = NEED_EFFECT * need[:, None] + URGENCY_EFFECT[None, :]
    spread = (_GRID[None, None, :] - centre[:, :, None]) / INTENT_NOISE
    return np.asarray((share[:, :, None] * np.exp(-0.5 * spread**2)).sum(axis=0))


def _poisson(count: Floats, rate: Floats) -> Floats:
    """Log-likelihood of counts (leads,) under rates (leads, points), but for a constant."""
    return np.asarray(count[:, None] * np.log(rate + 1e-12) - rate)


def _browsing_log(block: Block, at: Ints, days: Floats, grid: Floats) -> Floats:
    """Visits, pages a visit, and which pages; of those who refuse to be counted, nothing."""
    cast, touches = block.cast, block.touches
    count = len(cast)
    done = touches[(touches["named"] == 0).to_numpy() & (touches["time"].to_numpy() <= at[touches["row"]])]
    row = done["row"].to_numpy()
    weights = np.log(habits.page_weights(grid))
    weights -= np.log(np.exp(weights).sum(axis=-1, keepdims=True))
    log = np.zeros_like(grid)
    for place, signal in enumerate(habits.PAGE_SIGNALS):
        seen = np.bincount(row[done["signal"].to_numpy() == signal], minlength=count)
        log += seen[:, None] * weights[:, :, place]
    by_visit = done.assign(visit=done["step"] // 100).groupby(["row", "visit"], as_index=False)
    visits = by_visit.agg(begin=("time", "min"), end=("time", "max"), pages=("time", "size"))
    who = visits["row"].to_numpy()
    after = visits["begin"].to_numpy() > cast["created"].to_numpy()[who]
    over = ~after | (visits["end"].to_numpy() + _OPEN_VISIT < at[who])
    before_count = np.bincount(who[~after], minlength=count)
    after_count = np.bincount(who[after], minlength=count)
    whole = np.bincount(who[over], minlength=count)
    more = np.bincount(who[over], weights=visits["pages"].to_numpy()[over] - 1.0, minlength=count)
    came = 1 - np.exp(-days / delays.VISIT_AHEAD.typical)
    counted = cast["web_consent"].to_numpy() == FULL
    web = counted & ~cast["by_referral"].to_numpy()
    log += web[:, None] * _poisson(np.maximum(before_count - 1.0, 0), habits.visits_before(grid))
    log += counted[:, None] * _poisson(after_count.astype(np.float64), habits.visits_after(grid) * came[:, None])
    rate = habits.pages_more(grid)
    log += counted[:, None] * (more[:, None] * np.log(rate) - whole[:, None] * rate)
    return log


def _named_log(block: Block, at: Ints, days: Floats, grid: Floats) -> Floats:
    """What leads do by name after they came, and what they have not done yet."""
    cast, touches = block.cast, block.touches
    done = touches[(touches["named"] == 1).to_numpy() & (touches["time"].to_numpy() <= at[touches["row"]])]
    row, step = done["row"].to_numpy(), done["step"].to_numpy()

    def did(number: int) -> Bools:
        return np.bincount(row[step == number], minlength=len(cast)) > 0

    def once(number: int, chance: Floats, share: Floats) -> Floats:
        """Log-likelihood of something done at most once, by now with probability `share` if ever."""
        return np.where(did(number)[:, None], np.log(chance), np.log1p(-chance * share[:, None]))

    log = np.zeros_like(grid)
    for kind in habits.LATER:
        log += once(kind.step, kind.chance(grid).clip(0, 0.99), _by(delays.LATER[kind.stream], days))
    slow = (1 - habits.ASKS_AT_ONCE) * _by(delays.ASKS_AFTER, days)
    log += once(habits.REQUEST_STEP, habits.asks(grid), habits.ASKS_AT_ONCE * (days * DAY >= 3 * MINUTE) + slow)
    enters_so = cast["entry"].to_numpy() == clinic.REGISTERED
    holds = (clinic.campaign_table()[clinic.WEBINAR] >= 0)[cast["line"].to_numpy()] & ~enters_so
    registered = once(habits.REGISTERED_STEP, habits.registers(grid), _by(delays.REGISTERS_AFTER, days))
    log += np.where(holds[:, None], registered, 0.0)
    # An event is two to thirteen days after registering; who registered later is taken to have done so half-way.
    waited = np.where(did(habits.REGISTERED_STEP), days / 2, np.where(enters_so, days, 0.0))
    log += once(habits.ATTENDED_STEP, habits.attends(grid), ((waited - 2) / 12).clip(0, 1))
    mails = np.bincount(row[step >= habits.EMAIL_STEP], minlength=len(cast)).astype(np.float64)
    rate = habits.email_clicks(grid) * _by(delays.EMAIL_AFTER, days)[:, None]
    log += cast["has_email"].to_numpy()[:, None] * _poisson(mails, rate)
    return log


def _by(delay: delays.Delay, days: Floats) -> Floats:
    """P(an exponential delay is over by then)."""
    return np.asarray(1 - np.exp(-days / delay.typical))


def _form_log(draws: Draws, cast: pd.DataFrame, at: Ints, grid: Floats) -> Floats:
    """The intake form: not begun, begun, or complete."""
    number, created = cast["number"].to_numpy(), cast["created"].to_numpy()
    begins = (at - created) / DAY - delays.FORM_AFTER.draw(draws, number)
    started = draws.chance("form_started", habits.form_started(cast["intent"].to_numpy()), number) & (begins >= 0)
    ended = started & draws.chance("form_done", habits.form_done(cast["intent"].to_numpy()), number)
    ended &= begins >= delays.FORM_TAKES.draw(draws, number)
    over = lognormal_by(delays.FORM_TAKES, begins)
    p_start, p_done = habits.form_started(grid), habits.form_done(grid)
    open_yet = np.log(p_start) + np.where(ended[:, None], np.log(p_done), np.log1p(-p_done * over[:, None]))
    share = _by(delays.FORM_AFTER, ((at - created) / DAY).clip(0, None))
    return np.where(started[:, None], open_yet, np.log1p(-p_start * share[:, None]))


def lognormal_by(delay: delays.Delay, passed: Floats) -> Floats:
    """P(a lognormal delay is over by then)."""
    return np.asarray(ndtr(np.log(np.maximum(passed, 1e-9) / delay.typical) / delay.spread))


def lognormal_beyond(delay: delays.Delay, passed: Floats, point: Floats) -> Floats:
    """A lognormal delay known to last longer than `passed`, at the quantile `point` (0 to 1) of what is left."""
    reached = lognormal_by(delay, passed)
    return np.asarray(delay.typical * np.exp(delay.spread * ndtri((reached + point * (1 - reached)).clip(0, 1 - 1e-9))))


def sample_intent(draws: Draws, cast: pd.DataFrame, weights: Floats, count: int) -> Floats:
    """`count` values of intent for each lead, spread evenly over its posterior; shape (leads, count)."""
    number = cast["number"].to_numpy()
    shift = draws.uniform("posterior_intent", number[:, None], np.arange(count)[None, :])
    point = (np.arange(count)[None, :] + shift) / count
    reached = np.cumsum(weights, axis=1)
    place = np.stack([(reached < point[:, [k]]).sum(axis=1) for k in range(count)], axis=1)
    place = np.minimum(place, weights.shape[1] - 1)
    rows = np.arange(len(cast))[:, None]
    inside = (point - (reached[rows, place] - weights[rows, place])) / np.maximum(weights[rows, place], 1e-12)
    step = _GRID[1] - _GRID[0]
    return np.asarray(intent_grid(cast)[rows, place] + (inside.clip(0, 1) - 0.5) * step)


def sample_fit(draws: Draws, cast: pd.DataFrame, count: int) -> Floats:
    """`count` values of fit for each lead, given what it told of payer, age and address; shape (leads, count)."""
    number = cast["number"].to_numpy()
    at = (number[:, None], np.arange(count)[None, :])
    payer = cast["payer"].to_numpy()
    given = payer_given(draws, cast)
    wrong = draws.chance("payer_wrong", PAYER_WRONG, number)
    said = np.where(wrong, (payer + 1 + draws.below("payer_said", 3, number)) % 4, payer)
    aged = draws.chance("age_band_given", 0.82, number)
    senior = np.where(aged, cast["age"].to_numpy() >= 3, seniors_by_line()[cast["line"].to_numpy()])
    prior = senior[:, None] * PAYERS_BY_AGE[1] + (1 - senior[:, None]) * PAYERS_BY_AGE[0]
    heard = np.where(np.arange(4)[None, :] == said[:, None], 1 - PAYER_WRONG, PAYER_WRONG / 3)
    weight = np.where(given[:, None], prior * heard, prior)
    # A lead outside the area is handed over only with insurance.
    far = ~cast["in_area"].to_numpy() & given & (payer < 3)
    weight = np.where(far[:, None] & (np.arange(4) == 3)[None, :], 0.0, weight)
    placed = draws.chance("has_postal", 0.93, number)
    elsewhere = np.where(given & (said < 3), 0.13 / 0.87, 0.0)
    near = np.where(placed[:, None], cast["in_area"].to_numpy()[:, None],
                    ~draws.chance("posterior_area", elsewhere[:, None], *at))  # fmt: skip
    picked = draws.pick("posterior_payer", np.broadcast_to(weight[:, None, :], (len(cast), count, 4)), *at)
    return PAYER_FIT[picked] + IN_AREA_FIT * near + FIT_NOISE * draws.normal("posterior_fit", *at)


def sample_referral(draws: Draws, cast: pd.DataFrame, at: Ints, intent: Floats) -> Ints:
    """When the referral is there (micros, NEVER), for each sampled intent; what is known of it stays as it is."""
    number, created = cast["number"].to_numpy(), cast["created"].to_numpy()
    counters = (number[:, None], np.arange(intent.shape[1])[None, :])
    truly = cast["referral_at"].to_numpy()
    told = draws.chance("referral_told", 0.82, number) | cast["by_referral"].to_numpy()
    arrived = cast["referral_needed"].to_numpy() & (truly > created) & (truly <= at)
    settled = arrived | (told & (truly <= created))
    passed = ((at - created) / DAY).clip(0, None)
    waiting = 1 - lognormal_by(delays.REFERRAL_WAIT, passed)[:, None]
    brings = habits.brings_referral(intent)
    alive = brings * waiting
    comes = draws.uniform("posterior_referral", *counters) < alive / (alive + 1 - brings)
    after = lognormal_beyond(delays.REFERRAL_WAIT, passed[:, None], draws.uniform("posterior_wait", *counters))
    hoped = np.where(comes, created[:, None] + (after * DAY).astype(np.int64), NEVER)
    need = np.array([line.referral_needed for line in clinic.SERVICE_LINES])[cast["line"].to_numpy()][:, None]
    missing = 0.7 * need * (alive + 1 - brings)
    lacks = draws.uniform("posterior_needed", *counters) < missing / (missing + 1 - 0.7 * need)
    unknown = np.where(lacks, hoped, created[:, None])
    return np.where(settled[:, None], np.minimum(truly, NEVER)[:, None], np.where(told[:, None], hoped, unknown))
