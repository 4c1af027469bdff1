"""A picture of how long the oldest unsent record of each CRM waited, run by run: points in, PNG out."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

_COLOURS = ("#0b6271", "#c8553d", "#8d6a9f", "#4f772d")


def waiting_png(ages: Mapping[str, Sequence[tuple[datetime, float]]], allowed: Mapping[str, float | None]) -> bytes:
    """PNG of minutes over time, a line for each destination and a dashed one where its limit is (minutes)."""
    figure = Figure(figsize=(7, 3), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for place, (name, points) in enumerate(ages.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        axes.plot(
            date2num([moment for moment, _ in points]),  # type: ignore[no-untyped-call]
            [minutes for _, minutes in points],
            color=colour,
            marker=".",
            drawstyle="steps-post",
            label=name,
        )
        limit = allowed.get(name)
        if limit is not None:
            axes.axhline(limit, color=colour, linestyle="--", linewidth=1, label=f"{name}: allowed")
    axes.set_ylabel("minutes the oldest unsent record waited")
    axes.set_ylim(bottom=0)
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return picture.getvalue()
