"""Connector `contract_files`: files that already have the input contract's columns.

One CSV (also .gz), NDJSON or Parquet file per contract table, or a folder of them named as the table, growing; any
subset of the tables. A file of one table may also be given alone. Checking what is in them is landing's.
"""

from __future__ import annotations

from pathlib import Path

from orchestration.lake.contract import ENTITIES, Entity
from orchestration.lake.extract import Extract
from orchestration.sources.extracting import Cursors, Found, SourceFault, contract_spec, rules_of
from orchestration.sources.file_listing import (
    SPREADSHEETS,
    files_below,
    format_of,
    is_being_written,
    split_name,
)
from orchestration.sources.registry_schema import ContractFilesSource
from orchestration.sources.registry_values import did_you_mean


def extracts(source: ContractFilesSource, *, cursors: Cursors | None = None) -> Found:
    """Every file of every contract table, tables in contract order, files in name order.

    Nothing is opened. A path that is not there, and what looks like data but is no table of the contract, come as
    `SourceFault`. `cursors` is not used: landing knows the files it has.
    """
    del cursors
    path = source.path
    if not path.exists():
        yield SourceFault(source.name, "", path.name, "there is no such folder or file: mend `path`, or bring it back")
        return
    entries = [path] if path.is_file() else sorted(path.iterdir(), key=lambda entry: entry.name)
    entries = [entry for entry in entries if not is_being_written(entry)]
    for entity in ENTITIES.values():
        for entry in entries:
            if _table_of(entry) == entity.name:
                yield from _of_table(source, entity, entry)
    for entry in entries:
        if _table_of(entry) not in ENTITIES:
            yield from _strange(source, entry)


def declared(source: ContractFilesSource, name: str, origin: str) -> Extract | None:
    """How rows of the contract table `name` are read today; None where the contract has no such table."""
    if name not in ENTITIES:
        return None
    return Extract(rules=rules_of(source), spec=contract_spec(source, ENTITIES[name]), origin=origin)


def brings(source: ContractFilesSource, entity: str) -> bool:
    """True where the folder now holds anything of that contract table."""
    path = source.path
    entries = [path] if path.is_file() else list(path.iterdir()) if path.is_dir() else []
    return any(_table_of(entry) == entity and not is_being_written(entry) for entry in entries)


def _table_of(entry: Path) -> str:
    return entry.name if entry.is_dir() else split_name(entry)[0]


def _of_table(source: ContractFilesSource, entity: Entity, entry: Path) -> Found:
    folder = source.path if source.path.is_dir() else source.path.parent
    for file in files_below(entry) if entry.is_dir() else [entry]:
        origin, promised = str(file.relative_to(folder)), format_of(file)
        if promised is None:
            hint = "export it as CSV" if file.suffix.lower() in SPREADSHEETS else "CSV, NDJSON and Parquet files are"
            yield SourceFault(source.name, entity.name, origin, f"is no file that can be read: {hint}")
        else:
            spec = contract_spec(source, entity)
            yield Extract(rules=rules_of(source), spec=spec, origin=origin, path=file, format=promised)


def _strange(source: ContractFilesSource, entry: Path) -> Found:
    """Says of data files that no table takes them; other files (a README) are nobody's business."""
    looks_like_data = format_of(entry) is not None or entry.suffix.lower() in SPREADSHEETS
    if looks_like_data or (entry.is_dir() and any(format_of(file) for file in files_below(entry))):
        hint = did_you_mean(_table_of(entry), list(ENTITIES))
        message = f"is not named as a table of the contract and is left aside{hint}"
        yield SourceFault(source.name, "", entry.name, message, is_notice=True)
