"""Sensors: new files start intake; a write to a CRM that waits too long fails its check, and passes it again after."""

import hashlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import dagster as dg

from orchestration.criteria_files import Criteria, CriteriaError, load_criteria
from orchestration.lake.outbox import Outbox
from orchestration.schedules import reason_to_skip
from orchestration.settings import Settings
from orchestration.sources.registry import RegistryRefused, load_registry
from orchestration.waiting import waits
from orchestration.write_checks import RECEIPTS, WAITING


def build_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensor on the folders of the registry, and the one on the outbox."""
    return [_new_files(settings), _waiting_writes(settings)]


def _new_files(settings: Settings) -> dg.SensorDefinition:
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        reason = reason_to_skip(settings, context.instance)
        if reason or settings.sources is None:
            return dg.SkipReason(reason)
        try:
            seen = listing_hash(settings.sources)
        except RegistryRefused as refused:
            return dg.SkipReason(f"the registry is refused: {refused}")
        if seen == context.cursor:
            return dg.SkipReason("no new file")
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=seen, tags={"rhythm": "new_files"})], cursor=seen)

    return dg.SensorDefinition(
        name="new_files",
        job_name="intake",
        minimum_interval_seconds=60,
        description="Starts intake when a file of a file source came or changed.",
        evaluation_fn=look,
    )


def _waiting_writes(settings: Settings) -> dg.SensorDefinition:
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if settings.sources is None or not settings.outbox.exists():
            return dg.SkipReason("nothing was ever sent")
        try:
            registry = load_registry(settings.sources)
            with closing(Outbox(settings.outbox)) as outbox:
                late = [each for each in waits(outbox, registry, _criteria(settings)) if each.is_too_long]
        except (RegistryRefused, CriteriaError) as refused:
            return dg.SkipReason(f"the registry or the criteria are refused: {refused}")
        said = ", ".join(sorted(each.destination for each in late))
        if said == (context.cursor or ""):
            return dg.SkipReason(f"too long still: {said}" if said else "no write waits too long")
        for each in late:
            context.log.error(str(each))
        check = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(RECEIPTS),
            check_name=WAITING,
            passed=not late,
            severity=dg.AssetCheckSeverity.ERROR,
            metadata={each.destination: str(each) for each in late},
        )
        return dg.SensorResult(asset_events=[check], cursor=said)

    return dg.SensorDefinition(
        name="waiting_writes",
        asset_selection=dg.AssetSelection.assets(RECEIPTS),
        minimum_interval_seconds=60,
        description="Fails the check on receipts while the oldest unsent write waits too long.",
        evaluation_fn=look,
    )


def _criteria(settings: Settings) -> Callable[[], Criteria]:
    return lambda: load_criteria(settings.criteria)


def listing_hash(registry_file: Path) -> str:
    """Hash over names, sizes and times of the files of all file sources. Raises RegistryRefused."""
    registry = load_registry(registry_file)
    digest = hashlib.sha256()
    for name, source in sorted(registry.sources.items()):
        path = getattr(source, "path", None)
        if path is None:
            continue
        files = [path] if path.is_file() else sorted(found for found in path.rglob("*") if found.is_file())
        for file in files:
            stat = file.stat()
            digest.update(f"{name}\0{file.relative_to(path.parent)}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
