"""The level of complexity by the rules of criteria/routing.yaml."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from models_ml.routing import complexity_levels

LEADS = pd.DataFrame(
    {
        "record_key": ["own", "urgent", "many_points", "plain", "elsewhere", "no_line"],
        "service_line": ["heart", "heart", "heart", "heart", "skin", None],
        "complexity_level": [" 9 ", None, None, None, None, None],
    },
    index=[5, 3, 4, 1, 2, 0],
)
ATTRIBUTES = pd.DataFrame(
    [
        ("own", "urgency", "urgent"),
        ("urgent", "urgency", " urgent "),
        ("many_points", "urgency", "routine"),
        ("many_points", "fit_points", "30.0"),
        ("plain", "urgency", None),
        ("plain", "fit_points", "29.999999"),
        ("elsewhere", "urgency", "urgent"),
    ],
    columns=["record_key", "name", "value"],
)


def level_of(value: str | None, **test: Any) -> str | None:
    leads = LEADS.loc[[1]].assign(record_key="one")
    known = pd.DataFrame([("one", "it", value)], columns=["record_key", "name", "value"])
    return complexity_levels(leads, known, {"heart": [{"level": "2", "when": [{"attribute": "it", **test}]}]}).iloc[0]


def test_the_first_rule_that_holds_gives_the_level_unless_the_record_names_one() -> None:
    rules = {
        "heart": [
            {"level": "3", "when": [{"attribute": "urgency", "in": ["urgent"]}]},
            {"level": "2", "when": [{"attribute": "fit_points", "at_least": Decimal(30)}]},
            {"level": "1", "when": None},
        ]
    }
    found = complexity_levels(LEADS, ATTRIBUTES, rules)
    assert found.to_dict() == {5: "9", 3: "3", 4: "2", 1: "1", 2: None, 0: None}


def test_without_rules_only_what_the_records_name_stands() -> None:
    assert complexity_levels(LEADS, ATTRIBUTES, {}).tolist() == ["9", None, None, None, None, None]


@pytest.mark.parametrize(
    ("value", "test", "holds"),
    [
        ("a", {"in": ["a", "b"]}, True),
        ("c", {"in": ["a", "b"]}, False),
        ("c", {"not_in": ["a"]}, True),
        ("a", {"not_in": ["a"]}, False),
        ("a", {"equals": "a"}, True),
        ("A", {"equals": "a"}, False),
        ("a", {"is_known": True}, True),
        (None, {"is_known": True}, False),
        (None, {"not_in": ["a"]}, False),
        (None, {"not_in": ["a"], "unknown": "pass"}, True),
        (None, {"in": ["a"], "unknown": "hold"}, False),
        ("7", {"at_least": 7, "at_most": 7}, True),
        ("6.9", {"at_least": 7}, False),
        ("7.1", {"at_most": 7}, False),
        ("many", {"at_least": 7}, False),
        ("nan", {"at_least": 7}, False),
        ("many", {"at_least": 7, "unknown": "pass"}, True),
    ],
)
def test_operators_mean_what_they_mean_in_the_criteria(value: str | None, test: dict[str, Any], holds: bool) -> None:
    assert level_of(value, **test) == ("2" if holds else None)


def test_all_tests_of_a_rule_must_hold() -> None:
    both = [{"attribute": "urgency", "in": ["routine"]}, {"attribute": "fit_points", "at_least": 30}]
    found = complexity_levels(LEADS, ATTRIBUTES, {"heart": [{"level": "2", "when": both}]})
    assert found.loc[[3, 4, 1]].tolist() == [None, "2", None]
