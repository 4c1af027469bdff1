"""Landing: one step per staging folder, whose outputs are the very tables dbt reads as sources.

A source that fails stops neither the others nor the run: what it could land lands, the fault is recorded, and the run
ends as failed. How rows are read and checked is `orchestration.sources` and `orchestration.lake`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from orchestration.assets.policy import source_specs
from orchestration.lake.accounting import land_accounting
from orchestration.lake.landing import LandingResult, RunContext, land, last_cursor, prepare_home
from orchestration.lake.run_rows import RunRow, write_run_rows
from orchestration.lake.vault import Vault, load_key
from orchestration.runs import Run
from orchestration.sources.connectors import land_source, source_rows

GROUP = "landing"
NOT_LANDED_FROM_SOURCES = frozenset({"criteria", "handoff", "run"})
RUN_FOLDER = "run"


def landing_assets(manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """One multi-asset per staging folder of the dbt project, one for the run's own rows, one for the accounting."""
    folders = {node["source_name"] for node in manifest["sources"].values()}
    from_sources = sorted(folders - NOT_LANDED_FROM_SOURCES)
    steps = [_folder_step(folder, source_specs(manifest, folder, group=GROUP)) for folder in from_sources]
    keys = [key for step in steps for key in step.keys]
    return [*steps, _run_step(source_specs(manifest, RUN_FOLDER, group=GROUP)), _accounting_step(manifest, keys)]


def _folder_step(folder: str, specs: Sequence[dg.AssetSpec]) -> dg.AssetsDefinition:
    @dg.multi_asset(name=f"land_{folder}", specs=specs)
    def step(context: dg.AssetExecutionContext, run: dg.ResourceParam[Run]) -> Iterator[dg.MaterializeResult]:
        landed = land_folder(context, run, folder)
        for spec in specs:
            results = [result for result in landed if result.accounting.object == spec.key.path[-1]]
            yield dg.MaterializeResult(spec.key, metadata=_counts(results))

    return step


def land_folder(context: dg.AssetExecutionContext, run: Run, folder: str) -> list[LandingResult]:
    """Land every source of a folder; what fails is noted on the run and logged, without values."""
    results: list[LandingResult] = []
    sources = [source for source in run.registry.sources.values() if source.folder == folder]
    if not sources:
        return results
    key = load_key(run.paths, from_env=run.settings.vault_key)
    moment = RunContext(run.run_no, run.as_of, datetime.now(UTC).replace(tzinfo=None))
    with closing(Vault.open(run.paths, key)) as vault:
        prepare_home(run.paths, vault)
        for source in sources:
            outcome = land_source(
                source,
                land=lambda extract: land(extract, paths=run.paths, run=moment, vault=vault, key=key),
                cursors=lambda spec, origin, name=source.name: last_cursor(
                    run.paths, folder=spec.folder, name=spec.name, source=name, origin=origin
                ),
            )
            results.extend(outcome.results)
            for fault in outcome.faults:
                (context.log.info if fault.is_notice else context.log.error)(str(fault))
                if not fault.is_notice:
                    run.fail(str(fault), source=source.name)
    run.landed_batches += sum(result.status == "landed" for result in results)
    return results


def _counts(results: Sequence[LandingResult]) -> dict[str, int]:
    names = ("rows_read", "rows_landed", "rows_duplicate", "rows_quarantined", "rows_backdated")
    counts = {name: sum(getattr(result.accounting, name) for result in results) for name in names}
    return {**counts, "batches": sum(result.status == "landed" for result in results)}


def _run_step(specs: Sequence[dg.AssetSpec]) -> dg.AssetsDefinition:
    @dg.multi_asset(name="land_run", specs=specs)
    def step(run: dg.ResourceParam[Run]) -> Iterator[dg.MaterializeResult]:
        last = None if run.full_build_reason else run.log.last_completed()
        row = RunRow(
            as_of=run.as_of,
            run_no=run.run_no,
            built_as_of=last.as_of if last else None,
            built_run_no=last.run_no if last else None,
            seed=run.settings.seed,
        )
        write_run_rows(run.paths, run=row, sources=source_rows(run.registry))
        for spec in specs:
            yield dg.MaterializeResult(spec.key, metadata={"as_of": run.as_of.isoformat(), "run_no": run.run_no})

    return step


def _accounting_step(manifest: Mapping[str, Any], landed: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    specs = source_specs(manifest, "handoff", tables=("load_accounting",), group=GROUP, deps=landed)

    @dg.multi_asset(name="account_for_loads", specs=specs)
    def step(run: dg.ResourceParam[Run]) -> dg.MaterializeResult:
        land_accounting(run.paths, RunContext(run.run_no, run.as_of, datetime.now(UTC).replace(tzinfo=None)))
        return dg.MaterializeResult(specs[0].key, metadata={"batches_landed": run.landed_batches})

    return step
