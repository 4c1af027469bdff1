"""From the world to a folder a run can read: web exports, the CRM's database, `sources.yaml`, and truth apart.

`write_demo` writes what of a world in memory is delivered by a moment and, called again, only what came since: a
system's day by day. `build_world_command` writes a world of any size, a month at a time.
"""

from __future__ import annotations

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
from orchestration.demo.platform_files import Exports
from orchestration.demo.spill import Spill
from orchestration.demo.systems import Systems, mess_of, refuse_a_world, systems_of

TRUTH_FOLDER = "truth"
Moment = str | datetime | pd.Timestamp
# No row is delivered longer after it is known.
_LONGEST_HELD = pd.Timedelta(days=2)


def write_demo(
    world: World,
    directory: str | Path,
    *,
    until: Moment | None = None,
    since: Moment | None = None,
    by: Literal["month", "day"] = "month",
    exports: Exports | None = None,
    crm_url: str | None = None,
) -> Path:
    """Write the rows delivered after `since` and not after `until`, and return the registry's path.

    `until` defaults to the world's `as_of`; `since` is the moment already written, None writes from the beginning
    (moments aware, or naive UTC). `by` says whether a web file holds a month or a day; `exports` whether platforms
    export in shapes of their own (the default, but in the hostile scenario); `crm_url` is the CRM's SQLAlchemy address,
    by default an SQLite file in `directory`, which is made where it is missing.

    Raises ValueError if `until` is not after `since` or later than the world was built, and FileExistsError if
    `since` is None and a CRM is already there.
    """
    folder = Path(directory)
    last = _aware(world.as_of if until is None else until)
    first = None if since is None else _aware(since)
    if last > world.as_of or (first is not None and first >= last):
        raise ValueError(f"until must be after since and not after the world's end, {world.as_of.isoformat()}")
    if first is None and crm_url is None:
        refuse_a_world(folder)
    folder.mkdir(parents=True, exist_ok=True)
    systems = systems_of(folder, world.plan, exports, crm_url)
    earlier = None if first is None else delivered_between(world, None, first)
    systems.write(delivered_between(world, first, last), until=last, since=first, earlier=earlier, by=by)
    path = systems.write_registry()
    systems.write_state(last)
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
    exports: Exports | None = None,
) -> dict[str, object]:
    """Build a world and write it into `out`, a month in memory at a time; what `handoff world build` does.

    Returns
    -------
    dict
        `sources` (the registry's path), `as_of` (aware timestamp of the world's last moment), `rows` (by table).
    """
    plan = make_plan(leads, seed, months, until, scenario=scenario_of(scenario), touches_per_lead=touches_per_lead)
    folder = Path(out)
    refuse_a_world(folder)
    folder.mkdir(parents=True, exist_ok=True)
    systems = systems_of(folder, plan, exports)
    references, truths = reference_tables(plan), []
    with Spill(folder / ".parts", mess_of(plan)) as spill:
        for tables, truth in table_parts(plan):
            spill.put(tables)
            truths.extend([truth] if truth is not None else [])
        rows = _write_by_month(systems, spill, references)
    write_truth({"leads": pd.concat(truths, ignore_index=True), **reference_truth(plan.members)}, folder)
    path = systems.write_registry()
    systems.write_state(plan.bounds[1])
    return {"sources": path, "as_of": plan.bounds[1], "rows": rows}


def _write_by_month(systems: Systems, spill: Spill, references: Tables) -> dict[str, int]:
    """Write what was set aside, month by month, the first with the reference tables; returns rows by table."""
    plan = systems.plan
    last = pd.Timestamp(plan.bounds[1])
    rows = {name: len(frame) for name, frame in references.items()}
    earlier: Tables | None = None
    since: pd.Timestamp | None = None
    for month in [month for month in spill.months() if month <= last.strftime("%Y-%m")]:
        tables = _until(spill.take(month), plan)
        until = min(pd.Timestamp(month, tz="UTC") + pd.offsets.MonthBegin() - pd.Timedelta(1, "us"), last)
        given = tables if earlier is not None else {**tables, **references}
        systems.write(given, until=until, since=since, earlier=earlier)
        earlier, since = tables, until
        for name, frame in tables.items():
            rows[name] = rows.get(name, 0) + len(frame)
    return rows


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
