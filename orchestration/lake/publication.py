"""Publications: one folder of sorted Parquet files, views over them and a manifest, swapped in by one atomic link.

Readers resolve `published/current` once and read on undisturbed: no table of a publication changes after its manifest
is written, unchanged tables are hard links to the publication before, and a replaced publication stays for a day.
What a table's hash covers is `manifest.py`; the run's outcome is the assets' business.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from orchestration.lake.manifest import Canonical, Entry, Manifest, Table, canonicalise, iso

KEPT = timedelta(hours=24)
LINK = "current"
# Sorting a table of ten million rows takes what it is given; beyond this it spills beside the warehouse.
_MEMORY = "3GB"
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Provenance:
    """What a publication is made from. `stale_sources` failed in this run; `stale_tables` were not built by it, and
    `kept_tables` were not to be: what is published less often than the rest.
    """

    as_of: datetime
    code: str
    criteria: str
    model: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    criteria_versions: Mapping[str, str] = field(default_factory=dict)
    stale_sources: Sequence[str] = ()
    stale_tables: frozenset[str] = frozenset()
    kept_tables: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Publication:
    """One complete publication on disk."""

    path: Path
    manifest: Manifest
    written: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()


def current_publication(published: Path) -> Publication | None:
    """The publication readers see now, or None."""
    link = published / LINK
    if not link.is_symlink():
        return None
    path = link.resolve()
    return Publication(path, Manifest.read(path / _MANIFEST))


def publish(
    *,
    warehouse: Path,
    published: Path,
    tables: Sequence[Table],
    provenance: Provenance,
    moves_link: bool = True,
    beside: Callable[[Path, Manifest], None] | None = None,
) -> Publication:
    """Export every table of a warehouse and, with `moves_link`, make it what readers see.

    Tables named stale or kept are taken over from the publication before, with the as_of they had there; where there is
    none they are left out, and named stale. `beside` may add files to the publication before any reader sees it, its
    tables and manifest being what they will be. The caller holds the lease. Raises duckdb.Error where a table that is
    not stale cannot be read.
    """
    published.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = current_publication(published)
    path = _new_folder(published)
    entries: dict[str, dict[str, Entry]] = {"derived": {}, "operational": {}}
    written, linked = [], []
    with duckdb.connect(str(warehouse), read_only=True, config={"memory_limit": _MEMORY}) as connection:
        for table in tables:
            if table.name in provenance.stale_tables | provenance.kept_tables:
                if before and _take_over(table.name, before, path, entries):
                    linked.append(table.name)
                continue
            canonical = canonicalise(connection, table)
            found = _entries(canonical, iso(provenance.as_of))
            if before and _is_unchanged(table.name, found, before):
                _link_table(before.path, path, table.name)
                linked.append(table.name)
            else:
                _export(connection, canonical.export, path / "marts" / f"{table.name}.parquet")
                written.append(table.name)
            for section, entry in found.items():
                entries[section][table.name] = entry
    _write_views(path, [*written, *linked])
    manifest = _manifest(provenance, entries)
    if beside is not None:
        beside(path, manifest)
    manifest.write(path / _MANIFEST)
    _settle(path)
    if moves_link:
        _move_link(published, path)
    remove_old_publications(published)
    return Publication(path, manifest, tuple(written), tuple(linked))


def remove_old_publications(published: Path, *, kept: timedelta = KEPT) -> list[str]:
    """Remove what was replaced longer than `kept` ago, and what never got its manifest. Returns the names."""
    link = published / LINK
    in_use = link.resolve() if link.is_symlink() else None
    removed = []
    for path in sorted(published.iterdir()):
        if path.is_symlink() or not path.is_dir() or path == in_use:
            continue
        is_whole = (path / _MANIFEST).exists()
        if is_whole and time.time() - path.stat().st_mtime < kept.total_seconds():
            continue
        doomed = path.with_name(f".removed-{path.name.removeprefix('.removed-')}")
        path.rename(doomed)
        shutil.rmtree(doomed)
        removed.append(path.name)
    return removed


def _new_folder(published: Path) -> Path:
    path = published / datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    (path / "marts").mkdir(parents=True, mode=0o700)
    return path


def _entries(canonical: Canonical, as_of: str) -> dict[str, Entry]:
    return {section: Entry(canonical.rows, sha256, as_of) for section, sha256 in canonical.sections.items()}


def _is_unchanged(name: str, found: Mapping[str, Entry], before: Publication) -> bool:
    sections = {"derived": before.manifest.derived, "operational": before.manifest.operational}
    known = {section: entries[name] for section, entries in sections.items() if name in entries}
    return known.keys() == found.keys() and all(
        (known[section].rows, known[section].sha256) == (entry.rows, entry.sha256) for section, entry in found.items()
    )


def _take_over(name: str, before: Publication, path: Path, entries: dict[str, dict[str, Entry]]) -> bool:
    sections = {"derived": before.manifest.derived, "operational": before.manifest.operational}
    held = {section: known[name] for section, known in sections.items() if name in known}
    for section, entry in held.items():
        entries[section][name] = entry
    if held:
        _link_table(before.path, path, name)
    return bool(held)


def _link_table(source: Path, target: Path, name: str) -> None:
    os.link(source / "marts" / f"{name}.parquet", target / "marts" / f"{name}.parquet")


def _export(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    connection.execute(f"copy ({query}) to '{_literal(path)}' (format parquet, compression zstd)")
    path.chmod(0o600)
    _sync(path)


def _write_views(path: Path, names: Sequence[str]) -> None:
    """Write the database SQL clients open: its views name this publication's own files, not the link."""
    target = path / "warehouse.duckdb"
    with duckdb.connect(str(target)) as connection:
        connection.execute("create schema marts")
        for name in sorted(names):
            file = _literal(path.resolve() / "marts" / f"{name}.parquet")
            connection.execute(f"create view marts.\"{name}\" as select * from read_parquet('{file}')")
    target.chmod(0o600)
    _sync(target)


def _manifest(provenance: Provenance, entries: Mapping[str, Mapping[str, Entry]]) -> Manifest:
    absent = provenance.kept_tables.difference(*entries.values())
    return Manifest(
        as_of=iso(provenance.as_of),
        code=provenance.code,
        criteria=provenance.criteria,
        model=provenance.model,
        derived=entries["derived"],
        operational=entries["operational"],
        inputs=dict(provenance.inputs),
        criteria_versions=dict(provenance.criteria_versions),
        stale={"sources": sorted(provenance.stale_sources), "tables": sorted(provenance.stale_tables | absent)},
    )


def _settle(path: Path) -> None:
    (path / _MANIFEST).chmod(0o600)
    for place in (path / _MANIFEST, path / "marts", path, path.parent):
        _sync(place)


def _move_link(published: Path, path: Path) -> None:
    link = published / LINK
    if link.is_symlink() and link.resolve().is_dir():
        # A publication's age counts from the moment it is replaced: until then readers may have just opened it.
        os.utime(link.resolve())
    fresh = published / ".current-new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(path.name)
    os.replace(fresh, link)
    _sync(published)


def _literal(path: Path) -> str:
    return str(path).replace("'", "''")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
