"""The estimators: one scikit-learn pipeline each, from the feature frame to a probability.

Every preprocessing step is fitted inside the pipeline at training and never again.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from models_ml.readiness.pipeline_columns import OTHER, POINTS, UNKNOWN, FeatureSchema

Kind = Literal["points", "logistic", "logistic_strong", "boosting"]
LINEAR: tuple[Kind, ...] = ("logistic", "logistic_strong")
PARAMETERS: dict[Kind, dict[str, Any]] = {
    "points": {"C": 1.0},
    "logistic": {"C": 0.3},
    "logistic_strong": {"C": 0.03},
    "boosting": {
        "learning_rate": 0.05,
        "max_iter": 120,
        "max_leaf_nodes": 12,
        "min_samples_leaf": 30,
        "l2_regularization": 5.0,
    },
}


def make_readiness_pipeline(kind: Kind, schema: FeatureSchema, *, seed: int) -> Pipeline:
    """An unfitted pipeline of that kind for frames of that schema; without any feature, the base rate."""
    numbers = [feature.name for feature in schema.numeric if kind != "points" or feature.name in POINTS]
    codes = [] if kind == "points" else [feature.name for feature in schema.categorical]
    if not numbers and not codes:
        return Pipeline([("classifier", DummyClassifier(strategy="prior"))])
    if kind == "boosting":
        return _boosting(schema, seed)
    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    steps: list[Any] = [("numbers", make_pipeline(fill, StandardScaler()), numbers)]
    if codes:
        steps.append(
            ("codes", OneHotEncoder(categories=_levels(schema), handle_unknown="ignore", sparse_output=False), codes)
        )
    columns = ColumnTransformer(steps, sparse_threshold=0.0)
    return Pipeline([("columns", columns), ("classifier", LogisticRegression(**PARAMETERS[kind], max_iter=2000))])


def fit_readiness_pipeline(pipeline: Pipeline, features: pd.DataFrame, labels: npt.NDArray[np.int8]) -> Pipeline:
    """Fit on one thread: the same bits on every machine, and no fight for the cores (returns the pipeline)."""
    with threadpool_limits(limits=1):
        pipeline.fit(features, labels)
    return pipeline


def predict_readiness(pipeline: Pipeline, features: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Probability of the label, shape (rows,)."""
    if not len(features):
        return np.empty(0)
    with threadpool_limits(limits=1):
        return np.asarray(pipeline.predict_proba(features)[:, 1], dtype=np.float64)


def _levels(schema: FeatureSchema) -> list[npt.NDArray[np.object_]]:
    return [np.array([*feature.levels, OTHER, UNKNOWN], dtype=object) for feature in schema.categorical]


def _boosting(schema: FeatureSchema, seed: int) -> Pipeline:
    codes = [feature.name for feature in schema.categorical]
    numbers = [feature.name for feature in schema.numeric]
    encoder = OrdinalEncoder(categories=_levels(schema), handle_unknown="use_encoded_value", unknown_value=-1)
    steps: list[Any] = [("codes", encoder, codes)] if codes else []
    columns = ColumnTransformer([*steps, ("numbers", "passthrough", numbers)], sparse_threshold=0.0)
    trees = HistGradientBoostingClassifier(
        **PARAMETERS["boosting"],
        categorical_features=list(range(len(codes))) or None,
        early_stopping=False,
        random_state=seed,
    )
    # Examples come in the order of time, so these unshuffled folds are blocks of time.
    calibrated = CalibratedClassifierCV(trees, method="sigmoid", cv=3, ensemble=False)
    return Pipeline([("columns", columns), ("classifier", calibrated)])
