"""How many SQLs the open MQLs are expected to become: by team and by service line, with its range."""

from __future__ import annotations

import pandas as pd

from orchestration.report import words
from orchestration.report.parts import Facts, Figure, Frames, Panel, Read, Row, Section, Table, rows_of
from orchestration.report.plots import Dot, dot_rows

READS = (
    Read(
        "fct_expected_sqls",
        (
            *("dimension", "dimension_value", "open_count", "scored_count", "uncontacted_count"),
            *("expected_sql_count", "expected_sql_count_low", "expected_sql_count_high"),
        ),
        {"dimension": ("all", "team", "service_line")},
    ),
)
TITLE = "How many SQLs to expect of open MQLs"
_COLUMNS = {"team": "team_id", "service_line": "service_line"}
_SHOWN = 8
_BEWARE = (
    "Expected of all together, not of each: a range of 3 to 9 says nothing of who they are. Ranges of teams or lines "
    "do not add up to that of all.",
    "It supposes that leads are worked as they have been. Leads without a score count as waiting, and give nothing "
    "here.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """All of them in words, then by team and by service line."""
    rows = frames["fct_expected_sqls"]
    whole = rows_of(rows[rows["dimension"] == "all"])
    if not whole:
        return Section("expected", TITLE, ("No MQL is open inside its horizon, so nothing is expected.",))
    scored, waiting = words.whole(whole[0]["scored_count"]), words.whole(whole[0]["open_count"])
    if not scored:
        said = f"{words.several(waiting, 'MQL')} {words.are(waiting)} open, none with a score: not known."
        return Section("expected", TITLE, (said,))
    unscored = f"; {words.count(waiting - scored)} more have no score" if waiting > scored else ""
    says = (
        f"Of {words.several(scored, 'open MQL')} with a score, {_expected(whole[0])} are expected to become SQL before "
        f"their horizons end (95 %: {_range(whole[0])}){unscored}.",
        f"Of all {words.count(waiting)} open {words.count(whole[0]['uncontacted_count'])} have no contact told of and "
        "may wait for a first one; the others were called and are still open. Who waits since before the horizon is "
        "not counted here.",
        "That is what their scores say, less for those that have waited: most who become SQL do so soon.",
    )
    figures = tuple(figure for dimension in _COLUMNS if (figure := _figure(rows, dimension, facts)))
    return Section("expected", TITLE, says, _BEWARE, figures)


def _figure(rows: pd.DataFrame, dimension: str, facts: Facts) -> Figure | None:
    own = rows[(rows["dimension"] == dimension) & (rows["scored_count"] > 0)]
    if own.empty:
        return None
    ranked = own.sort_values(["expected_sql_count", "dimension_value"], ascending=[False, True]).head(_SHOWN)
    column = _COLUMNS[dimension]
    named = [(facts.names.say(column, row["dimension_value"]), row) for row in rows_of(ranked)]
    dots = [
        Dot(
            name,
            f"{_expected(row)} of {words.count(row['scored_count'])}",
            words.known(row["expected_sql_count"]),
            words.known(row["expected_sql_count_low"]),
            words.known(row["expected_sql_count_high"]),
        )
        for name, row in named
    ]
    table = tuple(
        (name, words.count(row["open_count"]), words.count(row["scored_count"]), _expected(row), _range(row))
        for name, row in named
    )
    said = dimension.replace("_", " ")
    alt = words.gist(f"{line[0]}: {line[3]} expected, {line[4]}" for line in table)
    return Figure(
        f"By {said}",
        "Expected SQLs of those open now, with the range that holds in 95 of 100 such sets.",
        (
            Panel(
                "", dot_rows(dots, axis=lambda value: f"{value:,.0f}", name=f"expected-{said.replace(' ', '-')}"), alt
            ),
        ),
        Table(f"SQLs expected, by {said}", (said, "open MQLs", "with a score", "expected SQLs", "95 % range"), table),
    )


def _expected(row: Row) -> str:
    return words.decimal(row["expected_sql_count"], 0 if (words.known(row["expected_sql_count"]) or 0) >= 9.5 else 1)


def _range(row: Row) -> str:
    return f"{words.count(row['expected_sql_count_low'])} to {words.count(row['expected_sql_count_high'])}"
