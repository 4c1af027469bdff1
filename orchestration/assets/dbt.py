"""dbt: every model and test of the project, built part by part (`dbt_parts`), a CRM's reader before a report's.

What a model means stands in dbt_project. Here are the arguments, and what the run remembers of the outcome.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from orchestration.assets.dbt_parts import parts_of, tests_of
from orchestration.runs import Run
from orchestration.standing_views import look_at_views

# Dagster takes the step of the higher priority where several could go on: what is only reported waits for the CRM.
_WAITS = {"dagster/priority": "-1"}


def dbt_models(manifest: Path) -> list[dg.AssetsDefinition]:
    """The dbt project, one asset definition a part."""
    told = json.loads(manifest.read_text(encoding="utf-8"))
    tests = tests_of(told)
    return [_part(manifest, part, names, tests) for part, names in parts_of(told).items()]


def _part(
    manifest: Path, part: str, models: Collection[str], tests: Mapping[str, Collection[str]]
) -> dg.AssetsDefinition:
    tags = _WAITS if part.startswith("for_reports") else None

    @dbt_assets(manifest=manifest, name=f"dbt_{part}", select=" ".join(models), op_tags=tags)
    def step(context: dg.AssetExecutionContext, dbt: DbtCliResource, run: dg.ResourceParam[Run]) -> Iterator[Any]:
        if run.is_unchanged:
            context.log.info("nothing landed, and as_of, code, criteria and registry are the last publication's")
            return
        run.begin_build()
        yield from build(context, dbt, run, tests)

    return step


def build(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, run: Run, tests: Mapping[str, Collection[str]]
) -> Iterator[Any]:
    """Build this step's models with their tests; a model whose own test fails does not count as built."""
    arguments = ["build", "--exclude-resource-type", "unit_test", "--indirect-selection", "eager"]
    if run.full_build_reason:
        context.log.info(f"full build: {run.full_build_reason}")
        arguments.append("--full-refresh")
    keys = [key for key in context.selected_asset_keys if key.path[0] == "staging"]
    views = look_at_views(run.paths, [key.path[-1] for key in keys])
    left_out = _too_early(context, run, tests)
    if views.stand and not run.full_build_reason:
        left_out.append("path:models/staging")
        yield from _told_of_standing(context.assets_def, keys)
    if left_out:
        arguments += ["--exclude", " ".join(left_out)]
    station = f"dbt, {len(context.selected_asset_keys)} models"
    invocation = dbt.cli(arguments, context=context, target_path=run.paths.home / "dbt")
    run.say(station, "")
    for event in invocation.stream():
        _note(run, context, event)
        yield event
    views.remember()


def _too_early(context: dg.AssetExecutionContext, run: Run, tests: Mapping[str, Collection[str]]) -> list[str]:
    """Tests that read models of this step and of one to come: they wait for that one, where all are there."""
    here = {key.path[-1] for key in context.selected_asset_keys}
    chosen = context.run.asset_selection or context.job_def.asset_layer.selected_asset_keys
    to_come = {key.path[-1] for key in chosen} - here - run.built
    return sorted(name for name, models in tests.items() if here & set(models) and to_come & set(models))


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
