"""What a training gives: a model with all that scoring needs, or the reason why there is none.

How it comes about stands in `train`, how it is kept in `models_ml.artifacts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models_ml.readiness.columns import FeatureSchema

if TYPE_CHECKING:
    from models_ml.readiness.classifier import ReadinessClassifier
    from models_ml.readiness.uncertainty import Uncertainty

DEFAULT = "default"


@dataclass(frozen=True)
class TrainedReadiness:
    """A champion: one fitted classifier with all that scoring needs.

    Attributes
    ----------
    version: hash of data, code and parameters; the same training gives the same version.
    classifier: fitted `ReadinessClassifier`; takes the frame `columns.feature_frame` makes.
    schema: the feature schema.
    horizons: days the probability speaks of, by service line; `default` for every other one.
    bands: least readiness of the bands `high` and `medium`; below is `low`.
    excluded_attributes: names that were kept out.
    card: what a reader of the model should know (examples, hold-out, baselines, verdict), JSON-ready.
    residuals: how far forecasts of leads never learned from lay off, JSON-ready: `rows`, `converted` (int),
        `intercept`, `slope` and their `covariance` (2 × 2) of outcome on logit(forecast), and `bins` (calibration
    table). uncertainty: what the interval of a score is made from; None: not learned.
    """

    version: str
    classifier: ReadinessClassifier
    schema: FeatureSchema
    horizons: Mapping[str, int]
    bands: dict[str, float]
    excluded_attributes: tuple[str, ...] = ()
    card: dict[str, Any] = field(default_factory=dict)
    residuals: dict[str, Any] = field(default_factory=dict)
    uncertainty: Uncertainty | None = None

    def horizon_of(self, service_line: str | None) -> int:
        """Days within which a lead of this service line has to become SQL."""
        return self.horizons.get(service_line or DEFAULT, self.horizons[DEFAULT])


@dataclass(frozen=True)
class NoReadiness:
    """No model this time, and why, in words to publish as they are. Routing goes on without readiness.

    `ends_incumbent` says why the model from before may not score either; None: it stays.
    """

    reason: str
    counts: dict[str, int] = field(default_factory=dict)
    ends_incumbent: str | None = None


@dataclass(frozen=True)
class TooFewOutcomes(NoReadiness):
    """Fewer mature outcomes than `train` needs."""


@dataclass(frozen=True)
class NoSkill(NoReadiness):
    """Enough outcomes, but on the hold-out nothing beat the base rate. `card` says by how much."""

    card: dict[str, Any] = field(default_factory=dict)
