"""What a low rate hangs on: the planted cause is found, and where nothing is planted seldom one is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from models_ml.signals import CAUSE_COLUMNS, CAUSES, estimate_causes
from models_ml.signals.causes import compare_values, count_dimensions

OFFERS = np.array(["guide_a", "guide_b", "guide_c", "guide_d"])


def examples_of(lines: np.ndarray, converted: np.ndarray, **values: np.ndarray) -> pd.DataFrame:
    """Rows as `ml_signals__causes` has them: `cause__dimension` → a value of each lead, None: of the rest."""
    parts = [
        pd.DataFrame({
            "lead_key": np.arange(len(lines)).astype(str), "service_line": lines, "cause": name.split("__")[0],
            "dimension": name.split("__")[1], "value": value, "is_converted": converted,
        })
        for name, value in values.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def compared(examples: pd.DataFrame) -> pd.DataFrame:
    """The values of the one dimension the rows speak of."""
    (dimension,) = count_dimensions(examples)
    return compare_values(dimension)


def world(seed: int, *, leads: int = 3000, loss: float = 0.0) -> pd.DataFrame:
    """Leads of two service lines with offers, teams and channels; `guide_b` converts less by `loss`."""
    random = np.random.default_rng(seed)
    lines = random.choice(["hip", "knee"], leads)
    offer = random.choice(OFFERS, leads)
    chance = np.where(lines == "hip", 0.25, 0.4) - loss * (offer == "guide_b")
    return examples_of(
        lines,
        random.random(leads) < chance,
        offer__offer_id=offer,
        routing__team_id=random.choice(["north", "south"], leads),
        audience__channel=random.choice(["email", "search", "social"], leads),
        message__campaign_id=random.choice([f"c{number}" for number in range(12)], leads),
    )


def test_the_planted_cause_is_found_with_its_value_and_what_it_means():
    found = [estimate_causes(world(seed, loss=0.12)) for seed in range(12)]
    spoken = [frame.query("service_line == 'all' and verdict == 'speaks_for'") for frame in found]
    named = [frame.set_index("cause").loc["offer"] for frame in spoken if "offer" in set(frame["cause"])]
    assert len(named) >= 11
    assert all(one["worst_value"] == "guide_b" for one in named)
    # A quarter of 3,000 leads lost .12 each: had they done as all together, three quarters of that.
    inside = [one["missed_sql_count_low"] <= 3000 / 4 * 0.12 * 0.75 <= one["missed_sql_count_high"] for one in named]
    assert np.mean(inside) >= 0.85
    assert sum(len(frame) - 1 for frame in spoken) <= 0.1 * len(found) * 3


def test_where_nothing_is_planted_a_service_line_seldom_blames_anything():
    blamed = [
        "speaks_for" in set(frame["verdict"])
        for seed in range(100, 124)
        for _, frame in estimate_causes(world(seed)).groupby("service_line")
    ]
    assert np.mean(blamed) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / len(blamed))


def test_verdicts_are_no_sign_with_many_leads_and_too_little_known_with_few():
    many = estimate_causes(world(1, leads=30_000)).query("service_line == 'all'").set_index("cause")["verdict"]
    assert set(many[["offer", "routing", "audience", "message"]]) == {"no_sign"}
    few = estimate_causes(world(1, leads=200)).query("service_line == 'all'").set_index("cause")["verdict"]
    assert set(few) == {"too_little_known"}
    assert list(few.index) == list(CAUSES)


def test_service_lines_are_compared_within_themselves():
    """One line converts less and has an offer of its own: that is no fault of the offer."""
    random = np.random.default_rng(2)
    lines = np.repeat(["hip", "knee"], 2000)
    offer = np.where(lines == "hip", random.choice(["a", "b"], 4000, p=[0.9, 0.1]), random.choice(["a", "b"], 4000))
    converted = random.random(4000) < np.where(lines == "hip", 0.2, 0.6)
    examples = examples_of(lines, converted, offer__offer_id=offer)
    found = compared(examples).set_index("worst_value").loc["a"]
    assert found["rate_difference_low"] < 0 < found["rate_difference_high"]
    crude = converted[offer == "a"].mean() - converted[offer == "b"].mean()
    assert crude < -0.1 and abs(found["rate_difference"]) < 0.04


def test_one_service_line_gives_newcombe_and_chi_square():
    examples = world(3).query("service_line == 'knee' and dimension == 'offer_id'")
    found = compared(examples).set_index("worst_value").loc["guide_b"]
    own, rest = (
        examples.loc[chosen, "is_converted"]
        for chosen in (examples["value"] == "guide_b", examples["value"] != "guide_b")
    )
    limits = [stats.binomtest(int(each.sum()), len(each)).proportion_ci(method="wilson") for each in (own, rest)]
    below = np.hypot(own.mean() - limits[0].low, limits[1].high - rest.mean())
    above = np.hypot(limits[0].high - own.mean(), rest.mean() - limits[1].low)
    difference = own.mean() - rest.mean()
    assert found["rate_difference"] == pytest.approx(difference)
    assert found["rate_difference_low"] == pytest.approx(difference - below)
    assert found["rate_difference_high"] == pytest.approx(difference + above)
    table = pd.crosstab(examples["value"], examples["is_converted"])
    square, p_value, freedom, _ = stats.chi2_contingency(table, correction=False)
    # By hypergeometric variance: (n - 1) / n of the usual.
    square *= (len(examples) - 1) / len(examples)
    assert found["spread_p_value"] == pytest.approx(stats.chi2.sf(square, freedom))
    assert found["share_of_variation"] == pytest.approx(max(0, square - freedom) / len(examples))
    together = examples["is_converted"].mean()
    assert found["missed_sql_count"] == pytest.approx(together * len(own) - own.sum())


def test_a_lead_without_value_belongs_to_the_rest():
    lines = np.array(["knee"] * 400)
    held = np.where(np.arange(400) < 100, "referral", None)
    converted = np.where(np.arange(400) < 100, np.arange(400) < 10, np.arange(400) % 2 == 0)
    found = compared(examples_of(lines, converted, qualification_question__rule=held))
    assert list(found["worst_value"]) == ["referral"]
    assert found.loc[0, ["worst_count", "worst_sql_count", "rest_count"]].tolist() == [100, 10, 300]
    assert found.loc[0, "rest_rate"] == 0.5


def test_a_lead_may_have_several_values():
    lines = np.array(["knee"] * 300)
    converted = np.arange(300) % 3 == 0
    both = examples_of(lines, converted, offer__offer_id=np.array(["a"] * 300))
    more = both.iloc[:100].assign(value="b")
    found = compared(pd.concat([both, more])).set_index("worst_value")
    assert found.loc["b", ["worst_count", "rest_count"]].tolist() == [100, 200]
    # All have `a`: there is nothing to compare it with.
    assert np.isnan(found.loc["a", "p_value"]) and np.isnan(found.loc["a", "rate_difference"])


def test_order_of_rows_changes_nothing():
    examples = world(4, leads=500)
    pd.testing.assert_frame_equal(estimate_causes(examples.sample(frac=1, random_state=1)), estimate_causes(examples))


def test_nothing_to_compare_is_a_frame_without_rows():
    columns = ["lead_key", "service_line", "cause", "dimension", "value", "is_converted"]
    found = estimate_causes(pd.DataFrame(columns=columns))
    assert found.empty and list(found.columns) == list(CAUSE_COLUMNS)


@pytest.mark.parametrize("leads", [1, 2, 3, 12, 40])
def test_a_handful_of_leads_is_too_little_known(leads):
    random = np.random.default_rng(leads)
    lines = random.choice(["hip", "knee"], leads)
    held = np.where(random.random(leads) < 0.2, "referral", None)
    offer = np.where(random.random(leads) < 0.5, "guide_a", "guide_b")
    examples = examples_of(lines, random.random(leads) < 0.5, offer__offer_id=offer, qualification_question__rule=held)
    found = estimate_causes(examples)
    assert list(found.columns) == list(CAUSE_COLUMNS)
    assert len(found) == len(CAUSES) * (1 + len(set(lines)))
    assert "speaks_for" not in set(found["verdict"])


def test_a_dimension_without_any_value_says_nothing():
    lines = np.array(["knee"] * 5)
    nobody = np.array([None] * 5, dtype=object)
    found = estimate_causes(examples_of(lines, np.arange(5) < 2, follow_up__first_attempt=nobody))
    assert set(found["verdict"]) == {"too_little_known"} and set(found["value_count"]) == {0}


@pytest.mark.parametrize(
    ("of_hip", "of_knee"),
    [
        # More of it where the rest does as badly: the test finds it better, its own mix worse.
        (((1000, 300), (10, 6)), ((100, 80), (1000, 300))),
        # Surely worse among few; most of its leads stand beside ten, who tell next to nothing.
        (((1000, 300), (10, 3)), ((100, 10), (1000, 300))),
    ],
    ids=["the other way", "0 inside its limits"],
)
def test_a_value_is_blamed_only_where_test_and_difference_agree(of_hip, of_knee):
    groups = [(line, offer, *cell) for line, cells in (("hip", of_hip), ("knee", of_knee))
              for offer, cell in zip("ab", cells, strict=True)]  # fmt: skip
    lines, offers = (np.repeat([group[at] for group in groups], [group[2] for group in groups]) for at in (0, 1))
    converted = np.concatenate([np.arange(count) < yes for _, _, count, yes in groups])
    found = estimate_causes(examples_of(lines, converted, offer__offer_id=np.where(offers == "a", "a", None)))
    over_all = found.query("service_line == 'all' and cause == 'offer'").iloc[0]
    assert over_all["adjusted_p_value"] < 0.01 and over_all["rate_difference"] < 0 < over_all["rate_difference_high"]
    assert over_all["verdict"] != "speaks_for"
