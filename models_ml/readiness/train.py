"""Trains the readiness model: temporal hold-out, choice of the estimator, verdict against the baselines, final fit.

What a column is stands in `columns`, what an estimator is in `estimator`, how well it did in `evaluate`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from models_ml.metrics import row_log_loss
from models_ml.model_selection import TemporalSplit, temporal_holdout
from models_ml.readiness.estimator import (
    LINEAR,
    PARAMETERS,
    Kind,
    fit_readiness_pipeline,
    make_readiness_pipeline,
    predict_readiness,
)
from models_ml.readiness.evaluate import compare
from models_ml.readiness.labels import mature_labels
from models_ml.readiness.pipeline_columns import FeatureSchema, Origin, feature_frame, learn_schema, raw_features
from models_ml.readiness.trained import NoReadiness, NoSkill, TooFewOutcomes, TrainedReadiness
from models_ml.readiness.versions import training_version

MIN_EACH, MIN_EACH_PART = 50, 20
HIGH_SHARE, LOW_SHARE = 0.2, 0.5
Labels = npt.NDArray[np.int8]


@dataclass(frozen=True)
class _Data:
    raw: pd.DataFrame
    origins: dict[str, Origin]
    labels: Labels
    began: pd.Series
    latest_only_count: int = 0

    def where(self, rows: npt.NDArray[np.bool_]) -> _Data:
        """The data of some rows."""
        kept = self.raw[rows].reset_index(drop=True)
        return _Data(kept, self.origins, self.labels[rows], self.began[rows].reset_index(drop=True))

    @property
    def rarer(self) -> int:
        """Count of the rarer outcome."""
        return int(min(self.labels.sum(), len(self.labels) - self.labels.sum()))


def train_readiness(
    examples: pd.DataFrame,
    attributes: pd.DataFrame,
    *,
    horizon_days: int,
    as_of: pd.Timestamp,
    excluded_attributes: Collection[str] = (),
    seed: int = 7,
) -> TrainedReadiness | NoReadiness:
    """Fit and judge a readiness model.

    Parameters
    ----------
    examples
        rows of `ml_readiness__training_examples` (one per mature MQL); the card counts those that are `is_latest_only`.
    attributes
        rows of `ml_readiness__example_attributes` (long: record_key, became_mql_at, kind, name, value).
    horizon_days
        must be the horizon the examples were labelled with.
    as_of
        naive UTC; an example whose horizon ends later is an error.
    excluded_attributes
        names that never become features (protected attributes of the criteria policy).
    seed
        of everything random.

    Returns
    -------
    TrainedReadiness, or TooFewOutcomes / NoSkill (both NoReadiness) with the reason.

    Raises
    ------
    ValueError: an example without a mature label, or of another horizon.
    """
    ordered = examples.sort_values(["became_mql_at", "record_key"], ignore_index=True)
    labels = mature_labels(ordered, as_of)
    raw, origins = raw_features(ordered, attributes, excluded_attributes=excluded_attributes)
    latest_only = int(ordered["is_latest_only"].sum()) if "is_latest_only" in ordered else 0
    data = _Data(raw, origins, labels, pd.to_datetime(ordered["became_mql_at"]), latest_only)
    return _train(data, horizon_days, as_of, excluded_attributes, seed)


def _train(
    data: _Data, horizon_days: int, as_of: pd.Timestamp, excluded_attributes: Collection[str], seed: int
) -> TrainedReadiness | NoReadiness:
    if refusal := _too_few(data, None):
        return refusal
    split = temporal_holdout(data.began, horizon_days=horizon_days)
    if refusal := _too_few(data, split):
        return refusal
    kind, tried = _choose_kind(data.where(split.is_training), horizon_days, seed)
    report, forecasts = _judge(kind, data, split, seed)
    champion = choose_champion(report)
    if champion is None:
        reason = f"no better than the base rate on the hold-out: {report['verdict']}"
        return NoSkill(reason, _counts(data, split), report)
    kind = "points" if champion == "points" else kind
    report |= {"tried": tried, "champion": champion}
    return _final(kind, data, split, forecasts[champion], report, horizon_days, as_of, excluded_attributes, seed)


def choose_champion(report: Mapping[str, Any]) -> Literal["model", "points"] | None:
    """Who scores from now on, by `evaluate.compare`: points where the model is no better; nobody without skill."""
    is_better = report["model_minus_points"]["estimate"] < 0
    if report["points_beat_base_rate"] and not (is_better and report["model_beats_base_rate"]):
        return "points"
    return "model" if report["model_beats_base_rate"] else None


def _final(
    kind: Kind,
    data: _Data,
    split: TemporalSplit,
    forecast: npt.NDArray[np.float64],
    report: dict[str, Any],
    horizon_days: int,
    as_of: pd.Timestamp,
    excluded: Collection[str],
    seed: int,
) -> TrainedReadiness:
    """The chosen kind, fitted on all mature examples; bands are cut where the hold-out's predictions fell."""
    pipeline, schema = _fit(kind, data, seed)
    parameters = {
        "kind": kind,
        **PARAMETERS[kind],
        "horizon_days": horizon_days,
        "seed": seed,
        "excluded": sorted(excluded),
    }
    bands = {"high": float(np.quantile(forecast, 1 - HIGH_SHARE)), "medium": float(np.quantile(forecast, LOW_SHARE))}
    frame = data.raw.assign(began=data.began.astype(str), label=data.labels)
    version, hashes = training_version(frame, parameters)
    card = {
        "kind": kind,
        "parameters": parameters,
        "counts": _counts(data, split) | {"latest_only_examples": data.latest_only_count},
        "trained_as_of": as_of.isoformat(),
        "split_at": split.split_at.isoformat(),
        "horizon_days": horizon_days,
        "holdout": report,
        "hashes": hashes,
    }
    return TrainedReadiness(version, horizon_days, pipeline, schema, bands, tuple(sorted(excluded)), card)


def _fit(kind: Kind, data: _Data, seed: int) -> tuple[Pipeline, FeatureSchema]:
    schema = learn_schema(data.raw, data.origins)
    pipeline = make_readiness_pipeline(kind, schema, seed=seed)
    return fit_readiness_pipeline(pipeline, feature_frame(data.raw, schema), data.labels), schema


def _forecast(kind: Kind, learned: _Data, judged: _Data, seed: int) -> npt.NDArray[np.float64]:
    pipeline, schema = _fit(kind, learned, seed)
    return predict_readiness(pipeline, feature_frame(judged.raw, schema))


def _choose_kind(data: _Data, horizon_days: int, seed: int) -> tuple[Kind, dict[Kind, float]]:
    """The kind of least log loss on a split inside the training part, so that the hold-out stays unseen."""
    split = temporal_holdout(data.began, horizon_days=horizon_days)
    learned, judged = data.where(split.is_training), data.where(split.is_holdout)
    if min(learned.rarer, judged.rarer) < MIN_EACH_PART:
        return "logistic_strong", {}
    losses = {
        kind: row_log_loss(judged.labels, _forecast(kind, learned, judged, seed)) for kind in (*LINEAR, "boosting")
    }
    linear = min(LINEAR, key=lambda kind: (round(float(losses[kind].mean()), 6), LINEAR.index(kind)))
    gain = losses[linear] - losses["boosting"]
    # Trees have to gain more than the gain's own standard error: the linear model's reasons are exact.
    chosen: Kind = "boosting" if gain.mean() > gain.std(ddof=1) / len(gain) ** 0.5 else linear
    return chosen, {kind: float(loss.mean()) for kind, loss in losses.items()}


def _judge(
    kind: Kind, data: _Data, split: TemporalSplit, seed: int
) -> tuple[dict[str, Any], dict[str, npt.NDArray[np.float64]]]:
    learned, judged = data.where(split.is_training), data.where(split.is_holdout)
    forecasts = {name: _forecast(each, learned, judged, seed) for name, each in (("model", kind), ("points", "points"))}
    forecasts["base_rate"] = np.full(len(judged.labels), learned.labels.mean())
    return compare(judged.labels, forecasts, seed=seed), forecasts


def _counts(data: _Data, split: TemporalSplit | None) -> dict[str, int]:
    counts = {"examples": len(data.labels), "converted": int(data.labels.sum())}
    for name, rows in (("training", split.is_training), ("holdout", split.is_holdout)) if split else ():
        counts |= {f"{name}_examples": int(rows.sum()), f"{name}_converted": int(data.labels[rows].sum())}
    return counts


def _too_few(data: _Data, split: TemporalSplit | None) -> TooFewOutcomes | None:
    if split is None and data.rarer >= MIN_EACH:
        return None
    if (
        split is not None
        and min(data.where(split.is_training).rarer, data.where(split.is_holdout).rarer) >= MIN_EACH_PART
    ):
        return None
    counts = _counts(data, split)
    needed = f"{MIN_EACH} in all" if split is None else f"{MIN_EACH_PART} before and after the split in time"
    seen = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    return TooFewOutcomes(
        f"too few outcomes: needed are {needed} of either kind (converted or not); there are {seen}", counts
    )
