"""How well readiness was predicted: on the hold-out at training, and of scores given since, once their horizon is over.

Measures stand in `models_ml.metrics`, pictures in `orchestration.report`; here is what is compared with what.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import brier_score_loss, log_loss

from models_ml.metrics import (
    auc_interval,
    calibration_table,
    expected_calibration_error,
    paired_difference,
    row_log_loss,
    wilson_interval,
)

Floats = npt.NDArray[np.float64]


def measure(labels: npt.NDArray[np.int8], predicted: Floats) -> dict[str, Any]:
    """Rows, base rate, log loss, Brier score, AUC with interval, calibration error and table, JSON-ready."""
    table = calibration_table(labels, predicted)
    area = auc_interval(labels, predicted)
    return {
        "rows": len(labels),
        "converted": int(labels.sum()),
        "observed_rate": _interval(wilson_interval(int(labels.sum()), len(labels))),
        "mean_predicted": float(predicted.mean()),
        "log_loss": float(log_loss(labels, predicted, labels=[0, 1])),
        "brier": float(brier_score_loss(labels, predicted)),
        "auc": _interval(area),
        "calibration_error": expected_calibration_error(table),
        "calibration": table.to_dict(orient="records"),
    }


def compare(labels: npt.NDArray[np.int8], forecasts: dict[str, Floats], *, seed: int) -> dict[str, Any]:
    """Measures of each forecast and the paired log-loss difference of `model` to `points` and `base_rate`.

    `forecasts` has the keys model, points and base_rate. `verdict` says in words what the differences allow to say.
    """
    losses = {name: row_log_loss(labels, predicted) for name, predicted in forecasts.items()}
    against = {name: paired_difference(losses["model"], losses[name], seed=seed) for name in ("points", "base_rate")}
    points = paired_difference(losses["points"], losses["base_rate"], seed=seed)
    return {
        "measures": {name: measure(labels, predicted) for name, predicted in forecasts.items()},
        "model_minus_points": _interval(against["points"]),
        "model_minus_base_rate": _interval(against["base_rate"]),
        "points_minus_base_rate": _interval(points),
        "model_beats_base_rate": against["base_rate"].upper < 0,
        "model_beats_points": against["points"].upper < 0,
        "points_beat_base_rate": points.upper < 0,
        "verdict": f"{_words('base rate', against['base_rate'])}; {_words('points', against['points'])}",
    }


def evaluate_scores(evaluation: pd.DataFrame) -> dict[str, Any]:
    """Measures of scores given before, against what became of them: rows of `ml_readiness__evaluation`.

    Returns measures over all rows, and by model_version; {} without rows. Rates of routed and unrouted leads stand
    apart, since routing acts on what readiness predicts.
    """
    if evaluation.empty:
        return {}
    result: dict[str, Any] = {"all": _measured(evaluation)}
    result["by_model_version"] = {str(name): _measured(rows) for name, rows in evaluation.groupby("model_version")}
    result["by_routed"] = {
        ("routed" if name else "not_routed"): _interval(wilson_interval(int(rows["is_converted"].sum()), len(rows)))
        for name, rows in evaluation.groupby("is_routed")
    }
    return result


def _measured(rows: pd.DataFrame) -> dict[str, Any]:
    return measure(rows["is_converted"].to_numpy(dtype=np.int8), rows["readiness"].to_numpy(dtype=np.float64))


def _interval(value: tuple[float, float, float]) -> dict[str, float | None]:
    names = ("estimate", "lower", "upper")
    return {name: None if number != number else float(number) for name, number in zip(names, value, strict=True)}


def _words(baseline: str, difference: tuple[float, float, float]) -> str:
    estimate, lower, upper = difference
    figures = f"log loss {estimate:+.4f} [{lower:+.4f}, {upper:+.4f}]"
    if upper < 0:
        return f"better than the {baseline} ({figures})"
    return (
        f"worse than the {baseline} ({figures})"
        if lower > 0
        else f"not distinguishable from the {baseline} ({figures})"
    )
