"""What a training is judged by: candidates on splits inside the training part, the chosen one on the hold-out, once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models_ml.metrics import Interval, calibration_line, calibration_table, row_log_loss
from models_ml.model_selection import forward_folds
from models_ml.readiness.alarms import Alarm, balance_alarms, base_rate_alarms, leak_alarms
from models_ml.readiness.classifier import Tier
from models_ml.readiness.columns import FeatureSchema, feature_frame, learn_schema
from models_ml.readiness.evaluate import by_band, by_group, compare, gain_report
from models_ml.readiness.training_data import Floats, TrainingData, baseline_forecasts, fit_classifier, forecast

# Outcomes of either kind on both sides of a split that is to choose by.
MIN_EACH_FOLD = 20
# From so many outcomes of the rarer kind on there is enough to learn more from than points: nothing is left to choose.
ENOUGH = 300
HIGH_SHARE, LOW_SHARE = 0.2, 0.5
_GROUPS = ("service_line", "channel")


@dataclass(frozen=True)
class Judged:
    """The chosen tier on the hold-out: forecasts of its used rows by name, and the report about them."""

    tier: Tier
    holdout: TrainingData
    forecasts: dict[str, Floats]
    bands: dict[str, float]
    report: dict[str, Any]
    alarms: list[Alarm] = field(default_factory=list)

    @property
    def auc(self) -> float | None:
        """Of the model, on the hold-out."""
        area: float | None = self.report["measures"]["model"]["auc"]["estimate"]
        return area


def choose_tier(data: TrainingData, points: Collection[str] | None) -> tuple[Tier, dict[str, Any]]:
    """The tier of least mean log loss over up to three splits that walk forward through the training part.

    Compared are what the classifier takes by itself, and points alone where there are points; with too few outcomes for
    one such split, or with 300 outcomes of the rarer kind, nothing is compared, and the classifier decides.
    """
    if data.rarer >= ENOUGH or not has_points(data, points):
        return "auto", {"folds": 0, "log_loss": {}}
    splits = forward_folds(data.began, horizon_days=data.days, groups=data.people)
    weights = data.every_weight if splits else np.empty(0)
    parts = [
        (
            data.where(split.is_training, given=weights[split.is_training]),
            data.where(split.is_holdout, given=weights[split.is_holdout]),
        )
        for split in splits
    ]
    parts = [part for part in parts if min(part[0].rarer, part[1].rarer) >= MIN_EACH_FOLD]
    parts = [part for part in parts if has_points(part[0], points)]
    tiers: tuple[Tier, ...] = ("auto", "points")
    losses = {tier: [_losses(tier, learned, judged, points) for learned, judged in parts] for tier in tiers}
    if not parts:
        return "auto", {"folds": 0, "log_loss": {}}
    means = {tier: float(np.concatenate(rows).mean()) for tier, rows in losses.items()}
    told = {"folds": len(parts), "log_loss": {str(tier): loss for tier, loss in means.items()}}
    return min(means, key=lambda tier: (round(means[tier], 6), tier != "points")), told


def has_points(data: TrainingData, points: Collection[str] | None) -> bool:
    """Whether there are points to score by."""
    schema = learn_schema(data.raw)
    return any(name in schema.names for name in (schema.points if points is None else points))


def _losses(tier: Tier, learned: TrainingData, judged: TrainingData, points: Collection[str] | None) -> Floats:
    predicted = forecast(*fit_classifier(learned, tier, points), judged.raw[judged.used])
    loss = row_log_loss(judged.known, predicted)
    # Weighted rows count as many times; the mean over all folds is one of rows.
    return loss if judged.weights is None else loss * judged.weights / judged.weights.mean()


def judge(
    learned: TrainingData,
    held: TrainingData,
    tier: Tier,
    points: Collection[str] | None,
    *,
    capacity: tuple[float, str],
) -> Judged:
    """Learn from the training part, forecast the hold-out, and measure: the one time the hold-out is looked at.

    `capacity` is the share of new MQLs intake can call, and how that is known.
    """
    everyone = {
        "model": forecast(*fit_classifier(learned, tier, points), held.raw),
        **baseline_forecasts(learned, held),
    }
    bands = {
        "high": float(np.quantile(everyone["model"], 1 - HIGH_SHARE)),
        "medium": float(np.quantile(everyone["model"], LOW_SHARE)),
    }
    forecasts = {name: predicted[held.used] for name, predicted in everyone.items()}
    report = compare(held.known, forecasts, seed=held.random_state, weights=held.weights)
    report |= _by_parts(held, forecasts["model"], bands)
    share, why = capacity
    report["gain"] = gain_report(held.known, forecasts["model"], capacity_share=share) | {"capacity": why}
    report["gain_of_baselines"] = {
        name: gain_report(held.known, forecasts[name], capacity_share=share)
        for name in ("points", "lead_frequency")
        if name in forecasts
    }
    alarms = base_rate_alarms(learned.known, held.known, learned_weights=learned.weights, latest_weights=held.weights)
    return Judged(tier, held, forecasts, bands, report, alarms)


def alarms_of(judged: Judged, data: TrainingData, schema: FeatureSchema) -> list[Alarm]:
    """Leaks in all used rows, forecasts that are off on the hold-out, and a base rate that moved."""
    frame = feature_frame(data.raw, schema)[data.used].reset_index(drop=True)
    measured = judged.report["measures"]["model"]
    ratio = (measured.get("weighted") or measured)["predicted_over_actual"]
    known = Interval(*(np.nan if ratio[name] is None else ratio[name] for name in Interval._fields))
    groups = {kind: judged.report[f"by_{kind}"] for kind in (*_GROUPS, "month") if f"by_{kind}" in judged.report}
    leaks = leak_alarms(frame, data.known, auc=judged.auc, random_state=data.random_state)
    return [*leaks, *balance_alarms(known, groups), *judged.alarms]


def residuals(judged: Judged) -> dict[str, Any]:
    """How far the forecasts of the hold-out lay off, for the intervals of scores."""
    labels, predicted, weights = judged.holdout.known, judged.forecasts["model"], judged.holdout.weights
    line = calibration_line(labels, predicted, weights)
    known = np.isfinite(line.covariance).all()
    return {
        "rows": len(labels),
        "converted": int(labels.sum()),
        "intercept": line.intercept if known else None,
        "slope": line.slope.estimate if known else None,
        "covariance": line.covariance.tolist() if known else None,
        "bins": calibration_table(labels, predicted, weights=weights).to_dict(orient="records"),
    }


def _by_parts(held: TrainingData, predicted: Floats, bands: dict[str, float]) -> dict[str, Any]:
    told: dict[str, Any] = {"by_band": by_band(held.known, predicted, bands, held.weights)}
    for name in _GROUPS:
        if name in held.examples:
            told[f"by_{name}"] = by_group(held.known, predicted, held.examples[name][held.used], held.weights)
    months = pd.to_datetime(held.began[held.used]).dt.strftime("%Y-%m")
    told["by_month"] = sorted(by_group(held.known, predicted, months, held.weights), key=lambda row: str(row["group"]))
    return told


def unseen_by(data: TrainingData, learned_until: str) -> npt.NDArray[np.bool_]:
    """Rows whose outcome came too late for a model that learned until then."""
    return (data.ended > pd.Timestamp(learned_until)).to_numpy()
