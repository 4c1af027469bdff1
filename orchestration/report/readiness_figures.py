"""Pictures and tables of the readiness model: cards in, bytes and text out.

Where they are shown (Dagster metadata, the report page) is the caller's business; figures are computed in `models_ml`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from orchestration.report.markdown_tables import markdown_table

_INK, _MUTED = "#1b3a4b", "#8d99ae"


def calibration_png(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """PNG of predicted beside observed rates with 95 % intervals.

    `tables` maps a name (first: the model, drawn strongest) to the records of `models_ml.metrics.calibration_table`.
    """
    figure = Figure(figsize=(5.5, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle="--", label="perfectly calibrated")
    for place, (name, records) in enumerate(tables.items()):
        table = pd.DataFrame(records)
        reach = [table["observed_rate"] - table["lower"], table["upper"] - table["observed_rate"]]
        axes.errorbar(
            table["mean_predicted"],
            table["observed_rate"],
            yerr=reach,
            marker="o" if place == 0 else "s",
            color=_INK if place == 0 else _MUTED,
            capsize=3,
            linewidth=1.5 if place == 0 else 1,
            label=name,
        )
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="predicted probability of SQL", ylabel="share that became SQL")
    axes.set_title("Calibration on the hold-out in time")
    axes.legend(loc="upper left", frameon=False)
    return _png(figure)


def holdout_calibration_png(holdout: Mapping[str, Any]) -> bytes:
    """The calibration picture of a hold-out as `models_ml.readiness.evaluate.compare` judged it, points beside."""
    measures = holdout["measures"]
    return calibration_png({name: measures[name]["calibration"] for name in ("model", "points")})


def card_calibration_png(card: Mapping[str, Any]) -> bytes:
    """The calibration picture of a trained model's card, the points baseline beside it."""
    return holdout_calibration_png(card["holdout"])


def card_markdown(card: Mapping[str, Any]) -> str:
    """A trained model beside base rate and points, as a table, with the verdict in words."""
    counts = card["counts"]
    head = (
        f"Kind **{card['kind']}**, horizon {card['horizon_days']} days; hold-out from {card['split_at'][:10]}: "
        f"{counts['holdout_examples']} MQLs, {counts['holdout_converted']} became SQL "
        f"(trained on {counts['training_examples']}).\n\n"
    )
    return head + _latest_only(counts) + holdout_markdown(card["holdout"])


def _latest_only(counts: Mapping[str, int]) -> str:
    # Cards of models trained before it was counted do not say.
    count = counts.get("latest_only_examples", 0)
    if not count:
        return ""
    return (
        f"{count} of its examples come from sources that keep only the latest state of a record: what is seen first "
        "there may have been filled in later than it seems, and the hold-out may flatter the model.\n\n"
    )


def holdout_markdown(holdout: Mapping[str, Any]) -> str:
    """Model, points and base rate on the hold-out, as a table, with the verdict in words."""
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


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    # Without the library's name and version in the file, the same figures give the same bytes.
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
