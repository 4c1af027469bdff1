"""What readiness is measured beside: the plain ways, given the same rows and columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, SplineTransformer

from tests.benchmarks.models_data import Split

Floats = npt.NDArray[np.float64]
CONSERVATIVE: dict[str, Any] = {
    "learning_rate": 0.04,
    "max_iter": 300,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 30,
    "l2_regularization": 5.0,
    "max_features": 0.5,
}


def base_rate(split: Split, seed: int) -> Floats:
    """The same probability for all."""
    return np.full(len(split.judge), split.learn_labels.mean())


def plain_boosting(split: Split, seed: int) -> Floats:
    """HistGradientBoosting as it comes, codes as native categories where they fit."""
    return _boosted(split, seed, {})


def spline_logistic(split: Split, seed: int) -> Floats:
    """Logistic regression on splines of the numbers and indicators of the levels."""
    learn, judge, numbers, codes = _columns(split)
    steps: list[Any] = [("codes", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5), codes)]
    if numbers:
        splines = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
        steps.append(("numbers", make_pipeline(SimpleImputer(strategy="median"), splines), numbers))
    model = make_pipeline(ColumnTransformer(steps), LogisticRegression(C=0.3, max_iter=3000))
    return np.asarray(model.fit(learn, split.learn_labels).predict_proba(judge)[:, 1])


def splines_and_boosting(split: Split, seed: int) -> Floats:
    """The mean, in the logit, of the spline logistic and conservative boosting: the best way measured before."""
    both = [spline_logistic(split, seed), _boosted(split, seed, CONSERVATIVE)]
    return np.asarray(expit(np.mean([logit(np.clip(part, 1e-6, 1 - 1e-6)) for part in both], axis=0)))


def naive_bayes(split: Split, seed: int) -> Floats:
    """Lead frequency as CRMs ship it: smoothed frequencies of each value among won and lost, multiplied."""
    won = split.learn_labels == 1
    odds = np.full(len(split.judge), logit(won.mean()))
    for name in split.learn:
        learn, judge = _values(split.learn[name], split.judge[name])
        counts = pd.DataFrame({"won": learn[won].value_counts(), "lost": learn[~won].value_counts()}).fillna(0.0)
        share = (counts + 1) / (counts.sum() + len(counts))
        # A value never seen says nothing either way.
        evidence = np.log(share["won"]) - np.log(share["lost"])
        odds += judge.map(evidence).fillna(0.0).to_numpy(dtype=np.float64)
    return np.asarray(expit(odds))


def _boosted(split: Split, seed: int, parameters: dict[str, Any]) -> Floats:
    learn, judge, numbers, codes = _columns(split)
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = ColumnTransformer([("codes", encoder, codes), ("numbers", "passthrough", numbers)])
    native = [place for place, name in enumerate(codes) if learn[name].nunique() < 250]
    booster = HistGradientBoostingClassifier(
        **parameters, categorical_features=native or None, early_stopping=False, random_state=seed
    )
    model = make_pipeline(columns, booster)
    return np.asarray(model.fit(learn, split.learn_labels).predict_proba(judge)[:, 1])


def _columns(split: Split) -> tuple[pd.DataFrame, pd.DataFrame, list[str], list[str]]:
    numbers = [str(name) for name in split.learn if pd.api.types.is_numeric_dtype(split.learn[name])]
    codes = [str(name) for name in split.learn if name not in numbers]
    filled = [
        frame.assign(**{name: frame[name].astype(object).where(frame[name].notna(), "(missing)") for name in codes})
        for frame in (split.learn, split.judge)
    ]
    return filled[0], filled[1], numbers, codes


def _values(learn: pd.Series, judge: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Values as text; a number with many values in tenths."""
    if pd.api.types.is_numeric_dtype(learn) and learn.nunique() > 10:
        edges = np.unique(learn.quantile(np.linspace(0.1, 0.9, 9)).dropna())
        learn, judge = (
            pd.Series(np.searchsorted(edges, values), index=values.index).where(values.notna())
            for values in (learn, judge)
        )
    first, second = (values.astype(object).where(values.notna(), "(missing)").astype(str) for values in (learn, judge))
    return first, second
