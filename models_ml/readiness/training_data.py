"""The rows of one training, with what belongs to each: outcome, horizon, person, and how many leads it stands for.

What is learned of a part of the rows (columns, weights by the chance of having been worked) is learned of that part
alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from models_ml.model_selection import Rows
from models_ml.readiness.baselines import LeadFrequencyClassifier
from models_ml.readiness.classifier import ReadinessClassifier, Tier
from models_ml.readiness.columns import POINTS, FeatureSchema, feature_frame, learn_schema, raw_features
from models_ml.readiness.labels import horizon_ends, mature_labels
from models_ml.readiness.trained import DEFAULT
from models_ml.readiness.working import WorkingWeights, working_weights

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TrainingData:
    """Examples in the order of time, their raw columns and labels, all of one length."""

    examples: pd.DataFrame
    raw: pd.DataFrame
    labels: npt.NDArray[np.int8]
    random_state: int
    given: Floats | None = None

    @classmethod
    def of(
        cls,
        examples: pd.DataFrame,
        attributes: pd.DataFrame,
        *,
        as_of: pd.Timestamp,
        excluded_attributes: Collection[str],
        random_state: int,
    ) -> TrainingData:
        """From the rows dbt hands over. Raises ValueError for an example without a mature label."""
        ordered = examples.sort_values(["became_mql_at", "record_key"], ignore_index=True)
        for name in ("has_work_events", "is_worked"):
            ordered[name] = ordered[name].fillna(False).astype(bool) if name in ordered else False
        labels = mature_labels(ordered, as_of)
        raw = raw_features(ordered, attributes, excluded_attributes=excluded_attributes)
        return cls(ordered, raw, labels, random_state)

    def where(self, rows: Rows, *, given: Floats | None = None) -> TrainingData:
        """The data of some rows; `given` are their weights where they are not to be learned of these rows alone."""
        kept = self.examples[rows].reset_index(drop=True), self.raw[rows].reset_index(drop=True)
        return TrainingData(*kept, self.labels[rows], self.random_state, given)

    @cached_property
    def working(self) -> WorkingWeights:
        """Which rows' outcome is known, and how many leads each stands for, as learned of these rows."""
        frame = feature_frame(self.raw, learn_schema(self.raw))
        return working_weights(frame, self.examples, self.labels, random_state=self.random_state)

    @cached_property
    def every_weight(self) -> Floats:
        """Weight of each row, 0 where its outcome is not known."""
        return np.asarray(self.working.weights if self.given is None else self.given, dtype=np.float64)

    @cached_property
    def used(self) -> Rows:
        """Rows that are learned from and judged by.

        All but those of a source that tells of work, which nobody worked and which did not convert: what `working`
        says, without the chances of having been worked.
        """
        told, worked = (self.examples[name].to_numpy(dtype=bool) for name in ("has_work_events", "is_worked"))
        return np.asarray(~told | worked | (self.labels == 1))

    @property
    def known(self) -> npt.NDArray[np.int8]:
        """Labels of the used rows."""
        return self.labels[self.used]

    @property
    def weights(self) -> Floats | None:
        """Weights of the used rows; None where all are alike."""
        weights = self.every_weight[self.used]
        return None if len(weights) == 0 or np.ptp(weights) == 0 else weights

    @property
    def rarer(self) -> int:
        """Count of the rarer outcome among the used rows."""
        return int(min(self.known.sum(), len(self.known) - self.known.sum()))

    @property
    def rate(self) -> float:
        """Base rate of the used rows, weighted."""
        return float(np.average(self.known, weights=self.weights))

    @property
    def began(self) -> pd.Series:
        """When each row's horizon began."""
        return pd.to_datetime(self.examples["became_mql_at"])

    @property
    def ended(self) -> pd.Series:
        """When each row's outcome was known."""
        return horizon_ends(self.examples)

    @property
    def days(self) -> npt.NDArray[np.int64]:
        """Each row's horizon in days."""
        return self.examples["horizon_days"].to_numpy(dtype=np.int64)

    @property
    def people(self) -> pd.Series | None:
        """Whom each row is of, where that is told."""
        return self.examples.get("person_key")

    def horizons(self) -> dict[str, int]:
        """Days by service line, as the rows have them; `default` is the commonest."""
        default = int(pd.Series(self.days).mode().iloc[0])
        if "service_line" not in self.examples:
            return {DEFAULT: default}
        own = pd.Series(self.days).groupby(self.examples["service_line"].to_numpy()).max()
        return {DEFAULT: default} | {str(line): int(days) for line, days in own.items() if days != default}


def fit_classifier(data: TrainingData, tier: Tier, points: Collection[str] | None) -> tuple[Any, FeatureSchema]:
    """A classifier of that tier, learned from the used rows, and the schema they gave."""
    schema = learn_schema(data.raw)
    hand_made = [name for name in schema.names if name in (schema.points if points is None else points)]
    classifier = ReadinessClassifier(points=tuple(hand_made), tier=tier, random_state=data.random_state)
    frame = feature_frame(data.raw, schema)[data.used]
    with threadpool_limits(limits=1):
        classifier.fit(frame, data.known, sample_weight=data.weights)
    return classifier, schema


def forecast(classifier: Any, schema: FeatureSchema, raw: pd.DataFrame) -> Floats:
    """Probability of the label, shape (rows,)."""
    if not len(raw):
        return np.empty(0)
    with threadpool_limits(limits=1):
        return np.asarray(classifier.predict_proba(feature_frame(raw, schema))[:, 1], dtype=np.float64)


def baseline_forecasts(learned: TrainingData, judged: TrainingData) -> dict[str, Floats]:
    """What has to be beaten, for every row of `judged`: points through a sigmoid (where there are any), the CRM's
    frequencies, the base rate.
    """
    found: dict[str, Floats] = {}
    schema = learn_schema(learned.raw)
    frames = feature_frame(learned.raw, schema)[learned.used], feature_frame(judged.raw, schema)
    points = [name for name in POINTS if name in schema.names and frames[0][name].notna().any()]
    if points:
        sigmoid = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=1000))
        weight = {"logisticregression__sample_weight": learned.weights}
        with threadpool_limits(limits=1):
            sigmoid.fit(frames[0][points], learned.known, **weight)
            found["points"] = sigmoid.predict_proba(frames[1][points])[:, 1]
    frequency = LeadFrequencyClassifier().fit(frames[0], learned.known, sample_weight=learned.weights)
    found["lead_frequency"] = frequency.predict_proba(frames[1])[:, 1]
    found["base_rate"] = np.full(len(judged.labels), learned.rate)
    return found


def version_frame(data: TrainingData) -> pd.DataFrame:
    """All that a model is learned from, for the hash of its data."""
    told = ("horizon_days", "person_key", "is_worked", "has_work_events", "is_self_scheduled")
    frame = data.raw.copy()
    frame["(began)"], frame["(label)"] = data.began.astype(str), data.labels
    for name in told:
        if name in data.examples:
            frame[f"({name})"] = data.examples[name].astype(str)
    return frame
