"""Tables in Markdown: the funnel, stages per service line, rows per published table. Frames and counts in, text out.

No pictures here (`readiness_figures`, `page`): what shows only tables does not wait for a plotting library.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd


def funnel_markdown(steps: pd.DataFrame) -> str:
    """The funnel as a table: one row per step with mature conversion and its Wilson interval.

    `steps` has step, horizon_days, entered_count, at_risk_count, converted_count, lower, upper (0–1, may be absent).
    """
    rows = []
    for row in steps.to_dict(orient="records"):
        at_risk = int(row["at_risk_count"])
        rate = f"{row['converted_count'] / at_risk:.1%}" if at_risk else "–"
        if at_risk and not pd.isna(row.get("lower", float("nan"))):
            rate += f" [{row['lower']:.1%}, {row['upper']:.1%}]"
        step, horizon = str(row["step"]).replace("_", " "), f"{row['horizon_days']} days"
        rows.append((step, horizon, f"{int(row['entered_count']):,}", f"{at_risk:,}", rate))
    return markdown_table(("step", "horizon", "entered", "mature", "converted of mature"), rows)


def service_lines_markdown(lines: Iterable[tuple[str, int, int, int]]) -> str:
    """Leads, MQL and SQL per service line, as given, and their totals."""
    known = list(lines)
    total = ("**all**", sum(line[1] for line in known), sum(line[2] for line in known), sum(line[3] for line in known))
    rows = [
        (name, f"{lead_count:,}", f"{mql_count:,}", f"{sql_count:,}")
        for name, lead_count, mql_count, sql_count in [*known, total]
    ]
    return markdown_table(("service line", "leads", "MQL", "SQL"), rows)


def row_counts_markdown(rows_of: Iterable[tuple[str, int, str, str]]) -> str:
    """Published tables: name, rows, as_of they answer for, and what became of the file (written or linked)."""
    rows = [(name, f"{rows:,}", as_of, fate) for name, rows, as_of, fate in rows_of]
    return markdown_table(("table", "rows", "as of", "file"), rows)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar inside a cell stays inside it."""
    lines = [header, ["---"] * len(header), *rows]
    escaped = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in escaped)
