"""The tables of docs/routing-played.md: arms by staffing, differences with intervals, who gains and who pays."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tests.benchmarks.desk_measures import GROUPS, MEASURES, difference, summary

FIRST, ROBIN, DUE = "first come", "round-robin", "due first"
BY_DUE, IN_TIME = "readiness: by priority, then due", "readiness: overdue last, by priority"
OLDEST, SHUFFLED = "**readiness**: overdue last, oldest of these first", "the same, readiness shuffled"
SHOWN_AT = 0.8
Rows = Mapping[tuple[float, str], pd.DataFrame]


def as_markdown(rows: Rows, worlds: int, leads: int, cpu_seconds: float) -> str:
    """All tables, with what they were made of."""
    some = next(iter(rows.values()))
    seeds = f"{some['world'].min()} to {some['world'].max()}"
    head = (
        f"{worlds} worlds (seeds {seeds}) of {leads:,} leads in four months; {len(some):,} MQLs measured in each arm; "
        f"intervals: 95 %, worlds and days drawn again. {cpu_seconds:.0f} CPU seconds on a busy machine of two cores, "
        "worlds and models included.\n"
    )
    parts = [head, arms_table(rows), differences_table(rows), *(group_table(rows, group) for group in GROUPS)]
    return "\n".join(parts)


def arms_table(rows: Rows) -> str:
    """Every arm at every staffing."""
    names = ("staff ÷ demand", "arm", "SQLs within SLA", "SQLs in all", "contacted within SLA", "median minutes",
             "low band within SLA", "low band never tried", "low band: 95 % tried within, days", "longest")  # fmt: skip
    lines = []
    for (scarcity, arm), part in rows.items():
        told = summary(part)
        lines.append([f"{scarcity:g}", arm, f"{told['sql_in_time']:.1f}", f"{told['is_sql']:.1f}",
                      f"{told['is_in_time']:.1f}", f"{told['median_minutes']:.0f}", f"{told['low_in_time']:.1f}",
                      f"{told['low_untried']:.1f}", f"{told['low_wait_p95']:.1f}",
                      f"{told['low_wait_longest']:.0f}"])  # fmt: skip
    return f"### Arms, per 100 MQLs\n\n{table(names, lines)}"


def differences_table(rows: Rows) -> str:
    """What readiness gains over each arm, paired."""
    names = ("staff ÷ demand", "readiness minus", "SQLs within SLA", "SQLs in all", "contacted within SLA")
    lines = []
    for scarcity in sorted({one for one, _ in rows}):
        ours = rows[scarcity, OLDEST]
        for arm in [arm for told, arm in rows if told == scarcity and arm != OLDEST]:
            found = [str(difference(ours, rows[scarcity, arm], name)) for name in MEASURES]
            lines.append([f"{scarcity:g}", arm.replace("**", ""), *found])
    return f"### Readiness against the others, paired, per 100 MQLs\n\n{table(names, lines)}"


def group_table(rows: Rows, group: str) -> str:
    """One group's SQLs within SLA and contacts within SLA at one staffing."""
    arms = [rows[SHOWN_AT, name] for name in (FIRST, ROBIN, DUE, OLDEST)]
    names = (group, "MQLs", "SQLs within SLA: first come", "round-robin", "due first", "readiness",
             "readiness − first come", "readiness − round-robin", "readiness − due first",
             "contacted within SLA: due first", "readiness", "SQLs in all: readiness − first come")  # fmt: skip
    lines = []
    for value in sorted(arms[0][group].unique()):
        first, robin, due, ours = (part[part[group] == value] for part in arms)
        lines.append([
            str(value), f"{len(ours):,}",
            *(f"{100 * part['sql_in_time'].mean():.1f}" for part in (first, robin, due, ours)),
            *(str(difference(ours, other, "sql_in_time")) for other in (first, robin, due)),
            *(f"{100 * part['is_in_time'].mean():.1f}" for part in (due, ours)), str(difference(ours, first, "is_sql")),
        ])  # fmt: skip
    return f"### By {group.removesuffix('_id').replace('_', ' ')}, staff {SHOWN_AT:g} × demand\n\n{table(names, lines)}"


def table(names: tuple[str, ...], lines: list[list[str]]) -> str:
    """A Markdown table."""
    body = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    return f"| {' | '.join(names)} |\n|{'---|' * len(names)}\n{body}"
