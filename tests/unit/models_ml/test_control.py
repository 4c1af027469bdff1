"""The share that is routed without its score: random, and the same whoever asks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models_ml.readiness.control import drawn_control

KEYS = pd.DataFrame(
    {
        "record_key": [f"{number:032x}" for number in range(20_000)],
        "became_mql_at": pd.Timestamp("2026-05-01") + pd.to_timedelta(np.arange(20_000), unit="min"),
    }
)


def test_about_the_share_is_drawn_and_a_greater_share_keeps_who_was_drawn() -> None:
    few, more = drawn_control(KEYS, 0.05, 7), drawn_control(KEYS, 0.2, 7)
    assert abs(few.mean() - 0.05) < 0.006 and abs(more.mean() - 0.2) < 0.012
    assert (more | ~few).all()


def test_nobody_and_everybody_can_be_drawn() -> None:
    assert not drawn_control(KEYS, 0.0, 7).any()
    assert drawn_control(KEYS, 1.0, 7).all()


def test_a_lead_alone_is_drawn_as_in_a_crowd_and_in_any_unit_of_time() -> None:
    crowd = drawn_control(KEYS, 0.3, 7)
    for place in range(0, 2_000, 97):
        row = KEYS.iloc[[place]].astype({"became_mql_at": "datetime64[ns]"})
        assert drawn_control(row, 0.3, 7)[0] == crowd[place]
    assert drawn_control(KEYS.head(0), 0.3, 7).shape == (0,)


def test_seed_and_moment_draw_anew() -> None:
    later = KEYS.assign(became_mql_at=KEYS["became_mql_at"] + pd.Timedelta(microseconds=1))
    drawn = drawn_control(KEYS, 0.5, 7)
    for other in (drawn_control(KEYS, 0.5, 8), drawn_control(later, 0.5, 7)):
        assert 0.45 < (drawn == other).mean() < 0.55


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        drawn_control(KEYS, share, 7)
