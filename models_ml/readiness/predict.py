"""Scores candidates with a trained model: readiness with its interval, band and reasons, each row by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from threadpoolctl import threadpool_limits

from models_ml.readiness.columns import KEY, feature_frame, raw_features
from models_ml.readiness.control import drawn_control
from models_ml.readiness.explain import Explained, explain_scores
from models_ml.readiness.phrases import Words
from models_ml.readiness.prepared import prepare
from models_ml.readiness.trained import TrainedReadiness
from models_ml.readiness.uncertainty import interval_of

READINESS_SCALE = 6
Floats = npt.NDArray[np.float64]


def score_readiness(
    model: TrainedReadiness,
    candidates: pd.DataFrame,
    attributes: pd.DataFrame,
    *,
    already_scored: pd.DataFrame,
    as_of: pd.Timestamp,
    words: Words | None = None,
    control_share: float = 0.0,
    seed: int = 7,
) -> pd.DataFrame:
    """Score each candidate once.

    Parameters
    ----------
    model
        the champion.
    candidates
        rows of `ml_readiness__scoring_candidates` (open MQLs inside their horizon).
    attributes
        rows of `ml_readiness__example_attributes`.
    already_scored
        earlier scores (record_key, became_mql_at; other columns ignored): these candidates are left out.
    as_of
        naive UTC, the run's; becomes scored_as_of.
    words
        how reasons call things; None: as they are spelt.
    control_share, seed
        share of leads that are routed as if unscored, and the run's seed (`control.drawn_control`).

    Returns
    -------
    Frame ready to land in handoff/scores, sorted by record_key: record_key, became_mql_at, readiness, readiness_low,
    readiness_high (float64, 95 %; empty where the model cannot say), shared_error (log odds), band, reasons,
    contributions (JSON text), is_control, model_version, horizon_days (int32), scored_as_of. Empty, with these columns,
    if none is new.
    """
    fresh = _without(candidates, already_scored).sort_values(KEY, ignore_index=True)
    readiness, low, high, told = _forecast(model, fresh, attributes, words or Words())
    shared = model.uncertainty.shared if model.uncertainty else np.nan
    lines = fresh["service_line"] if "service_line" in fresh else pd.Series([None] * len(fresh), dtype=object)
    return pd.DataFrame(
        {
            "record_key": fresh["record_key"],
            "became_mql_at": fresh["became_mql_at"].astype("datetime64[us]"),
            "readiness": readiness,
            "readiness_low": low,
            "readiness_high": high,
            "shared_error": np.full(len(fresh), round(shared, READINESS_SCALE)),
            "band": pd.Series(assign_bands(readiness, model.bands), dtype="str"),
            "reasons": pd.Series(told.reasons, dtype="str"),
            "contributions": pd.Series(told.contributions, dtype="str"),
            "is_control": drawn_control(fresh, control_share, seed).astype(bool),
            "model_version": pd.Series([model.version] * len(fresh), dtype="str"),
            "horizon_days": _horizons(model, lines),
            "scored_as_of": pd.Series([as_of] * len(fresh), dtype="datetime64[us]"),
        }
    )


def assign_bands(readiness: Floats, bands: dict[str, float]) -> list[str]:
    """high, medium or low by the cut points fixed at training."""
    return [
        "high" if value >= bands["high"] else "medium" if value >= bands["medium"] else "low" for value in readiness
    ]


def score_intervals(model: TrainedReadiness, features: pd.DataFrame, logits: Floats) -> tuple[Floats, Floats]:
    """(low, high) of the probability for leads with these features, 95 %; NaN where the model cannot say."""
    if model.uncertainty is None:
        return np.full(len(logits), np.nan), np.full(len(logits), np.nan)
    rows = prepare(features[list(model.classifier.feature_names_in_)], model.classifier.features_)
    return interval_of(logits, model.uncertainty.errors(rows, logits))


def _forecast(
    model: TrainedReadiness, fresh: pd.DataFrame, attributes: pd.DataFrame, words: Words
) -> tuple[Floats, Floats, Floats, Explained]:
    if not len(fresh):
        return np.empty(0), np.empty(0), np.empty(0), Explained([], [])
    raw = raw_features(fresh, attributes, excluded_attributes=model.excluded_attributes)
    features = feature_frame(raw, model.schema)
    with threadpool_limits(limits=1):
        logits = np.asarray(model.classifier.decision_function(features), dtype=np.float64)
        low, high = score_intervals(model, features, logits)
        pulls = model.classifier.contributions(features)
    levels = {feature.name: frozenset(feature.levels) for feature in model.classifier.features_}
    told = explain_scores(features, pulls, float(model.classifier.base_logit_), levels, words)
    readiness, low, high = (np.round(values, READINESS_SCALE) for values in (expit(logits), low, high))
    return readiness, low, high, told


def _horizons(model: TrainedReadiness, lines: Sequence[str | None] | pd.Series) -> npt.NDArray[np.int32]:
    return np.array([model.horizon_of(None if pd.isna(line) else str(line)) for line in lines], dtype=np.int32)


def _without(candidates: pd.DataFrame, scored: pd.DataFrame) -> pd.DataFrame:
    """Candidates whose MQL has no score yet; a record that entered again at another moment has none."""
    known = set(zip(scored["record_key"], pd.to_datetime(scored["became_mql_at"]), strict=True))
    keys = zip(candidates["record_key"], pd.to_datetime(candidates["became_mql_at"]), strict=True)
    return candidates[np.fromiter((key not in known for key in keys), dtype=bool, count=len(candidates))]
