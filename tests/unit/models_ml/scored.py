"""A small model of leads of which much is known, for the tests of what is said of one lead."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from models_ml.readiness import ReadinessClassifier, TrainedReadiness
from models_ml.readiness.columns import feature_frame, learn_schema, raw_features
from models_ml.readiness.phrases import Words
from models_ml.readiness.uncertainty import learn_uncertainty

AS_OF = pd.Timestamp("2026-07-01")
PROTECTED = ("age_band",)
WORDS = Words(
    signals={"appointment_request": "Asked for an appointment", "content_download": "Downloaded a guide"},
    rules={"asked": "appointment_request", "guide": "content_download"},
    names={"payer_type": "payer"},
    codes={
        "channel": {"paid_search": "search advertisements"},
        "location_id": {"loc_1": "Austin", "loc_2": "Dallas"},
    },
)


def leads(count: int, *, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """(rows as of `ml_readiness__scoring_candidates`, long facts, labels)."""
    random = np.random.default_rng(seed)
    days = np.round(random.exponential(6.0, count), 6)
    asked, guides = random.poisson(0.5, count), random.poisson(1.0, count)
    payer = random.choice(["commercial", "self_pay", "medicaid", "", "named after somebody"], count,
                          p=[0.4, 0.2, 0.2, 0.19, 0.01])  # fmt: skip
    rows = pd.DataFrame(
        {
            "record_key": [f"{seed:04x}{number:028x}" for number in range(count)],
            "source": "clinic",
            "service_line": random.choice(["cardiology", "orthopaedics", None], count, p=[0.6, 0.3, 0.1]),
            "location_id": random.choice(["loc_1", "loc_2"], count),
            "channel": random.choice(["paid_search", "direct", None], count),
            "campaign_id": random.choice(["c-81734", "c-99", None], count),
            "landing_page": random.choice(["/heart/you", "/knee", None], count),
            "fit_points": random.choice([0.0, 10.0, 20.0, 35.5], count),
            "touch_count": asked + guides,
            "days_as_lead": days,
            "became_mql_at": pd.Timestamp("2026-06-15") + pd.to_timedelta(random.integers(0, 86_400, count), unit="s"),
        }
    ).astype({"became_mql_at": "datetime64[us]"})
    ages = random.choice(["18-34", "75+"], count)
    odds = (
        1.2 * (asked > 0)
        + 0.3 * guides
        + 0.03 * rows["fit_points"]
        - 0.15 * days
        - 0.9 * np.isin(payer, ["self_pay", ""])
        - 0.5
    )
    labels = (random.random(count) < 1 / (1 + np.exp(-odds))).astype(int)
    facts = [
        _long(rows, "attribute", "payer_type", payer, payer != ""),
        _long(rows, "attribute", "age_band", ages, ages != ""),
        _long(rows, "signal_count", "appointment_request", asked, asked > 0),
        _long(rows, "signal_days", "appointment_request", days / 2, asked > 0),
        _long(rows, "signal_points", "asked", np.minimum(asked, 1) * 40.0, asked > 0),
        _long(rows, "signal_count", "content_download", guides, guides > 0),
        _long(rows, "signal_days", "content_download", days, guides > 0),
    ]
    return rows, pd.concat(facts, ignore_index=True), np.asarray(labels)


@cache
def model(count: int = 1200) -> TrainedReadiness:
    """A model learned from such leads."""
    rows, facts, labels = leads(count, seed=1)
    raw = raw_features(rows, facts, excluded_attributes=PROTECTED)
    schema = learn_schema(raw)
    frame = feature_frame(raw, schema)
    classifier = ReadinessClassifier(points=schema.points, min_level_rows=20, random_state=3).fit(frame, labels)
    return TrainedReadiness(
        version="0123456789abcdef",
        classifier=classifier,
        schema=schema,
        horizons={"default": 30, "cardiology": 45},
        bands={"high": 0.6, "medium": 0.3},
        excluded_attributes=PROTECTED,
        card={"kind": "made up"},
        residuals={"bins": [{"count": 300, "mean_predicted": 0.4, "observed_rate": 0.45}]},
        uncertainty=learn_uncertainty(frame, classifier, labels),
    )


def _long(rows: pd.DataFrame, kind: str, name: str, values: np.ndarray, known: np.ndarray) -> pd.DataFrame:
    keys = rows.loc[known, ["record_key", "became_mql_at"]].reset_index(drop=True)
    return keys.assign(kind=kind, name=name, value=[str(value) for value in np.asarray(values)[known]])
