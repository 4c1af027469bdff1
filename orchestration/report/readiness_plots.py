"""Pictures of the model card: forecasts beside what came of them, and what calling by score reaches; inline SVG out.

The figures are the card's (`models_ml.readiness.evaluate`); what is said of them is `readiness_sections`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from orchestration.report import words
from orchestration.report.drawing import SMALL, Mark, add_marks, new_axes, nice_end
from orchestration.report.svg import ACCENT, BAND, INK, LINE, PAPER, SOFT, STYLE, inline_svg

_HEIGHT, _LEFT = 280, 46
_ON_PAPER = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
_DASHES: tuple[str | tuple[int, tuple[int, ...]], ...] = ("-", (0, (5, 2)), (0, (1, 1)))


@STYLE
def calibration_svg(bins: Sequence[Mapping[str, Any]], *, name: str) -> str:
    """Groups of leads by readiness: forecast to the right, how many became SQL upwards, with 95 % intervals."""
    end = _end(bins)
    axes = _square(end)
    axes.plot([0, end], [0, end], color=SOFT, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    axes.text(end * 0.98, end * 0.99, "as forecast", color=SOFT, fontsize=SMALL, ha="right", va="bottom", rotation=0)
    known = [row for row in bins if row["lower"] is not None]
    reach = [[(row["mean_predicted"], row["lower"]), (row["mean_predicted"], row["upper"])] for row in known]
    axes.add_collection(LineCollection(reach, colors=ACCENT, linewidths=1.6, alpha=0.55, zorder=2))
    add_marks(axes, [Mark(row["mean_predicted"], row["observed_rate"], ACCENT, size=26) for row in known])
    return inline_svg(axes, name)


@STYLE
def gain_svg(curves: Mapping[str, Sequence[Mapping[str, Any]]], *, capacity: float, name: str) -> str:
    """Share of leads called, best first, to the right; share of all SQLs among them upwards. The first curve is the
    model's; the dashed line is calling in any order, the upright one what intake can call.
    """
    axes = _square(1.0)
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    axes.axvline(capacity, color=INK, linewidth=1, zorder=1)
    axes.text(capacity, 0.01, " intake can call ", color=INK, fontsize=SMALL, ha="left" if capacity < 0.55 else "right")
    for place, (curve, rows) in enumerate(curves.items()):
        shares, gains = [0.0, *(row["share"] for row in rows)], [0.0, *(row["gain"]["estimate"] for row in rows)]
        colour, line = (ACCENT, "-") if place == 0 else (INK, _DASHES[place % len(_DASHES)])
        axes.plot(shares, gains, color=colour, linewidth=2 if place == 0 else 1.2, linestyle=line, zorder=3)
        y = 0.34 - 0.07 * place
        axes.plot([0.44, 0.54], [y, y], color=colour, linewidth=2 if place == 0 else 1.2, linestyle=line, zorder=3)
        axes.text(0.57, y, curve, color=INK, fontsize=SMALL, va="center", bbox=_ON_PAPER)
    rows = next(iter(curves.values()))
    lows, highs = ([0.0, *(row["gain"][side] for row in rows)] for side in ("lower", "upper"))
    axes.fill_between([0.0, *(row["share"] for row in rows)], lows, highs, color=BAND, linewidth=0, zorder=1)
    add_marks(axes, [Mark(row["share"], row["gain"]["estimate"], ACCENT, size=14) for row in rows])
    return inline_svg(axes, name)


def _square(end: float) -> Axes:
    axes = new_axes(_HEIGHT, left=_LEFT, right=10, foot=26, head=8)
    axes.set(xlim=(0, end), ylim=(0, end))
    ticks = [0, end / 2, end]
    for tick in ticks:
        axes.axhline(tick, color=LINE, linewidth=1, zorder=0)
    axes.set_xticks(ticks, [words.axis_percent(tick) for tick in ticks])
    axes.set_yticks(ticks, [words.axis_percent(tick) for tick in ticks])
    labels = axes.get_xticklabels()
    labels[0].set_horizontalalignment("left")
    labels[-1].set_horizontalalignment("right")
    return axes


def _end(bins: Sequence[Mapping[str, Any]]) -> float:
    reach = [row[name] for row in bins for name in ("mean_predicted", "upper") if row[name] is not None]
    return min(nice_end(max(reach, default=1.0)), 1.0)
