"""What Dagster shows of writes to CRMs: how long the oldest unsent record waited, run by run."""

from datetime import datetime

import dagster as dg
import duckdb

from orchestration.lake.outbox import Outbox
from orchestration.report.markdown_tables import markdown_table
from orchestration.runs import Run
from orchestration.waiting import waits

_SHOWN_RUNS = 200
_AGES = """
select destination, counted_at, epoch(counted_at - oldest_unsent_at) / 60 as minutes
from read_parquet(?, union_by_name = true)
group by destination, counted_at, oldest_unsent_at
qualify row_number() over (partition by destination order by counted_at desc) <= ?
order by destination, counted_at
"""


def waiting_metadata(run: Run, outbox: Outbox) -> dict[str, dg.MetadataValue]:
    """Age of the oldest unsent record of each destination now and after earlier runs; one picture for all."""
    found = list(waits(outbox, run.registry, lambda: run.criteria))
    shown: dict[str, dg.MetadataValue] = {
        f"{wait.destination}_oldest_unsent_minutes": dg.MetadataValue.float(wait.minutes) for wait in found
    }
    lines = [str(wait) + (" (too long)" if wait.is_too_long else "") for wait in found] or ["nothing waits"]
    ages = _ages(run)
    parts = ["\n".join(f"- {line}" for line in lines)]
    if any(minutes for points in ages.values() for _, minutes in points):
        # Imported here: a plotting library is for runs that have something to plot.
        from orchestration.report.readiness_figures import picture_markdown
        from orchestration.report.waiting_plot import waiting_png

        allowed = {wait.destination: wait.allowed for wait in found}
        parts.append(picture_markdown("age of the oldest unsent record", waiting_png(ages, allowed)))
        rows = [
            (name, f"{moment:%Y-%m-%d %H:%M}", f"{minutes:,.0f}")
            for name, points in ages.items()
            for moment, minutes in points[-10:]
        ]
        parts.append(markdown_table(("destination", "after the run of (UTC)", "minutes"), rows))
    return {**shown, "oldest_unsent": dg.MetadataValue.md("\n\n".join(parts))}


def _ages(run: Run) -> dict[str, list[tuple[datetime, float]]]:
    files = [str(file) for file in run.paths.objects("handoff", "sync_states").glob("*.parquet")]
    ages: dict[str, list[tuple[datetime, float]]] = {}
    if not files:
        return ages
    with duckdb.connect() as connection:
        for name, moment, minutes in connection.execute(_AGES, [files, _SHOWN_RUNS]).fetchall():
            ages.setdefault(name, []).append((moment, float(minutes or 0)))
    return ages
