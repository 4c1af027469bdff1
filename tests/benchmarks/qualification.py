"""`make bench-criteria`: what the criteria cost, at 10M touches, 100,000 leads and 12 service lines with 10 rules each.

    python -m tests.benchmarks.qualification --leads 100000 --out docs/benchmarks.md

The versioned tables the qualification models stand on are made set by set in DuckDB, then the models' compiled SQL is
run in dbt's order on a warehouse on disk: in full, for one day, and for one lead with 200,000 touches. dbt's own time
for each model is no part of it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from tests.benchmarks.bench import write_section
from tests.benchmarks.measure import cpu_seconds, machine, peak_mib
from tests.benchmarks.qualification_load import AS_OF, CROWD, DAY_SHARE, criteria, make_crowd, make_day, make_history
from tests.golden.compiled_models import CompiledModel, CompiledProject, run_model
from tests.integration.criteria.warehouse import compile_qualification, write_inputs

TOUCHES_PER_LEAD = 100


@dataclass(frozen=True)
class Cost:
    """What one model took."""

    name: str
    wall: float
    cpu: float
    rows: int


def main() -> None:
    """Measure and write the section."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--leads", type=int, default=100_000)
    words.add_argument("--runs", type=int, default=1, help="runs of each; the one with the least CPU is told")
    words.add_argument("--top", type=int, default=8, help="how many of the slowest models are told")
    words.add_argument("--only", default="", help="full, day or crowd")
    words.add_argument("--out", type=Path, help="page to write the section into; else it is printed only")
    words.add_argument("--scratch", type=Path, help="folder to work in; else a temporary one")
    given = words.parse_args()
    scratch = given.scratch or Path(tempfile.mkdtemp(prefix="bench-criteria-"))
    try:
        shutil.rmtree(scratch / "compiled", ignore_errors=True)
        project = compile_qualification(scratch / "compiled")
        told = section(project, scratch, given.leads, runs=given.runs, top=given.top, only=given.only)
    finally:
        if given.scratch is None:
            shutil.rmtree(scratch, ignore_errors=True)
    print(told)
    if given.out:
        write_section(given.out, "criteria", told)


def section(project: CompiledProject, scratch: Path, leads: int, *, runs: int, top: int, only: str) -> str:
    """Measure all of it; returns the section of the page."""
    told = [
        f"## criteria: {leads * TOUCHES_PER_LEAD:,} touches, {leads:,} leads, 12 service lines with 10 rules each\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}; {machine()}\n\n"
        "| what | wall s | CPU s | peak MiB | aim (wall) |\n|---|---|---|---|---|\n"
    ]
    notes = []
    for name, aim, costs in _measured(project, scratch, leads, runs, only):
        wall, cpu = sum(each.wall for each in costs), sum(each.cpu for each in costs)
        told.append(f"| {name} | {wall:.2f} | {cpu:.2f} | {peak_mib():.0f} | {aim} |\n")
        slowest = sorted(costs, key=lambda each: -each.cpu)[:top]
        parts = ", ".join(f"{each.name} {each.cpu:.2f} ({each.rows:,} rows)" for each in slowest)
        notes.append(f"\n{name}, CPU seconds of the slowest models: {parts}.\n")
        print(told[-1], notes[-1], flush=True)
    return "".join(told + notes)


def _measured(
    project: CompiledProject, scratch: Path, leads: int, runs: int, only: str
) -> Sequence[tuple[str, str, list[Cost]]]:
    found = []
    if only in ("", "crowd"):
        with _warehouse(scratch / "crowd.duckdb", AS_OF) as connection:
            make_crowd(connection)
            costs = min((_run(connection, project, full=True) for _ in range(runs)), key=_cpu)
        found.append((f"one lead with {CROWD:,} touches", "≤ 5 s", costs))
    if only in ("", "full", "day"):
        with _warehouse(scratch / "history.duckdb", AS_OF) as connection:
            make_history(connection, leads, leads * TOUCHES_PER_LEAD)
            costs = min((_run(connection, project, full=True) for _ in range(runs)), key=_cpu)
            found.append(("full", "≤ 12 s", costs))
            days = []
            for day in range(1, runs + 1):
                write_inputs(connection, criteria(), AS_OF + timedelta(days=day))
                make_day(connection, leads, day)
                connection.execute("checkpoint")
                days.append(_run(connection, project, full=False))
            found.append((f"one day, {DAY_SHARE:.0%} of the leads touched", "≤ 3 s", min(days, key=_cpu)))
    return found


def _cpu(costs: Sequence[Cost]) -> float:
    return sum(each.cpu for each in costs)


def _warehouse(place: Path, as_of: datetime) -> duckdb.DuckDBPyConnection:
    place.unlink(missing_ok=True)
    connection = duckdb.connect()
    connection.execute(f"attach '{place}' as warehouse; use warehouse; set threads = 2; set memory_limit = '4GB'")
    connection.execute(f"set temp_directory = '{place}.spilled'; set timezone = 'UTC'")
    connection.execute("create schema intermediate; create schema input")
    write_inputs(connection, criteria(), as_of)
    return connection


def _run(connection: duckdb.DuckDBPyConnection, project: CompiledProject, *, full: bool) -> list[Cost]:
    return [_cost(connection, model, full=full) for model in project.models]


def _cost(connection: duckdb.DuckDBPyConnection, model: CompiledModel, *, full: bool) -> Cost:
    wall, cpu = time.perf_counter(), cpu_seconds()
    run_model(connection, model, full=full)
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    [(count,)] = connection.execute(f"select count(*) from {model.relation}").fetchall()
    return Cost(model.name, wall, cpu, count)


if __name__ == "__main__":
    main()
