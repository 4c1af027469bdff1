"""From frames to frame: leads and house made ready, the plan, its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from models_ml.routing.capacity import build_house
from models_ml.routing.cases import Sorter
from models_ml.routing.leads import NEVER, moment_of, prepare_leads
from models_ml.routing.plan import Plan
from models_ml.routing.rows import COLUMNS, decision_rows
from models_ml.routing.rules import with_defaults


def route_leads(
    open_leads: pd.DataFrame,
    teams: pd.DataFrame,
    staff: pd.DataFrame,
    rules: Mapping[str, Any],
    *,
    as_of: pd.Timestamp,
    seed: int = 7,
) -> pd.DataFrame:
    """Decide a route for each open lead that needs a new one.

    Parameters
    ----------
    open_leads
        rows of `routing__open_leads`, one per open MQL; a column that is absent is unknown for every lead.
    teams
        rows of `routing__capacity`, one per team.
    staff
        rows of `routing__staff`, one per member; without rows nothing is known of members.
    rules
        content of criteria/routing.yaml (`orchestration.criteria_files.routing_file`), {} for the defaults.
    as_of
        naive UTC, the run's; becomes routed_as_of.
    seed
        of the lots drawn where nothing else tells two answers apart.

    Returns
    -------
    Frame ready to land in handoff/routes: lead_key, record_key, route_no (int32), team_id, staff_id, queue,
    priority (int32, 1 first), reasons, sla_due_at, deciding_constraint, told, is_without_score (bool), routed_as_of;
    one row per new decision (a lead whose earlier route would come out the same has none), in the order in which the
    leads are served.
    """
    settings = with_defaults(rules)
    leads = prepare_leads(open_leads, settings, as_of)
    house = build_house(teams, staff, settings, as_of)
    plan = Plan(leads, house, Sorter(house, with_members=bool(settings["assign_members"]), now=moment_of(as_of)))
    plan.decide(seed)
    rows = decision_rows(plan.leads, plan.cases, plan.places, plan.sorter, plan.team_room.free, settings)
    return _frame(rows, as_of)


def _frame(rows: list[tuple[Any, ...]], as_of: pd.Timestamp) -> pd.DataFrame:
    columns = dict(zip(COLUMNS, zip(*rows, strict=True) if rows else ((),) * len(COLUMNS), strict=False))
    moments = np.array(columns["sla_due_at"], dtype="int64")
    given = {
        "route_no": np.array(columns["route_no"], dtype="int32"),
        "priority": np.array(columns["priority"], dtype="int32"),
        "sla_due_at": np.where(moments == NEVER, np.datetime64("NaT"), moments.astype("datetime64[us]")),
        "is_without_score": np.array(columns["is_without_score"], dtype=bool),
        "routed_as_of": np.full(len(rows), np.datetime64(moment_of(as_of), "us")),
    }
    return pd.DataFrame({name: given.get(name, pd.array(columns.get(name, ()), dtype="str")) for name in COLUMNS})
