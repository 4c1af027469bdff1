"""The report of a publication: its tables read, its page written beside them. Called before readers see the
publication, and by `handoff report`.

What the page says is `orchestration.report`. It must never keep a publication from its readers: `report_beside` writes
it or says why not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd

from orchestration.failures import print_frames, where
from orchestration.lake.manifest import Manifest
from orchestration.lake.private_files import write_bytes
from orchestration.lake.publication import Publication
from orchestration.report.parts import Frames, Read

REPORT = "report.html"
NOT_MADE = "the report was not made"
_SHORT = 12


def report_beside(
    told: Callable[[str], None], *, before: Publication | None = None
) -> Callable[[Path, Manifest], None]:
    """What `publish` calls to put the report into a publication; `told` hears why there is none. With `before` the
    report of that publication is put there as it is, which says its own as_of; one without a report has it made.
    """

    def write(folder: Path, manifest: Manifest) -> None:
        try:
            if before is not None and (before.path / REPORT).exists():
                # A link, as of a table: whoever makes a report anew puts another file in its place.
                os.link(before.path / REPORT, folder / REPORT)
                return
            write_bytes(folder / REPORT, report_html(folder, manifest).encode())
        except Exception as error:
            # What a run prints is its log (`<home>/dagster/last_run.log`).
            print_frames(error)
            (folder / REPORT).unlink(missing_ok=True)
            told(f"{NOT_MADE}, the publication stands: {where(error)}")

    return write


def write_report(publication: Publication, out: Path | None = None) -> Path:
    """Make the report of a publication anew, into it or to `out`. Raises OSError where it cannot be written."""
    html = report_html(publication.path, publication.manifest)
    if out is None:
        write_bytes(publication.path / REPORT, html.encode())
        return publication.path / REPORT
    place = out.resolve()
    if place.exists() and not place.is_file():
        # A device or a pipe is written to, never replaced.
        place.write_text(html, encoding="utf-8", newline="\n")
    else:
        write_bytes(place, html.encode())
    return out


def report_html(folder: Path, manifest: Manifest) -> str:
    """The page of the publication in `folder`, from the columns and rows its sections ask for."""
    # Imported here: who only asks whether there is a report does not wait for a plotting library.
    from orchestration.report.page import NAMES, READS, report_html
    from orchestration.report.parts import Facts
    from orchestration.report.words import Names

    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        known = _columns(connection)

        def taken(reads: Sequence[Read]) -> Frames:
            there = [read for read in reads if {*read.columns, *read.only} <= known.get(read.table, set())]
            return {read.table: _frame(connection, read) for read in there}

        names = {
            frame.columns[0]: dict(zip(frame.iloc[:, 0], frame.iloc[:, 1], strict=True))
            for frame in taken(NAMES).values()
        }
        frames = {key: taken(reads) for key, reads in READS.items()}
    facts = Facts(
        as_of=_moment(manifest.as_of),
        table_as_of={
            name: _moment(entry.as_of) for name, entry in {**manifest.operational, **manifest.derived}.items()
        },
        names=Names(names),
        versions={name: getattr(manifest, name)[:_SHORT] for name in ("code", "criteria", "model")},
        stale_sources=tuple(manifest.stale.get("sources", ())),
        stale_tables=tuple(manifest.stale.get("tables", ())),
    )
    return report_html(frames, facts)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    query = (
        "select table_name, list(column_name) from information_schema.columns where table_schema = 'marts' group by 1"
    )
    return {name: set(columns) for name, columns in connection.execute(query).fetchall()}


def _frame(connection: duckdb.DuckDBPyConnection, read: Read) -> pd.DataFrame:
    wanted = " and ".join(f'"{column}" in (select unnest(?))' for column in read.only) or "true"
    columns = ", ".join(f'"{column}"' for column in read.columns)
    query = f'select {columns} from marts."{read.table}" where {wanted} order by all'
    return connection.execute(query, [list(values) for values in read.only.values()]).df()
