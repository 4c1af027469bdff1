"""The model card as a page and as Markdown, and its calibration as a picture file: sections in, text and bytes out.

What a card says is `readiness_card`; where it is shown (Dagster's metadata, a file) is the caller's business.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from orchestration.report.markdown_tables import markdown_table
from orchestration.report.page import page_html
from orchestration.report.parts import Section, Table
from orchestration.report.readiness_card import TITLE, answers_for, card_sections
from orchestration.report.readiness_words import FORECASTS, Content
from orchestration.report.words import Names

_INK, _MUTED = "#0b6271", "#8d99ae"


def card_html(
    card: Content,
    *,
    version: str,
    latest: Content | None = None,
    control: Content | None = None,
    names: Names | None = None,
) -> str:
    """The model card as a page by itself; as `readiness_card.card_sections` takes it."""
    sections = card_sections(card, version=version, latest=latest, control=control, names=names)
    as_of = answers_for(card)
    return page_html(TITLE, as_of, [(section, as_of) for section in sections])


def card_markdown(
    card: Content,
    *,
    version: str,
    latest: Content | None = None,
    control: Content | None = None,
    calibration: bytes | None = None,
) -> str:
    """The model card as Markdown, pictures in it; `calibration` is that picture where it is drawn already."""
    pictures = {
        "calibration": calibration or holdout_calibration_png(card["holdout"]),
        "gain": gain_png(card["holdout"]),
    }
    sections = card_sections(card, version=version, latest=latest, control=control)
    parts = [f"# {TITLE}", _at_a_glance(sections)]
    for section in sections:
        parts += [f"## {section.title}", *section.says]
        if section.key in pictures:
            parts.append(picture_markdown(section.title, pictures[section.key]))
        parts += [_table(figure.table) for figure in section.figures]
        parts += [_table(table) for table in section.tables]
        parts += [f"*{line}*" for line in section.beware]
    return "\n\n".join(parts) + "\n"


def _at_a_glance(sections: Sequence[Section]) -> str:
    cards = [section.card for section in sections if section.card]
    return "\n".join(
        f"- **{card.title}**: {card.number} {card.what}" + (f" (95 %: {card.interval})" if card.interval else "")
        for card in cards
    )


def _table(table: Table) -> str:
    return f"**{table.caption}**\n\n{markdown_table(table.header, table.rows)}"


def picture_markdown(title: str, png: bytes) -> str:
    """A picture inside Markdown."""
    return f"![{title}](data:image/png;base64,{base64.b64encode(png).decode('ascii')})"


def holdout_calibration_png(holdout: Content) -> bytes:
    """PNG of forecast beside what became SQL, with 95 % intervals."""
    model = holdout["measures"]["model"]
    rows: Sequence[Content] = model.get("weighted", model)["calibration"]
    figure, axes = _new_axes("chance that was forecast", "share that became SQL")
    axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle="--", label="as forecast")
    known = [row for row in rows if row["lower"] is not None]
    seen = [row["observed_rate"] for row in known]
    reach = [
        [max(0.0, row["observed_rate"] - row["lower"]) for row in known],
        [max(0.0, row["upper"] - row["observed_rate"]) for row in known],
    ]
    axes.errorbar(
        [row["mean_predicted"] for row in known],
        seen,
        yerr=reach,
        marker="o",
        color=_INK,
        capsize=3,
        linewidth=1.5,
        label="a tenth of the leads each, 95 %",
    )
    end = min(1.0, max([row[name] for row in known for name in ("mean_predicted", "upper")], default=1.0) * 1.05)
    axes.set(xlim=(0, end), ylim=(0, end))
    axes.legend(loc="upper left", frameon=False)
    return _png(figure)


def gain_png(holdout: Content) -> bytes:
    """PNG of the share of SQLs among the leads called first, the model beside its baselines."""
    figure, axes = _new_axes("share of leads called, best first", "share of all SQLs among them")
    axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle="--", label="in any order")
    others = {FORECASTS[name]: told["curve"] for name, told in holdout.get("gain_of_baselines", {}).items()}
    for place, (name, curve) in enumerate({"readiness": holdout["gain"]["curve"], **others}.items()):
        points = [(0.0, 0.0), *((row["share"], row["gain"]["estimate"]) for row in curve)]
        style = {"color": _INK, "linewidth": 2} if place == 0 else {"color": _MUTED, "linewidth": 1.2}
        axes.plot(*zip(*points, strict=True), marker="os^"[place], markersize=3, label=name, **style)
    axes.axvline(holdout["gain"]["capacity_share"], color="black", linewidth=1, label="intake can call")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="lower right", frameon=False)
    return _png(figure)


def holdout_markdown(holdout: Content) -> str:
    """Every forecast on the hold-out, as a table, with the verdict in words."""
    rows = []
    for name, measured in holdout["measures"].items():
        losses = (f"{measured['log_loss']:.4f}", f"{measured['brier']:.4f}")
        error = f"{measured['calibration_error']:.3f}"
        rows.append((name.replace("_", " "), *losses, _interval(measured["auc"]), error))
    table = markdown_table(("forecast", "log loss", "Brier", "AUC [95 %]", "calibration error"), rows)
    return f"{table}\n\nVerdict: {holdout['verdict']}."


def _interval(value: Mapping[str, float | None]) -> str:
    if value["estimate"] is None:
        return "–"
    return f"{value['estimate']:.3f} [{value['lower']:.3f}, {value['upper']:.3f}]"


def _new_axes(across: str, upwards: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5.5, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set(xlabel=across, ylabel=upwards)
    return figure, axes


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    # Without the library's name and version in the file, the same figures give the same bytes.
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
