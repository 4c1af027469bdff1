"""What a training gives: a model with all that scoring needs, or the reason why there is none.

How it comes about stands in `train`, how it is kept in `models_ml.artifacts`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sklearn.pipeline import Pipeline

from models_ml.readiness.pipeline_columns import FeatureSchema


@dataclass(frozen=True)
class TrainedReadiness:
    """A champion: one fitted pipeline with all that scoring needs.

    Attributes
    ----------
    version: hash of data, code and parameters; the same training gives the same version.
    horizon_days: the horizon the probability speaks of.
    pipeline: fitted; takes the frame `columns.feature_frame` makes.
    schema: the feature schema.
    bands: least readiness of the bands `high` and `medium`; below is `low`.
    excluded_attributes: names that were kept out.
    card: what a reader of the model should know (examples, hold-out, baselines, verdict), JSON-ready.
    """

    version: str
    horizon_days: int
    pipeline: Pipeline
    schema: FeatureSchema
    bands: dict[str, float]
    excluded_attributes: tuple[str, ...] = ()
    card: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NoReadiness:
    """No model this time, and why, in words to publish as they are. Routing goes on without readiness."""

    reason: str
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class TooFewOutcomes(NoReadiness):
    """Fewer mature outcomes than the stated thresholds that `train` states."""


@dataclass(frozen=True)
class NoSkill(NoReadiness):
    """Enough outcomes, but on the hold-out nothing beat the base rate. `card` says by how much."""

    card: dict[str, Any] = field(default_factory=dict)
