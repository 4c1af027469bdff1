"""Readiness: the probability that an MQL becomes SQL within the horizon, learned from past outcomes.

Frames in, fitted models and frames out. What an example is stands in dbt (`ml_readiness__*`), where a model is
kept in `models_ml.artifacts`; nothing here reads a clock, a file or a database. Called by the readiness assets.
"""

from __future__ import annotations

from models_ml.readiness.classifier import TRUSTED, ReadinessClassifier
from models_ml.readiness.predict import score_readiness
from models_ml.readiness.train import train_and_watch, train_readiness
from models_ml.readiness.trained import NoReadiness, NoSkill, TooFewOutcomes, TrainedReadiness
from models_ml.readiness.watch import watch_readiness

__all__ = [
    "TRUSTED",
    "NoReadiness",
    "NoSkill",
    "ReadinessClassifier",
    "TooFewOutcomes",
    "TrainedReadiness",
    "score_readiness",
    "train_and_watch",
    "train_readiness",
    "watch_readiness",
]
