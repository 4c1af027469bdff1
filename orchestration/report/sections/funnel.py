"""How many come on from stage to stage within the horizon, with who is still inside it told apart."""

from __future__ import annotations

import pandas as pd

from orchestration.report import words
from orchestration.report.parts import Card, Facts, Figure, Frames, Panel, Read, Row, Section, Table, rows_of
from orchestration.report.plots import Bar, Dot, bars, dot_rows, strip
from orchestration.report.plots_over_time import Point, timeline
from orchestration.report.steps import ALL, STEPS, of_step, sentence, taken_up_again, too_short, truncated, young

READS = (
    Read(
        "fct_conversion_rates",
        ("dimension", "dimension_value", "cohort_month", "step", "is_mature", "horizon_days", "entered_count")
        + ("at_risk_count", "truncated_count", "converted_count", "rate", "rate_low", "rate_high", "naive_rate")
        + ("median_days", "by_new_version_count"),
        {"dimension": ("all", "service_line", "channel")},
    ),
    Read(
        "fct_conversion_horizons",
        ("step", "service_line", "is_settled", "horizon_days", "suggested_horizon_days", "observed_days"),
    ),
    Read("fct_pipeline_days", ("stage", "entered_count", "left_backward_count"), {"stage": ("disqualified",)}),
)
TITLE = "From stage to stage"
_MAIN = "mql_to_sql"
_MONTHS_SHOWN, _VALUES_SHOWN, _TENTH = 18, 12, 10
_HEADER: tuple[str, ...] = (
    "",
    "horizon",
    "entered",
    "followed to the horizon",
    "share within the horizon",
    "95 % interval",
)
_HEADER += ("state", "so far, not for judging")
_BEWARE = (
    "“Share within the horizon” counts who is still inside it and has not come on as open, not as lost. “So far” "
    "divides who has come on by all who entered: it falls whenever many have just entered, and is not for judging.",
    "A difference between months or channels is not a cause: who enters may differ as well.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """All steps, their months, and the step from MQL to SQL by service line and channel."""
    rates = frames["fct_conversion_rates"]
    over_all = rates[rates["dimension"] == "all"]
    totals = [row for step in STEPS for row in of_step(over_all, step, ALL) if words.known(row["rate"]) is not None]
    if not totals:
        why = _nothing(over_all)
        return Section("funnel", TITLE, (why,), card=Card("MQL to SQL", "Not known yet", why))
    main = next((row for row in totals if row["step"] == _MAIN), None)
    figures = [_steps(totals), _followed(totals), *_months(over_all)]
    figures += [figure for name in ("service_line", "channel") if (figure := _values(rates, name, facts))]
    says = (
        *(sentence(row) for row in totals),
        *young(over_all),
        *too_short(frames["fct_conversion_horizons"], facts),
        *taken_up_again(frames["fct_pipeline_days"]),
    )
    card = (
        _card(main, over_all) if main else Card("MQL to SQL", "Not known yet", "No MQL has been followed long enough.")
    )
    return Section("funnel", TITLE, says, (*_BEWARE, *truncated(totals)), tuple(figures), (), card)


def _nothing(over_all: pd.DataFrame) -> str:
    entered = words.whole(over_all.loc[over_all["cohort_month"] == ALL, "entered_count"].sum())
    if not entered:
        return "Nobody has entered a stage yet."
    return "Nobody has been followed to the end of a horizon yet: who has not come on is open, and none is lost."


def _unfollowed(row: Row) -> int:
    return words.whole(row["entered_count"]) - words.whole(row["at_risk_count"])


def _is_open(row: Row) -> bool:
    return not bool(row["is_mature"])


def _card(row: Row, over_all: pd.DataFrame) -> Card:
    horizon = words.days(row["horizon_days"])
    rests_on = [
        f"Rests on {words.several(row['entered_count'], 'MQL')}, {words.count(row['at_risk_count'])} of them followed "
        f"for {horizon}; {words.count(_unfollowed(row))} not followed to the end yet, none counted as lost"
    ]
    months = over_all[(over_all["step"] == _MAIN) & (over_all["cohort_month"] != ALL)].sort_values("cohort_month")
    mature = [each for each in rows_of(months) if not _is_open(each) and words.known(each["rate"]) is not None]
    if mature:
        last = mature[-1]
        said = f"{words.month(last['cohort_month'])}, the last month followed to its end: {words.percent(last['rate'])}"
        rests_on.append(f"{said} of {words.count(last['at_risk_count'])}")
    if words.whole(row["at_risk_count"]) < words.FEW:
        rests_on.append(words.TOO_FEW)
    return Card(
        "MQL to SQL",
        words.percent(row["rate"]),
        f"of MQLs become SQL within {horizon}",
        tuple(rests_on),
        words.percent_range(row["rate_low"], row["rate_high"]),
        strip(float(row["rate"]), *_limits(row), name="strip-funnel"),
        f"All so far: {words.percent(row['naive_rate'])}, not for judging",
    )


def _limits(row: Row) -> tuple[float, float]:
    rate = float(row["rate"])
    low, high = words.known(row["rate_low"]), words.known(row["rate_high"])
    return rate if low is None else low, rate if high is None else high


def _cells(label: str, row: Row) -> tuple[str, ...]:
    open_ = _unfollowed(row)
    return (
        label,
        words.days(row["horizon_days"]),
        words.count(row["entered_count"]),
        words.count(row["at_risk_count"]),
        words.percent(row["rate"]),
        words.percent_range(row["rate_low"], row["rate_high"]),
        f"{words.count(open_)} not to the end yet" if open_ else "not fully observed" if _is_open(row) else "mature",
        words.percent(row["naive_rate"]),
    )


def _dot(label: str, row: Row) -> Dot:
    said = f"{words.percent(row['rate'])} of {words.count(row['entered_count'])}"
    is_thin = words.whole(row["at_risk_count"]) < words.FEW
    return Dot(label, said, float(row["rate"]), *_limits(row), is_open=is_thin)


def _steps(rows: list[Row]) -> Figure:
    dots = [_dot(STEPS[row["step"]], row) for row in rows]
    table = tuple(_cells(STEPS[row["step"]], row) for row in rows)
    alt = words.gist(f"{cells[0]}: {cells[4]} within {cells[1]}, {cells[6]}" for cells in table)
    return Figure(
        "All steps",
        "Share that comes on within the horizon, with its 95 % interval, as told by all who entered, each as long as "
        f"followed. Hollow and dashed: fewer than {words.FEW} followed to its end, too few to judge by.",
        (Panel("", dot_rows(dots, axis=words.axis_percent, name="funnel-steps", top=1.0), alt),),
        Table("Steps of the funnel, everybody", ("step", *_HEADER[1:]), table),
    )


def _followed(rows: list[Row]) -> Figure:
    drawn, table = [], []
    for row in rows:
        name, open_ = STEPS[row["step"]], _unfollowed(row)
        drawn.append(
            Bar(name, f"{words.count(open_)} not yet", float(row["entered_count"]), float(row["at_risk_count"]))
        )
        counts = (words.count(row[column]) for column in ("entered_count", "at_risk_count", "truncated_count"))
        table.append((name, *counts, words.count(open_)))
    alt = words.gist(f"{cells[0]}: {cells[1]} entered, {cells[2]} followed, {cells[4]} not yet" for cells in table)
    return Figure(
        "How far they are followed",
        "All who entered. Full: followed to the end of the horizon. Hatched: not yet, come on or not.",
        (Panel("", bars(drawn, axis=lambda value: f"{value:,.0f}", name="funnel-followed"), alt),),
        Table("Entered and followed", ("step", "entered", "followed", "seen late", "not yet followed"), tuple(table)),
    )


def _point(row: Row) -> Point:
    limits = words.known(row["rate_low"]), words.known(row["rate_high"])
    # Who enters is moved at once; of those who come on, most whom new criteria made had long left the horizon.
    made, is_entry = words.whole(row["by_new_version_count"]), row["step"] == "sql_to_appointment"
    is_change = is_entry and 0 < words.whole(row["entered_count"]) <= _TENTH * made
    return Point(words.short_month(row["cohort_month"]), words.known(row["rate"]), *limits, _is_open(row), is_change)


def _months(over_all: pd.DataFrame) -> list[Figure]:
    panels, table = [], []
    for step, name in STEPS.items():
        months = over_all[(over_all["step"] == step) & (over_all["cohort_month"] != ALL)].sort_values("cohort_month")
        rows = rows_of(months)[-_MONTHS_SHOWN:]
        if not rows:
            continue
        points = [_point(row) for row in rows]
        cells = [_cells(words.month(row["cohort_month"]), row) for row in rows]
        alt = f"{name}: " + words.gist(f"{each[0]}: {each[4]}, {each[6]}" for each in cells)
        panels.append(Panel(name, timeline(points, axis=words.axis_percent, name=f"funnel-{step}"), alt))
        table += [(name, *each) for each in cells]
    if not panels:
        return []
    caption = (
        "Share that came on within the horizon, by the month of entering, with its 95 % interval. Hollow, on hatched "
        "ground: not everybody of the month has been followed to the end; the share may still move. Hatched without a "
        "mark: nobody has. Dotted line: a tenth or more of the SQLs that entered were made at the first moment of "
        "new criteria."
    )
    header = ("step", "month of entering", *_HEADER[1:])
    return [
        Figure(
            "By month of entering",
            caption,
            tuple(panels),
            Table("Steps of the funnel by month", header, tuple(table), 2),
        )
    ]


def _values(rates: pd.DataFrame, dimension: str, facts: Facts) -> Figure | None:
    chosen = rates[rates["dimension"] == dimension]
    rows = [row for row in of_step(chosen, _MAIN, ALL) if words.known(row["rate"]) is not None]
    if len(rows) < 2:
        return None
    rows = sorted(rows, key=lambda row: (-float(row["rate"]), str(row["dimension_value"])))
    largest = sorted(rows, key=lambda row: -words.whole(row["at_risk_count"]))[:_VALUES_SHOWN]
    rows = [row for row in rows if row in largest]
    labels = [facts.names.say(dimension, row["dimension_value"]) for row in rows]
    dots = [_dot(label, row) for label, row in zip(labels, rows, strict=True)]
    table = tuple(_cells(label, row) for label, row in zip(labels, rows, strict=True))
    alt = words.gist(f"{cells[0]}: {cells[4]}, {cells[2]} entered" for cells in table)
    what = words.plain(dimension)
    return Figure(
        f"MQL to SQL by {what}",
        "Share within the horizon, with its 95 % interval. Hollow and dashed: fewer than "
        f"{words.FEW} followed to its end.",
        (Panel("", dot_rows(dots, axis=words.axis_percent, name=f"funnel-{what.replace(' ', '-')}"), alt),),
        Table(f"MQL to SQL by {what}", (what, *_HEADER[1:]), table),
    )
