"""One small world for all tests of this folder: building it costs a second."""

from __future__ import annotations

import pytest

from models_ml.world import World, build_world

LEADS, SEED, MONTHS = 1500, 11, 6


@pytest.fixture(scope="session")
def world() -> World:
    """A world of 1,500 leads in six months."""
    return build_world(leads=LEADS, seed=SEED, months=MONTHS)
