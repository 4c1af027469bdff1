"""What each team made of the leads it answers for, those nobody touched included."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.parts import Facts, Frames, Read, Row, Section, Table, rows_of

READS = (
    Read(
        "fct_team_outcomes",
        (
            "team_id",
            "is_unlike",
            "horizon_days",
            "handoff_count",
            "at_risk_count",
            "contacted_count",
            "never_tried_count",
        )
        + ("sql_count", "expected_count", "compared_share", "ratio", "ratio_low", "ratio_high"),
    ),
)
TITLE = "What teams made of their leads"
_SHOWN, LEAST_SHARE = 20, 0.1
_BEWARE = (
    "Expected are as many SQLs as all leads of the same service line, channel and points brought, the team’s own among "
    "them: a team that alone serves a line is compared with nobody there, and its ratio is near 1. Where less than a "
    "tenth of what is expected comes from others, no team is judged.",
    "Teams are given other people in more than that. Look at the leads before judging anybody.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """A row for each answering team."""
    table = frames["fct_team_outcomes"]
    if table.empty or not words.whole(table["at_risk_count"].sum()):
        return Section("teams", TITLE, ("No handoff whose work is told of has been followed to its horizon yet.",))
    rows = rows_of(table.sort_values(["handoff_count", "team_id"], ascending=[False, True]).head(_SHOWN))
    followed, untried = (words.whole(table[name].sum()) for name in ("at_risk_count", "never_tried_count"))
    says = [
        f"Of {words.several(followed, 'lead')} followed for {words.days(rows[0]['horizon_days'])}, "
        f"{words.count(untried)} ({words.percent(untried / followed)}) were never tried, though owed a call to "
        "the end.",
        *_judged(rows, facts),
    ]
    listed = Table(
        "Teams, with the 95 % interval of SQL / expected",
        (
            "team",
            "handed over",
            "followed",
            "contacted",
            "never tried",
            "SQL",
            "expected",
            "of it by others",
            "SQL / expected",
        ),
        tuple(_cells(row, facts) for row in rows),
    )
    return Section("teams", TITLE, tuple(says), _BEWARE, (), (listed,))


def _judged(rows: list[Row], facts: Facts) -> list[str]:
    """Who differs, of those that can be compared, and who is compared with practically nobody."""
    alone = [row for row in rows if (share := words.known(row["compared_share"])) is not None and share < LEAST_SHARE]
    unlike = [facts.names.say("team_id", row["team_id"]) for row in rows if row["is_unlike"] is True]
    told, compared = [], [row for row in rows if row["is_unlike"] is True or row["is_unlike"] is False]
    if unlike:
        told.append(f"More or fewer SQLs than chance explains: {words.joined(unlike)}.")
    elif compared:
        names = words.joined([facts.names.say("team_id", row["team_id"]) for row in compared])
        told.append(f"Of those that can be compared ({names}) none has more or fewer SQLs than mix and chance explain.")
    if alone:
        names = words.joined([facts.names.say("team_id", row["team_id"]) for row in alone])
        told.append(f"Compared with practically nobody, so not judged: {names}.")
    return told or ["No team can be compared: too few SQLs are expected of any."]


def _cells(row: Row, facts: Facts) -> tuple[str, ...]:
    followed = words.whole(row["at_risk_count"])
    low, high = words.known(row["ratio_low"]), words.known(row["ratio_high"])
    return (
        facts.names.say("team_id", row["team_id"]),
        words.count(row["handoff_count"]),
        words.count(followed),
        words.percent(words.whole(row["contacted_count"]) / followed) if followed else words.NO_VALUE,
        words.count(row["never_tried_count"]),
        words.count(row["sql_count"]),
        words.decimal(row["expected_count"], 1),
        words.percent(row["compared_share"]),
        words.NO_VALUE if low is None or high is None else f"{words.decimal(row['ratio'])} ({low:.2f} to {high:.2f})",
    )
