"""What a model has to beat: the lead scoring a CRM ships, naive Bayes on how often each value was won and lost.

The other baselines need no estimator of their own: the base rate is a number, and points are `ReadinessClassifier` on
the points alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from models_ml.readiness.coded import coded, learn_edges

Floats = npt.NDArray[np.float64]


class LeadFrequencyClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Naive Bayes on smoothed frequencies: each value adds the log of how much oftener it was won than lost.

    Numbers of more than `bins` values are cut at their quantiles. Missing is a value of its own; a
    value never seen says nothing.

    Parameters
    ----------
    smoothing : float
        Leads added to every count.
    bins : int
        Most intervals a number is cut into.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    prior_ : float
        Log odds before anything is known of a lead.
    edges_ : dict
        Inner edges of the intervals, by numeric column.
    odds_ : dict
        Column → value (or number of the interval) → log odds it adds.
    """

    def __init__(self, *, smoothing: float = 0.1, bins: int = 10) -> None:
        self.smoothing = smoothing
        self.bins = bins

    def fit(self, X: Any, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> LeadFrequencyClassifier:
        """Count won and lost by value. X has shape (rows, columns), y two classes, of which the second is won."""
        frame = pd.DataFrame(X).rename(columns=str)
        self.classes_, place = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(f"y must hold two classes, it holds {len(self.classes_)}")
        weight = np.ones(len(frame)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        won, lost = weight * (place == 1), weight * (place == 0)
        self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
        self.n_features_in_ = frame.shape[1]
        self.prior_ = float(np.log(won.sum()) - np.log(lost.sum()))
        self.edges_ = learn_edges(frame, bins=self.bins)
        self.odds_: dict[Any, dict[Any, float]] = {}
        for name in frame.columns:
            self.odds_[name] = self._log_odds(coded(frame[name], self.edges_), won, lost)
        return self

    def decision_function(self, X: Any) -> Floats:
        """Log odds, shape (rows,)."""
        check_is_fitted(self)
        frame = pd.DataFrame(X).rename(columns=str)
        total = np.full(len(frame), self.prior_)
        for name, odds in self.odds_.items():
            total += coded(frame[name], self.edges_).map(odds).fillna(0.0).to_numpy(dtype=np.float64)
        return total

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities, shape (rows, 2)."""
        won = special.expit(self.decision_function(X))
        return np.column_stack([1 - won, won])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likelier class, shape (rows,)."""
        return np.asarray(self.classes_[(self.decision_function(X) > 0).astype(int)])

    def _log_odds(self, codes: pd.Series, won: Floats, lost: Floats) -> dict[Any, float]:
        counts = pd.DataFrame({"won": won, "lost": lost}).groupby(codes.to_numpy()).sum() + self.smoothing
        odds = np.log(counts["won"] / counts["won"].sum()) - np.log(counts["lost"] / counts["lost"].sum())
        return {value: float(number) for value, number in odds.items()}
