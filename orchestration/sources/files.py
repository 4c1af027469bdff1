"""Connector `files`: any tabular files, each object declared in the registry in full.

The registry says which files an object has, its key, columns, types and date formats; what of a column passes the
door follows from the declaration. Renaming into the contract is the staging folder's work in dbt.
"""

from __future__ import annotations

from pathlib import Path

from orchestration.lake.contract import Door
from orchestration.lake.extract import ColumnSpec, Extract, Format, ObjectSpec
from orchestration.sources.extracting import Cursors, Found, SourceFault, rules_of
from orchestration.sources.file_listing import files_below, format_of, is_being_written
from orchestration.sources.registry_schema import FileColumn, FileObject, FilesSource

_DOORS: dict[str, Door] = {
    "email": "token",
    "phone": "token",
    "anonymous_id": "web_token",
    "click_id": "web_token",
    "path": "page",
    "postal_area": "postal",
}


def extracts(source: FilesSource, *, cursors: Cursors | None = None) -> Found:
    """Every file of every declared object, objects in the registry's order, files in name order.

    Nothing is opened. A path that is not there, and an object of which there is no file, come as `SourceFault`.
    `cursors` is not used: landing knows the files it has.
    """
    del cursors
    if not source.path.exists():
        message = "there is no such folder or file: mend `path`, or bring it back"
        yield SourceFault(source.name, "", source.path.name, message)
        return
    for name, declared in source.objects.items():
        spec = object_spec(source, name, declared)
        found = matching_files(source.path, declared)
        if not found:
            yield _absent(source, name, declared)
        for file in found:
            yield _extract(source, spec, declared, file)


def _absent(source: FilesSource, name: str, declared: FileObject) -> SourceFault:
    """A file named outright must be there; a folder that grows may have nothing yet, or nothing any more."""
    wanted = ", ".join(declared.files)
    grows = any(set(pattern) & set("*?[") for pattern in declared.files)
    message = f"holds no file {wanted}: bring it, or mend `files`"
    return SourceFault(source.name, name, source.path.name, message, is_notice=grows)


def matching_files(path: Path, declared: FileObject) -> list[Path]:
    """Finished files of an object in the order of their names below the source's path."""
    if path.is_file():
        return [path] if any(path.match(pattern) for pattern in declared.files) else []
    chosen = {file for pattern in declared.files for file in path.glob(pattern)}
    return [file for file in files_below(path) if file in chosen and not is_being_written(file)]


def object_spec(source: FilesSource, name: str, declared: FileObject) -> ObjectSpec:
    """An object as landing checks it: columns under their own names, doors as declared."""
    known_at = declared.known_at or ("known_at" if "known_at" in declared.columns else None)
    return ObjectSpec(
        folder=source.folder,
        name=name,
        columns=tuple(_column(source, declared, name, column) for name, column in declared.columns.items()),
        key=declared.key,
        event_time=declared.event_time,
        known_at=known_at,
        is_reference=declared.reference or (declared.event_time is None and known_at is None),
        one_of=declared.one_of,
    )


def _column(source: FilesSource, declared: FileObject, name: str, column: FileColumn) -> ColumnSpec:
    door: Door = _DOORS[column.passes_as] if column.passes_as else "pass"
    if column.type == "free_text" and name not in source.codes:
        door = "free_text"
    if column.identifier or (name in source.identifiers and door == "pass"):
        door = "vault"
    return ColumnSpec(
        name=name,
        landed=_landed(name, column, door),
        type="text" if column.type == "free_text" else column.type,
        required=column.required or name in declared.key,
        optional=column.optional,
        door=door,
        allowed=column.values,
        formats=column.formats,
    )


def _landed(name: str, column: FileColumn, door: Door) -> str | None:
    """Own name, but tokens are named after what they stand for: so those of different files can be told equal."""
    if door == "vault":
        return None
    if door in ("token", "web_token"):
        return f"{str(column.passes_as).removesuffix('_id')}_token"
    return name


def declared(source: FilesSource, name: str, origin: str) -> Extract | None:
    """How rows of the object `name` are read today; None where the registry declares it no longer."""
    found = source.objects.get(name)
    if found is None:
        return None
    return Extract(rules=rules_of(source), spec=object_spec(source, name, found), origin=origin, header=_header(found))


def _header(declared: FileObject) -> tuple[str, ...]:
    """Names for files that have none."""
    return () if declared.header else tuple(declared.columns)


def _extract(source: FilesSource, spec: ObjectSpec, declared: FileObject, file: Path) -> Extract:
    folder = source.path if source.path.is_dir() else source.path.parent
    promised: Format = declared.format or format_of(file) or "csv"
    return Extract(
        rules=rules_of(source),
        spec=spec,
        origin=str(file.relative_to(folder)),
        path=file,
        format=promised,
        header=_header(declared),
    )
