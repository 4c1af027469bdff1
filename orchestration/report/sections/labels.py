"""Where the CRM's labels and the written criteria disagree, and which disagreements still stand."""

from __future__ import annotations

import pandas as pd

from models_ml.metrics import wilson_interval
from orchestration.report import words
from orchestration.report.parts import Card, Facts, Figure, Frames, Panel, Read, Section, Table, rows_of
from orchestration.report.plots import Bar, bars, strip
from orchestration.report.plots_over_time import Point, timeline

READS = (
    Read("fct_stage_label_conflicts", ("stage", "kind", "is_open", "is_deleted", "excluded_by")),
    Read(
        "fct_stage_label_agreement",
        ("stage", "week_date", "compared_count", "agreed_count", "agreement_rate", "agreement_rate_low")
        + ("agreement_rate_high",),
        {"dimension": ("all",)},
    ),
    Read(
        "fct_label_review_queue",
        ("place", "lead_key", "lead_id", "source", "stage", "kind", "team_id", "to_do", "since"),
    ),
)
TITLE = "Labels that disagree"
STAGES = {"mql": "MQL", "sql": "SQL"}
KINDS = {
    "labelled_too_early": "labelled too early",
    "labelled_too_late": "labelled too late",
    "labelled_without_evidence": "labelled, nothing speaks for it",
    "missed": "criteria met, never labelled",
    "unauthorised_role": "labelled by a role not authorised",
}
_WEEKS_SHOWN, _QUEUE_SHOWN = 26, 10
_BEWARE = (
    "A disagreement says that label and written criteria differ, not which of them is right.",
    "A label too early or too late cannot be mended afterwards; it counts, and it does not stay open.",
)


def section(frames: Frames, facts: Facts) -> Section:
    """Agreement by week, disagreements by kind, and the first of those to look at."""
    conflicts = frames["fct_stage_label_conflicts"]
    conflicts = conflicts[~conflicts["is_deleted"].astype(bool) & conflicts["excluded_by"].isna()]
    weeks = frames["fct_stage_label_agreement"]
    compared = words.whole(weeks["compared_count"].sum()) if not weeks.empty else 0
    if not compared and conflicts.empty:
        why = "There is nothing to compare: no source has labelled a stage that the criteria decide."
        return Section("labels", TITLE, (why,), card=Card(TITLE, "Not known", why))
    queue = frames["fct_label_review_queue"]
    still = len(queue)
    says = [_agreement(weeks, stage, name) for stage, name in STAGES.items()]
    says.append(_settleable(queue))
    figures = [figure for figure in (_by_week(weeks), _by_kind(conflicts)) if figure]
    tables = _queue(queue, facts)
    return Section(
        "labels",
        TITLE,
        tuple(each for each in says if each),
        _BEWARE,
        tuple(figures),
        tables,
        _card(weeks, conflicts, still),
    )


def _settleable(queue: pd.DataFrame) -> str:
    """A lead has a label of each stage: labels are counted, and beside them the leads they are of."""
    if queue.empty:
        return "No label is left to settle."
    leads = queue["lead_key"].nunique()
    return f"{words.several(len(queue), 'label')} of {words.several(leads, 'lead')} can still be settled."


def _totals(weeks: pd.DataFrame, stage: str | None = None) -> tuple[int, int]:
    chosen = weeks if stage is None else weeks[weeks["stage"] == stage]
    return words.whole(chosen["agreed_count"].sum()), words.whole(chosen["compared_count"].sum())


def _agreement(weeks: pd.DataFrame, stage: str, name: str) -> str:
    agreed, compared = _totals(weeks, stage) if not weeks.empty else (0, 0)
    if not compared:
        return f"{name}: no labels to compare."
    rate, low, high = wilson_interval(agreed, compared)
    few = f" {words.TOO_FEW}" if compared < words.FEW else ""
    return (
        f"{name}: label and criteria agree for {words.percent(rate)} of {words.several(compared, 'lead')} "
        f"(95 % interval {words.percent_range(low, high)}).{few}"
    )


def _card(weeks: pd.DataFrame, conflicts: pd.DataFrame, still: int) -> Card:
    agreed, compared = _totals(weeks) if not weeks.empty else (0, 0)
    told = [
        f"{name}: {words.percent(1 - wilson_interval(*totals)[0])} of {words.count(totals[1])}"
        for stage, name in STAGES.items()
        if not weeks.empty and (totals := _totals(weeks, stage))[1]
    ]
    rests_on = [*told, f"{words.several(still, 'label')} can still be settled"]
    if 0 < compared < words.FEW:
        rests_on.append(words.TOO_FEW)
    if not compared:
        return Card(
            TITLE, words.short_count(len(conflicts)), "disagreements between label and criteria", tuple(rests_on)
        )
    rate, low, high = wilson_interval(compared - agreed, compared)
    return Card(
        TITLE,
        words.percent(rate),
        "of labels compared differ from the written criteria",
        tuple(rests_on),
        words.percent_range(low, high),
        strip(rate, low, high, name="strip-labels"),
    )


def _by_week(weeks: pd.DataFrame) -> Figure | None:
    panels, table = [], []
    for stage, name in STAGES.items():
        chosen = weeks[(weeks["stage"] == stage) & (weeks["compared_count"] > 0)].sort_values("week_date")
        rows = rows_of(chosen)[-_WEEKS_SHOWN:]
        if not rows:
            continue
        points = [
            Point(
                words.short_day(pd.Timestamp(row["week_date"])),
                float(row["agreement_rate"]),
                words.known(row["agreement_rate_low"]),
                words.known(row["agreement_rate_high"]),
            )
            for row in rows
        ]
        cells = [
            (
                name,
                words.day(pd.Timestamp(row["week_date"])),
                words.count(row["compared_count"]),
                words.count(row["agreed_count"]),
                words.percent(row["agreement_rate"]),
                words.percent_range(row["agreement_rate_low"], row["agreement_rate_high"]),
            )
            for row in rows
        ]
        alt = f"{name}: " + words.gist(f"week of {each[1]}: {each[4]} of {each[2]}" for each in cells)
        panels.append(Panel(name, timeline(points, axis=words.axis_percent, name=f"labels-{stage}"), alt))
        table += cells
    if not panels:
        return None
    header = ("stage", "week of", "compared", "agreed", "share", "95 % interval")
    caption = (
        "Share of labels that agree with the criteria, by week, with its 95 % interval; at most the last "
        f"{_WEEKS_SHOWN} weeks."
    )
    return Figure("Agreement by week", caption, tuple(panels), Table("Agreement by week", header, tuple(table), 2))


def _by_kind(conflicts: pd.DataFrame) -> Figure | None:
    panels, table = [], []
    for stage, name in STAGES.items():
        drawn, cells = [], []
        for kind, said in KINDS.items():
            chosen = conflicts[(conflicts["stage"] == stage) & (conflicts["kind"] == kind)]
            if chosen.empty:
                continue
            total, still = len(chosen), int(chosen["is_open"].fillna(False).astype(bool).sum())
            drawn.append(Bar(said, words.count(total), total, still))
            cells.append((name, said, words.count(total), words.count(still)))
        if drawn:
            alt = f"{name}: " + words.gist(f"{each[1]}: {each[2]}, {each[3]} still stand" for each in cells)
            panels.append(Panel(name, bars(drawn, axis=lambda value: f"{value:,.0f}", name=f"kinds-{stage}"), alt))
            table += cells
    if not panels:
        return None
    header = ("stage", "kind", "leads", "still stand")
    caption = (
        "Leads by kind of disagreement, over all time. Full: still stands and can be settled. Hatched: past, or cannot "
        "be mended. Those of the last days count here, and in the share above only once it is sure what becomes of "
        "them, so here stand a few more. A label by a role not authorised may stand under another kind too."
    )
    return Figure("What disagrees", caption, tuple(panels), Table("Disagreements by kind", header, tuple(table), 2))


def _queue(queue: pd.DataFrame, facts: Facts) -> tuple[Table, ...]:
    rows = tuple(
        (
            str(row["lead_id"]),
            STAGES.get(str(row["stage"]), str(row["stage"])),
            KINDS.get(str(row["kind"]), words.plain(str(row["kind"]))),
            facts.names.say("team_id", row["team_id"]),
            str(row["to_do"]),
            words.day(row["since"]) if row["since"] is not None and row["since"] == row["since"] else words.NO_VALUE,
        )
        for row in rows_of(queue.sort_values("place").head(_QUEUE_SHOWN))
    )
    if not rows:
        return ()
    caption = (
        f"To settle first: {len(rows)} of {words.several(len(queue), 'label')}. All are in fct_label_review_queue."
    )
    return (Table(caption, ("lead", "stage", "kind", "team", "to do", "stands since"), rows, 6),)
