"""From the world's frames to a folder a run can read: web exports, the CRM's database, `sources.yaml`, and truth apart.

`write_demo` writes what is known by a moment and, called again, only what became known since: a system's day by day.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Literal

import pandas as pd

from models_ml.world import World, build_world
from orchestration.demo.crm_feed import feed_crm, make_crm
from orchestration.demo.registry import registry_text
from orchestration.demo.web_files import write_web_files

CRM_FILE = "crm.db"
WEB_FOLDER = "web"
REGISTRY_FILE = "sources.yaml"
TRUTH_FOLDER = "truth"
STATE_FILE = "world.json"
Moment = str | datetime | pd.Timestamp


def write_demo(
    world: World,
    directory: str | Path,
    *,
    until: Moment | None = None,
    since: Moment | None = None,
    by: Literal["month", "day"] = "month",
    crm_url: str | None = None,
) -> Path:
    """Write the rows with since < known_at <= until, and return the registry's path.

    `until` defaults to the world's `as_of`; `since` is the moment already written, None writes from the beginning
    (moments aware, or naive UTC). `by` says whether a web file holds a month or a day; `crm_url` is the CRM's
    SQLAlchemy address, by default an SQLite file in `directory`, which is made where it is missing.

    Raises ValueError if `until` is not after `since` or later than the world was built, and FileExistsError if
    `since` is None and a CRM is already there.
    """
    folder = Path(directory)
    last = _aware(world.as_of if until is None else until)
    first = None if since is None else _aware(since)
    if last > world.as_of or (first is not None and first >= last):
        raise ValueError(f"until must be after since and not after the world's end, {world.as_of.isoformat()}")
    if first is None and crm_url is None and (folder / CRM_FILE).exists():
        raise FileExistsError(f"{CRM_FILE} is already in that folder: give an empty one, or `since` to go on")
    folder.mkdir(parents=True, exist_ok=True)
    tables = world.known_between(first, last)
    write_web_files(folder / WEB_FOLDER, tables, by=by)
    engine = make_crm(crm_url or f"sqlite:///{folder / CRM_FILE}")
    try:
        feed_crm(engine, tables)
    finally:
        engine.dispose()
    path = folder / REGISTRY_FILE
    path.write_text(
        registry_text("env:CRM_URL" if crm_url else f"sqlite:///{CRM_FILE}", f"./{WEB_FOLDER}"), encoding="utf-8"
    )
    _write_state(folder, world, last)
    return path


def _write_state(folder: Path, world: World, last: pd.Timestamp) -> None:
    """How the folder was made, for whoever goes on with it: `as_of` is the moment it is written up to."""
    state = {"seed": world.seed, "leads": world.leads, "months": world.months, "as_of": last.isoformat()}
    (folder / STATE_FILE).write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")


def write_truth(world: World, directory: str | Path) -> Path:
    """Write the world's truth as Parquet files into a folder no source reads."""
    folder = Path(directory) / TRUTH_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in world.truth.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def build_world_command(
    leads: int, seed: int, out: str | Path, until: Moment | None = None, months: int = 18, *, truth: bool = True
) -> dict[str, object]:
    """Build a world and write it into `out`; what `handoff world build` does.

    Returns
    -------
    dict
        `sources` (the registry's path), `as_of` (aware timestamp of the world's last moment), `rows` (by table).
    """
    world = build_world(leads=leads, seed=seed, months=months, until=until)
    path = write_demo(world, out)
    if truth:
        write_truth(world, out)
    return {"sources": path, "as_of": world.as_of, "rows": {name: len(frame) for name, frame in world.tables.items()}}


def _aware(moment: Moment) -> pd.Timestamp:
    stamp = pd.Timestamp(moment)
    return stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")
