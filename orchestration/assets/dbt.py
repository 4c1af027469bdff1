"""dbt: every model and test of the project, built in as many parts as the Python steps between them make.

What a model means stands in dbt_project. Here are the arguments, and what the run remembers of the outcome.
"""

from collections.abc import Collection, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from orchestration.runs import Run
from orchestration.standing_views import look_at_views

_FIRST = dg.AssetKey(["input", "input__run"])


def dbt_models(manifest: Path) -> list[dg.AssetsDefinition]:
    """The dbt project as one asset definition."""

    @dbt_assets(manifest=manifest, name="dbt_models")
    def step(context: dg.AssetExecutionContext, dbt: DbtCliResource, run: dg.ResourceParam[Run]) -> Iterator[Any]:
        if run.is_unchanged:
            context.log.info("nothing landed, and as_of, code, criteria and registry are the last publication's")
            return
        run.begin_build()
        yield from build(context, dbt, run)

    return [step]


def build(context: dg.AssetExecutionContext, dbt: DbtCliResource, run: Run) -> Iterator[Any]:
    """Build this step's models with their tests; a model whose own test fails does not count as built."""
    # A test over tables of two parts waits for the later one, where all of them are there.
    is_first = _FIRST in context.selected_asset_keys
    selection = "buildable" if is_first else "eager"
    arguments = ["build", "--exclude-resource-type", "unit_test", "--indirect-selection", selection]
    if run.full_build_reason:
        context.log.info(f"full build: {run.full_build_reason}")
        arguments.append("--full-refresh")
    keys = [key for key in context.selected_asset_keys if key.path[0] == "staging"]
    views = look_at_views(run.paths, [key.path[-1] for key in keys])
    if views.stand and not run.full_build_reason:
        arguments += ["--exclude", "path:models/staging"]
        yield from _told_of_standing(context.assets_def, keys)
    station = f"dbt, {len(context.selected_asset_keys)} models"
    invocation = dbt.cli(arguments, context=context, target_path=run.paths.home / "dbt")
    run.say(station, "")
    for event in invocation.stream():
        _note(run, context, event)
        yield event
    views.remember()


def _told_of_standing(
    models: dg.AssetsDefinition, keys: Collection[dg.AssetKey]
) -> Iterator[dg.MaterializeResult[None]]:
    """What Dagster is told of views that stand, each after those it reads."""
    for key in TopologicalSorter({key: models.asset_deps[key] for key in keys}).static_order():
        if key in keys:
            yield dg.MaterializeResult(asset_key=key, metadata={"view": "stands as it was made"})


def _note(run: Run, context: dg.AssetExecutionContext, event: Any) -> None:
    """What a model's event says of it; a check comes after its model."""
    if isinstance(event, dg.Output):
        run.built.add(context.asset_key_for_output(event.output_name).path[-1])
    elif isinstance(event, dg.AssetMaterialization | dg.MaterializeResult) and event.asset_key is not None:
        run.built.add(event.asset_key.path[-1])
    elif isinstance(event, dg.AssetCheckResult) and event.asset_key is not None:
        is_refused = not event.passed and event.severity is dg.AssetCheckSeverity.ERROR
        run.built -= {event.asset_key.path[-1]} if is_refused else set()
