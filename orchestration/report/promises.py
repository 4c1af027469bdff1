"""The promise of a first contact in words: what was kept and what not, and where the promise itself changed.

Rows are those of fct_sla_attainment and dim_criteria_versions. Frames and rows in, sentences out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from orchestration.report import words
from orchestration.report.parts import Facts, Row, rows_of


@dataclass(frozen=True)
class Change:
    """A change of one service line's promise, in the month (`YYYY-MM`) it took effect."""

    month: str
    said: str


def changes(versions: pd.DataFrame, facts: Facts) -> list[Change]:
    """The changes by as_of, the first one first. Rows are those of dim_criteria_versions."""
    found = []
    ordered = versions.sort_values(["service_line", "effective_from", "criteria_version"])
    for line, rows in ordered.groupby("service_line", sort=True):
        each = rows_of(rows)
        for former, after in pairwise(each):
            old, new = (words.known(row["first_contact_business_minutes"]) for row in (former, after))
            moment = pd.Timestamp(after["effective_from"])
            if old == new or moment > pd.Timestamp(facts.as_of):
                continue
            said = f"{words.minutes(new) if new is not None else 'none'} instead of " + (
                words.minutes(old) if old is not None else "none"
            )
            name = facts.names.say("service_line", line)
            found.append((moment, Change(f"{moment:%Y-%m}", f"{name} since {words.day(moment)}: {said}")))
    return [change for _, change in sorted(found, key=lambda each: (each[0], each[1].said))]


def nothing(total: Row) -> str:
    """Why there is nothing to judge."""
    handed = words.whole(total["handoff_count"])
    if not handed:
        return "No lead has been handed to intake yet."
    if words.whole(total["not_observed_count"]) == handed:
        return "The sources tell of no work by staff (no work_events), so whether anybody called cannot be seen."
    if words.whole(total["not_set_count"]) == handed:
        return "The criteria in force promise no time of first contact, so there is nothing to hold intake to."
    return f"No promise has run out yet: {words.several(handed, 'handoff')} so far, none of them to be judged."


def before(row: Row) -> str:
    """How many had been reached before, and the share of the others."""
    reached = words.whole(row["met_before_count"])
    if not reached:
        return ""
    said = f" {words.count(reached)} of these had been reached before they were handed over"
    name = "attainment_rate_after_handoff"
    if words.known(row[name]) is None:
        return f"{said}; there are no others."
    limits = words.percent_range(row[f"{name}_low"], row[f"{name}_high"])
    return f"{said}; of the others {words.percent(row[name])} were contacted in time ({limits})."


def waits(row: Row) -> str:
    """How long it takes."""
    half, most = words.known(row["median_minutes_to_contact"]), words.known(row["ninth_decile_minutes_to_contact"])
    if half is None:
        return "Fewer than half were ever contacted, so there is no typical wait."
    said = f"Half are contacted within {words.minutes(half)} of opening hours"
    return (
        f"{said}, nine of ten within {words.minutes(most)}."
        if most is not None
        else f"{said}; fewer than nine of ten ever are."
    )


def never(row: Row) -> list[str]:
    """How many were never contacted, whatever the reason."""
    observed = words.whole(row["handoff_count"]) - words.whole(row["not_observed_count"])
    unreached = observed - words.whole(row["contacted_count"])
    if not unreached:
        return []
    share = words.percent(unreached / observed)
    return [
        f"{words.count(unreached)} of {words.several(observed, 'handoff')} ({share}) were never contacted so far, "
        "those counted who booked, were turned away or withdrew before anybody called."
    ]


def left_out(total: Row) -> list[str]:
    """Who is in no share."""
    said = []
    if unseen := words.whole(total["not_observed_count"]):
        said.append(f"{words.several(unseen, 'handoff')} of sources that tell of no work by staff: in no share.")
    if unset := words.whole(total["not_set_count"]):
        said.append(f"{words.several(unset, 'handoff')} under criteria that promise no time: in no share.")
    return said
