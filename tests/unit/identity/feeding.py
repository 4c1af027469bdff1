"""Feeds a random world to the compiled models: in pieces as a pipeline would, or at once.

Both ways hand over the same landed rows, so what differs is the models' doing. Worlds are drawn in
`random_worlds.py`; comparisons stand in the tests.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from tests.golden.compiled_models import CompiledProject, World
from tests.golden.lake_rows import ScratchLake, record_key
from tests.unit.identity.random_worlds import HOURS, ID_SPACES, WorldRow, hour

SOURCES = [
    {"source": source, "id_space": id_space, "connector": "contract_files", "timezone": "America/Chicago"}
    for source, id_space in ID_SPACES.items()
]


# Rows of input tables that every run of a world finds: criteria, authorities, calendars.
References = Mapping[str, Sequence[Mapping[str, Any]]]
NO_REFERENCES: References = {}


@dataclass(frozen=True)
class Piece:
    """What one run lands, and the moment it answers for."""

    run_no: int
    as_of: datetime
    rows: Mapping[str, list[dict[str, Any]]]


def land_pieces(world: Sequence[WorldRow], *, pieces: int, seed: int) -> list[Piece]:
    """The world as landed rows, by run, at random moments of the grid; as_of never goes back."""
    rng = random.Random(seed)
    return land_told(world, moments=sorted(rng.randint(HOURS - 12, HOURS) for _ in range(pieces)))


def land_told(world: Sequence[WorldRow], *, moments: Sequence[int]) -> list[Piece]:
    """The world as landed rows, one run at each of the given hours."""
    lake = ScratchLake(Path("unused"))
    found = []
    for run_no, moment in enumerate(moments, start=1):
        rows: dict[str, list[dict[str, Any]]] = {}
        here = [row for row in world if row.piece == run_no]
        for entity, source in dict.fromkeys((row.entity, row.source) for row in here):
            cells = [row.cells for row in here if (row.entity, row.source) == (entity, source)]
            landed = lake.landed_rows(entity, cells, source=source, run_no=run_no, id_space=ID_SPACES[source])
            rows.setdefault(entity, []).extend(_keyed(each) for each in landed)
        found.append(Piece(run_no, hour(moment), rows))
    return found


def feed_in_pieces(
    project: CompiledProject, pieces: Sequence[Piece], *, seed: int, references: References = NO_REFERENCES
) -> World:
    """Land and build piece by piece; now and then a build is killed half-way and the next goes on from there."""
    rng = random.Random(seed)
    world = _world(project, references)
    built: Piece | None = None
    for piece in pieces:
        for entity, rows in piece.rows.items():
            world.add(entity, rows)
        _write_run(world, piece, built)
        if rng.random() < 0.3 and piece is not pieces[-1]:
            world.build(upto=rng.randint(1, len(project.models)))
            continue
        world.build()
        built = piece
    return world


def feed_at_once(project: CompiledProject, pieces: Sequence[Piece], *, references: References = NO_REFERENCES) -> World:
    """The same rows in one full build as of the last piece."""
    world = _world(project, references)
    for piece in pieces:
        for entity, rows in piece.rows.items():
            world.add(entity, rows)
    _write_run(world, pieces[-1], None)
    world.build(full=True)
    return world


def rows_of(world: World, relation: str) -> pd.DataFrame:
    """All rows of a relation, in the order of their text."""
    found = world.read(f"select * from {relation}").astype(str)
    return found.sort_values(list(found.columns)).reset_index(drop=True)


def _world(project: CompiledProject, references: References) -> World:
    world = World(project)
    for table, rows in {"sources": SOURCES, **references}.items():
        world.replace(table, rows)
    return world


def _keyed(row: dict[str, Any]) -> dict[str, Any]:
    lead_id = row.get("lead_id")
    return {**row, "record_key": record_key(row["_id_space"], lead_id) if lead_id else None}


def _write_run(world: World, piece: Piece, built: Piece | None) -> None:
    row = {"as_of": piece.as_of, "run_no": piece.run_no, "seed": 7}
    if built is not None:
        row |= {"built_as_of": built.as_of, "built_run_no": built.run_no}
    world.replace("run", [row])
