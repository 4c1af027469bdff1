"""Everything Dagster knows, assembled explicitly. Loads right after `make setup`, without home or lake."""

import json
from typing import Any

import dagster as dg

from orchestration.asset_checks import build_asset_checks
from orchestration.assets.criteria import criteria_assets
from orchestration.assets.crm_sync import crm_sync_assets
from orchestration.assets.dbt import dbt_models
from orchestration.assets.landing import landing_assets
from orchestration.assets.publication import publication_assets
from orchestration.assets.readiness import readiness_assets
from orchestration.assets.routing import routing_assets
from orchestration.assets.signals import signal_assets
from orchestration.jobs import build_jobs
from orchestration.reconcile_job import reconcile_job
from orchestration.resources import dbt_resource, run_resource
from orchestration.schedules import build_schedules
from orchestration.sensors import build_sensors
from orchestration.settings import Settings
from orchestration.what_if_job import what_if_job


def build_defs(settings: Settings, **overrides: Any) -> dg.Definitions:
    """The definitions of one home; `overrides` replace resources by name."""
    manifest = json.loads(settings.dbt_manifest.read_text(encoding="utf-8"))
    return dg.Definitions(
        assets=[
            *landing_assets(manifest),
            *criteria_assets(manifest),
            *dbt_models(settings.dbt_manifest),
            *readiness_assets(),
            *routing_assets(),
            *signal_assets(),
            *crm_sync_assets(),
            *publication_assets(settings),
        ],
        asset_checks=build_asset_checks(),
        jobs=[*build_jobs(), what_if_job(settings), reconcile_job()],
        schedules=build_schedules(settings),
        sensors=build_sensors(settings),
        resources={"run": run_resource(settings), "dbt": dbt_resource(settings), **overrides},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of the home the environment names."""
    return build_defs(Settings.from_environment())
