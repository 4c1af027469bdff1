"""What the page rests on: the rows each source sent, what could not be read, and the versions of everything."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.parts import Facts, Frames, Read, Section, Table

READS = (
    Read(
        "fct_load_accounting",
        ("source", "object", "rows_read", "rows_landed", "rows_duplicate", "rows_quarantined", "landed_as_of"),
    ),
)
TITLE = "What this page rests on"


def section(frames: Frames, facts: Facts) -> Section:
    """Rows by source, and where the numbers can be had and re-derived."""
    loads = frames["fct_load_accounting"]
    says = [
        f"Every number answers for {words.moment(facts.as_of)}{_but_older(facts)}: what became known later does not "
        "count, and deleted or excluded leads are in no share.",
        "All of it stands in the tables of the publication this page lies in, beside it in marts/.",
    ]
    versions = Table(
        "Made from",
        ("what", "version"),
        tuple((name, value or "none yet") for name, value in facts.versions.items()),
        2,
    )
    if loads.empty:
        return Section("basis", TITLE, ("No source has sent a row yet.", *says), tables=(versions,))
    waiting = words.whole(loads["rows_quarantined"].sum())
    if waiting:
        says.append(
            f"{words.several(waiting, 'row')} could not be read and wait in quarantine: `handoff quarantine list`."
        )
    rows = []
    for source, found in sorted(loads.groupby("source"), key=lambda each: str(each[0])):
        stale = (
            "older: failed in the last run"
            if str(source) in facts.stale_sources
            else words.moment(found["landed_as_of"].max())
        )
        counts = (
            words.count(found[name].sum())
            for name in ("rows_read", "rows_landed", "rows_duplicate", "rows_quarantined")
        )
        rows.append((str(source), stale, *counts))
    header = ("source", "last new rows as of", "rows read", "landed", "repeats", "in quarantine")
    return Section("basis", TITLE, tuple(says), tables=(Table("Rows by source", header, tuple(rows), 2), versions))


def _but_older(facts: Facts) -> str:
    is_older = any(as_of < facts.as_of for as_of in facts.table_as_of.values())
    return ", or where a part says that it is older for the moment named there" if is_older else ""
