"""Pictures over time: estimates month by month or week by week, and rates by age in days; inline SVG out.

Every value of the table behind a picture is an element below one of class `marks`. What is not final yet is hollow
and dashed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from orchestration.report.drawing import SMALL, Mark, Words, add_marks, new_axes
from orchestration.report.svg import ACCENT, BAND, INK, LINE, SOFT, STYLE, inline_svg

# The library's names of the shapes, and the shapes as letters.
_MARKERS, _SHAPES = "os^D", "●■▲◆"


@dataclass(frozen=True)
class Point:
    """An estimate of a span of time; without a value, nobody of it can be judged yet. With `is_change` what it is held
    to changed within the span.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    is_open: bool = False
    is_change: bool = False


@dataclass(frozen=True)
class Curve:
    """A rate by age. From `open_from` on (an age) it is not final yet; `marks` are the ages of the table."""

    label: str
    ages: Sequence[float]
    rates: Sequence[float]
    lows: Sequence[float] = ()
    highs: Sequence[float] = ()
    open_from: float | None = None
    marks: Sequence[float] = ()


@STYLE
def timeline(points: Sequence[Point], *, axis: Words, name: str, end: float = 1.0) -> str:
    """Estimates over time: full where final, hollow on a hatched ground where still open, a dotted line at a change."""
    axes = new_axes(190, left=42, right=8, foot=26, head=10)
    axes.set_ylim(0, end)
    axes.set_xlim(-0.6, max(len(points) - 0.4, 0.6))
    _grid(axes, end, axis)
    for place, point in enumerate(points):
        if point.is_open or point.value is None:
            _open_ground(axes, place, is_mark=point.value is None)
    for place in (place for place, point in enumerate(points) if point.is_change):
        axes.axvline(place, color=INK, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    known = [(place, point, point.value) for place, point in enumerate(points) if point.value is not None]
    for is_open, style in ((False, "-"), (True, (0, (2, 2)))):
        colour = SOFT if is_open else ACCENT
        lines = [
            [(left, value), (right, next_value)]
            for (left, point, value), (right, next_, next_value) in pairwise(known)
            if (point.is_open or next_.is_open) == is_open
        ]
        axes.add_collection(LineCollection(lines, colors=colour, linewidths=1.2, linestyles=style, zorder=2))
        reach = [
            [(place, point.low), (place, point.high)]
            for place, point, _ in known
            if point.is_open == is_open and point.low is not None and point.high is not None
        ]
        axes.add_collection(LineCollection(reach, colors=colour, linewidths=1.4, alpha=0.55, zorder=2))
    add_marks(
        axes,
        [
            Mark(place, value, SOFT if point.is_open else ACCENT, point.is_open, size=24)
            for place, point, value in known
        ],
    )
    shown = _spread(len(points), 4)
    axes.set_xticks(shown, [points[place].label for place in shown])
    labels = axes.get_xticklabels()
    labels[0].set_horizontalalignment("left")
    labels[-1].set_horizontalalignment("right" if len(shown) > 1 else "left")
    return inline_svg(axes, name)


@STYLE
def curves(lines: Sequence[Curve], *, axis: Words, name: str, horizon: float | None, end: float = 1.0) -> str:
    """Rates by age in days; the first line is the one that matters. Dashed where not final yet."""
    last = max((line.ages[-1] for line in lines if line.ages), default=1.0)
    axes = new_axes(210, left=42, right=70, foot=40, head=18)
    axes.set_ylim(0, end)
    axes.set_xlim(0, last or 1)
    _grid(axes, end, axis)
    if horizon is not None and horizon <= last:
        axes.axvline(horizon, color=SOFT, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        axes.text(horizon, end * 1.04, f"{horizon:.0f} days", ha="center", color=SOFT, fontsize=SMALL)
    for place, line in enumerate(lines):
        _curve(axes, line, is_first=place == 0, marker=_MARKERS[place % len(_MARKERS)])
    _line_ends(axes, lines, last, end)
    axes.set_xticks([tick for tick in (0, 30, 60, 90) if tick <= last] or [0, last])
    axes.set_xlabel("days since entering", color=SOFT, fontsize=SMALL)
    return inline_svg(axes, name)


def _curve(axes: Axes, line: Curve, *, is_first: bool, marker: str) -> None:
    colour, width = (ACCENT, 2.2) if is_first else (SOFT, 1.3)
    if is_first and line.lows:
        axes.fill_between(line.ages, line.lows, line.highs, step="post", color=BAND, linewidth=0, zorder=1)
    border = line.open_from
    sure = [place for place, age in enumerate(line.ages) if border is None or age < border]
    rest = [place for place, age in enumerate(line.ages) if border is not None and age >= border]
    for places, style in ((sure + rest[:1], "-"), (rest, (0, (2.5, 1.5)))):
        if places:
            ages, rates = [line.ages[place] for place in places], [line.rates[place] for place in places]
            axes.step(ages, rates, where="post", color=colour, linewidth=width, linestyle=style, zorder=2)
    at = dict(zip(line.ages, line.rates, strict=True))
    size = 22 if is_first else 14
    add_marks(
        axes,
        [Mark(age, at[age], colour, border is not None and age >= border, marker, size) for age in line.marks],
    )


def _line_ends(axes: Axes, lines: Sequence[Curve], last: float, end: float) -> None:
    """Names at the right ends, each behind the shape of its marks, moved apart where they would lie on each other."""
    step = end * 0.095
    at = -step
    for place, line in sorted(enumerate(lines), key=lambda each: (each[1].rates[-1], each[0])):
        at = max(line.rates[-1], at + step)
        weight = "normal" if place else "bold"
        said = f"{_SHAPES[place % len(_SHAPES)]} {line.label}"
        axes.text(last * 1.03, at, said, va="center", color=INK, fontsize=SMALL, fontweight=weight)


def _grid(axes: Axes, end: float, axis: Words) -> None:
    ticks = [0, end / 2, end]
    axes.set_yticks(ticks, [axis(tick) for tick in ticks])
    axes.hlines(ticks, *axes.get_xlim(), color=LINE, linewidth=1, zorder=0)


def _open_ground(axes: Axes, place: float, *, is_mark: bool) -> None:
    ground = axes.axvspan(
        place - 0.5, place + 0.5, facecolor="none", edgecolor=LINE, hatch="////", linewidth=0, zorder=0
    )
    if is_mark:
        ground.set_gid("mark")


def _spread(number: int, most: int) -> list[int]:
    if number <= most:
        return list(range(number))
    return sorted({round(place * (number - 1) / (most - 1)) for place in range(most)})
