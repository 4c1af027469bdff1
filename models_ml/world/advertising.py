"""Spend per campaign and day, as ad accounts report it in the morning, some days restated three days later."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic
from models_ml.world.clock import DAY, HOME_ZONE, HOUR, ZONES, to_utc
from models_ml.world.draws import Draws, Ints
from models_ml.world.people import day_weights
from models_ml.world.scenario import Scenario

_COST_PER_CLICK = np.array([3.4, 1.1, 0.0, 0.25, 4.0, 6.0, 0.0, 0.0])
_CLICK_RATE = np.array([0.045, 0.011, 0.02, 0.03, 0.02, 0.03, 0.02, 0.02])


def spend_table(draws: Draws, scenario: Scenario, begin: int, end: int, scale: float) -> pd.DataFrame:
    """The contract's spend (micros `known`); `scale` is the world's size against 20,000 leads in 18 months."""
    days = np.arange((begin - 5 * HOUR) // DAY, (end - 5 * HOUR) // DAY)
    campaign = np.repeat(np.arange(len(clinic.CAMPAIGNS)), len(days))
    day = np.tile(days, len(clinic.CAMPAIGNS))
    channel = np.array([one.channel for one in clinic.CAMPAIGNS])[campaign]
    budget = np.array([one.budget for one in clinic.CAMPAIGNS])[campaign] * scale
    monthly = np.isin(channel, (clinic.WEBINAR, clinic.EDUCATION))
    noise = draws.lognormal("spend", 1.0, 0.18, campaign, day)
    cost = np.round(budget * day_weights(day) * noise, 2)
    clicks = np.floor(
        cost / np.maximum(_COST_PER_CLICK[channel], 0.2) * draws.lognormal("cpc", 1.0, 0.15, campaign, day)
    ).astype(np.int64)
    shown = (
        np.floor(clicks / _CLICK_RATE[channel] * draws.lognormal("ctr", 1.0, 0.2, campaign, day)).astype(np.int64) + 3
    )
    # Events are paid once a week, on the day they take place.
    paid = (~monthly | ((day + campaign) % 7 == 0)) & (cost > 0)
    ids = np.array([one.id for one in clinic.CAMPAIGNS], dtype=object)
    frame = pd.DataFrame({
        "platform": np.array(clinic.PLATFORMS, dtype=object)[channel], "campaign_id": ids[campaign],
        "campaign_name": np.array([one.name for one in clinic.CAMPAIGNS], dtype=object)[campaign],
        "channel": np.array(clinic.CHANNELS, dtype=object)[channel],
        "spend_date": np.datetime_as_string(day.astype("datetime64[D]")).astype(object),
        "cost": np.where(monthly, np.round(cost * 7, 2), cost), "currency": "USD",
        "impressions": shown, "clicks": clicks,
        "is_deleted": False, "known": _reported(scenario, day),
    })  # fmt: skip
    early = frame[paid].reset_index(drop=True)
    restated = draws.chance("restated", scenario.restated, campaign, day)[paid] & np.isin(
        channel[paid], (clinic.PAID_SEARCH, clinic.PAID_SOCIAL)
    )
    share = 0.9 + 0.09 * draws.uniform("restated_by", campaign, day)[paid]
    late = early[restated].assign(known=early["known"].to_numpy()[restated] + 3 * DAY)
    early.loc[restated, "cost"] = np.round(early["cost"].to_numpy()[restated] * share[restated], 2)
    early.loc[restated, "clicks"] = np.floor(early["clicks"].to_numpy()[restated] * share[restated]).astype(np.int64)
    reports: pd.DataFrame = pd.concat([early, late], ignore_index=True)
    return reports


def _reported(scenario: Scenario, day: Ints) -> Ints:
    """When the account reports a day: the morning after, or as soon as it has ended at home."""
    if scenario.lags:
        return np.asarray((day + 1) * DAY + 11 * HOUR)
    return to_utc((day + 1) * DAY, np.full(len(day), ZONES.index(HOME_ZONE)))
