"""Scores candidates with a trained model: readiness, band and reasons, each row from its own features alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from models_ml.readiness.estimator import predict_readiness
from models_ml.readiness.explain import contributions, reasons
from models_ml.readiness.pipeline_columns import KEY, feature_frame, raw_features
from models_ml.readiness.trained import TrainedReadiness

READINESS_SCALE = 6


def score_readiness(
    model: TrainedReadiness,
    candidates: pd.DataFrame,
    attributes: pd.DataFrame,
    *,
    already_scored: pd.DataFrame,
    as_of: pd.Timestamp,
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

    Returns
    -------
    Frame ready to land in handoff/scores: record_key, became_mql_at, readiness (float64), band, reasons,
    model_version, horizon_days (int32), scored_as_of; sorted by record_key. Empty, with these columns, if none is new.
    """
    fresh = _without(candidates, already_scored).sort_values(KEY, ignore_index=True)
    return _scored(model, fresh, attributes, as_of)


def _scored(
    model: TrainedReadiness, fresh: pd.DataFrame, attributes: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    raw, _ = raw_features(fresh, attributes, excluded_attributes=model.excluded_attributes)
    features = feature_frame(raw, model.schema)
    readiness = np.round(predict_readiness(model.pipeline, features), READINESS_SCALE)
    pulls = contributions(model.pipeline, features, model.schema) if len(fresh) else features
    return pd.DataFrame(
        {
            "record_key": fresh["record_key"],
            "became_mql_at": fresh["became_mql_at"].astype("datetime64[us]"),
            "readiness": readiness,
            "band": pd.Series(assign_bands(readiness, model.bands), dtype="str"),
            "reasons": pd.Series(reasons(pulls) if len(fresh) else [], dtype="str"),
            "model_version": pd.Series([model.version] * len(fresh), dtype="str"),
            "horizon_days": np.full(len(fresh), model.horizon_days, dtype=np.int32),
            "scored_as_of": pd.Series([as_of] * len(fresh), dtype="datetime64[us]"),
        }
    )


def assign_bands(readiness: npt.NDArray[np.float64], bands: dict[str, float]) -> list[str]:
    """high, medium or low by the cut points fixed at training."""
    return [
        "high" if value >= bands["high"] else "medium" if value >= bands["medium"] else "low" for value in readiness
    ]


def _without(candidates: pd.DataFrame, scored: pd.DataFrame) -> pd.DataFrame:
    """Candidates whose MQL has no score yet; a record that entered again at another moment has none."""
    known = set(zip(scored["record_key"], pd.to_datetime(scored["became_mql_at"]), strict=True))
    keys = zip(candidates["record_key"], pd.to_datetime(candidates["became_mql_at"]), strict=True)
    return candidates[np.fromiter((key not in known for key in keys), dtype=bool, count=len(candidates))]
