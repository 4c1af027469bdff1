"""Leads for the routing game with the readiness the pipeline would give them, from worlds of its own.

Of each world the project's SQL makes the MQLs and what was known of them; a model learns from those whose outcome was
known when the game begins, and forecasts the rest: never the truth.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from models_ml.readiness import ReadinessClassifier
from models_ml.readiness.columns import feature_frame, learn_schema, raw_features
from models_ml.readiness.labels import mature_labels
from models_ml.readiness.working import working_weights
from models_ml.world.clock import DAY
from orchestration.criteria_files.load import load_criteria
from tests.benchmarks.desk_leads import Arrivals, Forecasts, arrivals_of, cuts_of
from tests.benchmarks.world_examples import WorldExamples, compile_examples, world_examples
from tests.golden.builds import PROJECT
from tests.golden.compiled_models import CompiledProject

MONTHS, GAME_DAYS, EMBARGO_DAYS = 4, 27, 30
CRITERIA = PROJECT.parent / "criteria"
Bools = npt.NDArray[np.bool_]


def compiled(scratch: Path) -> CompiledProject:
    """The models that make examples; compiled once for all worlds."""
    return compile_examples(scratch)


def desk_world(leads: int, seed: int, scratch: Path, project: CompiledProject | None = None) -> Arrivals:
    """One world's last weeks of MQLs whose outcome could be known, with readiness from the weeks before."""
    world = world_examples(leads, seed, scratch, months=MONTHS, project=project)
    at = pd.to_datetime(world.examples["became_mql_at"]).astype("datetime64[us]").astype("int64").to_numpy()
    begin = int(at.max()) - GAME_DAYS * DAY
    readiness = forecast(world, at <= begin - EMBARGO_DAYS * DAY, seed)
    # Bands are cut on leads between: forecast, and not learned from.
    cuts = cuts_of(readiness[(at > begin - EMBARGO_DAYS * DAY) & (at <= begin)])
    played = np.flatnonzero(at > begin)
    number = np.array([int(one.removeprefix("lead")) for one in world.lead_ids], dtype=np.int64)
    lines = world.examples["service_line"]
    told = Forecasts(number[played], at[played], readiness[played], sla_minutes(lines, at)[played], *cuts)
    return arrivals_of(world.plan, told)


def forecast(world: WorldExamples, learned: Bools, seed: int) -> npt.NDArray[np.float64]:
    """Readiness of every example, as shipped: protected attributes barred, and weighed for those nobody worked."""
    barred = sorted(load_criteria(CRITERIA).barred_from_models)
    raw = raw_features(world.examples, world.attributes, excluded_attributes=barred)
    schema = learn_schema(raw[learned])
    frame, labels = feature_frame(raw, schema), mature_labels(world.examples, world.as_of)
    part = frame[learned].reset_index(drop=True), world.examples[learned].reset_index(drop=True)
    working = working_weights(*part, labels[learned], random_state=seed)
    model = ReadinessClassifier(points=schema.points, random_state=seed)
    used = working.is_used
    model.fit(frame[learned][used], labels[learned][used], sample_weight=working.weights[used])
    return np.asarray(model.predict_proba(frame)[:, 1])


def sla_minutes(lines: pd.Series, at: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Business minutes to first contact that the written criteria give each MQL, in their version of that moment."""
    versions = load_criteria(CRITERIA).tables()["versions"].to_pandas()
    versions["from"] = pd.to_datetime(versions["effective_from"]).astype("datetime64[us]").astype("int64")
    line = lines.where(lines.isin(versions["service_line"])).fillna("").to_numpy()
    result = np.zeros(len(at))
    for row in versions.sort_values("from").itertuples():
        own = row.service_line if isinstance(row.service_line, str) else ""
        result[(line == own) & (at >= row[versions.columns.get_loc("from") + 1])] = row.first_contact_business_minutes
    return result
