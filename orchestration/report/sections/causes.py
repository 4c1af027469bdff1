"""Where the rate from MQL to SQL is lost: the causes the data speak for, in words."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.parts import Facts, Frames, Read, Section, Table, rows_of

READS = (
    Read(
        "fct_mql_cause_evidence",
        ("service_line", "cause", "verdict", "evidence", "caution", "place", "missed_sql_count")
        + ("missed_sql_count_low", "missed_sql_count_high"),
        {"service_line": ("all",)},
    ),
)
TITLE = "Where the rate is lost"
VERDICTS = {"no_sign": "no sign of it", "too_little_known": "too little known"}
_BEWARE = (
    "Causes are entangled, and their missed SQLs overlap: they do not add up. What is found is where to look and what "
    "to try; nobody was given a form, a team or a call by lot.",
    "Compared are MQLs followed to their horizon, within service lines; of signals and of questions only what the "
    "criteria let be seen.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """The causes that speak, the one that means most first, and those that do not."""
    rows = rows_of(frames["fct_mql_cause_evidence"].sort_values(["place", "cause"], na_position="last"))
    if not rows:
        return Section("causes", TITLE, ("No MQL has been followed to its horizon yet.",))
    speaking = [row for row in rows if row["verdict"] == "speaks_for"]
    says = []
    for verdict, said in VERDICTS.items():
        silent = sorted(words.plain(str(row["cause"])) for row in rows if row["verdict"] == verdict)
        if silent:
            says.append(f"{said.capitalize()}: {words.joined(silent)}.")
    if not speaking:
        return Section("causes", TITLE, ("The data speak for no cause.", *says), _BEWARE)
    says.insert(0, f"The data speak for {words.joined([words.plain(str(row['cause'])) for row in speaking])}.")
    table = Table(
        "What the data speak for, what means most first",
        ("cause", "what was seen", "read with care", "SQLs missed", "95 % interval"),
        tuple(
            (
                words.plain(str(row["cause"])),
                str(row["evidence"]),
                str(row["caution"]),
                words.count(row["missed_sql_count"]),
                f"{words.count(row['missed_sql_count_low'])} to {words.count(row['missed_sql_count_high'])}",
            )
            for row in speaking
        ),
        3,
    )
    return Section("causes", TITLE, tuple(says), _BEWARE, (), (table,))
