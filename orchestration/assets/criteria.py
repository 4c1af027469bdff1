"""Criteria: the validated files as rows, one source table per part. Reading and checking them is `criteria_files`."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.assets.policy import source_specs
from orchestration.criteria_files import land_criteria
from orchestration.runs import Run


def criteria_assets(manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """One multi-asset whose outputs are the parts dbt reads."""
    specs = source_specs(manifest, "criteria", group="criteria")
    if not specs:
        return []

    @dg.multi_asset(name="land_criteria", specs=specs)
    def step(context: dg.AssetExecutionContext, run: dg.ResourceParam[Run]) -> Iterator[dg.MaterializeResult[None]]:
        for warning in run.criteria.warnings:
            context.log.warning(str(warning))
        rows = land_criteria(run.criteria, run.paths.landed)
        for spec in specs:
            yield dg.MaterializeResult(asset_key=spec.key, metadata={"rows": rows.get(spec.key.path[-1], 0)})

    return [step]
