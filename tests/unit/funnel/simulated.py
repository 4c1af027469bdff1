"""Cohorts of leads whose true conversion is known: what the interval of a rate is held to, and the pictures drawn from.

Intake grows, delays are long (log-normal), some leads leave otherwise (at a constant rate) and never convert. The truth
is the chance to convert within the horizon, by integration; nothing here knows how the SQL estimates it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from tests.unit.funnel.rendered import Funnel

AS_OF = datetime(2026, 3, 1)
HORIZON = 30
_SPREAD = 1.0
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Family:
    """Cohorts of a kind: each draws its size, conversion, growth, days of intake, delay and exits from these spans."""

    sizes: tuple[float, float]
    shares: tuple[float, float]
    growth: tuple[float, float]
    days: tuple[float, float]
    delays: tuple[float, float]
    exits: tuple[float, ...]
    youngest: float = 0


FAMILIES: Mapping[str, Family] = {
    "all followed": Family((60, 600), (0.03, 0.6), (0.5, 3), (30, 120), (3, 20), (0, 0.02), youngest=HORIZON),
    "growing intake, long delays": Family((100, 600), (0.05, 0.6), (1, 4), (45, 120), (8, 25), (0,)),
    "competing exits": Family((100, 600), (0.05, 0.6), (0.5, 3), (45, 180), (4, 20), (0.01, 0.03, 0.06)),
    "small rates": Family((300, 1000), (0.005, 0.05), (0.5, 3), (45, 180), (3, 15), (0, 0.02)),
}


def share_by(days: float, share: float, delay: float, exits: float) -> float:
    """The chance to have converted by that age: not before leaving, and of those that ever would."""
    edges = np.linspace(0, days, 2001)
    chance = np.diff(ndtr(np.log(np.maximum(edges, 1e-9) / delay) / _SPREAD))
    return float(share * np.sum(chance * np.exp(-exits * (edges[1:] + edges[:-1]) / 2)))


def drawn_leads(chance: np.random.Generator, since: Numbers, share: float, delay: float, exits: float) -> pd.DataFrame:
    """Leads that entered so many days before AS_OF, with all that ever becomes of them, in days after entry."""
    size = len(since)
    converts = np.where(chance.random(size) < share, delay * np.exp(_SPREAD * chance.standard_normal(size)), np.inf)
    leaves = chance.exponential(1 / exits, size) if exits else np.full(size, np.inf)
    return pd.DataFrame({"since": since, "converts": converts, "leaves": leaves})


def known(leads: pd.DataFrame) -> pd.DataFrame:
    """Their moments as AS_OF knows them, beside what else is in the frame."""
    seconds = (leads["since"] * 86_400).round()
    entered = pd.Timestamp(AS_OF) - pd.to_timedelta(seconds, unit="s")

    def moment(days: pd.Series, holds: pd.Series) -> pd.Series:
        later = entered + pd.to_timedelta((days.where(holds, 0) * 86_400).round(), unit="s")
        return later.where(holds)

    is_won = (leads["converts"] < leads["leaves"]) & (leads["converts"] <= leads["since"])
    is_gone = (leads["leaves"] < leads["converts"]) & (leads["leaves"] <= leads["since"])
    return leads.drop(columns=["since", "converts", "leaves"]).assign(
        entered_at=entered, converted_at=moment(leads["converts"], is_won), left_at=moment(leads["leaves"], is_gone)
    )


def simulated_rates(cohorts: int, seed: int) -> pd.DataFrame:
    """Rates of that many cohorts of each family beside the truth: all of them built at once, as campaigns."""
    chance = np.random.default_rng(seed)
    frames, truths = [], []
    for name, family in FAMILIES.items():
        for number in range(cohorts):
            size = int(np.exp(chance.uniform(*np.log(family.sizes))))
            share = float(np.exp(chance.uniform(*np.log(family.shares))))
            growth, days, delay = (chance.uniform(*span) for span in (family.growth, family.days, family.delays))
            exits = float(chance.choice(family.exits))
            place = np.log1p(chance.random(size) * np.expm1(growth)) / growth
            since = family.youngest + (1 - place) * days
            cohort = f"{name} {number}"
            frames.append(drawn_leads(chance, since, share, delay, exits).assign(campaign_id=cohort))
            truths.append((cohort, name, share_by(HORIZON, share, delay, exits)))
    rates = Funnel(known(pd.concat(frames, ignore_index=True)), AS_OF).read(
        "select * from fct_conversion_rates where dimension = 'campaign' and cohort_month = '(all)'"
    )
    return pd.DataFrame(truths, columns=["dimension_value", "family", "truth"]).merge(rates, on="dimension_value")


def covers(rates: pd.DataFrame) -> pd.Series:
    """Whether the interval holds the truth."""
    return (rates["rate_low"] <= rates["truth"]) & (rates["truth"] <= rates["rate_high"])


def naively_covers(rates: pd.DataFrame) -> pd.Series:
    """Whether Wilson's interval of the naive ratio does."""
    p, n, z = rates["naive_rate"], rates["entered_count"], 1.959963984540054
    centre, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - half <= rates["truth"] * (1 + z * z / n)) & (rates["truth"] * (1 + z * z / n) <= centre + half)
