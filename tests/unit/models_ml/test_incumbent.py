"""A model that scores already: when it stays, when it goes, when its intercept moves, and that nothing is rewritten."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from models_ml.readiness import (
    NoReadiness,
    TrainedReadiness,
    train_and_watch,
    train_readiness,
    training_data,
    watch_readiness,
)
from models_ml.readiness.columns import raw_features
from models_ml.readiness.recalibrate import ShiftedClassifier
from models_ml.readiness.training_data import TrainingData, forecast
from tests.unit.models_ml.examples import AS_OF, HORIZON, made_examples
from tests.unit.models_ml.plain import plain

__all__ = ["plain"]
pytestmark = pytest.mark.usefixtures("plain")
MIDDLE = pd.Timestamp("2026-08-01")
OFF = "predicted_over_actual"


def known_by(as_of: pd.Timestamp, **options: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Examples whose horizon was over by then, and their attributes."""
    examples, attributes = made_examples(3000, **options)
    mature = examples["became_mql_at"] + pd.Timedelta(days=HORIZON) <= as_of
    return examples[mature], attributes[attributes["record_key"].isin(examples.loc[mature, "record_key"])]


@cache
def earlier() -> TrainedReadiness:
    """The model of August."""
    model = train_readiness(*known_by(MIDDLE), as_of=MIDDLE)
    assert isinstance(model, TrainedReadiness), model
    return model


def trained(examples: pd.DataFrame, attributes: pd.DataFrame, incumbent: TrainedReadiness) -> TrainedReadiness:
    """What scores after a training at the end of the data."""
    model = train_readiness(examples, attributes, as_of=AS_OF, incumbent=incumbent)
    assert isinstance(model, TrainedReadiness), model
    return model


def test_the_same_data_leave_the_same_model_untouched() -> None:
    later = MIDDLE + pd.Timedelta(days=2)
    assert train_readiness(*known_by(MIDDLE), as_of=later, incumbent=earlier()) is earlier()


def test_with_little_new_the_incumbent_stays_and_its_card_says_why() -> None:
    soon = MIDDLE + pd.Timedelta(days=3)
    model = train_readiness(*known_by(soon), as_of=soon, incumbent=earlier())
    assert isinstance(model, TrainedReadiness)
    assert model.version == earlier().version and model.classifier is earlier().classifier
    assert "20 of either kind are needed" in model.card["promotion"]["why"]
    assert model.card["trained_as_of"] == earlier().card["trained_as_of"]


def test_where_leads_convert_for_other_reasons_the_challenger_takes_over() -> None:
    examples, attributes = known_by(AS_OF)
    random = np.random.default_rng(2)
    late = examples["became_mql_at"] > MIDDLE - pd.Timedelta(days=HORIZON)
    odds = 3.0 * (examples["channel"] == "organic") - 2
    converts = random.random(len(examples)) < 1 / (1 + np.exp(-odds))
    new = (examples["became_mql_at"] + pd.Timedelta(days=3)).where(converts)
    turned = examples.assign(became_sql_at=examples["became_sql_at"].where(~late, new))
    model = trained(turned, attributes, earlier())
    promotion = model.card["promotion"]
    assert model.version != earlier().version and promotion["took_over_from"] == earlier().version
    assert promotion["difference"]["estimate"] < 0
    losses = {name: measured["log_loss"] for name, measured in promotion["compared"].items()}
    assert losses["challenger"] < losses["incumbent"]


def test_a_challenger_is_compared_only_on_outcomes_the_incumbent_had_not_seen() -> None:
    examples, attributes = known_by(AS_OF)
    late = (examples["became_mql_at"] + pd.Timedelta(days=HORIZON) > MIDDLE).sum()
    promotion = trained(examples, attributes, earlier()).card["promotion"]
    assert promotion["rows"] <= late


def test_an_incumbent_that_uses_a_barred_attribute_goes_even_where_nothing_follows() -> None:
    examples, attributes = known_by(MIDDLE)
    assert "channel" in earlier().schema.names
    after = train_readiness(examples, attributes, as_of=MIDDLE, excluded_attributes=["channel"], incumbent=earlier())
    assert isinstance(after, TrainedReadiness)
    assert "channel" not in after.schema.names and "must not count: channel" in after.card["promotion"]["why"]
    few = train_readiness(
        examples.tail(40), attributes, as_of=MIDDLE, excluded_attributes=["channel"], incumbent=earlier()
    )
    assert isinstance(few, NoReadiness) and "channel" in str(few.ends_incumbent)


def test_too_few_outcomes_now_do_not_end_an_incumbent() -> None:
    examples, attributes = known_by(MIDDLE)
    few = train_readiness(examples.tail(40), attributes, as_of=MIDDLE, incumbent=earlier())
    assert isinstance(few, NoReadiness) and few.ends_incumbent is None


@cache
def fallen() -> tuple[pd.DataFrame, pd.DataFrame, TrainedReadiness]:
    """Examples whose rate fell lately, their attributes, and an incumbent that no challenger can beat: it learned from
    all of it before the fall.
    """
    examples, attributes = known_by(AS_OF)
    random = np.random.default_rng(4)
    late = examples["became_mql_at"] > AS_OF - pd.Timedelta(days=150)
    lost = late & (random.random(len(examples)) < 0.6)
    fewer = examples.assign(became_sql_at=examples["became_sql_at"].where(~lost))
    known = train_readiness(examples, attributes, as_of=AS_OF)
    assert isinstance(known, TrainedReadiness)
    then = dict.fromkeys(("trained_as_of", "learned_until"), "2026-08-01T00:00:00")
    return fewer, attributes, replace(known, version="before", card=known.card | then)


def test_where_code_that_changed_finds_no_skill_the_incumbent_stays_and_says_so() -> None:
    examples, attributes = made_examples(900, strength=0.0)
    old_code = replace(earlier(), card=earlier().card | {"hashes": earlier().card["hashes"] | {"code": "old"}})
    model = trained(examples, attributes, old_code)
    promotion = model.card["promotion"]
    assert model.version == earlier().version and promotion["decision"] == "incumbent"
    assert "code that makes models changed" in promotion["why"]
    assert "no better than the base rate" in promotion["why"] and promotion["rows"] > 0


def test_a_base_rate_that_fell_moves_the_incumbents_intercept_where_nothing_better_is_found() -> None:
    fewer, attributes, incumbent = fallen()
    model = trained(fewer, attributes, incumbent)
    assert isinstance(model.classifier, ShiftedClassifier) and model.classifier.shift < -0.3
    told = model.card["recalibration"]
    assert told["before"]["estimate"] > 1.25 and abs(told["after"]["estimate"] - 1) < 0.01
    assert model.card["base_version"] == "before" != model.version
    assert model.card["bands"] == model.bands != incumbent.card["bands"] == incumbent.bands
    data = TrainingData.of(fewer, attributes, as_of=AS_OF, excluded_attributes=(), random_state=7)
    before, after = (forecast(each.classifier, each.schema, data.raw) for each in (incumbent, model))
    shares = [[(chances >= each.bands[name]).mean() for name in ("high", "medium")]
              for each, chances in ((incumbent, before), (model, after))]  # fmt: skip
    assert np.allclose(*shares) and (np.argsort(before) == np.argsort(after)).all()


def test_a_base_rate_that_fell_is_told_when_the_incumbent_is_moved_and_while_it_stays() -> None:
    fewer, attributes, incumbent = fallen()
    assert "base_rate_moved" not in {alarm["name"] for alarm in incumbent.card["alarms"]}
    model = trained(fewer, attributes, incumbent)
    at_once, later = (
        {alarm.name: alarm for alarm in watch_readiness(model, fewer, fewer.tail(50), attributes, as_of=when)}
        for when in (AS_OF, AS_OF + pd.Timedelta(days=1))
    )
    for alarms in (at_once, later):
        figures = alarms["base_rate_moved"].figures
        assert figures["now"]["estimate"] < 0.8 * figures["before"] and "moved (-" in alarms[OFF].words
    assert at_once[OFF].figures["ratio"] == model.card["recalibration"]["before"]
    assert (at_once[OFF].severity, later[OFF].severity) == ("severe", "notice")


def test_a_daily_training_prepares_its_examples_once_and_says_what_two_calls_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    examples, attributes, incumbent = fallen()
    model = trained(examples, attributes, incumbent)
    apart = watch_readiness(model, examples, examples.tail(50), attributes, as_of=AS_OF)
    prepared: list[int] = []

    def counted(*rows: pd.DataFrame, **options: object) -> pd.DataFrame:
        prepared.append(len(rows[0]))
        return raw_features(*rows, **options)

    monkeypatch.setattr(training_data, "raw_features", counted)
    both, alarms = train_and_watch(examples, attributes, examples.tail(50), as_of=AS_OF, incumbent=incumbent)
    assert isinstance(both, TrainedReadiness) and both.card == model.card
    assert alarms == apart and alarms
    assert prepared == [len(examples)]
    nobody, nothing = train_and_watch(examples.head(0), attributes, examples.tail(50), as_of=AS_OF)
    assert isinstance(nobody, NoReadiness) and nothing == []
