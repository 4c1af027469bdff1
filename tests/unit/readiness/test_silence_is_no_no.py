"""In the clinic's world, where intake passes leads over and rows come late, silence taken for a no is off."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from models_ml.readiness.columns import feature_frame, learn_schema, raw_features
from models_ml.readiness.labels import mature_labels
from models_ml.readiness.working import working_weights
from tests.benchmarks.world_examples import world_examples


@pytest.mark.nightly
def test_rates_if_worked_are_the_worlds_own_and_rates_as_recorded_are_not(tmp_path: Path) -> None:
    world = world_examples(24_000, 7, tmp_path)
    labels = mature_labels(world.examples, world.as_of)
    raw = raw_features(world.examples, world.attributes)
    frame = feature_frame(raw, learn_schema(raw))
    found = working_weights(frame, world.examples, labels, random_state=0)
    truth = world.truth.mean()
    assert found.figures.left_out_count > 300
    assert abs(found.figures.rate_if_worked / truth - 1) < 0.04
    assert found.figures.rate_as_recorded / truth < 0.95

    # Who asks every thirty days, and takes silence for a no of leads whose month has just begun, too, is off by more.
    began = pd.to_datetime(world.examples["became_mql_at"])
    month = pd.Timedelta(days=30)
    asked = world.as_of - ((world.as_of - began) // month) * month
    by_then = (pd.to_datetime(world.examples["became_sql_at"]) <= asked).to_numpy()
    assert by_then.mean() / truth < 0.9

    # Of leads like those nobody worked, what is recorded says next to nothing; their true chance is nearly everybody's.
    passed_over = ~found.is_used
    assert world.truth[passed_over].mean() > 0.6 * truth and not labels[passed_over].any()
