"""Trains the readiness model and says who scores from now on: floor, choice, hold-out, verdict, final fit.

What rows are learned from stands in `training_data`, how candidates are compared in `judging`, who takes over in
`promotion`, and what a reader of the model is told in `card`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from models_ml.model_selection import Rows, TemporalSplit, temporal_holdout
from models_ml.readiness.card import challenged, counts_of, make_card, recalibrated_card
from models_ml.readiness.columns import feature_frame
from models_ml.readiness.evaluate import measure
from models_ml.readiness.judging import Judged, alarms_of, choose_tier, judge, residuals, unseen_by
from models_ml.readiness.promotion import (
    MIN_UNSEEN,
    Verdict,
    judge_challenger,
    judge_first,
    may_not_stay,
    too_little_new,
)
from models_ml.readiness.proxies import protected_values, proxy_report
from models_ml.readiness.recalibrate import find_recalibration, with_shift
from models_ml.readiness.trained import NoReadiness, NoSkill, TooFewOutcomes, TrainedReadiness
from models_ml.readiness.training_data import Floats, TrainingData, fit_classifier, forecast, version_frame
from models_ml.readiness.uncertainty import learn_uncertainty
from models_ml.readiness.versions import training_version

# Below these there is no model. With fewer outcomes held out, no model of use could be told from the base rate (at ten
# against ninety, only one that gains about a quarter of the log loss is); the hold-out grows, to half of the rows, until it
# has twenty of either kind.
MIN_EACH, MIN_EACH_PART, WANTED_HELD_OUT = 30, 10, 20


@dataclass(frozen=True)
class _Training:
    """What one call of `train_readiness` works with."""

    data: TrainingData
    attributes: pd.DataFrame
    as_of: pd.Timestamp
    excluded: tuple[str, ...]
    points: tuple[str, ...] | None
    horizons: dict[str, int]
    version: str
    hashes: dict[str, str]
    parameters: dict[str, Any]


def train_readiness(
    examples: pd.DataFrame,
    attributes: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    excluded_attributes: Collection[str] = (),
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
        names that never become features (protected attributes of the criteria policy).
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
    excluded = tuple(sorted(excluded_attributes))
    if examples.empty:
        return _too_few(None, None, incumbent, excluded)
    data = TrainingData.of(
        examples, attributes, as_of=as_of, excluded_attributes=excluded, random_state=random_state
    )
    known = dict(horizons or data.horizons())
    parameters = {"horizons": known, "random_state": random_state, "excluded": list(excluded), "points": points}
    parameters = {name: list(value) if name == "points" and value else value for name, value in parameters.items()}
    version, hashes = training_version(version_frame(data), parameters)
    named = None if points is None else tuple(points)
    return _train(
        _Training(data, attributes, as_of, excluded, named, known, version, hashes, parameters), incumbent
    )


def _train(training: _Training, incumbent: TrainedReadiness | None) -> TrainedReadiness | NoReadiness:
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
    if refusal := _too_few(data, split, incumbent, training.excluded):
        return refusal
    if incumbent is not None and not _is_of_other_code(training, incumbent):
        new = split.is_holdout & unseen_by(data, incumbent.card["learned_until"]) & data.used
        converted = int(data.labels[new].sum())
        if min(converted, int(new.sum()) - converted) < MIN_UNSEEN:
            verdict = Verdict("incumbent", too_little_new(int(new.sum()), converted), None, int(new.sum()), converted)
            return replace(incumbent, card=incumbent.card | {"promotion": verdict.to_dict()})
    tier, tried = choose_tier(data.where(split.is_training), training.points)
    judged = judge(data, split, tier, training.points)
    judged.report["tried"] = tried
    if incumbent is None:
        return _first(training, split, judged)
    if _is_of_other_code(training, incumbent):
        # It learned by other rules from nearly the same leads: there is nothing to compare it by.
        found = _first(training, split, judged)
        why = "the code that makes models changed"
        return incumbent if isinstance(found, NoReadiness) else _told(found, why)
    return _beside(training, split, judged, incumbent)


def _first(training: _Training, split: TemporalSplit, judged: Judged) -> TrainedReadiness | NoReadiness:
    labels, weights = judged.holdout.known, judged.holdout.weights
    forecasts = judged.forecasts
    verdict = judge_first(
        labels, forecasts["model"], forecasts["base_rate"], seed=training.data.random_state, weights=weights
    )
    if verdict.decision == "nobody":
        return NoSkill(verdict.why, counts_of(training.data, split), card=judged.report)
    return _final(training, split, judged, verdict)


def _beside(
    training: _Training, split: TemporalSplit, judged: Judged, incumbent: TrainedReadiness
) -> TrainedReadiness:
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
        found = challenged(_final(training, split, judged, verdict), verdict, compared, incumbent)
        leaks = [alarm["words"] for alarm in found.card["alarms"] if alarm["name"].startswith("leak")]
        if not leaks or any(alarm["name"].startswith("leak") for alarm in incumbent.card["alarms"]):
            return found
        verdict = replace(verdict, decision="incumbent", why=f"the model trained anew looks like a leak: {leaks[0]}")
    card = incumbent.card | {"promotion": verdict.to_dict() | {"compared": compared}}
    return _recalibrated(replace(incumbent, card=card), labels, before, weights, training.as_of)


def _recalibrated(
    model: TrainedReadiness, labels: Any, predicted: Floats, weights: Floats | None, as_of: pd.Timestamp
) -> TrainedReadiness:
    """The model with its intercept moved to where the latest outcomes lie, if they lie elsewhere; else as it is."""
    shift = find_recalibration(labels, predicted, min_each=MIN_UNSEEN, weights=weights)
    if shift is None:
        return model
    version, card = recalibrated_card(model, model.card, shift, as_of)
    moved: TrainedReadiness = with_shift(model, shift.shift, version=version, card=card)
    return moved


def _is_of_other_code(training: _Training, incumbent: TrainedReadiness) -> bool:
    return bool(incumbent.card["hashes"]["code"] != training.hashes["code"])


def _final(training: _Training, split: TemporalSplit, judged: Judged, verdict: Verdict) -> TrainedReadiness:
    """The chosen tier, fitted on all mature examples; bands are cut where the hold-out's predictions fell."""
    data = training.data
    classifier, schema = fit_classifier(data, judged.tier, training.points)
    alarms = alarms_of(judged, data, schema)
    protected = protected_values(data.examples, training.attributes, protected=training.excluded)
    card = make_card(
        data,
        split,
        judged.report,
        tier=str(classifier.tier_),
        schema=schema,
        as_of=training.as_of,
        horizons=training.horizons,
        excluded=training.excluded,
        parameters=training.parameters,
        hashes=training.hashes,
        alarms=[alarm.to_dict() for alarm in alarms],
        proxies=proxy_report(data.raw[list(schema.names)], protected, random_state=data.random_state),
        verdict=verdict,
        bands=judged.bands,
    )
    off = residuals(judged)
    model = TrainedReadiness(
        training.version,
        classifier,
        schema,
        training.horizons,
        judged.bands,
        training.excluded,
        card,
        off,
        learn_uncertainty(
            feature_frame(data.raw, schema)[data.used],
            classifier.features_,
            data.known,
            data.weights,
            residuals=off,
            seed=data.random_state,
        ),
    )
    # It has learned from the latest outcomes, but beside all earlier ones: of a base rate that moved that is an average.
    held = judged.holdout
    again = forecast(classifier, schema, held.raw[held.used])
    return _recalibrated(model, held.known, again, held.weights, training.as_of)


def _kept_out(data: TrainingData, incumbent: TrainedReadiness) -> pd.DataFrame:
    """Raw columns as the incumbent takes them; what is barred now it does not use (`may_not_stay`)."""
    return data.raw.drop(columns=[name for name in data.raw if name not in incumbent.schema.names])


def _told(found: TrainedReadiness, why: str) -> TrainedReadiness:
    promotion = found.card["promotion"]
    return replace(found, card=found.card | {"promotion": promotion | {"why": f"{why}; {promotion['why']}"}})


def _too_few(
    data: TrainingData | None,
    split: TemporalSplit | None,
    incumbent: TrainedReadiness | None,
    excluded: tuple[str, ...],
) -> TooFewOutcomes | None:
    if data is None:
        return TooFewOutcomes("too few outcomes: there are no examples", {"examples": 0, "converted": 0})
    if split is None:
        return None
    parts: list[Rows] = [split.is_training, split.is_holdout]
    if data.rarer >= MIN_EACH and min(data.where(part).rarer for part in parts) >= MIN_EACH_PART:
        return None
    counts = counts_of(data, split)
    seen = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    needed = f"{MIN_EACH} in all, and {MIN_EACH_PART} before and after the split in time, of either kind"
    return TooFewOutcomes(f"too few outcomes: needed are {needed} (converted or not); there are {seen}", counts)
