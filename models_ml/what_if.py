"""What a change of the criteria amounts to: leads gained and lost, what became of them, and how sure that is.

Frames in, numbers out. An outcome that nobody brought about is not a failure: a lead that was never worked counts as
unknown, and every figure is bounded from both sides by taking all unknowns for No and for Yes. Which leads changed is
decided elsewhere; nothing here knows the criteria.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from models_ml.metrics import wilson_interval

# Resampling asks for the same few counts again and again.
_wilson = lru_cache(maxsize=4096)(wilson_interval)

GROUPS = ("kept", "moved_before", "moved_after", "gained", "lost")
BEFORE, AFTER = ("kept", "moved_before", "lost"), ("kept", "moved_after", "gained")
OUTCOMES = ("yes", "no", "never_worked", "open")


class Bounded(NamedTuple):
    """An estimate between two bounds (equal where all outcomes are known), and a 95 % interval around both.

    The interval is for what is expected of leads like these; it covers the truth in at least 95 of 100 cases, and in
    just about 95 where the bounds meet.
    """

    low: float
    high: float
    lower: float
    upper: float


class Group(NamedTuple):
    """Leads of one change whose horizon is over: how many, of them Yes, and never worked."""

    leads: int
    yes: int
    unknown: int


def change_of(leads: pd.DataFrame, since: pd.Timestamp) -> pd.Series:
    """`gained`, `lost`, `earlier`, `later` or `kept` of each lead, by its MQL moments; missing where neither counts.

    `leads` has mql_before and mql_after (times or NaT); moments before `since` are not spoken of.
    """
    before, after = leads["mql_before"], leads["mql_after"]
    spoken = (before >= since) | (after >= since)
    cases = [before.isna() & after.notna(), after.isna() & before.notna(), after < before, after > before]
    named = np.select(cases, ["gained", "lost", "earlier", "later"], default="kept")
    return pd.Series(named, index=leads.index, dtype="object").where(spoken & (before.notna() | after.notna()))


def outcome_of(
    mql_at: pd.Series, reached_at: pd.Series, worked_at: pd.Series, *, as_of: pd.Timestamp, horizon_days: float
) -> pd.Series:
    """What became of each lead within the horizon of its MQL moment: one of OUTCOMES.

    A lead still inside its horizon is `open`, whatever is known of it: an early Yes is known before a No can be. What
    was reached before the MQL moment counts. A lead nobody had worked by the end of its horizon is `never_worked`.
    """
    end = mql_at + pd.Timedelta(days=horizon_days)
    cases = [end > as_of, reached_at <= end, ~(worked_at <= end)]
    return pd.Series(np.select(cases, ["open", "yes", "never_worked"], default="no"), index=mql_at.index)


def groups_of(change: pd.Series, before: pd.Series, after: pd.Series) -> dict[str, Group]:
    """The GROUPS of MQLs whose horizon is over, by what became of them (OUTCOMES).

    `before` are outcomes as of the MQL moment in force, `after` those of the moment tried. A lead that moved in time
    and for whom the two say the same is as good as kept.
    """
    is_moved = change.isin(["earlier", "later"]) & (before != after)
    chosen = {
        "kept": (change.isin(["kept", "earlier", "later"]) & ~is_moved, after),
        "moved_before": (is_moved, before),
        "moved_after": (is_moved, after),
        "gained": (change == "gained", after),
        "lost": (change == "lost", before),
    }
    return {name: group_of(outcome[is_own]) for name, (is_own, outcome) in chosen.items()}


def group_of(outcome: pd.Series) -> Group:
    """Leads of these outcomes, without those still open."""
    own = outcome[outcome != "open"]
    return Group(len(own), int((own == "yes").sum()), int((own == "never_worked").sum()))


def expected_count(group: Group) -> Bounded:
    """How many of a group's leads are expected to reach the stage."""
    return _combined({"one": group}, {"one": float(group.leads)})


def count_change(groups: Mapping[str, Group]) -> Bounded:
    """Change in the number of MQLs that reach the stage."""
    added = {name: float(groups[name].leads) for name in AFTER if name not in BEFORE}
    taken = {name: -float(groups[name].leads) for name in BEFORE if name not in AFTER}
    return _combined(groups, added | taken)


def rate_change(groups: Mapping[str, Group]) -> Bounded:
    """Change of the share of MQLs that reach the stage; NaN where there were, or would be, no MQLs.

    A lead that moved in time counts once before and once after, as if of two leads: that can only widen the interval.
    """
    before, after = (sum(groups[name].leads for name in names) for names in (BEFORE, AFTER))
    if not before or not after:
        return Bounded(*[float("nan")] * 4)
    weights = {name: groups[name].leads * ((name in AFTER) / after - (name in BEFORE) / before) for name in GROUPS}
    return _combined(groups, weights)


def rate(groups: Mapping[str, Group], *names: str) -> Bounded:
    """Share of these groups' leads together that reach the stage; NaN without leads."""
    chosen = [groups[name] for name in names]
    together = Group(*(sum(numbers) for numbers in zip(*chosen, strict=True)))
    return _combined({"all": together}, {"all": 1.0}) if together.leads else Bounded(*[float("nan")] * 4)


def _combined(groups: Mapping[str, Group], weights: Mapping[str, float]) -> Bounded:
    """A weighted sum of the groups' rates, with limits recovered from the Wilson interval of each.

    Source: Zou, Huang, Zhang (2009), A note on confidence interval estimation for a linear function of binomial
    proportions, Computational Statistics & Data Analysis 53.
    """
    low = high = 0.0
    below = above = 0.0
    for name, weight in weights.items():
        group = groups[name]
        if not group.leads or not weight:
            continue
        least = _wilson(group.yes, group.leads)
        most = _wilson(group.yes + group.unknown, group.leads)
        first, last = (least, most) if weight > 0 else (most, least)
        low += weight * first.estimate
        high += weight * last.estimate
        below += (weight * (first.estimate - (first.lower if weight > 0 else first.upper))) ** 2
        above += (weight * ((last.upper if weight > 0 else last.lower) - last.estimate)) ** 2
    return Bounded(low, high, low - below**0.5, high + above**0.5)


def shift_by(leads: pd.DataFrame, change: pd.Series, column: str) -> pd.DataFrame:
    """MQLs before and after by a column's values. Columns: value, before, after, change, share_before, share_after."""
    named = pd.DataFrame({"value": leads[column], "change": change}).dropna()
    counts = named.groupby("value")["change"].value_counts().unstack(fill_value=0)
    stays = [name for name in ("kept", "earlier", "later") if name in counts]
    stay = counts[stays].sum(axis=1)
    before = stay + counts.get("lost", 0)
    after = stay + counts.get("gained", 0)
    table = pd.DataFrame({"before": before, "after": after, "change": after - before})
    table["share_before"] = before / before.sum() if before.sum() else np.nan
    table["share_after"] = after / after.sum() if after.sum() else np.nan
    return table.sort_index().reset_index()
