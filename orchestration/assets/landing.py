"""Landing: one step per staging folder, whose outputs are the very tables dbt reads as sources.

A source that fails stops neither the others nor the run: what it could land lands, the fault is recorded, and the run
ends as failed. How rows are read and checked is `orchestration.sources` and `orchestration.lake`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import Any

import dagster as dg

from orchestration.assets.policy import source_specs
from orchestration.lake.accounting import land_accounting
from orchestration.lake.batches import last_cursor
from orchestration.lake.extract import Extract, ObjectSpec
from orchestration.lake.landing import LandingResult, RunContext, is_new, land, prepare_home
from orchestration.lake.quarantine import note_refusals
from orchestration.lake.refusal import FileRefused
from orchestration.lake.run_rows import RunRow, write_run_rows
from orchestration.lake.vault import Vault, load_key
from orchestration.replaying import replay_changed
from orchestration.runs import Run
from orchestration.sources.connectors import land_source, source_rows
from orchestration.sources.extracting import Cursors

GROUP = "landing"
NOT_LANDED_FROM_SOURCES = frozenset({"criteria", "handoff", "run"})
KEPT_BY_THE_RUN = ("load_accounting", "earlier_scores", "earlier_routes", "earlier_conflicts")


def landing_assets(manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """One multi-asset per staging folder of the dbt project, and one for what a run says of itself."""
    folders = {node["source_name"] for node in manifest["sources"].values()}
    steps = [
        _folder_step(folder, source_specs(manifest, folder, group=GROUP))
        for folder in sorted(folders - NOT_LANDED_FROM_SOURCES)
    ]
    of_the_run = source_specs(manifest, "run", group=GROUP)
    of_the_run += source_specs(manifest, "handoff", tables=KEPT_BY_THE_RUN, group=GROUP)
    return [*steps, _run_step(of_the_run)]


def _folder_step(folder: str, specs: Sequence[dg.AssetSpec]) -> dg.AssetsDefinition:
    @dg.multi_asset(name=f"land_{folder}", specs=specs)
    def step(context: dg.AssetExecutionContext, run: dg.ResourceParam[Run]) -> Iterator[dg.MaterializeResult[None]]:
        landed = land_folder(context, run, folder)
        for spec in specs:
            results = [result for name, result in landed if name == spec.key.path[-1]]
            yield dg.MaterializeResult(asset_key=spec.key, metadata=_counts(results))

    return step


def land_folder(context: dg.AssetExecutionContext, run: Run, folder: str) -> list[tuple[str, LandingResult]]:
    """Land every source of a folder; what fails is noted on the run and logged, without values.

    Returns the object's name and what came of it, for each extract.
    """
    results: list[tuple[str, LandingResult]] = []
    sources = [source for source in run.registry.sources.values() if source.folder == folder]
    if not sources:
        return results
    key = load_key(run.paths, from_env=run.settings.vault_key)
    with closing(Vault.open(run.paths, key)) as vault:
        prepare_home(run.paths, vault)
        for source in sources:
            run.say("landing", source.name)
            run.landed_batches += _read_again(run, vault, key, source.name)
            refused: list[FileRefused] = []
            outcome = land_source(
                source,
                land=_lander(run, vault, key, refused),
                cursors=_cursors(run, source.name),
                is_new=partial(is_new, paths=run.paths),
            )
            note_refusals(vault, source.name, refused, run.as_of)
            results.extend(outcome.results)
            for fault in outcome.faults:
                (context.log.info if fault.is_notice else context.log.error)(str(fault))
                if fault.is_notice:
                    run.notices.append(str(fault))
                else:
                    run.fail(str(fault), source=source.name)
    land_accounting(run.paths, run.run_no)
    run.landed_batches += sum(result.status == "landed" for _, result in results)
    return results


def _read_again(run: Run, vault: Vault, key: bytes, source: str) -> int:
    """Rows set aside earlier that today's registry may read land before what is new; returns how many batches did."""
    done = list(replay_changed(run, vault, key, source))
    run.notices.extend(str(each) for each in done)
    return sum(each.result is not None and each.result.batch_id is not None for each in done)


def _lander(
    run: Run, vault: Vault, key: bytes, refused: list[FileRefused]
) -> Callable[[Extract], tuple[str, LandingResult]]:
    moment = RunContext(run.run_no, run.as_of, datetime.now(UTC).replace(tzinfo=None))

    def lander(extract: Extract) -> tuple[str, LandingResult]:
        try:
            result = land(extract, paths=run.paths, run=moment, vault=vault, key=key)
        except FileRefused as error:
            if not extract.joined:
                refused.append(error)
            raise
        run.notices.extend(_set_aside(extract, result))
        return extract.spec.name, result

    return lander


def _set_aside(extract: Extract, result: LandingResult) -> list[str]:
    """What of a batch did not come through, by reason and name, never by value: a lost row may be a lost lead."""
    said = result.accounting
    if result.status != "landed":
        return []
    lines = []
    if said.rows_quarantined:
        unread = f"{said.rows_quarantined} of {said.rows_read} rows cannot be read and wait in the vault"
        lines.append(f"{unread}: {_counted(said.reasons)}")
    if said.unknown_columns:
        lines.append(f"columns nobody declared went to the vault: {', '.join(said.unknown_columns)}")
    if said.unmapped_stages:
        lines.append(f"stage labels the registry does not map: {_counted(said.unmapped_stages)}")
    if said.days_withheld:
        lines.append(
            f"{said.days_withheld} restated days keep rows they no longer hold: a row whose key cannot be read may be "
            "one of them; mend it and deliver the days again"
        )
    return [f"{extract.rules.source}.{extract.spec.name}, {extract.origin}: {line}" for line in lines]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} x {count}" for name, count in sorted(counts.items()))


def _cursors(run: Run, source: str) -> Cursors:
    def cursors(spec: ObjectSpec, origin: str) -> str | None:
        return last_cursor(run.paths, folder=spec.folder, name=spec.name, source=source, origin=origin)

    return cursors


def _counts(results: Sequence[LandingResult]) -> dict[str, int]:
    names = ("rows_read", "rows_landed", "rows_duplicate", "rows_quarantined", "rows_backdated", "rows_withdrawn")
    counts = {name: sum(getattr(result.accounting, name) for result in results) for name in names}
    return {**counts, "batches": sum(result.status == "landed" for result in results)}


def _run_step(specs: Sequence[dg.AssetSpec]) -> dg.AssetsDefinition:
    """The run's own rows. It depends on no folder, so that dbt builds on all of them in one go."""

    @dg.multi_asset(name="land_run", specs=specs)
    def step(run: dg.ResourceParam[Run]) -> Iterator[dg.MaterializeResult[None]]:
        last = None if run.full_build_reason else run.log.last_completed()
        row = RunRow(
            as_of=run.as_of,
            run_no=run.run_no,
            built_as_of=last.as_of if last else None,
            built_run_no=last.run_no if last else None,
            seed=run.settings.seed,
        )
        write_run_rows(run.paths, run=row, sources=source_rows(run.registry))
        if not run.is_historic:
            land_accounting(run.paths, run.run_no)
        for spec in specs:
            yield dg.MaterializeResult(
                asset_key=spec.key, metadata={"as_of": run.as_of.isoformat(), "run_no": run.run_no}
            )

    return step
