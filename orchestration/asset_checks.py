"""Checks on what Python makes; dbt's own tests are checks of its models already."""

import dagster as dg
import duckdb
import pyarrow.parquet as pq

from orchestration.assets.publication import PUBLISHED
from orchestration.assets.readiness import CHAMPION
from orchestration.lake.publication import current_publication
from orchestration.readiness_notes import latest_alarms
from orchestration.report_files import NOT_MADE, REPORT
from orchestration.runs import Run
from orchestration.write_checks import build_write_checks

_ACCOUNTING = ["handoff", "load_accounting"]
# Check → names of alarms it stands for, and what it promises.
_ALARMS = {
    "readiness_knows_nothing_beforehand": (
        ("leak", "leaking_feature"),
        "No model, and no column alone, tells outcomes too well to have known them beforehand.",
    ),
    "readiness_forecasts_what_comes": (
        ("predicted_over_actual", "predicted_over_actual_of_group"),
        "As many leads become SQL as forecast, within 0.8 to 1.25 and chance.",
    ),
    "readiness_data_hold_still": (
        ("base_rate_moved", "feature_moved"),
        "Base rate and features of the newest leads are as they were in training.",
    ),
}


def build_asset_checks() -> list[dg.AssetChecksDefinition]:
    """All of them."""
    return [
        _loads_add_up(),
        _publication_is_whole(),
        _report_is_made(),
        *build_write_checks(),
        *(_readiness_without(kind, *said) for kind, said in _ALARMS.items()),
    ]


def _readiness_without(name: str, alarms: tuple[str, ...], promise: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=CHAMPION, name=name, description=promise)
    def check(run: dg.ResourceParam[Run]) -> dg.AssetCheckResult:
        found = [alarm for alarm in latest_alarms(run.home.models) if alarm["name"] in alarms]
        return dg.AssetCheckResult(
            passed=not found,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={f"{place}_{alarm['severity']}": alarm["words"] for place, alarm in enumerate(found, start=1)},
        )

    return check


def _loads_add_up() -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=_ACCOUNTING, description="Rows read = landed + duplicates + quarantined, in every batch.")
    def loads_add_up(run: dg.ResourceParam[Run]) -> dg.AssetCheckResult:
        folder = run.home.objects("handoff", "load_accounting")
        files = [str(file) for file in folder.rglob("*.parquet")]
        if not files:
            return dg.AssetCheckResult(passed=True, metadata={"batches": 0})
        with duckdb.connect() as connection:
            row = connection.execute(
                "select count(*), count(*) filter (rows_read <> rows_landed + rows_duplicate + rows_quarantined) "
                "from read_parquet(?, union_by_name = true)",
                [files],
            ).fetchone()
        batches, wrong = row or (0, 0)
        return dg.AssetCheckResult(passed=wrong == 0, metadata={"batches": batches, "wrong": wrong})

    return loads_add_up


def _publication_is_whole() -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=PUBLISHED, description="Every table of the manifest has its file with as many rows.")
    def publication_is_whole(run: dg.ResourceParam[Run]) -> dg.AssetCheckResult:
        publication = run.published or current_publication(run.home.published)
        if publication is None:
            return dg.AssetCheckResult(passed=False, metadata={"reason": "nothing is published"})
        entries = {**publication.manifest.operational, **publication.manifest.derived}
        wrong = [
            name
            for name, entry in entries.items()
            if pq.read_metadata(publication.path / "marts" / f"{name}.parquet").num_rows != entry.rows
        ]
        return dg.AssetCheckResult(passed=not wrong, metadata={"tables": len(entries), "wrong": ", ".join(wrong)})

    return publication_is_whole


def _report_is_made() -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=PUBLISHED, description="The publication holds its report; without one it stands all the same."
    )
    def report_is_made(run: dg.ResourceParam[Run]) -> dg.AssetCheckResult:
        publication = run.published or current_publication(run.home.published)
        report = publication.path / REPORT if publication else None
        is_made = report is not None and report.exists()
        told = [notice for notice in run.notices if notice.startswith(NOT_MADE)]
        metadata = {"report": str(report)} if is_made else {"reason": "; ".join(told) or "there is no report"}
        return dg.AssetCheckResult(passed=is_made, severity=dg.AssetCheckSeverity.WARN, metadata=metadata)

    return report_is_made
