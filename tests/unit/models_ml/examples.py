"""Made-up examples with a known relation between features and outcome, as dbt would hand them over."""

from __future__ import annotations

import numpy as np
import pandas as pd

HORIZON = 30
AS_OF = pd.Timestamp("2027-03-01")


def made_examples(count: int = 1500, *, seed: int = 1, strength: float = 1.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(examples, attributes); strength 0: nothing tells who converts."""
    random = np.random.default_rng(seed)
    began = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.sort(random.integers(0, 360 * 86400, count)), unit="s")
    fit, behaviour = random.integers(20, 60, count).astype(float), random.integers(30, 90, count).astype(float)
    channel = random.choice(["paid_search", "organic", "referral"], count)
    asked = random.random(count) < 0.4
    payer = random.choice(["insured", "self_pay", ""], count)
    odds = strength * (
        0.02 * (fit - 40) + 0.02 * (behaviour - 60) + 1.4 * asked + (channel == "referral") + (payer == "insured")
    )
    converts = random.random(count) < 1 / (1 + np.exp(1.8 - odds))
    became_sql = pd.Series(began + pd.to_timedelta(random.integers(1, HORIZON * 86400, count), unit="s"))
    examples = pd.DataFrame(
        {
            "record_key": [f"{number:032x}" for number in range(count)],
            "source": "clinic",
            "service_line": random.choice(["cardiology", "orthopaedics"], count),
            "channel": channel,
            "fit_points": fit,
            "behaviour_points": behaviour,
            "touch_count": random.integers(1, 9, count),
            "days_as_lead": random.random(count) * 20,
            "horizon_days": HORIZON,
            "became_mql_at": began.astype("datetime64[us]"),
            "person_key": [f"person{number:026x}" for number in range(count)],
            "is_latest_only": False,
            "has_work_events": True,
            "is_worked": True,
            "is_self_scheduled": False,
            "became_sql_at": became_sql.where(converts).astype("datetime64[us]"),
            "disqualified_at": pd.Series(pd.NaT, index=range(count), dtype="datetime64[us]"),
        }
    )
    ones, known = ["1"] * int(asked.sum()), payer != ""
    facts = [
        _long(examples[asked], "signal_count", "appointment_request", ones),
        _long(examples[asked], "signal_days", "appointment_request", random.random(len(ones)).round(3).astype(str)),
        _long(examples[asked], "signal_points", "asked", ["40"] * len(ones)),
        _long(examples[known], "attribute", "payer_type", payer[known]),
    ]
    return examples, pd.concat(facts, ignore_index=True)


def _long(rows: pd.DataFrame, kind: str, name: str, values: object) -> pd.DataFrame:
    keys = rows[["record_key", "became_mql_at"]].reset_index(drop=True)
    return keys.assign(kind=kind, name=name, value=values)
