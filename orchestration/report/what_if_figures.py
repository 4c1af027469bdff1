"""The picture of a what-if: MQLs a week before and after, and what each edit does. Frames in, PNG out."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_INK, _MUTED, _GAINED, _LOST = "#1b3a4b", "#8d99ae", "#2a9d8f", "#c8553d"
_MOST_EDITS = 12


# Names of edits may hold signs of money: no mathematics.
@matplotlib.rc_context({"text.parse_math": False})
def what_if_png(title: str, leads: pd.DataFrame, edits: Sequence[tuple[str, int, int]]) -> bytes:
    """PNG of weekly MQLs (`mql_before` and `mql_after` of `leads` that have a `change`) and of edits.

    An edit is its words and the MQLs or SQLs gained and lost by it alone.
    """
    figure = Figure(figsize=(9, 3.6 + 0.28 * min(len(edits), _MOST_EDITS)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, color=_INK, fontsize=12)
    spoken = leads[leads["change"].notna()]
    if edits:
        above, below = figure.subplots(2, 1, height_ratios=[3, 0.5 + 0.35 * min(len(edits), _MOST_EDITS)])
        _draw_edits(below, edits[:_MOST_EDITS])
    else:
        above = figure.subplots()
    _draw_weeks(above, spoken)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return picture.getvalue()


def _draw_weeks(axes: Axes, spoken: pd.DataFrame) -> None:
    for column, color, label, width in (
        ("mql_before", _MUTED, "in force", 1.5),
        ("mql_after", _INK, "tried", 2.0),
    ):
        weeks = spoken[column].dropna().dt.to_period("W").dt.start_time.value_counts().sort_index()
        if len(weeks):
            weeks = weeks.reindex(pd.date_range(weeks.index.min(), weeks.index.max(), freq="7D"), fill_value=0)
        axes.step(weeks.index, weeks.to_numpy(), where="post", color=color, linewidth=width, label=label)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("MQLs a week")
    axes.legend(frameon=False, loc="upper right")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_edits(axes: Axes, edits: Sequence[tuple[str, int, int]]) -> None:
    names = [name if len(name) <= 48 else f"{name[:47]}…" for name, _, _ in edits]
    places = range(len(edits))
    axes.barh(places, [gained for _, gained, _ in edits], color=_GAINED, label="gained by the edit alone")
    axes.barh(places, [-lost for _, _, lost in edits], color=_LOST, label="lost by the edit alone")
    axes.set_yticks(places, names, fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0, color=_INK, linewidth=0.8)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("leads")
