"""A plain classifier in the place of `ReadinessClassifier`, for tests of what is done with models and not of models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


class PlainClassifier:
    """Logistic regression on raw columns: a hundredth of a second a fit."""

    tier_, base_logit_, features_ = "plain", 0.0, ()

    def __init__(self, **_: Any) -> None:
        numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
        columns = make_column_transformer(
            (numbers, make_column_selector(dtype_include="number")),
            (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        )
        self.model = make_pipeline(columns, LogisticRegression(max_iter=500))

    def fit(self, X: pd.DataFrame, y: Any, sample_weight: Any = None) -> PlainClassifier:
        """As scikit-learn's."""
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        self.model.fit(X, y, logisticregression__sample_weight=sample_weight)
        self.classes_ = self.model.classes_
        return self

    def decision_function(self, X: pd.DataFrame) -> Any:
        """As scikit-learn's."""
        return self.model.decision_function(X)

    def predict_proba(self, X: pd.DataFrame) -> Any:
        """As scikit-learn's."""
        return self.model.predict_proba(X)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings of this test fit the plain classifier."""
    monkeypatch.setattr("models_ml.readiness.training_data.ReadinessClassifier", PlainClassifier)
    monkeypatch.setattr("models_ml.readiness.final.learn_uncertainty", lambda *_, **__: None)
