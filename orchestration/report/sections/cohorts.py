"""How soon they come on: the share by age in days, everybody and the newest months."""

from __future__ import annotations

import pandas as pd

from orchestration.report import words
from orchestration.report.parts import Facts, Figure, Frames, Panel, Read, Section, Table, rows_of
from orchestration.report.plots_over_time import Curve, curves
from orchestration.report.steps import STEPS

READS = (
    Read(
        "fct_conversion_cohorts",
        (
            "cohort_month",
            "step",
            "is_mature",
            "age_days",
            "entered_count",
            "at_risk_count",
            "rate",
            "rate_low",
            "rate_high",
        ),
        {"dimension": ("all",)},
    ),
    Read(
        "fct_conversion_rates",
        ("cohort_month", "step", "horizon_days", "ninth_decile_days"),
        {"dimension": ("all",), "cohort_month": ("(all)",)},
    ),
)
TITLE = "How soon they come on"
_ALL = "(all)"
_MARKED = (0, 7, 14, 30, 60, 90)
_MONTHS_SHOWN = 2
_FOLLOWED = 10
_BEWARE = (
    "Age is counted from entering the stage. The line of everybody uses each lead for as long as it has been followed; "
    "who left otherwise (disqualified, or further on without this step) stays in the denominator.",
    f"A line ends where fewer than {_FOLLOWED} are still followed and have not come on.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """One panel a step."""
    cohorts = frames["fct_conversion_cohorts"]
    horizons = frames["fct_conversion_rates"].set_index("step")["horizon_days"].to_dict()
    panels, rows, says = [], [], []
    for step, name in STEPS.items():
        lines = _lines(cohorts[cohorts["step"] == step])
        if not lines:
            continue
        cells = [(name, line.label, *each) for line, found in lines for each in _cells(line, found)]
        horizon = words.known(horizons.get(step))
        drawn = curves([line for line, _ in lines], axis=words.axis_percent, name=f"cohorts-{step}", horizon=horizon)
        panels.append(Panel(name, drawn, f"{name}: " + words.gist(f"{c[1]}, {c[2]}: {c[5]}" for c in cells)))
        rows += cells
        says.append(_sentence(name, lines[0][1]))
    if not panels:
        return Section("cohorts", TITLE, ("Nobody has entered a stage yet, so there is no time to count.",))
    caption = (
        "Share that has come on, by days since entering; the ground behind “everybody” is its 95 % interval. Thinner: "
        "the newest months, dashed and hollow where not all of the month have been followed that long."
    )
    header = ("step", "entered in", "by day", "entered", "still followed", "share", "95 % interval", "state")
    table = Table("Share that has come on, at the ages marked in the pictures", header, tuple(rows), 3)
    return Section("cohorts", TITLE, tuple(says), _BEWARE, (Figure("Share by age", caption, tuple(panels), table),))


def _lines(found: pd.DataFrame) -> list[tuple[Curve, pd.DataFrame]]:
    # One of a handful who comes on moves a share by so much that it says nothing.
    is_sure = found["is_mature"].astype(bool) | (found["at_risk_count"] >= _FOLLOWED)
    known = found[found["rate"].notna() & is_sure].sort_values("age_days")
    months = sorted(month for month in known["cohort_month"].unique() if month != _ALL)
    chosen = [_ALL] if (known["cohort_month"] == _ALL).any() else []
    chosen += [month for month in reversed(months) if known.loc[known["cohort_month"] == month, "age_days"].max() >= 7][
        :_MONTHS_SHOWN
    ]
    return [
        (_curve(month, known[known["cohort_month"] == month]), known[known["cohort_month"] == month])
        for month in chosen
    ]


def _curve(month: str, found: pd.DataFrame) -> Curve:
    ages = [float(age) for age in found["age_days"]]
    open_ages = found.loc[~found["is_mature"].astype(bool), "age_days"]
    is_all = month == _ALL
    marks = [age for age in ages if age in _MARKED]
    if ages[-1] not in marks:
        marks.append(ages[-1])
    return Curve(
        label="everybody" if is_all else words.short_month(month),
        ages=ages,
        rates=[float(rate) for rate in found["rate"]],
        lows=[float(rate) for rate in found["rate_low"].fillna(found["rate"])] if is_all else (),
        highs=[float(rate) for rate in found["rate_high"].fillna(found["rate"])] if is_all else (),
        open_from=None if is_all or open_ages.empty else float(open_ages.min()),
        marks=marks,
    )


def _cells(line: Curve, found: pd.DataFrame) -> list[tuple[str, ...]]:
    rows = rows_of(found[found["age_days"].isin(line.marks)])
    return [
        (
            words.count(row["age_days"]),
            words.count(row["entered_count"]),
            words.count(row["at_risk_count"]),
            words.percent(row["rate"]),
            words.percent_range(row["rate_low"], row["rate_high"]),
            "mature" if bool(row["is_mature"]) else "still open",
        )
        for row in rows
    ]


def _sentence(name: str, everybody: pd.DataFrame) -> str:
    last = everybody.iloc[-1]
    said = f"{name}: {words.percent(last['rate'])} by day {words.count(last['age_days'])}"
    week = everybody[everybody["age_days"] == 7]
    if week.empty or not words.known(last["rate"]) or last["age_days"] <= 7:
        return f"{said}."
    return f"{said}, of these {words.of_a_hundred(week.iloc[0]['rate'] / last['rate'])} in the first week."
