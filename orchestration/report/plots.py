"""Pictures in rows: estimates with their intervals, and counts, labels above each; inline SVG out.

Every plotted value is an element of class `mark`, or below one of class `marks`. The same values give the same bytes.
What a picture shows, and the table behind it, is the sections' business; pictures over time are `plots_over_time`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from orchestration.report.drawing import SIZE, WIDTH, Mark, Words, add_marks, new_axes, nice_end
from orchestration.report.svg import ACCENT, INK, LINE, PAPER, SOFT, STYLE, inline_svg

_ROW, _FOOT = 42, 26
# What a row holds of letters, label and value together.
_LETTERS = 42


@dataclass(frozen=True)
class Dot:
    """An estimate in a row of its own; `is_open` where it is not final yet."""

    label: str
    said: str
    value: float | None
    low: float | None = None
    high: float | None = None
    is_open: bool = False
    others: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True)
class Bar:
    """A count in a row of its own, of which `part` is drawn full and the rest hatched."""

    label: str
    said: str
    total: float
    part: float


@STYLE
def dot_rows(
    rows: Sequence[Dot], *, axis: Words, name: str, at: float | None = None, top: float | None = None, bottom: float = 0
) -> str:
    """Estimates with their intervals, one below the other, labels above them. `at` draws a line to compare with; what
    lies beyond `bottom` or `top` ends there, an interval in an arrow.
    """
    reach = [value for row in rows for value in (row.value, row.high, *(other for other, _ in row.others)) if value]
    end = top or nice_end(max(reach, default=1.0))
    axes = new_axes(len(rows) * _ROW + _FOOT, left=8, right=8, foot=_FOOT)
    axes.set_xlim(bottom, end)
    if at is not None:
        axes.axvline(at, color=SOFT, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    marks = [mark for place, row in enumerate(rows) for mark in _dot_row(axes, row, place * _ROW, bottom, end)]
    add_marks(axes, marks)
    _ticks_below(axes, bottom, end, axis)
    return inline_svg(axes, name)


def _dot_row(axes: Axes, row: Dot, top: float, start: float, end: float) -> list[Mark]:
    _label(axes, row.label, row.said, top, start, end)
    y = top + 30
    axes.plot([start, end], [y, y], color=LINE, linewidth=1, zorder=1)
    colour = SOFT if row.is_open else ACCENT
    if row.low is not None and row.high is not None:
        style = (0, (3, 2)) if row.is_open else "-"
        axes.plot(
            [max(row.low, start), min(row.high, end)], [y, y], color=colour, linewidth=3, linestyle=style, zorder=2
        )
        for is_beyond, x, arrow in ((row.low < start, start, "<"), (row.high > end, end, ">")):
            if is_beyond:
                axes.plot([x], [y], marker=arrow, color=colour, markersize=6, clip_on=False, zorder=3)
    marks = [Mark(max(min(value, end), start), y, SOFT, True, marker, 26) for value, marker in row.others]
    if row.value is None:
        return marks
    return [*marks, Mark(max(min(row.value, end), start), y, colour, row.is_open)]


@STYLE
def bars(rows: Sequence[Bar], *, axis: Words, name: str) -> str:
    """Counts, one below the other; the part that matters full, the rest hatched."""
    end = max(nice_end(max((row.total for row in rows), default=1.0) or 1.0), 2.0)
    axes = new_axes(len(rows) * _ROW + _FOOT, left=8, right=8, foot=_FOOT)
    axes.set_xlim(0, end)
    for place, row in enumerate(rows):
        top = place * _ROW
        _label(axes, row.label, row.said, top, 0, end)
        whole = axes.barh(
            [top + 30], [row.total], height=14, facecolor=PAPER, edgecolor=SOFT, hatch="/////", linewidth=1
        )
        whole[0].set_gid("mark")
        axes.barh([top + 30], [row.part], height=14, color=ACCENT, linewidth=0, zorder=2)
    # There is no half of five leads.
    _ticks_below(axes, 0, end, axis, has_middle=end % 2 == 0)
    return inline_svg(axes, name)


@STYLE
def strip(value: float, low: float, high: float, *, name: str) -> str:
    """A share on its whole range, with its interval: one thin line."""
    figure = Figure(figsize=(WIDTH / 72, 14 / 72))
    axes = figure.add_axes((0.02, 0, 0.96, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(-1, 1))
    axes.plot([0, 1], [0, 0], color=LINE, linewidth=4, solid_capstyle="round")
    axes.plot([low, high], [0, 0], color=ACCENT, linewidth=8, alpha=0.4, solid_capstyle="round")
    axes.plot([value], [0], marker="o", color=ACCENT, markersize=9, clip_on=False)
    return inline_svg(axes, name)


def shortened(text: str, room: int) -> str:
    """A text in so many letters; what tells names apart often stands at the end, so the middle goes."""
    if len(text) <= room:
        return text
    tail = max(room // 3, 1)
    return f"{text[: room - tail - 1].rstrip()}…{text[-tail:].lstrip()}"


def _label(axes: Axes, label: str, said: str, top: float, start: float, end: float) -> None:
    axes.text(start, top + 17, shortened(label, _LETTERS - len(said)), color=INK, fontsize=SIZE)
    axes.text(end, top + 17, said, color=SOFT, fontsize=SIZE, ha="right")


def _ticks_below(axes: Axes, start: float, end: float, axis: Words, *, has_middle: bool = True) -> None:
    ticks = [start, (start + end) / 2, end] if has_middle else [start, end]
    axes.set_yticks([])
    axes.set_xticks(ticks, [axis(tick) for tick in ticks])
    labels = axes.get_xticklabels()
    labels[0].set_horizontalalignment("left")
    labels[-1].set_horizontalalignment("right")
