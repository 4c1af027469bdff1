"""Criteria: the validated files as rows, one source table per part, and as pages people read.

Reading, checking and wording them is `criteria_files`; which pages are new is `handbook_files`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.assets.policy import source_specs, spec
from orchestration.criteria_files import land_criteria
from orchestration.handbook_files import write_handbook, write_notices
from orchestration.runs import Run

HANDBOOK = dg.AssetKey(["criteria", "handbook"])


def criteria_assets(manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """One multi-asset whose outputs are the parts dbt reads, and the handbook."""
    specs = source_specs(manifest, "criteria", group="criteria")
    if not specs:
        return []

    @dg.multi_asset(name="land_criteria", specs=specs)
    def step(context: dg.AssetExecutionContext, run: dg.ResourceParam[Run]) -> Iterator[dg.MaterializeResult[None]]:
        for warning in run.criteria.warnings:
            context.log.warning(str(warning))
        rows = land_criteria(run.criteria, run.paths.landed)
        for part in specs:
            yield dg.MaterializeResult(asset_key=part.key, metadata={"rows": rows.get(part.key.path[-1], 0)})

    return [step, _handbook(specs)]


def _handbook(parts: list[dg.AssetSpec]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="write_handbook",
        specs=[
            spec(
                HANDBOOK.path,
                group="criteria",
                kinds=("python", "markdown"),
                description="The criteria in force as pages staff read, and a notice of each version that begins.",
                deps=[part.key for part in parts],
            )
        ],
    )
    def step(run: dg.ResourceParam[Run]) -> Iterator[dg.MaterializeResult[None]]:
        if run.is_historic:
            yield dg.MaterializeResult(metadata={"pages_changed": 0})
            return
        changed, notices = write_handbook(run), write_notices(run)
        # Shown where they are new: a tick without a change need not repeat them in Dagster's history.
        pages = {name: text for name, text in changed.items() if name.endswith(".md")}
        shown = {name.removesuffix(".md").replace("/", " "): dg.MetadataValue.md(text) for name, text in pages.items()}
        shown |= {f"in force: {name}": dg.MetadataValue.md(text) for name, text in notices.items()}
        yield dg.MaterializeResult(
            metadata={"folder": str(run.home.home / "handbook"), "pages_changed": len(pages), **shown}
        )

    return step
