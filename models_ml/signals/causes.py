"""What a low MQL→SQL rate may hang on: the values of each cause compared, one cause beside the other.

Values are compared within service lines, with all leads of which the same thing is known; nothing else is held alike.
So what is found is a difference to look into: where values go to different people, it is theirs as well.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse, stats

from models_ml.signals.looks import LEAST_EXPECTED, adjusted, least_expected, two_sided, wilson

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]

CAUSES = ("audience", "offer", "message", "form", "signal", "qualification_question", "routing", "follow_up")
EVERY_LINE = "all"
CAUSE_COLUMNS = (
    "service_line",
    "cause",
    "verdict",
    "dimension",
    "worst_value",
    "value_count",
    "worst_count",
    "worst_sql_count",
    "rest_count",
    "rest_rate",
    "rate_difference",
    "rate_difference_low",
    "rate_difference_high",
    "missed_sql_count",
    "missed_sql_count_low",
    "missed_sql_count_high",
    "adjusted_p_value",
    "share_of_variation",
    "spread_adjusted_p_value",
)
_BESIDE = ["cause", "dimension"]


class Counts(NamedTuple):
    """Of one dimension, by stratum and value: leads and yeses with the value, leads and yeses that could have it.

    `having`, `yes` of shape (strata, values), `whole`, `all_yes` of shape (strata, 1); `shared` of shape (strata,
    values, values) counts leads that have both.
    """

    having: Floats
    yes: Floats
    whole: Floats
    all_yes: Floats
    shared: Floats


class Dimension(NamedTuple):
    """A dimension of a cause: its service lines (the strata), its values, and their counts."""

    cause: str
    name: str
    lines: Texts
    values: Texts
    counts: Counts


def estimate_causes(
    examples: pd.DataFrame, *, false_discovery_rate: float = 0.05, margin: float = 0.02
) -> pd.DataFrame:
    """The worst value of every cause and what the data say of the cause. Columns: CAUSE_COLUMNS.

    `examples` has one row per MQL at risk and value: lead_key, service_line, cause, dimension, value, is_converted. A
    missing value is none of its own, but its lead belongs to the rest of every other. One row per service line
    (EVERY_LINE: all, compared within each) and cause of CAUSES. All values of a service line are looked at together
    (Benjamini and Hochberg).

    The data speak for a cause if a value lies surely below the rest; the worst of these is the one that means most
    SQLs. There is no sign of it if each value, raised to the average, would raise the rate over all by less than
    `margin` at the upper limit. Else too little is known.
    """
    if examples.empty:
        return pd.DataFrame(columns=list(CAUSE_COLUMNS))
    dimensions = count_dimensions(examples)
    lines = sorted(examples["service_line"].unique())
    found = [
        _of_scope(dimensions, line, rate=false_discovery_rate, margin=margin).assign(service_line=line or EVERY_LINE)
        for line in [None, *lines]
    ]
    return pd.concat(found, ignore_index=True).reindex(columns=list(CAUSE_COLUMNS))


def _of_scope(dimensions: list[Dimension], line: str | None, *, rate: float, margin: float) -> pd.DataFrame:
    """One row per cause; `line` is a service line, None: every one."""
    leads = max(int(each.counts.whole[_inside(each, line)].sum()) for each in dimensions)
    compared = [
        compare_values(_of_line(each, line)).assign(cause=each.cause, dimension=each.name)
        for each in dimensions
        if _inside(each, line).any()
    ]
    values = pd.concat(compared, ignore_index=True)
    values["adjusted_p_value"] = adjusted(values["p_value"])
    spreads = values.groupby(_BESIDE, as_index=False)["spread_p_value"].first()
    spreads["spread_adjusted_p_value"] = adjusted(spreads["spread_p_value"])
    values = values.drop(columns="spread_p_value").merge(spreads, on=_BESIDE)
    return pd.DataFrame([_of_cause(cause, values, leads, rate=rate, margin=margin) for cause in CAUSES])


def _of_cause(cause: str, values: pd.DataFrame, leads: int, *, rate: float, margin: float) -> dict[str, object]:
    """The verdict on a cause, and the value that would mean most SQLs."""
    own = values[values["cause"] == cause]
    judged = own[own["p_value"].notna()]
    if judged.empty:
        return {"cause": cause, "verdict": "too_little_known", "value_count": 0}
    # The test weighs lines by what they tell, the difference by the value’s mix: where lines differ they may disagree.
    is_lower = (judged["apart"] < 0) & (judged["rate_difference_high"] < 0)
    sure = judged[(judged["adjusted_p_value"] <= rate) & is_lower]
    calm = "no_sign" if (judged["missed_sql_count_high"] / leads).max() < margin else "too_little_known"
    chosen = sure if len(sure) else judged
    # Equal ones in the order of their names.
    order = ["missed", "dimension", "worst_value"]
    worst = chosen.assign(missed=chosen["missed_sql_count"].round(9)).sort_values(order, ascending=[False, True, True])
    told = {str(name): value for name, value in worst.iloc[0].items()}
    return {**told, "verdict": "speaks_for" if len(sure) else calm, "value_count": len(judged)}


def compare_values(dimension: Dimension) -> pd.DataFrame:
    """Each value of a dimension beside the rest of the leads of which the dimension is known.

    Columns: worst_value, worst_count, worst_sql_count, rest_count, rest_rate (of the rest in the value's mix of service
    lines), rate_difference with limits, missed_sql_count (SQLs more, had they converted as all together) with limits,
    apart (yeses beyond those expected), p_value (NaN: too few); share_of_variation, spread_p_value of the dimension.
    """
    names, counts = dimension.values, dimension.counts
    having, rest = counts.having, counts.whole - counts.having
    # Where nothing else is there, there is nothing to compare with.
    is_used = (having > 0) & (rest > 0)
    used = counts._replace(having=np.where(is_used, having, 0.0), yes=np.where(is_used, counts.yes, 0.0))
    expected = least_expected(used.having, counts.all_yes, counts.whole).sum(axis=0)
    apart, spread = _apart(counts)
    is_judged = (expected >= LEAST_EXPECTED) & (np.diag(spread) > 0)
    p_value = np.full(len(names), np.nan)
    p_value[is_judged] = two_sided(apart[is_judged] / np.sqrt(np.diag(spread)[is_judged]))
    variation, spread_p_value = _variation(apart, spread, is_judged, float(counts.whole.sum()))
    frame = pd.DataFrame({
        "worst_value": names,
        "worst_count": used.having.sum(axis=0).astype(np.int64),
        "worst_sql_count": used.yes.sum(axis=0).astype(np.int64),
        "rest_count": np.where(used.having > 0, rest, 0.0).sum(axis=0).astype(np.int64),
        **_beside(used),
    })  # fmt: skip
    return frame.assign(apart=apart, p_value=p_value, share_of_variation=variation, spread_p_value=spread_p_value)


def _beside(used: Counts) -> dict[str, Floats]:
    """The rest's rate, the difference from it and what it means, each with limits; NaN where nothing is compared."""
    having, yes, whole, all_yes, _ = used
    rest, rest_yes = whole - having, all_yes - yes
    share = np.where(having.any(axis=0), having / np.maximum(having.sum(axis=0), 1), np.nan)
    own, other = yes / np.maximum(having, 1), rest_yes / np.maximum(rest, 1)
    difference = (share * (own - other)).sum(axis=0)
    # Limits of a weighted sum, from those of each share (Zou, Huang, Zhang 2009); of one line they are Newcombe's.
    (low, high), (other_low, other_high) = wilson(yes, np.maximum(having, 1)), wilson(rest_yes, np.maximum(rest, 1))
    below = np.sqrt((share**2 * ((own - low) ** 2 + (other_high - other) ** 2)).sum(axis=0))
    above = np.sqrt((share**2 * ((high - own) ** 2 + (other - other_low) ** 2)).sum(axis=0))
    # All together hold the value itself: of a value that nearly everybody has, little could be gained.
    weight = (having * rest / whole).sum(axis=0)
    limits = {"": difference, "_low": difference - below, "_high": difference + above}
    missed = {"": difference, "_low": difference + above, "_high": difference - below}
    return {
        "rest_rate": (share * other).sum(axis=0),
        **{f"rate_difference{limit}": value for limit, value in limits.items()},
        **{f"missed_sql_count{limit}": -value * weight for limit, value in missed.items()},
    }


def count_dimensions(examples: pd.DataFrame) -> list[Dimension]:
    """The counts of every dimension, in the order of their names."""
    # Numbers in the order of the names: each dimension looks for its leads, lines and values anew.
    value, values = pd.factorize(examples["value"].to_numpy(dtype=object), sort=True)
    line, lines = pd.factorize(examples["service_line"].to_numpy(dtype=object), sort=True)
    lead = pd.factorize(examples["lead_key"])[0]
    converted = examples["is_converted"].to_numpy(dtype=np.float64)
    which, named = pd.factorize(pd.MultiIndex.from_frame(examples[_BESIDE]), sort=True)
    found = []
    for place, (cause, name) in enumerate(named):
        own = which == place
        found.append(_count_values(cause, name, lead[own], line[own], value[own], converted[own], lines, values))
    return found


def _count_values(
    cause: str, name: str, lead: Ints, line: Ints, value: Ints, converted: Floats, lines: Texts, values: Texts
) -> Dimension:
    """Counts of one dimension from its rows: places in `lines` and `values`, -1 for no value."""
    leads, first, row = np.unique(lead, return_index=True, return_inverse=True)
    own = value >= 0
    used, column = np.unique(value[own], return_inverse=True)
    has = sparse.csr_matrix((np.ones(own.sum()), (row[own], column)), shape=(len(leads), len(used)))
    has.sum_duplicates()
    has.data[:] = 1
    places, stratum = np.unique(line[first], return_inverse=True)
    parts = []
    for place in range(len(places)):
        inside = stratum == place
        part, good = has[inside], converted[first][inside]
        count = np.asarray(part.sum(axis=0)).ravel()
        parts.append((count, part.T @ good, [len(good)], [good.sum()], (part.T @ part).toarray()))
    columns = (np.array(each, dtype=np.float64) for each in zip(*parts, strict=True))
    return Dimension(cause, name, np.asarray(lines)[places], np.asarray(values, dtype=object)[used], Counts(*columns))


def _inside(dimension: Dimension, line: str | None) -> npt.NDArray[np.bool_]:
    return np.ones(len(dimension.lines), dtype=bool) if line is None else dimension.lines == line


def _of_line(dimension: Dimension, line: str | None) -> Dimension:
    """The dimension within a service line, with the values that occur there."""
    inside = _inside(dimension, line)
    counts = Counts(*(each[inside] for each in dimension.counts))
    there = counts.having.any(axis=0)
    having, yes, shared = counts.having[:, there], counts.yes[:, there], counts.shared[:, there][:, :, there]
    return dimension._replace(
        lines=dimension.lines[inside],
        values=dimension.values[there],
        counts=counts._replace(having=having, yes=yes, shared=shared),
    )


def _apart(counts: Counts) -> tuple[Floats, Floats]:
    """Yeses of each value beyond those expected within strata, and their covariance were all leads alike."""
    whole, all_yes = counts.whole, counts.all_yes
    apart = (counts.yes - counts.having * all_yes / whole).sum(axis=0)
    scale = (all_yes * (whole - all_yes) / (whole * np.maximum(whole - 1, 1)))[:, :, None]
    expected = counts.having[:, :, None] * counts.having[:, None, :] / whole[:, :, None]
    return np.asarray(apart), np.asarray((scale * (counts.shared - expected)).sum(axis=0))


def _variation(apart: Floats, spread: Floats, is_judged: npt.NDArray[np.bool_], leads: float) -> tuple[float, float]:
    """Share of the outcome's variation that goes with the judged values, less chance's part, and its p-value."""
    if not is_judged.any():
        return float("nan"), float("nan")
    own, table = apart[is_judged], spread[np.ix_(is_judged, is_judged)]
    freedom = int(np.linalg.matrix_rank(table, hermitian=True, tol=1e-9 * np.trace(table)))
    square = float(own @ np.linalg.pinv(table, rcond=1e-9, hermitian=True) @ own)
    return max(0.0, square - freedom) / leads, float(stats.chi2.sf(square, max(freedom, 1)))
