"""The readiness classifier: raw columns in, calibrated probabilities and additive contributions out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data
from threadpoolctl import threadpool_limits

from models_ml.readiness.cells import Floats
from models_ml.readiness.prepared import Feature, Kind, Prepared, learn_features, places_of, prepare, refuse_repeated
from models_ml.readiness.tiers import Setting, canonical_order, fit_tier, tier_for

Tier = Literal["auto", "points", "small", "full"]
# What is inside a fitted classifier beyond the defaults of skops: its allow-list.
TRUSTED = (
    "models_ml.readiness.blended.Blend",
    "models_ml.readiness.classifier.ReadinessClassifier",
    "models_ml.readiness.curves.Curve",
    "models_ml.readiness.curves.Curves",
    "models_ml.readiness.prepared.Feature",
    "models_ml.readiness.tiers.Tiered",
    "models_ml.readiness.trees.Trees",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


class ReadinessClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Binary classifier for raw lead columns.

    Parameters
    ----------
    points
        names of columns that are hand-made points.
    increasing
        names of columns whose effect may only be upwards; points belong to them.
    partial_pooling
        names of categorical columns whose levels are shrunk to the whole; none named: all of them.
    tier
        "points", "small" or "full" forces the method; "auto" chooses by the number of conversions.
    min_level_rows
        levels with fewer training rows share one effect with the unseen ones (below 1,000 rows: with fewer than a
        fiftieth of them, or than 5).
    max_levels
        so many levels of a column, the commonest, have an effect of their own.
    random_state
        of everything random.

    Attributes
    ----------
    classes_, n_features_in_, feature_names_in_ : as in scikit-learn
    tier_ : the method used
    conversions_count_ : rows (weighted) of the rarer outcome
    base_logit_ : the logit of a lead without any contribution
    features_ : one `Feature` for each column, in order
    """

    def __init__(
        self,
        *,
        points: Sequence[str] = (),
        increasing: Sequence[str] = (),
        partial_pooling: Sequence[str] = (),
        tier: Tier = "auto",
        min_level_rows: int = 20,
        max_levels: int = 250,
        random_state: Any = None,
    ) -> None:
        self.points = points
        self.increasing = increasing
        self.partial_pooling = partial_pooling
        self.tier = tier
        self.min_level_rows = min_level_rows
        self.max_levels = max_levels
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ReadinessClassifier:
        """Fit to rows X (rows, columns) and their two outcomes y (rows,); X is left as it is."""
        frame = self._frame(X, reset=True)
        self._refuse_unknown(frame)
        labels = self._labels(y, len(frame))
        weights = _check_sample_weight(sample_weight, frame, dtype=np.float64, ensure_non_negative=True)
        kept = weights > 0
        frame, labels, weights = frame[kept], labels[kept], weights[kept]
        if len(np.unique(labels)) < 2:
            raise ValueError("Classifier can't train when only one class is present.")
        # Weights all below one are shares of a whole; as they stand the rows would hardly count at all.
        weights = weights / min(1.0, weights.max())
        self.features_ = learn_features(frame, weights, min_level_rows=self.min_level_rows, max_levels=self.max_levels)
        ones = float(weights @ labels)
        rarer = min(ones, float(weights.sum()) - ones)
        self.conversions_count_ = round(rarer)
        self.tier_ = tier_for(rarer) if self.tier == "auto" else self.tier
        rows = prepare(frame, self.features_)
        order = canonical_order(rows, labels, weights)
        with threadpool_limits(limits=1):
            self.model_ = fit_tier(
                self.tier_, rows.take(order), labels[order], weights[order], self._used(), self._setting()
            )
            self.base_logit_ = self.model_.effects(rows.take(order[:1]))[0]
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Probability of either class, shape (rows, 2)."""
        logits = self.decision_function(X)
        chance = expit(logits)
        return np.column_stack([1.0 - chance, chance])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likelier class, shape (rows,)."""
        logits = self.decision_function(X)
        return np.asarray(self.classes_[(logits > 0).astype(int)])

    def decision_function(self, X: Any) -> Floats:
        """Logit of the probability, shape (rows,)."""
        rows = self._prepared(X)
        with threadpool_limits(limits=1):
            return self.model_.logits(rows)

    def contributions(self, X: Any) -> pd.DataFrame:
        """What each column adds to the logit, rows × columns; with `base_logit_` they sum to the logit."""
        rows = self._prepared(X)
        with threadpool_limits(limits=1):
            _, effects = self.model_.effects(rows)
        names = [feature.name for feature in self.features_]
        result = np.zeros((len(effects), len(names)))
        result[:, [*places_of(self.features_, "numeric"), *places_of(self.features_, "categorical")]] = effects
        return pd.DataFrame(result, columns=names, index=X.index if isinstance(X, pd.DataFrame) else None)

    def _refuse_unknown(self, frame: pd.DataFrame) -> None:
        for parameter in ("points", "increasing", "partial_pooling"):
            named = getattr(self, parameter)
            if isinstance(named, str):
                raise ValueError(f"{parameter} must be names of columns, not one text: {named!r}")
            if unknown := set(named) - {str(name) for name in frame.columns}:
                raise ValueError(f"{parameter} names columns that X does not have: {', '.join(sorted(unknown))}")

    def _used(self) -> list[Feature]:
        kinds: tuple[Kind, ...] = ("numeric", "categorical")
        return [self.features_[place] for kind in kinds for place in places_of(self.features_, kind)]

    def _setting(self) -> Setting:
        if self.tier not in ("auto", "points", "small", "full"):
            raise ValueError(f'tier must be "auto", "points", "small" or "full", not {self.tier!r}')
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        pooled = tuple(self.partial_pooling) or None
        return Setting(frozenset(self.points), frozenset(self.increasing), pooled, seed)

    def _prepared(self, X: Any) -> Prepared:
        check_is_fitted(self)
        return prepare(self._frame(X, reset=False), self.features_)

    def _frame(self, X: Any, *, reset: bool) -> pd.DataFrame:
        if not isinstance(X, pd.DataFrame) and hasattr(X, "to_pandas"):
            X = X.to_pandas()
        if not isinstance(X, pd.DataFrame):
            values = validate_data(self, X, reset=reset, dtype=None, ensure_all_finite=False)
            if values.dtype.kind not in "biufO":
                values = values.astype(object)
            return pd.DataFrame(values, columns=[f"x{place}" for place in range(values.shape[1])])
        if not len(X):
            raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required.")
        names = [str(name) for name in X.columns]
        if reset:
            refuse_repeated(names, names)
            validate_data(self, X, reset=True, skip_check_array=True)
            return X
        # By name, whatever the names are: scikit-learn goes by the place of those that are no text.
        wanted = [feature.name for feature in self.features_]
        if set(wanted) <= set(names):
            refuse_repeated(names, wanted)
            return X.iloc[:, [names.index(name) for name in wanted]]
        validate_data(self, X, reset=False, skip_check_array=True)
        if wanted != [f"x{place}" for place in range(len(wanted))]:
            raise ValueError(f"columns missing: {', '.join(name for name in wanted if name not in names)}")
        return X

    def _labels(self, y: Any, rows: int) -> Floats:
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        if isinstance(getattr(y, "dtype", None), pd.api.extensions.ExtensionDtype):
            y = np.asarray(y.tolist())
        y = column_or_1d(y, warn=True)
        if pd.isna(y).any():
            raise ValueError("Input y contains NaN: rows without an outcome cannot be learned from.")
        check_classification_targets(y)
        if len(y) != rows:
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {[rows, len(y)]}")
        self.classes_, coded = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(f"Only binary classification is supported. The type of the target is {type_of_target(y)}.")
        if len(self.classes_) < 2:
            raise ValueError("Classifier can't train when only one class is present.")
        return coded.astype(np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags
