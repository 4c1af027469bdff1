"""What became of a lead: only where it is known for certain, each by its own horizon."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from models_ml.readiness.labels import mature_labels

AS_OF = pd.Timestamp("2026-06-30")
MQL = pd.Timestamp("2026-05-01")


def examples(*rows: dict[str, Any]) -> pd.DataFrame:
    given = {"became_mql_at": MQL, "horizon_days": 30, "became_sql_at": None, "disqualified_at": None}
    frame = pd.DataFrame([{**given, **row} for row in rows])
    times = ["became_mql_at", "became_sql_at", "disqualified_at"]
    return frame.astype(dict.fromkeys(times, "datetime64[us]"))


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ({}, 0),
        ({"became_sql_at": "2026-05-31"}, 1),
        ({"became_sql_at": "2026-05-31 00:00:01"}, 0),
        ({"became_sql_at": "2026-05-12", "horizon_days": 10}, 0),
        ({"became_sql_at": "2026-06-12", "horizon_days": 45}, 1),
        ({"disqualified_at": "2026-05-03"}, 0),
        ({"disqualified_at": "2026-05-03", "became_sql_at": "2026-05-12"}, 0),
        ({"disqualified_at": "2026-05-13", "became_sql_at": "2026-05-12"}, 1),
    ],
)
def test_sql_within_the_horizon_and_not_disqualified_before(row: dict[str, Any], label: int) -> None:
    assert list(mature_labels(examples(row), AS_OF)) == [label]


def test_the_last_instant_is_mature_and_the_next_is_not() -> None:
    assert list(mature_labels(examples({"became_mql_at": "2026-05-31"}), AS_OF)) == [0]
    with pytest.raises(ValueError, match="1 training examples are still inside their horizon"):
        mature_labels(examples({"became_mql_at": "2026-05-31 00:00:01"}, {}), AS_OF)
    with pytest.raises(ValueError, match="inside their horizon"):
        mature_labels(examples({"horizon_days": 61}), AS_OF)


@pytest.mark.parametrize("name", ["became_sql_at", "disqualified_at"])
def test_who_was_sql_or_disqualified_at_the_moment_is_no_example(name: str) -> None:
    with pytest.raises(ValueError, match="when it became MQL|before it became MQL"):
        mature_labels(examples({name: MQL}), AS_OF)
