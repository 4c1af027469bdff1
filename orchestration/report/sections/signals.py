"""Which rules of the criteria tell future SQLs from others, and which do not."""

from __future__ import annotations

import pandas as pd

from orchestration.report import words
from orchestration.report.parts import Facts, Figure, Frames, Panel, Read, Row, Section, Table, rows_of
from orchestration.report.plots import Dot, dot_rows

READS = (
    Read(
        "fct_mql_signal_outcomes",
        ("criteria_version", "section", "rule_id", "verdict", "redundant_with", "suggested_edit", "mql_count")
        + ("fired_count", "fired_sql_count", "fired_rate", "rest_rate", "lift", "lift_low", "lift_high"),
    ),
    Read("dim_criteria_versions", ("criteria_version", "effective_from", "effective_to")),
)
TITLE = "Which signals tell"
VERDICTS = {
    "harmful": "counts for, and goes with fewer SQLs",
    "useless": "makes no difference",
    "redundant": "says what another rule says",
    "pulls_its_weight": "pulls its weight",
    "too_little_known": "too little known",
}
_SHOWN = 14
_BEWARE = (
    "Lift is the share of MQLs that become SQL where the rule fired, divided by the share where it did not: 1 is no "
    "difference. It tells what goes together, not what causes what.",
    "Only MQLs are compared. Leads the criteria never let through are not in it.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """The rules of the versions in force, those to look at first."""
    rules = _in_force(frames["fct_mql_signal_outcomes"], frames["dim_criteria_versions"], facts)
    if rules.empty:
        return Section("signals", TITLE, ("No rule of the criteria in force has been followed to its outcome yet.",))
    counts = rules["verdict"].value_counts()
    told = [f"{words.count(counts[verdict])} {said}" for verdict, said in VERDICTS.items() if counts.get(verdict, 0)]
    says = [f"Of {words.several(len(rules), 'rule')} in force: {'; '.join(told)}."]
    edits = rules[rules["suggested_edit"].notna() & (rules["suggested_edit"].astype(str) != "")]
    if not edits.empty:
        says.append(f"For {words.several(len(edits), 'rule')} an edit is suggested; `handoff whatif` tries it first.")
    figure = _figure(rules)
    return Section("signals", TITLE, tuple(says), _BEWARE, (figure,) if figure else (), _edits(edits))


def _in_force(rules: pd.DataFrame, versions: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    as_of = pd.Timestamp(facts.as_of)
    begun = pd.to_datetime(versions["effective_from"]) <= as_of
    ended = pd.to_datetime(versions["effective_to"]) <= as_of
    return rules[rules["criteria_version"].isin(versions.loc[begun & ~ended, "criteria_version"])]


def _figure(rules: pd.DataFrame) -> Figure | None:
    known = rules[rules["lift"].notna()]
    order = {verdict: place for place, verdict in enumerate(VERDICTS)}
    ranked = known.assign(place=known["verdict"].map(order)).sort_values(
        ["place", "fired_count", "criteria_version", "rule_id"], ascending=[True, False, True, True]
    )
    rows = rows_of(ranked.head(_SHOWN))
    if not rows:
        return None
    table = tuple(_cells(row) for row in rows)
    dots = [
        Dot(
            f"{row['rule_id']}, {row['criteria_version']}",
            f"lift {words.decimal(row['lift'])}",
            float(row["lift"]),
            words.known(row["lift_low"]),
            words.known(row["lift_high"]),
            row["verdict"] == "too_little_known",
        )
        for row in rows
    ]
    top = 2.0 if max(dot.value or 0 for dot in dots) <= 2 else 4.0
    alt = "; ".join(f"{cells[0]} of {cells[1]}: lift {cells[6]}, {cells[2]}" for cells in table)
    caption = (
        "Lift with its 95 % interval; the dotted line is 1, no difference; an arrow: it goes on. Hollow and dashed: "
        f"too little known. Shown are {len(rows)} of {words.count(len(known))} rules, those to look at first."
    )
    header = ("rule", "version", "verdict", "MQLs", "fired", "SQL where it fired", "lift", "95 % interval")
    picture = dot_rows(dots, axis=lambda value: f"{value:g}", name="signals", at=1.0, top=top)
    return Figure(
        "Rules to look at first", caption, (Panel("", picture, alt),), Table("Rules to look at first", header, table, 3)
    )


def _cells(row: Row) -> tuple[str, ...]:
    low, high = words.known(row["lift_low"]), words.known(row["lift_high"])
    verdict = VERDICTS.get(str(row["verdict"]), words.plain(str(row["verdict"])))
    other = row["redundant_with"]
    return (
        str(row["rule_id"]),
        str(row["criteria_version"]),
        f"{verdict}: {other}" if row["verdict"] == "redundant" and isinstance(other, str) and other else verdict,
        words.count(row["mql_count"]),
        words.count(row["fired_count"]),
        words.percent(row["fired_rate"]),
        words.decimal(row["lift"]),
        words.NO_VALUE if low is None or high is None else f"{low:.2f} to {high:.2f}",
    )


def _edits(edits: pd.DataFrame) -> tuple[Table, ...]:
    order = {verdict: place for place, verdict in enumerate(VERDICTS)}
    ranked = (
        edits.assign(place=edits["verdict"].map(order))
        .sort_values(["place", "criteria_version", "rule_id"])
        .head(_SHOWN)
    )
    rows = tuple(
        (
            str(row["rule_id"]),
            str(row["criteria_version"]),
            VERDICTS.get(str(row["verdict"]), ""),
            str(row["suggested_edit"]),
        )
        for row in rows_of(ranked)
    )
    header = ("rule", "version", "verdict", "suggested edit")
    return (Table(f"Suggested edits: {len(rows)} of {words.count(len(edits))}", header, rows, 4),) if rows else ()
