"""Small clinic worlds for whole runs: the demo's own folders, fed at once, in pieces, or with a future beyond as_of."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from models_ml.world import World, build_world
from orchestration.demo.crm_schema import LEAD_KEY, LEADS
from orchestration.demo.platform_files import Exports
from orchestration.demo.write import write_demo
from tests.integration.harness import Home

CRM_COLUMNS = (
    "handoff_stage",
    "handoff_mql_at",
    "handoff_fit_points",
    "handoff_behaviour_points",
    "handoff_readiness",
    "handoff_band",
    "handoff_team_id",
    "handoff_queue",
    "handoff_versions",
)


@cache
def small_world() -> World:
    """Enough leads for a model to be trained, few enough for a run in half a minute."""
    return build_world(leads=900, seed=11, months=6)


def moment(stamp: pd.Timestamp) -> str:
    """A timestamp as `--as-of` takes it."""
    return stamp.isoformat()


def demo_home(
    directory: Path,
    *,
    until: pd.Timestamp | None = None,
    world: World | None = None,
    exports: Exports = "contract",
) -> Home:
    """A home beside a demo folder written at once, up to `until`.

    Exports in the contract's shape hold every version with its known_at: history in pieces is then history at once.
    What platforms export does not say when it was known.
    """
    demo = write_demo(world or small_world(), directory / "demo", until=until, exports=exports)
    return Home(directory / "home", demo)


def feed(
    directory: Path,
    moments: list[pd.Timestamp],
    *,
    world: World | None = None,
    exports: Exports = "contract",
    watched_by: Callable[[Home], AbstractContextManager[object]] = nullcontext,
) -> Home:
    """A home run once at each moment, the demo's systems brought forward before each run.

    From the first publication to the last `watched_by` looks on.
    """
    home = demo_home(directory, until=moments[0], world=world, exports=exports)
    home.run(moment(moments[0]))
    with watched_by(home):
        for since, until in pairwise(moments):
            write_demo(world or small_world(), directory / "demo", since=since, until=until, by="day")
            home.run(moment(until))
    return home


def crm_rows(home: Home, *columns: str) -> dict[str, tuple[Any, ...]]:
    """Lead id → what the pipeline wrote into the demo's CRM."""
    with sqlite3.connect(home.sources.parent / "crm.db") as connection:
        rows = connection.execute(f"select {LEAD_KEY}, {', '.join(columns)} from {LEADS}").fetchall()
    return {row[0]: tuple(row[1:]) for row in rows}


def written(home: Home) -> int:
    """Records of the demo's CRM that carry a write of ours."""
    return sum(1 for (sequence,) in crm_rows(home, "handoff_sequence").values() if sequence is not None)
