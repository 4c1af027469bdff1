"""Draws docs/funnel-maturity.png: why a naive ratio misleads, and that a rate with maturity does not.

    python -m tests.unit.funnel.figure [DIR]

writes the same picture each time. The cohorts are simulated (`simulated.py`), the numbers those of the models.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.unit.funnel.rendered import Funnel
from tests.unit.funnel.simulated import (
    AS_OF,
    FAMILIES,
    HORIZON,
    covers,
    drawn_leads,
    known,
    naively_covers,
    share_by,
    simulated_rates,
)

_INK, _ACCENT, _MUTED = "#1b3a4b", "#c8553d", "#8d99ae"
_SHARE, _DELAY, _EXITS, _GROWTH, _DAYS = 0.5, 14.0, 0.012, 2.5, 75.0


def write_figure(folder: str | Path) -> Path:
    """Draw the four pictures into one file."""
    figure = Figure(figsize=(11, 8), layout="constrained")
    axes = figure.subplots(2, 2)
    rates = simulated_rates(cohorts=600, seed=11).dropna(subset="rate")
    _one_cohort(axes[0, 0])
    _looked_at_later(axes[0, 1])
    _errors(axes[1, 0], rates)
    _coverage(axes[1, 1], rates)
    for one in axes.flat:
        one.spines[["top", "right"]].set_visible(False)
    place = Path(folder) / "funnel-maturity.png"
    figure.savefig(place, dpi=90, metadata={"Software": None})
    return place


def _cohort(size: int, seed: int) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    since = (1 - np.log1p(chance.random(size) * np.expm1(_GROWTH)) / _GROWTH) * _DAYS
    return drawn_leads(chance, since, _SHARE, _DELAY, _EXITS)


def _one_cohort(axes: Axes) -> None:
    funnel = Funnel(known(_cohort(500, 4)), AS_OF)
    curve = funnel.read("select * from fct_conversion_cohorts where dimension = 'all' and cohort_month = '(all)'")
    naive = funnel.read("select * from fct_conversion_rates where dimension = 'all' and cohort_month = '(all)'")
    curve = curve[curve["age_days"] <= 60].sort_values("age_days")
    truth = [share_by(age, _SHARE, _DELAY, _EXITS) if age else 0 for age in curve["age_days"]]
    axes.fill_between(curve["age_days"], curve["rate_low"], curve["rate_high"], step="post", color=_INK, alpha=0.2)
    axes.step(curve["age_days"], curve["rate"], where="post", color=_INK, label="rate by age, 95 % interval")
    axes.plot(curve["age_days"], truth, color="black", linestyle=":", label="truth")
    axes.axhline(naive["naive_rate"].iloc[0], color=_ACCENT, linestyle="--", label="naive ratio")
    axes.axvline(HORIZON, color=_MUTED, linewidth=1)
    axes.set(xlabel="days after entry", ylabel="share converted", ylim=(0, 0.5),
             title="A growing intake, 500 leads: most are young")  # fmt: skip
    axes.legend(frameon=False, loc="lower right", fontsize=8)


def _looked_at_later(axes: Axes) -> None:
    chance = np.random.default_rng(8)
    leads = drawn_leads(chance, chance.uniform(0, 30, 400), _SHARE, _DELAY, _EXITS)
    looks = list(range(0, 61, 3))
    seen = [known(leads.assign(since=leads["since"] + days)).assign(campaign_id=str(days)) for days in looks]
    rates = Funnel(pd.concat(seen, ignore_index=True), AS_OF).read(
        "select *, cast(dimension_value as integer) as looked from fct_conversion_rates "
        "where dimension = 'campaign' and cohort_month = '(all)' order by looked"
    )
    axes.fill_between(rates["looked"], rates["rate_low"], rates["rate_high"], color=_INK, alpha=0.2)
    axes.plot(rates["looked"], rates["rate"], color=_INK, label="rate at 30 days, 95 % interval")
    axes.plot(rates["looked"], rates["naive_rate"], color=_ACCENT, linestyle="--", label="naive ratio")
    axes.axhline(share_by(HORIZON, _SHARE, _DELAY, _EXITS), color="black", linestyle=":", label="truth at 30 days")
    axes.axvline(HORIZON, color=_MUTED, linewidth=1)
    axes.annotate("mature", (HORIZON + 0.5, 0.52), color=_MUTED, fontsize=8)
    axes.set(xlabel="days after the end of the month", ylim=(0, 0.55), title="One month's 400 leads, looked at later")
    axes.legend(frameon=False, loc="lower right", fontsize=8)


def _errors(axes: Axes, rates: pd.DataFrame) -> None:
    rates = rates[rates["family"] == "growing intake, long delays"]
    bins = np.linspace(-0.25, 0.15, 61).tolist()
    axes.hist(rates["naive_rate"] - rates["truth"], bins, color=_ACCENT, alpha=0.6, label="naive ratio")
    axes.hist(rates["rate"] - rates["truth"], bins, color=_INK, alpha=0.6, label="rate at 30 days")
    axes.axvline(0, color="black", linewidth=1)
    axes.set(
        xlabel="estimate less truth", ylabel="cohorts", title=f"{len(rates)} cohorts of growing intake and long delays"
    )
    axes.legend(frameon=False, fontsize=8)


def _coverage(axes: Axes, rates: pd.DataFrame) -> None:
    places = np.arange(len(FAMILIES))
    for found, colour, shift, label in (
        (covers(rates), _INK, -0.2, "interval of the rate"),
        (naively_covers(rates), _ACCENT, 0.2, "of the naive ratio"),
    ):
        share = found.groupby(rates["family"]).mean().reindex(list(FAMILIES))
        bars = axes.barh(places + shift, share, 0.38, color=colour, label=label)
        axes.bar_label(bars, [f"{each:.1%}" for each in share], padding=3, fontsize=8)
    axes.axvspan(0.93, 0.97, color=_MUTED, alpha=0.3)
    axes.set_yticks(places, [name.replace(", ", ",\n") for name in FAMILIES])
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.12), xlabel="share of cohorts, grey: 93 to 97 %",
             title="How often the 95 % interval holds the truth")  # fmt: skip
    axes.legend(facecolor="white", framealpha=1, edgecolor="none", loc="lower left", fontsize=8)


if __name__ == "__main__":
    sys.stdout.write(f"{write_figure(sys.argv[1] if len(sys.argv) > 1 else 'docs')}\n")
