"""Which rules of the criteria tell future SQLs from others, and which do not."""

from __future__ import annotations

import math

import pandas as pd

from orchestration.report import words
from orchestration.report.parts import Facts, Figure, Frames, Panel, Read, Row, Section, Table, rows_of
from orchestration.report.plots import Dot, dot_rows

READS = (
    Read(
        "fct_mql_signal_outcomes",
        ("criteria_version", "section", "rule_id", "verdict", "redundant_with", "suggested_edit", "at_risk_count")
        + ("fired_count", "fired_sql_count", "fired_rate", "rest_rate")
        + ("marginal_odds_ratio", "marginal_odds_ratio_low", "marginal_odds_ratio_high"),
    ),
    Read("dim_criteria_versions", ("criteria_version", "effective_from", "effective_to")),
)
TITLE = "Which signals tell"
VERDICTS = {
    "harmful": "harmful",
    "useless": "useless",
    "redundant": "redundant",
    "pulls_its_weight": "pulls its weight",
    "too_little_known": "too little known",
}
_SHOWN, _UNKNOWN = 14, "too_little_known"
# A reason to change something; the other verdicts are one to leave it.
_TO_EDIT = ("harmful", "useless", "redundant")
# Beyond four times more or less there is nothing finer to see.
_TWICES = 2
_BEWARE = (
    "Odds ratio: by what the odds of becoming SQL are multiplied where the rule fires, all other rules the same. 1 is "
    "no difference. It tells what goes together, not what causes what.",
    "Harmful: MQLs with it become SQL less often. Useless: it makes no difference worth having. Redundant: another "
    "rule says the same.",
    "Only MQLs are compared. Leads the criteria never let through are not in it.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """The rules of the versions in force, those to look at first."""
    rules = _in_force(frames["fct_mql_signal_outcomes"], frames["dim_criteria_versions"], facts)
    if rules.empty:
        return Section("signals", TITLE, ("No rule of the criteria in force has been followed to its outcome yet.",))
    counts = rules["verdict"].value_counts()
    told = [f"{words.count(counts[verdict])} {said}" for verdict, said in VERDICTS.items() if counts.get(verdict, 0)]
    says = [f"Of {words.several(len(rules), 'rule')} in force: {', '.join(told)}."]
    edits = rules[rules["verdict"].isin(_TO_EDIT) & rules["suggested_edit"].notna()]
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
    known = rules[rules["marginal_odds_ratio"].notna() & (rules["marginal_odds_ratio"] > 0)]
    order = {verdict: place for place, verdict in enumerate(VERDICTS)}
    ranked = known.assign(place=known["verdict"].map(order)).sort_values(
        ["place", "fired_count", "criteria_version", "rule_id"], ascending=[True, False, True, True]
    )
    rows = rows_of(ranked.head(_SHOWN))
    if not rows:
        return None
    table = tuple(_cells(row) for row in rows)
    alt = words.gist(f"{cells[0]} of {cells[1]}: odds ratio {cells[7]}, {cells[2]}" for cells in table)
    caption = (
        "Odds ratio with its 95 % interval; the dotted line is 1, no difference; an arrow: it goes on. Hollow and "
        f"dashed: too little known. Shown are {len(rows)} of {words.several(len(known), 'rule')} with an odds ratio, "
        f"those to look at first; a verdict there is on {words.count((known['verdict'] != _UNKNOWN).sum())} of them."
    )
    header = (
        "rule",
        "version",
        "verdict",
        "MQLs followed",
        "fired",
        "SQL where it fired",
        "SQL elsewhere",
        "odds ratio",
    )
    picture = dot_rows(
        [_dot(row) for row in rows],
        axis=lambda twices: f"{2**twices:g} times" if twices else "1",
        name="signals",
        at=0.0,
        bottom=-_TWICES,
        top=_TWICES,
    )
    return Figure(
        "Rules to look at first",
        caption,
        (Panel("", picture, alt),),
        Table("Rules to look at first", (*header, "95 % interval"), table, 3),
    )


def _dot(row: Row) -> Dot:
    return Dot(
        f"{row['rule_id']}, {row['criteria_version']}",
        f"{words.decimal(row['marginal_odds_ratio'])} times",
        _twices(row["marginal_odds_ratio"]),
        _twices(row["marginal_odds_ratio_low"]),
        _twices(row["marginal_odds_ratio_high"]),
        row["verdict"] == "too_little_known",
    )


def _twices(ratio: object) -> float | None:
    """How often a ratio doubles, so that half and twice lie as far from 1."""
    number = words.known(ratio)
    return None if number is None else math.log2(max(number, 1e-9))


def _cells(row: Row) -> tuple[str, ...]:
    low, high = words.known(row["marginal_odds_ratio_low"]), words.known(row["marginal_odds_ratio_high"])
    verdict = VERDICTS.get(str(row["verdict"]), words.plain(str(row["verdict"])))
    other = row["redundant_with"]
    return (
        str(row["rule_id"]),
        str(row["criteria_version"]),
        f"{verdict}: {other}" if row["verdict"] == "redundant" and isinstance(other, str) and other else verdict,
        words.count(row["at_risk_count"]),
        words.count(row["fired_count"]),
        words.percent(row["fired_rate"]),
        words.percent(row["rest_rate"]),
        words.decimal(row["marginal_odds_ratio"]),
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
