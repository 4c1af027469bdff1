"""Opens what an extract names: its rows in blocks, and whether its files are the same as before.

`digests_of` tells bytes apart, `is_landed` whether they landed already, `fingerprint` whether a file changed while it
was read. What the readers make of a file stands in `csv_rows`, `other_rows`, and in connectors that bring their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from orchestration.lake.batch_writer import Tally
from orchestration.lake.batches import BatchNote
from orchestration.lake.csv_rows import read_csv_rows
from orchestration.lake.extract import Extract
from orchestration.lake.header import unknown_names
from orchestration.lake.other_rows import read_batch_rows, read_ndjson_rows, read_parquet_rows
from orchestration.lake.prefetch import prefetch
from orchestration.lake.private_files import hash_file
from orchestration.lake.rows import RowBlock
from orchestration.lake.sniff import refuse, sniff

Opened = tuple[Sequence[str], Iterator[RowBlock]]
_READERS: dict[str, Callable[[Extract], Opened]] = {
    "csv": read_csv_rows,
    "ndjson": read_ndjson_rows,
    "parquet": read_parquet_rows,
}


def open_rows(extract: Extract) -> Opened:
    """Names and rows. Files are read ahead in a thread of their own; systems are not, their handles may not travel."""
    if not extract.files:
        return read_batch_rows(extract)
    names, blocks = (extract.reader or _READERS[sniff(extract)])(extract)
    return names, prefetch(blocks)


def undeclared_columns(extract: Extract) -> tuple[str, ...]:
    """Columns of files that nobody declared, by their beginning alone; NDJSON names its own row by row.

    A system gives only what was asked of it: none. Raises FileRefused as landing would.
    """
    if not extract.files:
        return ()
    names, _ = (extract.reader or _READERS[sniff(extract)])(extract)
    return unknown_names(extract, names)


def digests_of(extract: Extract) -> Mapping[str, str]:
    """SHA-256 of the files of each of its deliveries, by name, in their order; empty for a system.

    Raises
    ------
    FileRefused
        If a file is gone.
    """
    return {each.delivery_name: _digest(each) for each in extract.deliveries if each.files}


def _digest(extract: Extract) -> str:
    for file in extract.files:
        if not file.is_file():
            refuse(extract, "missing_file", "the file is gone: list the folder again")
    return digest_of_all([hash_file(file) for file in extract.files])


def digest_of_all(digests: Collection[str]) -> str:
    """One digest for several, in their order."""
    return "".join(digests) if len(digests) == 1 else hashlib.sha256("|".join(digests).encode()).hexdigest()


def is_landed(extract: Extract, digests: Mapping[str, str], notes: Sequence[BatchNote]) -> bool:
    """Whether these bytes have nothing to say that the lake does not hold.

    A file that went back to what it said before says it anew, and so does a delivery that restates days: of them only
    the last word counts. Under another name, the same bytes are a copy.
    """
    if not digests:
        return False
    if extract.restates is None:
        said = [
            (note.file_sha256, note.reading) for note in notes if note.origin == extract.origin and not note.replays
        ]
        said = said[-1:] or [(note.file_sha256, note.reading) for note in notes]
        return (*digests.values(), extract.reading) in said
    last = {name: (digest, note.reading) for note in notes for name, digest in note.deliveries.items()}
    return all(last.get(name) == (digest, extract.reading) for name, digest in digests.items())


def fingerprint(extract: Extract) -> tuple[tuple[int, int], ...]:
    """Size and time of each file: they change when somebody writes while it is read."""
    stats = [file.stat() for file in extract.files]
    return tuple((stat.st_size, stat.st_mtime_ns) for stat in stats)


def refuse_if_none_readable(extract: Extract, tally: Tally) -> None:
    """Raise FileRefused for files whose rows are all bad: they are something else than was declared."""
    if not extract.files or tally.rows_good or not tally.rows_read:
        return
    counted: dict[str, int] = {}
    for row in tally.bad:
        reason = row.reason if row.column is None else f"{row.reason} in {row.column}"
        counted[reason] = counted.get(reason, 0) + 1
    worst = sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:3]
    told = ", ".join(f"{reason} ({count} rows)" for reason, count in worst)
    refuse(
        extract,
        "no_readable_row",
        f"none of its {tally.rows_read} rows can be read: {told}, first at line {tally.bad[0].line}; "
        "compare the declared types and formats with the file",
    )
