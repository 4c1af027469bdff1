"""How well readiness was predicted: on the hold-out at training, and of scores given since, once their horizon is over.

Measures stand in `models_ml.metrics`, pictures in `orchestration.report`; here is what is compared with what.
Everything is JSON-ready: a number that is not known, or not finite, is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from models_ml.metrics import (
    Interval,
    auc_interval,
    brier_parts,
    calibration_error_interval,
    calibration_line,
    calibration_table,
    gain_at,
    paired_difference,
    predicted_over_actual,
    row_log_loss,
    weighted_rate,
    wilson_interval,
)

Floats = npt.NDArray[np.float64]
SHARES = tuple(round(0.05 * step, 2) for step in range(1, 21))
MAX_GROUPS = 12


def measure(
    labels: npt.ArrayLike, predicted: npt.ArrayLike, *, weights: npt.ArrayLike | None = None, seed: int = 7
) -> dict[str, Any]:
    """All measures of one forecast; with weights, the chief ones also `weighted`."""
    outcome, forecast = np.asarray(labels, dtype=np.int8), np.asarray(predicted, dtype=np.float64)
    line, is_both = calibration_line(outcome, forecast), 0 < outcome.sum() < len(outcome)
    error = calibration_error_interval(outcome, forecast, seed=seed)
    plain: dict[str, Any] = {
        "rows": len(outcome),
        "converted": int(outcome.sum()),
        **_chief(outcome, forecast, None),
        "auc": interval(auc_interval(outcome, forecast)),
        "average_precision": float(average_precision_score(outcome, forecast)) if is_both else None,
        "brier_parts": brier_parts(outcome, forecast)._asdict(),
        "calibration_level": interval(line.level),
        "calibration_slope": interval(line.slope),
        "calibration_error": error.estimate,
        "calibration_error_interval": interval(error),
        "calibration": _plain_rows(calibration_table(outcome, forecast)),
    }
    if weights is not None:
        weight = np.asarray(weights, dtype=np.float64)
        weighted = calibration_line(outcome, forecast, weight)
        plain["weighted"] = {
            **_chief(outcome, forecast, weight),
            "auc": float(roc_auc_score(outcome, forecast, sample_weight=weight)) if is_both else None,
            "average_precision": float(average_precision_score(outcome, forecast, sample_weight=weight))
            if is_both
            else None,
            "calibration_level": interval(weighted.level),
            "calibration_slope": interval(weighted.slope),
            "calibration": _plain_rows(calibration_table(outcome, forecast, weights=weight)),
        }
    return plain


def compare(
    labels: npt.ArrayLike,
    forecasts: Mapping[str, Floats],
    *,
    seed: int,
    weights: npt.ArrayLike | None = None,
) -> dict[str, Any]:
    """Measures of each forecast, and the paired log-loss difference of `model` to every other one.

    `forecasts` has the keys model and base_rate, and any of points, lead_frequency, incumbent. `verdict` says in
    words what the differences allow to say; they are weighted where weights are given.
    """
    losses = {name: row_log_loss(labels, predicted) for name, predicted in forecasts.items()}
    against = {
        name: paired_difference(losses["model"], loss, seed=seed, weights=weights)
        for name, loss in losses.items()
        if name != "model"
    }
    return {
        "measures": {
            name: measure(labels, predicted, weights=weights, seed=seed) for name, predicted in forecasts.items()
        },
        **{f"model_minus_{name}": interval(difference) for name, difference in against.items()},
        "model_beats_base_rate": against["base_rate"].upper < 0,
        "verdict": "; ".join(_words(name.replace("_", " "), difference) for name, difference in against.items()),
    }


def by_group(
    labels: npt.ArrayLike, predicted: npt.ArrayLike, groups: Any, weights: npt.ArrayLike | None = None
) -> list[dict[str, Any]]:
    """Predicted beside actual of each group, the largest first (the rest, beyond twelve, as `(other)`)."""
    outcome, forecast = np.asarray(labels, dtype=np.int8), np.asarray(predicted, dtype=np.float64)
    named = pd.Series(np.asarray(groups, dtype=object)).fillna("(none)").astype(str)
    order = sorted(named.value_counts().items(), key=lambda item: (-item[1], str(item[0])))
    kept = [str(name) for name, _ in order[:MAX_GROUPS]]
    names = named.where(named.isin(kept), "(other)").to_numpy()
    rows = []
    for group in [*kept, *(["(other)"] if len(order) > MAX_GROUPS else [])]:
        inside = names == group
        weight = None if weights is None else np.asarray(weights, dtype=np.float64)[inside]
        if weight is not None and not weight.sum() > 0:
            continue
        rows.append({"group": group, **_against(outcome[inside], forecast[inside], weight)})
    return rows


def by_band(
    labels: npt.ArrayLike, predicted: npt.ArrayLike, bands: Mapping[str, float], weights: npt.ArrayLike | None = None
) -> list[dict[str, Any]]:
    """Predicted beside actual of the bands high, medium and low; a band of no lead is left out."""
    forecast = np.asarray(predicted, dtype=np.float64)
    names = np.where(forecast >= bands["high"], "high", np.where(forecast >= bands["medium"], "medium", "low"))
    order = {"high": 0, "medium": 1, "low": 2}
    return sorted(by_group(labels, forecast, names, weights), key=lambda row: order[row["group"]])


def gain_report(labels: npt.ArrayLike, predicted: npt.ArrayLike, *, capacity_share: float) -> dict[str, Any]:
    """Cumulative gain and lift at every twentieth of the leads, and at the share intake can call."""
    return {
        "capacity_share": capacity_share,
        "at_capacity": _gain(labels, predicted, capacity_share),
        "curve": [_gain(labels, predicted, share) for share in SHARES],
    }


def intake_capacity(examples: pd.DataFrame) -> tuple[float, str]:
    """(share of new MQLs intake can call, how it is known).

    The median, over the days on which leads became MQL, of the share of them that staff tried or reached; a fifth is
    assumed where no source tells what staff did, or staff worked none.
    """
    if {"is_worked", "has_work_events"} <= set(examples.columns):
        told = examples[examples["has_work_events"].fillna(False).astype(bool)]
        if len(told):
            day = pd.to_datetime(told["became_mql_at"]).dt.floor("D")
            daily = told["is_worked"].fillna(False).astype(bool).groupby(day.to_numpy()).agg(["sum", "count"])
            worked, share = float(daily["sum"].median()), float((daily["sum"] / daily["count"]).median())
            if share > 0:
                days = f"on the median day of {len(daily):,} days staff tried or reached {worked:g} of its new MQLs"
                return min(share, 1.0), f"{days}, {share * 100:.0f} of 100"
    return 0.2, "assumed, because no source tells which leads staff worked"


def evaluate_scores(evaluation: pd.DataFrame, *, seed: int = 7) -> dict[str, Any]:
    """Measures of scores given before, against what became of them: rows of `ml_readiness__evaluation`.

    Returns measures over all rows, and by model_version; {} without rows. Rates of routed and unrouted leads stand
    apart, since routing acts on what readiness predicts.
    """
    if evaluation.empty:
        return {}
    result: dict[str, Any] = {"all": _measured(evaluation, seed)}
    result["by_model_version"] = {
        str(name): _measured(rows, seed) for name, rows in evaluation.groupby("model_version")
    }
    result["by_routed"] = {
        ("routed" if name else "not_routed"): interval(wilson_interval(int(rows["is_converted"].sum()), len(rows)))
        for name, rows in evaluation.groupby("is_routed")
    }
    return result


def interval(value: Interval) -> dict[str, float | None]:
    """An interval as plain data."""
    return {
        name: float(number) if np.isfinite(number) else None
        for name, number in zip(Interval._fields, value, strict=True)
    }


def _chief(outcome: npt.NDArray[np.int8], forecast: Floats, weight: Floats | None) -> dict[str, Any]:
    return {
        "observed_rate": interval(weighted_rate(outcome, weight)),
        "mean_predicted": float(np.average(forecast, weights=weight)),
        "log_loss": float(log_loss(outcome, forecast, labels=[0, 1], sample_weight=weight)),
        "brier": float(brier_score_loss(outcome, forecast, sample_weight=weight, labels=[0, 1])),
        "predicted_over_actual": interval(predicted_over_actual(outcome, forecast, weight)),
    }


def _against(outcome: npt.NDArray[np.int8], forecast: Floats, weight: Floats | None) -> dict[str, Any]:
    return {
        "rows": len(outcome),
        "converted": int(outcome.sum()),
        "mean_predicted": float(np.average(forecast, weights=weight)),
        "observed_rate": interval(weighted_rate(outcome, weight)),
        "predicted_over_actual": interval(predicted_over_actual(outcome, forecast, weight)),
    }


def _gain(labels: npt.ArrayLike, predicted: npt.ArrayLike, share: float) -> dict[str, Any]:
    gain = gain_at(labels, predicted, share)
    return {"share": share, "gain": interval(gain), "lift": interval(Interval(*(part / share for part in gain)))}


def _measured(rows: pd.DataFrame, seed: int) -> dict[str, Any]:
    return measure(
        rows["is_converted"].to_numpy(dtype=np.int8), rows["readiness"].to_numpy(dtype=np.float64), seed=seed
    )


def _plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): value if np.isfinite(value) else None for name, value in row.items()}
        for row in table.to_dict(orient="records")
    ]


def _words(baseline: str, difference: Interval) -> str:
    figures = f"log loss {difference.estimate:+.4f} [{difference.lower:+.4f}, {difference.upper:+.4f}]"
    if difference.upper < 0:
        return f"better than the {baseline} ({figures})"
    if difference.lower > 0:
        return f"worse than the {baseline} ({figures})"
    return f"not distinguishable from the {baseline} ({figures})"
