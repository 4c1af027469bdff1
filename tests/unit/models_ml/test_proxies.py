"""Proxies: an attribute the features give away is found, one they do not is not, and no feature comes of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.readiness.proxies import in_intervals, protected_values, proxy_report
from tests.unit.models_ml.examples import made_examples


def test_an_area_that_stands_for_a_language_is_found() -> None:
    random = np.random.default_rng(1)
    language = pd.Series(random.choice(["en", "es", "vi"], 1200, p=[0.6, 0.3, 0.1]), dtype=object)
    area = np.where(language == "es", "south", random.choice(["north", "west", "south"], 1200, p=[0.45, 0.45, 0.1]))
    features = pd.DataFrame({"area": area, "days": random.random(1200)})
    gender = pd.Series(random.choice(["f", "m"], 1200), dtype=object)
    report = proxy_report(features, {"gender": gender, "language": language.where(random.random(1200) < 0.9)})
    found = {(row["attribute"], row["level"]): row["auc"]["estimate"] for row in report}
    assert list(found)[0] == ("language", "es") and found["language", "es"] > 0.9
    assert 0.4 < found["gender", "f"] < 0.6 and 0.4 < found["gender", "m"] < 0.6


def test_an_attribute_of_too_few_leads_says_so() -> None:
    features = pd.DataFrame({"days": np.arange(60.0)})
    (row,) = proxy_report(features, {"language": pd.Series(["en"] * 20 + [None] * 40, dtype=object)})
    assert row == {"attribute": "language", "level": None, "rows": 20, "auc": None, "why": "too_few_leads"}


def test_an_age_of_many_values_is_guessed_by_intervals_and_many_names_are_called_many() -> None:
    random = np.random.default_rng(2)
    age = random.uniform(18, 90, 1000).round(2)
    features = pd.DataFrame({"visits": np.where(age > 75, 9.0, 1.0) + random.integers(0, 3, 1000)})
    told = pd.Series(age.astype(str), dtype=object).where(random.random(1000) < 0.9, None)
    name = pd.Series([f"somebody {number}" for number in range(1000)], dtype=object)
    report = proxy_report(features, {"age": told, "name": name})
    ages = {row["level"]: row["auc"]["estimate"] for row in report if row["attribute"] == "age"}
    assert len(ages) == 5 and [level for level in ages if level.endswith("or more")] == [next(iter(ages))]
    assert ages.popitem()[1] < max(ages.values()) > 0.9
    assert [row["why"] for row in report if row["attribute"] == "name"] == ["too_many_values"]


def test_few_values_and_what_is_no_number_stay_as_they_are() -> None:
    few = pd.Series(["1", "2", None] * 100, dtype=object)
    assert in_intervals(few).equals(few)
    mixed = in_intervals(pd.Series([*map(str, range(200)), *["not told"] * 60, None], dtype=object))
    assert set(mixed[:200]) == {"under 49.75", "49.75 to 99.5", "99.5 to 149.25", "149.25 or more"}
    assert set(mixed[200:260]) == {"not told"} and pd.isna(mixed.iloc[260])
    mostly_none = in_intervals(pd.Series([*[0] * 900, *range(1, 101)]))
    assert mostly_none.value_counts().to_dict() == {"under 1": 900, "1 or more": 100}


def test_protected_values_come_from_attributes_in_the_order_of_the_rows() -> None:
    examples, attributes = made_examples(100)
    told = attributes[attributes["name"] == "payer_type"]
    values = protected_values(examples, attributes, protected=["payer_type", "never_told"])
    assert list(values) == ["payer_type"]
    known = dict(zip(told["record_key"], told["value"], strict=True))
    assert [known.get(key) for key in examples["record_key"]] == [
        None if pd.isna(value) else value for value in values["payer_type"]
    ]
