"""What every picture of the page shares: the size of a panel, its axes, its marks and the ends of its axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from orchestration.report.svg import PAPER, SOFT

# A panel no wider than a narrow telephone shows it, so that its text is never scaled down to where nobody can read it.
WIDTH = 304
SMALL, SIZE = 11, 12
Words = Callable[[float], str]


def nice_end(value: float) -> float:
    """The least of 1, 2, 2.5 and 5 times a power of ten that is not below a value; 1 where nothing reaches above 0."""
    if not 0 < value < math.inf:
        return 1.0
    power = 1.0
    while power >= value:
        power /= 10
    while power * 10 < value:
        power *= 10
    return next((power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= value), power * 10)


def new_axes(height: float, *, left: float, right: float, foot: float, head: float = 0) -> Axes:
    """Axes in a picture of `height`, with room for what stands around them; y counts down, in units of the picture."""
    figure = Figure(figsize=(WIDTH / 72, height / 72))
    box = (left / WIDTH, foot / height, (WIDTH - left - right) / WIDTH, (height - foot - head) / height)
    axes = figure.add_axes(box)
    axes.set_facecolor("none")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelcolor=SOFT, labelsize=SMALL, pad=5)
    axes.set_ylim(height - foot - head, 0)
    return axes


@dataclass(frozen=True)
class Mark:
    """One plotted value: hollow where it is not final."""

    x: float
    y: float
    colour: str
    is_open: bool = False
    marker: str = "o"
    size: float = 40


def add_marks(axes: Axes, marks: Sequence[Mark]) -> None:
    """Plot values, all of one shape at once; each becomes a `use` below the class `marks`."""
    for marker in dict.fromkeys(mark.marker for mark in marks):
        same = [mark for mark in marks if mark.marker == marker]
        axes.scatter(
            [mark.x for mark in same],
            [mark.y for mark in same],
            s=[mark.size for mark in same],
            marker=marker,
            facecolor=[PAPER if mark.is_open else mark.colour for mark in same],
            edgecolor=[mark.colour for mark in same],
            linewidth=1.4,
            zorder=4,
            clip_on=False,
            gid="marks",
        )
