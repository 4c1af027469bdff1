"""Routing: a team and a reason for every open lead that needs one. The rules are `models_ml.routing`."""

import dagster as dg
import pandas as pd
import pyarrow as pa

from models_ml.routing import complexity_levels, route_leads
from orchestration.assets.frames import land_frame, read_tables
from orchestration.assets.policy import spec
from orchestration.runs import Run

_TIME = pa.timestamp("us")
ROUTES = pa.schema(
    [
        ("lead_key", pa.string()),
        ("record_key", pa.string()),
        ("route_no", pa.int32()),
        ("team_id", pa.string()),
        ("staff_id", pa.string()),
        ("queue", pa.string()),
        ("priority", pa.int32()),
        ("reasons", pa.string()),
        ("sla_due_at", _TIME),
        ("deciding_constraint", pa.string()),
        ("told", pa.string()),
        ("is_without_score", pa.bool_()),
        ("routed_as_of", _TIME),
    ]
)
_INPUTS = ["routing__open_leads", "routing__capacity", "routing__staff"]
_ATTRIBUTES = "routing__attributes"


def routing_assets() -> list[dg.AssetsDefinition]:
    """Routes."""

    @dg.multi_asset(
        name="route_leads",
        specs=[
            spec(
                ["handoff", "routes"],
                group="routing",
                kinds=("python", "parquet"),
                description="Routing decisions, with the constraint that decided. One row per record and route number.",
                deps=[["routing", name] for name in (*_INPUTS, _ATTRIBUTES)],
            )
        ],
    )
    def step(run: dg.ResourceParam[Run]) -> dg.MaterializeResult[None]:
        run.say("routing", "")
        rules = run.criteria.routing
        open_leads, teams, staff = read_tables(run.paths.warehouse, "routing", *_INPUTS)
        if rules.get("complexity"):
            (attributes,) = read_tables(run.paths.warehouse, "routing", _ATTRIBUTES)
            level = complexity_levels(open_leads, attributes, rules["complexity"])
            open_leads = open_leads.assign(complexity_level=level)
        routes = route_leads(
            open_leads,
            teams,
            staff,
            rules,
            as_of=pd.Timestamp(run.as_of),
            seed=run.settings.seed,
        )
        return dg.MaterializeResult(
            metadata={
                "open_leads": len(open_leads),
                "routed": land_frame(run, "routes", routes, ROUTES),
                "without_team": int(routes["team_id"].isna().sum()),
                "without_score": int(routes["is_without_score"].sum()),
            }
        )

    return [step]
