"""History in pieces gives the identity layer that history at once gives, killed builds included."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.golden.compiled_models import CompiledProject
from tests.unit.identity.feeding import feed_at_once, feed_in_pieces, land_pieces, rows_of
from tests.unit.identity.random_worlds import draw_world

# What says how a build came about, not what is so.
_OF_THE_BUILD = {"int_rows__moved", "int_references__moved", "int_records__touched"}


@pytest.mark.parametrize("seed", range(12))
def test_feeding_in_pieces_equals_feeding_at_once(identity_models: CompiledProject, seed: int) -> None:
    pieces = land_pieces(draw_world(seed, pieces=5), pieces=5, seed=seed)
    bit_by_bit = feed_in_pieces(identity_models, pieces, seed=seed)
    at_once = feed_at_once(identity_models, pieces)
    for model in identity_models.models:
        if model.name not in _OF_THE_BUILD:
            found, expected = rows_of(bit_by_bit, model.relation), rows_of(at_once, model.relation)
            pd.testing.assert_frame_equal(found, expected, obj=f"seed {seed}: {model.name}")
