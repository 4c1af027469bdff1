"""The steps of the funnel in words: what share comes on, by when, how sure that is, and whether the horizon will do.

Rows are those of fct_conversion_rates and fct_conversion_horizons. Frames and rows in, sentences out.
"""

from __future__ import annotations

import pandas as pd

from orchestration.report import words
from orchestration.report.parts import Facts, Row, rows_of

STEPS = {
    "lead_to_mql": "Lead to MQL",
    "mql_to_sql": "MQL to SQL",
    "lead_to_sql": "Lead to SQL",
    "sql_to_appointment": "SQL to appointment",
    "appointment_to_consult": "Appointment to consult",
}
ALL = "(all)"


def of_step(rates: pd.DataFrame, step: str, month: str) -> list[Row]:
    """The rows of one step and cohort."""
    return rows_of(rates[(rates["step"] == step) & (rates["cohort_month"] == month)])


def sentence(row: Row) -> str:
    """The share within the horizon, and by when half of all who entered had come on."""
    half = words.known(row["median_days"])
    wait = (
        f" By day {half:,.0f} half of all who entered had come on; who never will is in the other half."
        if half is not None
        else ""
    )
    few = f" {words.TOO_FEW}" if words.whole(row["at_risk_count"]) < words.FEW else ""
    limits = words.percent_range(row["rate_low"], row["rate_high"])
    return (
        f"{STEPS[row['step']]}: {words.percent(row['rate'])} within {words.days(row['horizon_days'])} "
        f"(95 % interval {limits}).{wait}{few}"
    )


def young(over_all: pd.DataFrame) -> list[str]:
    """Steps of which nobody has been followed to the end."""
    rows = [row for step in STEPS for row in of_step(over_all, step, ALL)]
    return [
        f"{STEPS[row['step']]}: {words.count(row['entered_count'])} entered, nobody followed to the end yet."
        for row in rows
        if words.known(row["rate"]) is None and words.whole(row["entered_count"])
    ]


def too_short(horizons: pd.DataFrame, facts: Facts) -> list[str]:
    """Steps whose horizon ends before nine tenths of what comes have come, where enough was seen to say so."""
    settled = horizons[horizons["is_settled"].astype(bool)]
    short = settled[settled["suggested_horizon_days"].astype(float) > settled["horizon_days"]]
    said = []
    for step, name in STEPS.items():
        rows = rows_of(short[short["step"] == step].sort_values("service_line"))
        everybody = [row for row in rows if row["service_line"] == "all"]
        lines = [
            f"{facts.names.say('service_line', row['service_line'])} {words.count(row['suggested_horizon_days'])}"
            for row in rows
            if row["service_line"] != "all"
        ]
        of_lines = f" By service line: {words.joined(lines)}." if lines else ""
        if everybody:
            row = everybody[0]
            said.append(
                f"{name}: the horizon of {words.days(row['horizon_days'])} is too short. Of those who come on within "
                f"{words.days(row['observed_days'])} nine in ten have only by day "
                f"{words.count(row['suggested_horizon_days'])}.{of_lines}"
            )
        elif lines:
            said.append(
                f"{name}: the horizon is too short for some service lines. Nine in ten have come on only by day: "
                f"{words.joined(lines)}."
            )
    return said


def taken_up_again(disqualified: pd.DataFrame) -> list[str]:
    """How many were disqualified, and how many of these came back; rows of that stage in fct_pipeline_days."""
    entered, back = (words.whole(disqualified[name].sum()) for name in ("entered_count", "left_backward_count"))
    return [f"Disqualified {words.several(entered, 'time')}; {words.count(back)} taken up again."] if entered else []


def truncated(rows: list[Row]) -> list[str]:
    """Who entered before the next stage was told of."""
    cut = {
        STEPS[row["step"]]: words.whole(row["truncated_count"]) for row in rows if words.whole(row["truncated_count"])
    }
    return [
        f"{step}: {words.count(number)} entered before the source told of the next stage: seen from then on only."
        for step, number in cut.items()
    ]
