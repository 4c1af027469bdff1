"""Why a score is what it is: each feature's pull on the log odds, compared with a typical lead.

Exact for linear pipelines; for others the change when that one feature is set to the typical lead's. The labels name
features, never a lead's values.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from models_ml.readiness.estimator import predict_readiness
from models_ml.readiness.pipeline_columns import FeatureSchema

Floats = npt.NDArray[np.float64]
SMALLEST, MOST = 0.1, 3

_LABELS = {
    "fit_points": "fit points",
    "behaviour_points": "behaviour points",
    "touch_count": "number of touches",
    "touches_last_week_count": "touches in the last week",
    "days_from_first_touch": "time since the first touch",
    "days_as_lead": "time as a lead",
    "mql_basis": "how it became MQL",
    "local_weekday": "weekday",
    "local_day_part": "time of day",
    "location_id": "location",
    "campaign_id": "campaign",
}


def contributions(pipeline: Pipeline, features: pd.DataFrame, schema: FeatureSchema) -> pd.DataFrame:
    """Pull of each feature in log odds: rows of `features` × feature names."""
    reference = schema.reference_frame()
    names = list(features.columns)
    if isinstance(pipeline[-1], LogisticRegression):
        return pd.DataFrame(_linear(pipeline, features, reference, names), columns=names, index=features.index)
    whole = _log_odds(predict_readiness(pipeline, features))
    pulls = {}
    for name in names:
        typical = features.assign(**{name: reference[name].iloc[0]}).astype({name: features[name].dtype})
        pulls[name] = whole - _log_odds(predict_readiness(pipeline, typical))
    return pd.DataFrame(pulls, index=features.index)


def reasons(pulls: pd.DataFrame) -> list[str]:
    """Up to three labels a row, strongest first, as `raised by …; lowered by …`; `typical` where none stands out."""
    names = np.array([_label(name) for name in pulls.columns], dtype=object)
    # Rounded first, so that a row's order of reasons cannot hang on the last bits.
    values = np.round(pulls.to_numpy(dtype=np.float64), 6)
    order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :MOST]
    return [_sentence(names[chosen], row[chosen]) for row, chosen in zip(values, order, strict=True)]


def _sentence(names: npt.NDArray[np.object_], pulls: Floats) -> str:
    parts = [
        f"{'raised' if pull > 0 else 'lowered'} by {name}"
        for name, pull in zip(names, pulls, strict=True)
        if abs(pull) >= SMALLEST
    ]
    return "; ".join(parts) or "typical"


def _label(name: str) -> str:
    return _LABELS.get(name, name.removeprefix("attribute ").removeprefix("signal ").replace("_", " "))


def _log_odds(probability: Floats) -> Floats:
    inside = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(inside) - np.log1p(-inside), dtype=np.float64)


def _linear(pipeline: Pipeline, features: pd.DataFrame, reference: pd.DataFrame, names: list[str]) -> Floats:
    columns = pipeline[:-1]
    weights = np.asarray(pipeline[-1].coef_[0], dtype=np.float64)
    distance = (columns.transform(features) - columns.transform(reference)) * weights
    result = np.zeros((len(features), len(names)))
    for place, encoded in enumerate(columns.get_feature_names_out()):
        owner = _owner(str(encoded).split("__", 1)[1].removeprefix("missingindicator_"), names)
        result[:, names.index(owner)] += distance[:, place]
    return result


def _owner(encoded: str, names: list[str]) -> str:
    """The feature an encoded column belongs to: the longest name it is, or begins with (`channel_paid_search`)."""
    return max((name for name in names if encoded == name or encoded.startswith(f"{name}_")), key=len)
