"""Verdicts on rules: what is planted in a history is named, and what is not is seldom said."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression

from models_ml.signals import SIGNAL_COLUMNS, SignalJudge, estimate_signals
from models_ml.signals.logit import SLOPE_SPREAD, CountLogit

LEADS, HISTORIES = 3000, 200
# Odds ratio and how often each rule fires; the last is a copy of the first that differs for few.
PLANTED = {
    "good": 2.0,
    "strong": 2.2,
    "fair": 1.8,
    "bad": 0.6,
    "rare_bad": 0.6,
    "idle": 1.0,
    "rare_idle": 1.0,
    "usual": 1.0,
}
FIRES = {
    "good": 0.35,
    "strong": 0.15,
    "fair": 0.5,
    "bad": 0.3,
    "rare_bad": 0.15,
    "idle": 0.3,
    "rare_idle": 0.12,
    "usual": 0.65,
}
NAMES = [*PLANTED, "copy"]
TRUE = {"good": "pulls_its_weight", "strong": "pulls_its_weight", "fair": "pulls_its_weight", "bad": "harmful"} | {
    "rare_bad": "harmful", "idle": "useless", "rare_idle": "useless", "usual": "useless", "copy": "redundant",
}  # fmt: skip


def history(random: np.random.Generator, *, base: float, leads: int = LEADS) -> tuple[np.ndarray, np.ndarray]:
    """Rules that fire together somewhat, as people who look around do more of everything, and who converted."""
    share, odds = np.array(list(FIRES.values())), np.log(list(PLANTED.values()))
    keen = 0.4 * random.normal(size=(leads, 1)) + random.normal(size=(leads, len(share)))
    fired = keen < stats.norm.ppf(share) * np.sqrt(1.16)
    copy = fired[:, 0] ^ (random.random(leads) < np.where(fired[:, 0], 0.032, 0.017))
    chance = 1 / (1 + np.exp(-(base + (fired - share) @ odds)))
    return np.column_stack([fired, copy]), random.random(leads) < chance


@pytest.fixture(scope="module", params=[-0.7, -1.3], ids=["a third converts", "a fifth converts"])
def verdicts(request: pytest.FixtureRequest) -> dict[str, Counter[str]]:
    """How often each verdict was given to each rule."""
    random = np.random.default_rng(20260701)
    found: dict[str, Counter[str]] = {name: Counter() for name in NAMES}
    for _ in range(HISTORIES):
        judge = SignalJudge().fit(*history(random, base=request.param))
        for name, verdict in zip(NAMES, judge.verdict_, strict=True):
            found[name][str(verdict)] += 1
    return found


@pytest.mark.parametrize("name", ["bad", "rare_bad", "idle", "rare_idle", "usual", "copy"])
def test_a_misleading_rule_is_named_in_nine_of_ten_histories(verdicts, name):
    assert verdicts[name][TRUE[name]] >= 0.9 * HISTORIES, verdicts[name]


def test_a_good_rule_is_seldom_called_anything_bad(verdicts):
    for name in ("strong", "fair"):
        assert verdicts[name]["pulls_its_weight"] >= 0.95 * HISTORIES, (name, verdicts[name])
    # Of two that say the same either may be thought the copy, but the one that counts is never called useless.
    assert verdicts["good"]["pulls_its_weight"] + verdicts["good"]["redundant"] == HISTORIES


def test_of_what_is_said_one_in_twenty_is_wrong(verdicts):
    said = sum(count for name in NAMES for verdict, count in verdicts[name].items() if verdict != "too_little_known")
    right = sum(verdicts[name][TRUE[name]] for name in NAMES)
    assert 1 - right / said <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / said)


def test_of_rules_said_to_differ_one_in_twenty_does_not(verdicts):
    differ = ("pulls_its_weight", "harmful")
    said = sum(verdicts[name][verdict] for name in NAMES for verdict in differ)
    wrong = sum(verdicts[name][verdict] for name in NAMES for verdict in differ if TRUE[name] != verdict)
    assert wrong / said <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / said)


def test_limits_hold_the_truth_in_nineteen_of_twenty():
    random = np.random.default_rng(4)
    inside = []
    for _ in range(100):
        times, converted = history(random, base=-1.0)
        judge = SignalJudge().fit(times[:, :-1], converted)
        inside.append(np.abs(judge.odds_ - np.log(list(PLANTED.values()))) <= 1.96 * judge.error_)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.03)


def test_few_leads_say_little():
    random = np.random.default_rng(5)
    found = Counter(
        str(verdict)
        for _ in range(50)
        for verdict in SignalJudge().fit(*history(random, base=-1.0, leads=150)).verdict_[5:8]
    )
    assert found["too_little_known"] >= 0.95 * found.total(), found


def test_a_rule_that_always_or_never_fires_is_not_judged():
    times, converted = history(np.random.default_rng(6), base=-1.0)
    always, never = np.ones((LEADS, 1), dtype=bool), np.zeros((LEADS, 1), dtype=bool)
    judge = SignalJudge().fit(np.hstack([times, always, never]), converted)
    assert list(judge.verdict_[-2:]) == ["too_little_known"] * 2
    assert np.isnan(judge.odds_[-2:]).all() and np.isnan(judge.correlation_[-2:]).all()
    assert list(judge.verdict_[:-2]) == list(SignalJudge().fit(times, converted).verdict_)


@pytest.mark.parametrize("copies", [1, 2, 4])
def test_of_rules_that_never_part_one_is_kept(copies):
    """Who follows every edit must not lose the signal."""
    times, converted = history(np.random.default_rng(7), base=-1.0)
    judge = SignalJudge().fit(np.hstack([times[:, :-1], *[times[:, :1]] * copies]), converted)
    alike = [0, *range(8, 8 + copies)]
    (kept,) = (rule for rule in alike if judge.partner_[rule] < 0)
    assert judge.verdict_[kept] == "pulls_its_weight"
    assert {(judge.verdict_[rule], int(judge.partner_[rule])) for rule in alike if rule != kept} == {
        ("redundant", kept)
    }
    # Of two that never part and add nothing, one is redundant and the other useless.
    idle = SignalJudge().fit(np.hstack([times[:, 5:6], times[:, 5:6]]), converted)
    assert sorted(idle.verdict_) == ["redundant", "useless"]


@pytest.mark.parametrize("uncovered", [0, 0.002])
def test_rules_for_every_value_of_an_attribute_are_said_to_tell_only_of_each_other(uncovered):
    """They cover everybody, so no rate without any of them is there to compare with."""
    times, converted = history(np.random.default_rng(7), base=-1.0)
    value = np.random.default_rng(1).choice(3, LEADS)
    values = (value[:, None] == np.arange(3)) & (np.random.default_rng(2).random(LEADS) >= uncovered)[:, None]
    judge, alone = SignalJudge().fit(np.hstack([times, values]), converted), SignalJudge().fit(times, converted)
    assert list(judge.verdict_[-3:]) == ["too_little_known"] * 3 and list(judge.is_inseparable_[-3:]) == [True] * 3
    assert np.isnan(judge.odds_[-3:]).all() == (uncovered == 0)
    assert not judge.is_inseparable_[:-3].any() and not alone.is_inseparable_.any()
    assert list(judge.verdict_[:-3]) == list(alone.verdict_), "the others are judged as ever"
    # Of two values, one of them asked about, the rest can be compared with.
    one = SignalJudge().fit(np.hstack([times, values[:, :1]]), converted)
    assert one.verdict_[-1] == "useless" and not one.is_inseparable_.any()


def test_a_rule_that_fires_for_one_service_line_only_cannot_be_told_from_it():
    times, converted = history(np.random.default_rng(7), base=-1.0)
    line = np.arange(LEADS) % 2
    judge = SignalJudge().fit(np.hstack([times, line[:, None]]), converted, line)
    assert judge.is_inseparable_[-1] and judge.verdict_[-1] == "too_little_known"


def test_a_sure_difference_that_is_next_to_nothing_is_useless():
    random = np.random.default_rng(8)
    fired = random.random((400_000, 1)) < 0.5
    converted = random.random(400_000) < 1 / (1 + np.exp(0.5 - 0.06 * fired[:, 0]))
    judge = SignalJudge().fit(fired, converted)
    assert judge.adjusted_[0] < 0.001 and judge.verdict_[0] == "useless"


def test_a_signal_that_suffices_alone_is_not_taken_for_bad():
    """Whoever calls is MQL at once, others look around first: those look keener for it, unless it is known how much."""
    random = np.random.default_rng(9)
    looked, called = random.poisson(1.5, 60_000), random.random(60_000) < 0.3
    looked[called] = np.minimum(looked[called], random.integers(0, 2, called.sum()))
    mqls = called | (looked >= 3)
    converted = random.random(60_000) < 1 / (1 + np.exp(1.5 - 0.4 * looked - 0.3 * called))
    times = np.column_stack([looked, called])[mqls]
    judge = SignalJudge().fit(times, converted[mqls])
    plain = SignalJudge().fit(times > 0, converted[mqls])
    assert plain.verdict_[1] == "harmful"
    assert judge.verdict_[1] != "harmful"


def test_service_lines_of_one_version_are_strata():
    """A line that converts well and sends many guides makes a guide look good, compared across lines."""
    random = np.random.default_rng(10)
    line = np.repeat([0, 1], 3000)
    fired = random.random(6000) < np.where(line, 0.8, 0.2)
    converted = random.random(6000) < np.where(line, 0.6, 0.2)
    examples = pd.DataFrame({
        "criteria_version": "default@1", "section": "behaviour", "rule_id": "guide",
        "lead_key": np.arange(6000).astype(str), "service_line": np.where(line, "b", "a"), "row_count": 1,
        "is_converted": converted,
    })  # fmt: skip
    both = pd.concat([examples[fired], examples.assign(rule_id="asked")])
    found = estimate_signals(both).set_index("rule_id")
    assert list(found.reset_index()[["criteria_version"]].squeeze().unique()) == ["default@1"]
    assert found.loc["guide", "marginal_odds_ratio_low"] < 1 < found.loc["guide", "marginal_odds_ratio_high"]
    shuffled = estimate_signals(both.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(shuffled, estimate_signals(both))


def test_nothing_to_judge_is_a_frame_without_rows():
    columns = ["criteria_version", "section", "rule_id", "lead_key", "service_line", "row_count", "is_converted"]
    found = estimate_signals(pd.DataFrame(columns=columns))
    assert found.empty and list(found.columns) == list(SIGNAL_COLUMNS)


def test_the_regression_is_that_of_scikit_learn():
    times, converted = history(np.random.default_rng(11), base=-1.0)
    one = np.ones((LEADS, 1))
    ours = CountLogit().fit(one, times, np.ones(LEADS), converted)
    theirs = LogisticRegression(C=SLOPE_SPREAD**2, tol=1e-10, max_iter=1000).fit(times, converted)
    assert ours.coef_ == pytest.approx(theirs.coef_[0], abs=1e-3)


def test_a_rule_that_all_converted_under_has_finite_limits():
    fired = np.array([[1], [0]])
    found = CountLogit().fit(np.ones((2, 1)), fired, [12, 300], [12, 60])
    assert np.isfinite(found.coef_).all() and 0.5 < found.error_[0] < SLOPE_SPREAD


@pytest.mark.parametrize("leads", [1, 2, 3, 12, 40])
def test_a_handful_of_leads_is_too_little_known(leads):
    random = np.random.default_rng(leads)
    times, converted = random.poisson(0.5, (leads, 4)), random.random(leads) < 0.5
    assert set(SignalJudge().fit(times, converted).verdict_) == {"too_little_known"}
