"""Whether intake calls in the promised time: first contact within the minutes the criteria set, in opening hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from orchestration.report import words
from orchestration.report.parts import Card, Facts, Figure, Frames, Panel, Read, Row, Section, Table, rows_of
from orchestration.report.plots import Dot, dot_rows, strip
from orchestration.report.plots_over_time import Point, timeline
from orchestration.report.promises import before, changes, left_out, never, nothing, waits

_COUNTS: tuple[str, ...] = ("handoff_count", "met_count", "breached_count", "open_count", "censored_count")
_COUNTS += ("not_observed_count", "not_set_count", "met_before_count", "contacted_count")
READS = (
    Read(
        "fct_sla_attainment",
        ("dimension", "dimension_value", *_COUNTS, "attainment_rate", "attainment_rate_low", "attainment_rate_high")
        + ("attainment_rate_after_handoff", "attainment_rate_after_handoff_low", "attainment_rate_after_handoff_high")
        + ("judged_within_60_minutes_count", "contacted_within_60_minutes_count", "contacted_within_60_minutes_rate")
        + ("contacted_within_60_minutes_rate_low", "contacted_within_60_minutes_rate_high")
        + ("median_minutes_to_contact", "ninth_decile_minutes_to_contact"),
        {"dimension": ("all", "month", "location", "team", "hour_of_day", "service_line_promise")},
    ),
    Read(
        "dim_criteria_versions",
        ("criteria_version", "service_line", "first_contact_business_minutes", "effective_from"),
    ),
)
TITLE = "Called in time"
_MONTHS_SHOWN, _VALUES_SHOWN = 18, 12
# Dimensions, and where their names stand.
_VALUES = {"location": "location_id", "team": "team_id"}
_HEADER = ("", "judged", "called in time", "share", "95 % interval", "still open", "half contacted within")
_BEWARE = (
    "Judged are handoffs whose promise was kept or has run out. Not judged: those still inside it, those who booked "
    "themselves, were disqualified or withdrew consent before it ran out.",
    "A contact is someone reached; an attempt that reached nobody does not keep the promise.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """Attainment over all, by month, by team and by hour of the day."""
    table = frames["fct_sla_attainment"]
    everything = rows_of(table[table["dimension"] == "all"])
    total: Row = everything[0] if everything else dict.fromkeys(_COUNTS, 0)
    judged = words.whole(total["met_count"]) + words.whole(total["breached_count"])
    if not judged:
        why = nothing(total)
        return Section("promise", TITLE, (why,), card=Card(TITLE, "Not known", why))
    low, high = total["attainment_rate_low"], total["attainment_rate_high"]
    says = [
        f"Of {words.several(judged, 'handoff')} whose promise can be judged, {words.count(total['met_count'])} were "
        f"contacted in time: {words.percent(total['attainment_rate'])} "
        f"(95 % interval {words.percent_range(low, high)}).{before(total)}",
        waits(total),
        *never(total),
    ]
    changed = changes(frames["dim_criteria_versions"], facts)
    if changed:
        said = "; ".join(change.said for change in changed)
        says.append(f"The promise itself changed: {said}. Whether intake changed says the share within an hour.")
    by_promise = _by_promise(table, facts)
    if judged < words.FEW:
        says.append(words.TOO_FEW)
    months = table[table["dimension"] == "month"].sort_values("dimension_value")
    figures = [_by_month(months, {change.month for change in changed}), *_in_an_hour(months)] if len(months) > 1 else []
    figures += [figure for figure in (_by_hour(table), *(_by_value(table, name, facts) for name in _VALUES)) if figure]
    return Section(
        "promise",
        TITLE,
        tuple(says),
        (*_BEWARE, *left_out(total)),
        tuple(figures),
        by_promise,
        _card(total, months, judged),
    )


def _card(total: Row, months: pd.DataFrame, judged: int) -> Card:
    rate, low, high = (total[name] for name in ("attainment_rate", "attainment_rate_low", "attainment_rate_high"))
    rests_on = [
        f"Rests on {words.several(judged, 'handoff')}; {words.count(total['open_count'])} still open, not counted"
    ]
    settled = [row for row in rows_of(months) if _judged(row) and not words.whole(row["open_count"])]
    if settled:
        last = settled[-1]
        said = f"{words.month(str(last['dimension_value']))}, the last month with none open"
        rests_on.append(f"{said}: {words.percent(last['attainment_rate'])} of {words.count(_judged(last))}")
    if judged < words.FEW:
        rests_on.append(words.TOO_FEW)
    return Card(
        TITLE,
        words.percent(rate),
        "of handoffs got their first contact in the promised time",
        tuple(rests_on),
        words.percent_range(low, high),
        strip(float(rate), float(low), float(high), name="strip-promise"),
    )


def _judged(row: Row) -> int:
    return words.whole(row["met_count"]) + words.whole(row["breached_count"])


def _cells(label: str, row: Row) -> tuple[str, ...]:
    return (
        label,
        words.count(_judged(row)),
        words.count(row["met_count"]),
        words.percent(row["attainment_rate"]),
        words.percent_range(row["attainment_rate_low"], row["attainment_rate_high"]),
        words.count(row["open_count"]),
        words.minutes(row["median_minutes_to_contact"]),
    )


def _by_month(months: pd.DataFrame, changed: set[str]) -> Figure:
    rows = [row for row in rows_of(months) if _judged(row)][-_MONTHS_SHOWN:]
    points = [
        replace(_month(row, "attainment_rate"), is_change=str(row["dimension_value"])[:7] in changed) for row in rows
    ]
    table = tuple(_cells(words.month(str(row["dimension_value"])), row) for row in rows)
    dotted = " Dotted line: the promise of a service line changed in this month." if changed else ""
    return Figure(
        "By month of the handoff",
        "Share called in time, with its 95 % interval. Hollow, on hatched ground: some of the month are still open."
        + dotted,
        (Panel("", timeline(points, axis=words.axis_percent, name="promise-month"), _alt(table)),),
        Table("Called in time by month of the handoff", ("month", *_HEADER[1:]), table),
    )


def _month(row: Row, rate: str) -> Point:
    limits = words.known(row[f"{rate}_low"]), words.known(row[f"{rate}_high"])
    label = words.short_month(str(row["dimension_value"]))
    return Point(label, words.known(row[rate]), *limits, words.whole(row["open_count"]) > 0)


def _in_an_hour(months: pd.DataFrame) -> list[Figure]:
    name = "contacted_within_60_minutes_rate"
    rows = [row for row in rows_of(months) if words.whole(row["judged_within_60_minutes_count"])][-_MONTHS_SHOWN:]
    if len(rows) < 2:
        return []
    table = tuple(
        (
            words.month(str(row["dimension_value"])),
            words.count(row["judged_within_60_minutes_count"]),
            words.count(row["contacted_within_60_minutes_count"]),
            words.percent(row[name]),
            words.percent_range(row[f"{name}_low"], row[f"{name}_high"]),
        )
        for row in rows
    )
    picture = timeline([_month(row, name) for row in rows], axis=words.axis_percent, name="promise-hour-month")
    caption = "Share contacted within 60 minutes of opening hours or before the handoff, whatever was promised."
    return [
        Figure(
            "Within an hour, whatever was promised",
            caption,
            (Panel("", picture, _alt(table)),),
            Table("Contacted within an hour, by month", ("month", "judged", "within an hour", *_HEADER[3:5]), table),
        )
    ]


def _by_promise(table: pd.DataFrame, facts: Facts) -> tuple[Table, ...]:
    """Service lines handed over under several promises, each by itself: all lines together average it away."""
    own = table[table["dimension"] == "service_line_promise"]
    if own.empty:
        return ()
    parts = own["dimension_value"].str.partition(" ")
    own = own.assign(promised=pd.to_numeric(parts[0], errors="coerce"), line=parts[2]).dropna(subset=["promised"])
    several = own[own.groupby("line")["promised"].transform("nunique") > 1]
    name = "contacted_within_60_minutes_rate"
    rows = tuple(
        (
            facts.names.say("service_line", row["line"]),
            words.minutes(row["promised"]),
            words.count(_judged(row)),
            words.percent(row["attainment_rate"]),
            words.count(row["judged_within_60_minutes_count"]),
            words.percent(row[name]),
            words.percent_range(row[f"{name}_low"], row[f"{name}_high"]),
        )
        for row in rows_of(several.sort_values(["line", "promised"]))
    )
    header = ("service line", "promised", "judged", "called in time", "judged of an hour", "within an hour")
    caption = "Where the promise changed: each service line under each promise"
    return (Table(caption, (*header, "95 % interval"), rows),) if rows else ()


def _by_hour(table: pd.DataFrame) -> Figure | None:
    hours = table[(table["dimension"] == "hour_of_day") & (table["dimension_value"] != "(none)")]
    rows = sorted((row for row in rows_of(hours) if _judged(row)), key=lambda row: str(row["dimension_value"]))
    if len(rows) < 2:
        return None
    cells = tuple(_cells(f"{row['dimension_value']}:00 to {row['dimension_value']}:59", row) for row in rows)
    picture = timeline([_hour(row) for row in rows], axis=words.axis_percent, name="promise-hour")
    return Figure(
        "By hour of the handoff",
        "Share called in time by the hour of the handoff, where the lead’s location is, with its 95 % interval.",
        (Panel("", picture, _alt(cells)),),
        Table("Called in time by local hour of the handoff", ("hour", *_HEADER[1:]), cells),
    )


def _by_value(table: pd.DataFrame, dimension: str, facts: Facts) -> Figure | None:
    found = [row for row in rows_of(table[table["dimension"] == dimension]) if _judged(row)]
    rows = sorted(found, key=lambda row: (-_judged(row), str(row["dimension_value"])))[:_VALUES_SHOWN]
    if len(rows) < 2:
        return None
    cells = tuple(_cells(facts.names.say(_VALUES[dimension], row["dimension_value"]), row) for row in rows)
    dots = [_dot(said, row) for said, row in zip(cells, rows, strict=True)]
    return Figure(
        f"By {dimension}",
        "Share called in time, with its 95 % interval.",
        (Panel("", dot_rows(dots, axis=words.axis_percent, name=f"promise-{dimension}", top=1.0), _alt(cells)),),
        Table(f"Called in time by {dimension}", (dimension, *_HEADER[1:]), cells),
    )


def _alt(cells: Sequence[tuple[str, ...]]) -> str:
    return words.gist(f"{each[0]}: {each[3]} of {each[1]}" for each in cells)


def _dot(cells: tuple[str, ...], row: Row) -> Dot:
    limits = words.known(row["attainment_rate_low"]), words.known(row["attainment_rate_high"])
    return Dot(cells[0], f"{cells[3]} of {cells[1]}", words.known(row["attainment_rate"]), *limits)


def _hour(row: Row) -> Point:
    limits = words.known(row["attainment_rate_low"]), words.known(row["attainment_rate_high"])
    return Point(f"{row['dimension_value']} h", float(row["attainment_rate"]), *limits)
