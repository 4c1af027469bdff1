"""The page of a what-if: what would have come out otherwise, what became of those leads, and by which edit."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from models_ml.what_if import AFTER, BEFORE, count_change, group_of, rate, rate_change, shift_by
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
from orchestration.replay.pages.figure_words import contact_hours_words, count_words, rate_words, share_words
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
    if trial.untried:
        lines.append(say(f"Not tried here, though the file changes them too: {', '.join(trial.untried)}."))
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
            f"{share_words(rate(groups, *BEFORE))} before, {share_words(rate(groups, *AFTER))} after; "
            f"the change is {rate_words(rate_change(groups))}.",
        ),
        say(strong("SQLs among MQLs"), f": {count_words(count_change(groups))}; with an appointment booked: "
            f"{count_words(count_change(booked))}."),
        say(strong("Contact hours for intake"), f": {contact_hours_words(answer)}."),
    ]  # fmt: skip
    rush = int(
        (answer.leads["mql_after"][answer.leads["change"] == "gained"] == pd.Timestamp(answer.trial.since)).sum()
    )
    if rush:
        lines.append(say(f"{rush:,} of the gained would have become MQL the moment it begins: leads known before."))
    if any(_count(answer, "sql_change", name) for name in ("gained", "lost", "earlier", "later")):
        told = ", ".join(f"{_count(answer, 'sql_change', name):,} {word}" for name, word in _SQL_WORDS)
        lines.append(say(strong("SQL by the changed rules alone"), f": {told}. These are counts, not estimates."))
    if answer.labelled_count:
        lines.append(
            say(f"{answer.labelled_count:,} leads change in name only: their CRM's label decides the stage. Left out.")
        )
    yield Bullets(tuple(lines))


_SQL_WORDS = (("gained", "gained"), ("lost", "lost"), ("earlier", "earlier"), ("later", "later"))


# What they are called, the changes they are made of, and the moment their outcomes are those of.
_TOLD = (
    ("gained", ["gained"], "after"),
    ("lost", ["lost"], "before"),
    ("moved in time, as in force", ["earlier", "later"], "before"),
    ("moved in time, as tried", ["earlier", "later"], "after"),
    ("kept", ["kept"], "after"),
)


def _numbers(answer: WhatIf) -> Iterator[Block]:
    yield Heading(2, "What became of them")
    rows: list[Row] = []
    for name, changes, side in _TOLD:
        own = answer.leads[answer.leads["change"].isin(changes)]
        for column, stage in (("outcome", "SQL"), ("appointment", "appointment")):
            outcome = own[f"{column}_{side}"]
            told = outcome.value_counts()
            counts = [f"{int(told.get(each, 0)):,}" for each in ("yes", "no", "never_worked", "open")]
            share = share_words(rate({name: group_of(outcome)}, name))
            rows.append(tuple(say(cell) for cell in (f"{name}: {stage}", f"{len(own):,}", *counts, share)))
    header = ("MQLs", "Leads", "Yes", "No", "Never worked", "Still open", f"Share in {answer.horizon_days} days")
    yield Table("MQLs by what the change does to them, and what is known of them", header, tuple(rows))
    early = answer.groups["gained"].yes
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


def _count(answer: WhatIf, column: str, name: str) -> int:
    return int((answer.leads[column] == name).sum())
