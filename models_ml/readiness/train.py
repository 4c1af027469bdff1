"""Trains the readiness model and says who scores from now on: floor, choice, hold-out, verdict, final fit.

What rows are learned from stands in `training_data`, how candidates are compared in `judging`, who takes over in
`promotion`, and what a reader of the model is told in `card`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from models_ml.model_selection import Rows, TemporalSplit, temporal_holdout
from models_ml.readiness.alarms import Alarm
from models_ml.readiness.card import challenged, counts_of
from models_ml.readiness.evaluate import intake_capacity, measure
from models_ml.readiness.final import Training, fit_final, recalibrated
from models_ml.readiness.judging import Judged, choose_tier, judge, unseen_by
from models_ml.readiness.promotion import (
    MIN_UNSEEN,
    Verdict,
    judge_challenger,
    judge_first,
    may_not_stay,
    too_little_new,
)
from models_ml.readiness.trained import NoReadiness, NoSkill, TooFewOutcomes, TrainedReadiness
from models_ml.readiness.training_data import TrainingData, forecast
from models_ml.readiness.watch import watch_prepared

# Below these there is no model. With fewer outcomes held out, no model of use could be told from the base rate (at ten
# against ninety, only one that gains about a quarter of the log loss is); the hold-out grows, to half of the rows,
# until it has twenty of either kind.
MIN_EACH, MIN_EACH_PART, WANTED_HELD_OUT = 30, 10, 20


def train_readiness(
    examples: pd.DataFrame,
    attributes: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    excluded_attributes: Collection[str] | Mapping[str, str] = (),
    points: Collection[str] | None = None,
    horizons: Mapping[str, int] | None = None,
    random_state: int = 7,
    incumbent: TrainedReadiness | None = None,
) -> TrainedReadiness | NoReadiness:
    """Fit and judge a readiness model, beside the one that scores now.

    Parameters
    ----------
    examples
        rows of `ml_readiness__training_examples` (one per mature MQL).
    attributes
        rows of `ml_readiness__example_attributes` (long: record_key, became_mql_at, kind, name, value).
    as_of
        naive UTC; an example whose horizon ends later is an error.
    excluded_attributes
        names that never become features, also as name → why; those whose reason is `protected` (without reasons: all)
        are looked for behind the features (`proxies`).
    points
        columns that are hand-made points; None: those of the schema.
    horizons
        days by service line, with `default`; None: as the examples have them.
    random_state
        of everything random.
    incumbent
        the model that scores now; it is returned where it stays, its card's `promotion` saying why.

    Returns
    -------
    The model that scores from now on, or TooFewOutcomes / NoSkill (both NoReadiness) with the reason.

    Raises
    ------
    ValueError: an example without a mature label.
    """
    training = Training.of(
        examples,
        attributes,
        as_of=as_of,
        excluded_attributes=excluded_attributes,
        points=points,
        horizons=horizons,
        random_state=random_state,
    )
    return train_prepared(training, incumbent)


def train_and_watch(
    examples: pd.DataFrame,
    attributes: pd.DataFrame,
    candidates: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    excluded_attributes: Collection[str] | Mapping[str, str] = (),
    horizons: Mapping[str, int] | None = None,
    random_state: int = 7,
    incumbent: TrainedReadiness | None = None,
) -> tuple[TrainedReadiness | NoReadiness, list[Alarm]]:
    """`train_readiness`, and `watch_readiness` of the model that scores from now on, on examples prepared once.

    `candidates` are rows of `ml_readiness__scoring_candidates`; without a model there are no alarms.
    """
    training = Training.of(
        examples,
        attributes,
        as_of=as_of,
        excluded_attributes=excluded_attributes,
        horizons=horizons,
        random_state=random_state,
    )
    trained = train_prepared(training, incumbent)
    if training is None or isinstance(trained, NoReadiness):
        return trained, []
    return trained, watch_prepared(trained, training.data, candidates, attributes, as_of=as_of)


def train_prepared(training: Training | None, incumbent: TrainedReadiness | None) -> TrainedReadiness | NoReadiness:
    """The model that scores from now on, of what `Training.of` gave."""
    if training is None:
        return TooFewOutcomes("too few outcomes: there are no examples", {"examples": 0, "converted": 0})
    return _train(training, incumbent)


def _train(training: Training, incumbent: TrainedReadiness | None) -> TrainedReadiness | NoReadiness:
    if incumbent is not None and incumbent.card.get("base_version", incumbent.version) == training.version:
        return incumbent
    ended = incumbent and may_not_stay(
        incumbent.schema.names, incumbent.horizons, excluded=training.excluded, horizons=training.horizons
    )
    if incumbent is not None and ended:
        found = _train(training, None)
        return replace(found, ends_incumbent=ended) if isinstance(found, NoReadiness) else _told(found, ended)
    data = training.data
    split = temporal_holdout(
        data.began,
        horizon_days=data.days,
        groups=data.people,
        labels=np.where(data.used, data.labels, -1),
        least_each=WANTED_HELD_OUT,
    )
    if refusal := _too_few(data, split):
        return refusal
    if incumbent is not None and not _is_of_other_code(training, incumbent):
        new = split.is_holdout & unseen_by(data, incumbent.card["learned_until"]) & data.used
        converted = int(data.labels[new].sum())
        if min(converted, int(new.sum()) - converted) < MIN_UNSEEN:
            verdict = Verdict("incumbent", too_little_new(int(new.sum()), converted), None, int(new.sum()), converted)
            return replace(incumbent, card=incumbent.card | {"promotion": verdict.to_dict()})
    learned, held = data.where(split.is_training), data.where(split.is_holdout)
    tier, tried = choose_tier(learned, training.points)
    judged = judge(learned, held, tier, training.points, capacity=intake_capacity(data.examples))
    judged.report["tried"] = tried
    if incumbent is None:
        return _first(training, split, judged)
    if _is_of_other_code(training, incumbent):
        # It learned by other rules from nearly the same leads: there is nothing to compare it by.
        found = _first(training, split, judged)
        why = "the code that makes models changed"
        return _stays(incumbent, judged, why, found) if isinstance(found, NoReadiness) else _told(found, why)
    return _beside(training, split, judged, incumbent)


def _first(training: Training, split: TemporalSplit, judged: Judged) -> TrainedReadiness | NoReadiness:
    labels, weights = judged.holdout.known, judged.holdout.weights
    forecasts = judged.forecasts
    verdict = judge_first(
        labels, forecasts["model"], forecasts["base_rate"], seed=training.data.random_state, weights=weights
    )
    if verdict.decision == "nobody":
        return NoSkill(verdict.why, counts_of(training.data, split), card=judged.report)
    return fit_final(training, split, judged, verdict)


def _beside(training: Training, split: TemporalSplit, judged: Judged, incumbent: TrainedReadiness) -> TrainedReadiness:
    """The challenger or the incumbent, by the part of the hold-out that neither has learned from."""
    held, seed = judged.holdout, training.data.random_state
    new = unseen_by(held, incumbent.card["learned_until"])[held.used]
    labels, weights = held.known[new], None if held.weights is None else held.weights[new]
    before = forecast(incumbent.classifier, incumbent.schema, _kept_out(held, incumbent)[held.used])[new]
    ours = judged.forecasts["model"][new]
    verdict = judge_challenger(labels, ours, before, seed=seed, weights=weights)
    compared = {
        "challenger": measure(labels, ours, weights=weights, seed=seed),
        "incumbent": measure(labels, before, weights=weights, seed=seed),
    }
    if verdict.decision == "challenger":
        found = challenged(fit_final(training, split, judged, verdict), verdict, compared, incumbent)
        leaks = [alarm["words"] for alarm in found.card["alarms"] if alarm["name"].startswith("leak")]
        if not leaks or any(alarm["name"].startswith("leak") for alarm in incumbent.card["alarms"]):
            return found
        verdict = replace(verdict, decision="incumbent", why=f"the model trained anew looks like a leak: {leaks[0]}")
    card = incumbent.card | {"promotion": verdict.to_dict() | {"compared": compared}}
    return recalibrated(replace(incumbent, card=card), labels, before, weights, training.as_of)


def _is_of_other_code(training: Training, incumbent: TrainedReadiness) -> bool:
    return bool(incumbent.card["hashes"]["code"] != training.hashes["code"])


def _kept_out(data: TrainingData, incumbent: TrainedReadiness) -> pd.DataFrame:
    """Raw columns as the incumbent takes them; what is barred now it does not use (`may_not_stay`)."""
    return data.raw.drop(columns=[name for name in data.raw if name not in incumbent.schema.names])


def _stays(incumbent: TrainedReadiness, judged: Judged, why: str, found: NoReadiness) -> TrainedReadiness:
    """The incumbent where the training that should have followed it found nothing."""
    labels = judged.holdout.known
    said = f"{why}, and what was trained with it is {found.reason}"
    verdict = Verdict("incumbent", said, None, len(labels), int(labels.sum()))
    return replace(incumbent, card=incumbent.card | {"promotion": verdict.to_dict()})


def _told(found: TrainedReadiness, why: str) -> TrainedReadiness:
    promotion = found.card["promotion"]
    return replace(found, card=found.card | {"promotion": promotion | {"why": f"{why}; {promotion['why']}"}})


def _too_few(data: TrainingData, split: TemporalSplit) -> TooFewOutcomes | None:
    parts: list[Rows] = [split.is_training, split.is_holdout]
    if data.rarer >= MIN_EACH and min(data.where(part).rarer for part in parts) >= MIN_EACH_PART:
        return None
    counts = counts_of(data, split)
    seen = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    needed = f"{MIN_EACH} in all, and {MIN_EACH_PART} before and after the split in time, of either kind"
    return TooFewOutcomes(f"too few outcomes: needed are {needed} (converted or not); there are {seen}", counts)
