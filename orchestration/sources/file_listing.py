"""Which files of a folder are data: their format by name, in name order, without those still being written.

What the files hold is landing's to find out: a name is believed only as far as choosing who shall try to read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestration.lake.extract import Format

SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".ndjson": "ndjson",
    ".ndjson.gz": "ndjson",
    ".jsonl": "ndjson",
    ".jsonl.gz": "ndjson",
    ".parquet": "parquet",
}
SPREADSHEETS = (".xlsx", ".xls", ".ods")
_UNFINISHED = (".tmp", ".part", ".crdownload", ".filepart", "~")


def is_being_written(path: Path) -> bool:
    """True for hidden files and those whose name says that they are not whole yet."""
    return path.name.startswith((".", "_")) or path.name.lower().endswith(_UNFINISHED)


def split_name(path: Path) -> tuple[str, str]:
    """Name and suffix, where `.csv.gz` is one suffix: `("leads", ".csv.gz")`."""
    lowered = path.name.lower()
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if lowered.endswith(suffix):
            return path.name[: -len(suffix)], suffix
    return path.stem, path.suffix.lower()


def format_of(path: Path) -> Format | None:
    """Format a name promises; None where it promises none that can be read."""
    return SUFFIXES.get(split_name(path)[1])


def files_below(folder: Path) -> Iterator[Path]:
    """Finished files at any depth, in the order of their names; hidden folders are not entered."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if is_being_written(path):
            continue
        if path.is_dir():
            yield from files_below(path)
        elif path.is_file():
            yield path
