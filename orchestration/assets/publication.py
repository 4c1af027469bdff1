"""Publication: every mart, sorted and hashed, put in front of readers in one step; the run's verdict comes with it.

Publishes also where something failed: what was built is new, what was not stays as it was and is named stale.
Files, hashes and links are `lake.publication` and `lake.manifest`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.assets.policy import spec
from orchestration.assets.shown import publication_metadata
from orchestration.assets.signals import JUDGED
from orchestration.failures import print_frames, where
from orchestration.lake.manifest import Manifest, published_tables
from orchestration.lake.publication import Provenance, Publication, publish
from orchestration.model_card_files import MODEL_CARD, card_beside
from orchestration.readiness_notes import champion_version
from orchestration.report_files import REPORT, report_beside
from orchestration.runs import Run
from orchestration.settings import Settings

PUBLISHING = ("daily", "intake")
# The rhythm that leaves what is judged once a day as it was published, and the pages with it.
_LEAVES_JUDGED = "intake"
PUBLISHED = dg.AssetKey(["published", "current"])


def publication_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The publication, below every mart."""
    marts = [[table.schema, table.name] for table in published_tables(settings.dbt_manifest)]

    @dg.multi_asset(
        name="publish",
        specs=[
            spec(
                PUBLISHED.path,
                group="publication",
                kinds=("python", "parquet"),
                description="What readers see: all marts as files, views over them, a manifest. One publication.",
                deps=marts,
            )
        ],
    )
    def step(context: dg.AssetExecutionContext, run: dg.ResourceParam[Run]) -> Iterator[dg.MaterializeResult[None]]:
        run.complete_build()
        publication = publish_run(run, leaves_judged=context.job_name == _LEAVES_JUDGED)
        rows = sum(entry.rows for entry in publication.manifest.derived.values())
        yield dg.MaterializeResult(
            metadata={
                "path": str(publication.path),
                "tables_written": len(publication.written),
                "tables_linked": len(publication.linked),
                "derived_rows": rows,
                **publication_metadata(publication),
                **_report_metadata(publication),
            }
        )
        if run.failures:
            raise dg.Failure(f"published, but {len(run.failures)} things failed: " + "; ".join(run.failures))

    return [step]


@dg.failure_hook(name="note_failed_step", required_resource_keys={"run"})
def note_failed_step(context: dg.HookContext) -> None:
    """Note a failed step on the run. What else can be built is built before anything is published."""
    run: Run = context.resources.run
    if run.published is None:
        run.failed_steps.append(context.op.name)
        run.fail(f"step {context.op.name} failed")


def publish_what_stands(run: Run, job_name: str) -> None:
    """At a job's end: where failed steps kept it from publishing, publish what was built and name the rest stale."""
    if not run.failed_steps or run.published is not None or run.is_historic or job_name not in PUBLISHING:
        return
    if not run.built & {table.name for table in published_tables(run.settings.dbt_manifest)}:
        return
    try:
        publish_run(run, leaves_judged=job_name == _LEAVES_JUDGED)
    except Exception as error:
        run.fail(f"what stands was not published: {where(error)}")
        print_frames(error)


def publish_run(run: Run, *, leaves_judged: bool = False) -> Publication:
    """Publish what this run built; with `leaves_judged` what is judged once a day, and the pages, as before."""
    run.say("publishing", "")
    tables = published_tables(run.settings.dbt_manifest)
    provenance = Provenance(
        as_of=run.as_of,
        code=run.hashes.code,
        criteria=run.hashes.criteria,
        model=champion_version(run.home.models),
        inputs={} if run.is_historic else run.inputs(),
        criteria_versions=run.criteria.hashes(by=run.as_of),
        stale_sources=tuple(run.stale_sources),
        stale_tables=frozenset(table.name for table in tables) - run.built - (JUDGED if leaves_judged else frozenset()),
        kept_tables=JUDGED if leaves_judged else frozenset(),
    )
    run.published = publish(
        warehouse=run.paths.warehouse,
        published=run.home.published,
        tables=tables,
        provenance=provenance,
        moves_link=not run.is_historic,
        beside=_beside(run, leaves_judged=leaves_judged),
    )
    return run.published


def _beside(run: Run, *, leaves_judged: bool) -> Callable[[Path, Manifest], None]:
    """The pages beside the tables; an older as_of gets no card, its model is of today."""
    before = run.before if leaves_judged else None
    writers = [report_beside(run.notices.append, before=before)]
    if not run.is_historic:
        writers.append(card_beside(run.home.models, run.paths.warehouse, run.notices.append, before=before))

    def write(folder: Path, manifest: Manifest) -> None:
        for each in writers:
            each(folder, manifest)

    return write


def _report_metadata(publication: Publication) -> dict[str, dg.MetadataValue[Any]]:
    report = publication.path / REPORT
    if not report.exists():
        return {"report": dg.MetadataValue.text("not made; the check report_is_made says more")}
    shown = {"report": dg.MetadataValue.path(report), "report_url": dg.MetadataValue.url(report.as_uri())}
    page = publication.path / MODEL_CARD
    return {**shown, "model_card": dg.MetadataValue.path(page)} if page.exists() else shown
