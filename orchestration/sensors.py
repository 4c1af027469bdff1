"""New files: a sensor that starts intake when a file of a file source came or changed."""

import hashlib
from pathlib import Path

import dagster as dg

from orchestration.schedules import reason_to_skip
from orchestration.settings import Settings
from orchestration.sources.registry import RegistryRefused, load_registry


def build_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensor on the folders of the registry."""

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

    return [
        dg.SensorDefinition(
            name="new_files",
            job_name="intake",
            minimum_interval_seconds=60,
            description="Starts intake when a file of a file source came or changed.",
            evaluation_fn=look,
        )
    ]


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
