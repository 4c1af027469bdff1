"""The same seed gives the same rows, and a day does not depend on how far the world is built."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from models_ml.world import World, build_world
from models_ml.world.draws import Draws
from tests.unit.world.conftest import LEADS, MONTHS, SEED


def frame_hash(frame: pd.DataFrame) -> str:
    """Hash of every value, row order included."""
    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return hashlib.sha256(rows.tobytes() + "|".join(map(str, frame.columns)).encode()).hexdigest()


def hashes(tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    return {name: frame_hash(frame) for name, frame in tables.items()}


def test_same_seed_gives_the_same_rows(world: World) -> None:
    again = build_world(leads=LEADS, seed=SEED, months=MONTHS)
    assert hashes(again.tables) == hashes(world.tables)
    assert hashes(again.truth) == hashes(world.truth)


def test_another_seed_gives_other_rows(world: World) -> None:
    other = build_world(leads=LEADS, seed=SEED + 1, months=MONTHS)
    same = {name for name, value in hashes(other.tables).items() if value == frame_hash(world.tables[name])}
    assert same == {"service_lines", "locations", "teams", "calendars", "holidays"}


@pytest.mark.parametrize("until", ["2026-01-20", "2026-03-08T09:30:00", "2026-06-30"])
def test_a_shorter_world_is_the_longer_one_cut_at_what_was_known(world: World, until: str) -> None:
    shorter = build_world(leads=LEADS, seed=SEED, months=MONTHS, until=until)
    cut = world.known_between(None, pd.Timestamp(until, tz="UTC"))
    assert shorter.as_of == pd.Timestamp(until, tz="UTC")
    assert hashes(shorter.tables) == hashes(cut)


def test_pieces_put_together_are_the_whole(world: World) -> None:
    days = [None, *pd.date_range("2026-02-01", "2026-06-01", freq="MS", tz="UTC"), world.as_of]
    pieces = [world.known_between(since, until) for since, until in zip(days, days[1:], strict=False)]
    for name, frame in world.tables.items():
        together = pd.concat([piece[name] for piece in pieces if len(piece[name])], ignore_index=True)
        if "known_at" in frame and name not in ("staff", "staff_shifts"):
            assert frame_hash(together) == frame_hash(frame), name
        else:
            assert sorted(together.to_csv(index=False).split()) == sorted(frame.to_csv(index=False).split()), name


def test_refuses_moments_outside_the_span() -> None:
    with pytest.raises(ValueError, match="until must lie within"):
        build_world(leads=10, until="2031-01-01")
    with pytest.raises(ValueError, match="at least 1"):
        build_world(leads=0)


def test_a_draw_does_not_depend_on_the_draws_beside_it() -> None:
    draws = Draws(3)
    many = draws.uniform("stream", np.arange(1000), 5)
    assert draws.uniform("stream", np.array([417]), 5)[0] == many[417]
    assert abs(many.mean() - 0.5) < 0.03
    assert not np.array_equal(many, draws.uniform("other", np.arange(1000), 5))
    assert not np.array_equal(many, draws.uniform("stream", np.arange(1000), 6))


def test_tiny_worlds_are_whole() -> None:
    for leads in (1, 2, 7):
        tiny = build_world(leads=leads, seed=2, months=1)
        assert tiny.tables["leads"]["lead_id"].nunique() == leads
