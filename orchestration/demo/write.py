"""From the world to a folder a run can read: web exports, the CRM's database, `sources.yaml`, and truth apart.

`write_demo` writes what of a world in memory is delivered by a moment and, called again, only what came since: a
system's day by day. `build_world_command` writes a world of any size, a month at a time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import pandas as pd

from models_ml.world import World
from models_ml.world.build import Tables, reference_tables, table_parts
from models_ml.world.plan import USUAL_TOUCHES, Plan, make_plan
from models_ml.world.scenario import scenario_of
from models_ml.world.truth import reference_truth
from orchestration.demo.crm_feed import feed_crm, make_crm
from orchestration.demo.mess import Mess
from orchestration.demo.registry import registry_text
from orchestration.demo.spill import Spill
from orchestration.demo.web_files import write_web_files

CRM_FILE = "crm.db"
WEB_FOLDER = "web"
REGISTRY_FILE = "sources.yaml"
TRUTH_FOLDER = "truth"
STATE_FILE = "world.json"
Moment = str | datetime | pd.Timestamp
# No row is delivered longer after it is known.
_LONGEST_HELD = pd.Timedelta(days=2)


def mess_of(plan: Plan) -> Mess | None:
    """What the world's files do to good rows: nothing but in the hostile scenario."""
    return Mess(plan.seed) if plan.scenario.name == "hostile" else None


def write_demo(
    world: World,
    directory: str | Path,
    *,
    until: Moment | None = None,
    since: Moment | None = None,
    by: Literal["month", "day"] = "month",
    crm_url: str | None = None,
) -> Path:
    """Write the rows delivered after `since` and not after `until`, and return the registry's path.

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
    if first is None and crm_url is None:
        _refuse_a_world(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tables = delivered_between(world, first, last)
    _write_systems(folder, tables, world.plan, by=by, crm_url=crm_url)
    path = _write_registry(folder, world.plan, crm_url)
    _write_state(folder, world.plan, last)
    return path


def delivered_between(world: World, since: pd.Timestamp | None, until: pd.Timestamp) -> Tables:
    """The world's tables cut to the rows its systems hand out in that span."""
    mess = mess_of(world.plan)
    if mess is None:
        return world.known_between(since, until)
    tables = world.known_between(None if since is None else since - _LONGEST_HELD, until)
    for name, frame in tables.items():
        if "known_at" in frame:
            delivered = mess.delivered_at(name, frame)
            kept = delivered <= until
            tables[name] = frame[kept if since is None else kept & (delivered > since)].reset_index(drop=True)
        elif since is not None:
            tables[name] = frame.iloc[:0]
    return tables


def _refuse_a_world(folder: Path) -> None:
    found = [name for name in (CRM_FILE, WEB_FOLDER) if (folder / name).exists()]
    if found:
        whole = (folder / STATE_FILE).exists()
        hint = "give an empty one, or `since` to go on" if whole else "a build was begun there and not ended: remove it"
        raise FileExistsError(f"{found[0]} is already in that folder: {hint}")


def _write_systems(
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    plan: Plan,
    *,
    by: Literal["month", "day"] = "month",
    crm_url: str | None = None,
) -> None:
    mess = mess_of(plan)
    write_web_files(folder / WEB_FOLDER, tables, by=by, mess=mess)
    engine = make_crm(crm_url or f"sqlite:///{folder / CRM_FILE}")
    try:
        feed_crm(engine, tables, mess=mess)
    finally:
        engine.dispose()


def _write_registry(folder: Path, plan: Plan, crm_url: str | None = None) -> Path:
    path = folder / REGISTRY_FILE
    address = "env:CRM_URL" if crm_url else f"sqlite:///{CRM_FILE}"
    path.write_text(registry_text(address, f"./{WEB_FOLDER}", is_messy=mess_of(plan) is not None), encoding="utf-8")
    return path


def _write_state(folder: Path, plan: Plan, last: pd.Timestamp) -> None:
    """How the folder was made, for whoever goes on with it: `as_of` is the moment it is written up to."""
    state = {"seed": plan.seed, "leads": plan.leads, "months": plan.months, "scenario": plan.scenario.name,
             "touches_per_lead": plan.touches_per_lead, "as_of": last.isoformat()}  # fmt: skip
    (folder / STATE_FILE).write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")


def write_truth(truth: Mapping[str, pd.DataFrame], directory: str | Path) -> Path:
    """Write a world's truth as Parquet files into a folder no source reads."""
    folder = Path(directory) / TRUTH_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in truth.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def build_world_command(
    leads: int,
    seed: int,
    out: str | Path,
    until: Moment | None = None,
    months: int = 18,
    *,
    scenario: str = "real",
    touches_per_lead: float = USUAL_TOUCHES,
) -> dict[str, object]:
    """Build a world and write it into `out`, a month in memory at a time; what `handoff world build` does.

    Returns
    -------
    dict
        `sources` (the registry's path), `as_of` (aware timestamp of the world's last moment), `rows` (by table).
    """
    plan = make_plan(leads, seed, months, until, scenario=scenario_of(scenario), touches_per_lead=touches_per_lead)
    folder = Path(out)
    _refuse_a_world(folder)
    folder.mkdir(parents=True, exist_ok=True)
    references, truths = reference_tables(plan), []
    rows = {name: len(frame) for name, frame in references.items()}
    with Spill(folder / ".parts", mess_of(plan)) as spill:
        for tables, truth in table_parts(plan):
            spill.put(tables)
            truths.extend([truth] if truth is not None else [])
        last_month = plan.bounds[1].strftime("%Y-%m")
        for month in [month for month in spill.months() if month <= last_month]:
            tables = _until(spill.take(month), plan)
            _write_systems(folder, {**tables, **references}, plan)
            references = {}
            for name, frame in tables.items():
                rows[name] = rows.get(name, 0) + len(frame)
    write_truth({"leads": pd.concat(truths, ignore_index=True), **reference_truth(plan.members)}, folder)
    path = _write_registry(folder, plan)
    _write_state(folder, plan, plan.bounds[1])
    return {"sources": path, "as_of": plan.bounds[1], "rows": rows}


def _until(tables: Tables, plan: Plan) -> Tables:
    """Rows delivered by the plan's last moment: what a system held back until later nobody has yet."""
    mess = mess_of(plan)
    if mess is None:
        return tables
    last = pd.Timestamp(plan.bounds[1])
    return {name: frame[mess.delivered_at(name, frame) <= last].reset_index(drop=True)
            for name, frame in tables.items()}  # fmt: skip


def _aware(moment: Moment) -> pd.Timestamp:
    stamp = pd.Timestamp(moment)
    return stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")
