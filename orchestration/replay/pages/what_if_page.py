"""The page of a what-if: what would have come out otherwise, what became of those leads, and by which edit."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from models_ml.what_if import Bounded, count_change, rate, rate_change, shift_by
from orchestration.criteria_files.handbook import words
from orchestration.criteria_files.handbook.blocks import (
    Block,
    Bullets,
    Heading,
    Notice,
    Page,
    Paragraph,
    Row,
    Table,
    Words,
    code,
    say,
    strong,
)
from orchestration.replay.what_if import WhatIf

PICTURE = "what_if.png"
_SHIFTS = (("channel", "channel"), ("location_id", "location"), ("language", "language"))


def what_if_page(answer: WhatIf) -> Page:
    """The answer as a page."""
    name = "Every other service line" if answer.trial.is_default else words.titled(answer.trial.line)
    blocks: list[Block] = [*_opening(answer)]
    if answer.differences or not answer.trial.is_as_decided:
        blocks += [*_in_short(answer), *_numbers(answer), *_edits(answer), *_channels(answer), *_shifts(answer)]
        blocks += _how_to_read(answer)
    else:
        blocks += _channels(answer)
    return Page("what_if", f"What if: {name}", f"What if: {name}", tuple(blocks))


def _opening(answer: WhatIf) -> Iterator[Block]:
    trial = answer.trial
    asked = say(
        f"{answer.records:,} records, decided anew as of every moment up to {words.moment(answer.as_of)}, the moment "
        "the home answers for."
    )
    if trial.tried is not None:
        taken = f", in place of {trial.before.name}" if trial.before else ""
        first = say(strong(f"Version {trial.tried.version['version']} is tried"), f" from {words.moment(trial.since)}"
                    f" on{taken}.")  # fmt: skip
    elif trial.is_as_decided:
        first = say(strong("The file says what is in force"), ": nothing is changed by it.")
    else:
        first = say(strong("The file changes versions that have decided"), "; it decides all of history here.")
    lines = [first, asked]
    if trial.is_as_decided:
        lines.append(
            say(f"{answer.differences:,} rows of decisions and evidence differ from those in force.")
            if answer.differences
            else say("All decisions and their evidence come out just as they are in force.")
        )
    yield Notice(tuple(lines))


def _in_short(answer: WhatIf) -> Iterator[Block]:
    gained, lost = _count(answer, "change", "gained"), _count(answer, "change", "lost")
    groups, booked = answer.groups, answer.appointment_groups
    yield Heading(2, "In short")
    lines: list[Words] = [
        say(
            strong(f"{gained:,} MQLs more, {lost:,} fewer"),
            f" since {words.moment(answer.trial.since)}; {_count(answer, 'change', 'earlier'):,} would have been MQL "
            f"earlier and {_count(answer, 'change', 'later'):,} later.",
        ),
        say(
            strong("MQL to SQL"),
            f" in {answer.horizon_days} days, over MQLs whose {answer.horizon_days} days are over: "
            f"{_percent(rate(groups, 'kept', 'lost'))} before, {_percent(rate(groups, 'kept', 'gained'))} after; "
            f"the change is {rate_words(rate_change(groups))}.",
        ),
        say(strong("SQLs among MQLs"), f": {count_words(count_change(groups))}; with an appointment booked: "
            f"{count_words(count_change(booked))}."),
        say(strong("Contact hours for intake"), f": {contact_hours_words(answer)}."),
    ]  # fmt: skip
    rush = int((answer.leads["mql_after"][_is(answer, "gained")] == pd.Timestamp(answer.trial.since)).sum())
    if rush:
        lines.append(say(f"{rush:,} of the gained would have become MQL the moment it begins: leads known before."))
    if any(_count(answer, "sql_change", name) for name in ("gained", "lost", "earlier", "later")):
        told = ", ".join(f"{_count(answer, 'sql_change', name):,} {word}" for name, word in _SQL_WORDS)
        lines.append(say(strong("SQL by the changed rules alone"), f": {told}. These are counts, not estimates."))
    if answer.labelled_count:
        lines.append(
            say(f"{answer.labelled_count:,} more leads change, but their CRM's label decides their stage: left out.")
        )
    yield Bullets(tuple(lines))


_SQL_WORDS = (("gained", "gained"), ("lost", "lost"), ("earlier", "earlier"), ("later", "later"))


def _numbers(answer: WhatIf) -> Iterator[Block]:
    yield Heading(2, "What became of them")
    rows: list[Row] = []
    for name in ("gained", "lost", "kept"):
        own = answer.leads[_is(answer, name)]
        for column, stage in (("outcome", "SQL"), ("appointment_outcome", "appointment")):
            told = own[column].value_counts()
            counts = [str(int(told.get(each, 0))) for each in ("yes", "no", "never_worked", "open")]
            group = (answer.groups if column == "outcome" else answer.appointment_groups)[name]
            share = _percent(rate({name: group}, name))
            rows.append(tuple(say(cell) for cell in (f"{name}, {stage}", str(len(own)), *counts, share)))
    header = ("MQLs", "Leads", "Yes", "No", "Never worked", "Still open", f"Share in {answer.horizon_days} days")
    yield Table("MQLs gained, lost and kept, by what is known of them", header, tuple(rows))
    early = int((_is(answer, "gained") & (answer.leads["outcome"] == "yes")).sum())
    if early:
        yield Paragraph(
            say(
                f"The {early:,} SQLs among the gained came without having been handed over as MQLs: the change hands "
                "such leads over sooner, it does not make them. New ones can only come from those never worked."
            )
        )


def _edits(answer: WhatIf) -> Iterator[Block]:
    if not answer.edits:
        return
    yield Heading(2, "Which edit caused what")
    rows = tuple(
        (
            say(code(each.edit.rule_id or each.edit.section)),
            say(each.edit.section),
            say(each.edit.what),
            say(str(each.gained_alone)),
            say(str(each.lost_alone)),
            say(str(each.needed_for)),
        )
        for each in answer.edits
    )
    header = ("Rule", "Where", "Edit", "Gained by it alone", "Lost by it alone", "Would not change without it")
    yield Table("Each edit tried alone, and left out, over the leads that change", header, rows)
    yield Paragraph(
        say(
            "Edits of fit and behaviour are counted in MQLs, those of eligibility and readiness in SQLs. Leads that "
            "several edits move together stand in no “alone” column; a lead that each of two edits would move stands "
            "in both."
        )
    )


def _channels(answer: WhatIf) -> Iterator[Block]:
    if not answer.channels:
        return
    yield Heading(2, "Rules that count in some channels only")
    rows = tuple(
        (say(code(each.rule_id)), say(words.listed(each.channels)), say(f"{each.gained:,}")) for each in answer.channels
    )
    header = ("Rule", "Counts in", "Leads that would be MQL too, if it counted in all")
    yield Table("Same criteria, every channel", header, rows)


def _shifts(answer: WhatIf) -> Iterator[Block]:
    yield Heading(2, "Who they are")
    for column, word in _SHIFTS:
        table = shift_by(answer.leads, answer.leads["change"], column)
        rows = tuple(
            tuple(
                say(cell)
                for cell in (
                    str(row.value),
                    f"{row.before:,}",
                    f"{row.after:,}",
                    f"{row.change:+,}",
                    f"{row.share_before:.1%}",
                    f"{row.share_after:.1%}",
                )
            )
            for row in table.itertuples()
        )
        header = (word.capitalize(), "MQLs before", "After", "Change", "Share before", "Share after")
        if rows:
            yield Table(f"MQLs by {word}", header, rows)


def _how_to_read(answer: WhatIf) -> Iterator[Block]:
    yield Heading(2, "How to read this")
    lines = [
        f"An MQL nobody worked in its {answer.horizon_days} days is no failure: it is counted once as No and once as "
        "Yes, and every figure given as a range lies between the two.",
        "Brackets hold the 95 % interval for leads like these. It grows with what is not known, and says nothing of "
        "what a change of habits would do: whoever is called because of the new rules may answer otherwise than those "
        "who were called before.",
        "MQLs inside their horizon are open: they count as MQLs, and in no share.",
        "Leads deleted, excluded, or decided by their CRM's label are left out.",
    ]
    if answer.minutes is not None:
        lines.append(
            f"A contact takes {answer.minutes:.1f} minutes, as observed: the median time from one thing a member of "
            f"staff did to the next, where that is at most an hour ({answer.gaps:,} times)."
        )
    yield Bullets(tuple(say(line) for line in lines))


def _is(answer: WhatIf, name: str) -> pd.Series[bool]:
    names = ["kept", "earlier", "later"] if name == "kept" else [name]
    return answer.leads["change"].isin(names)


def _count(answer: WhatIf, column: str, name: str) -> int:
    return int((answer.leads[column] == name).sum())


def _percent(value: Bounded, *, points: bool = False) -> str:
    if value.low != value.low:
        return "not known"
    scale, unit = 100, " points" if points else " %"
    sign = "+" if points else ""
    return _ranged(value, scale, f"{sign}.1f") + unit


def rate_words(value: Bounded) -> str:
    """A change of a rate, in points."""
    return _percent(value, points=True)


def count_words(value: Bounded) -> str:
    """A change of a count."""
    return _ranged(value, 1, "+.0f")


def _ranged(value: Bounded, scale: int, form: str) -> str:
    low, high, lower, upper = (format(each * scale + 0.0, form) for each in value)
    middle = low if low == high else f"{low} to {high}"
    return f"{middle} [{lower}, {upper}]"


def contact_hours_words(answer: WhatIf) -> str:
    """The contact hours a change adds, and what they are made of."""
    hours = answer.contact_hours
    if hours is None:
        return "not known, for no work of staff was seen"
    return f"{hours:+,.0f}, at {answer.attempts:.1f} contacts of {answer.minutes:.1f} minutes for each MQL"
