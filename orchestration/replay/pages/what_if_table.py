"""The short table a what-if ends with on the command line."""

from __future__ import annotations

from rich.table import Table

from models_ml.what_if import count_change, rate_change
from orchestration.replay.pages.figure_words import contact_hours_words, count_words, rate_words
from orchestration.replay.what_if import WhatIf


def what_if_table(answer: WhatIf) -> Table:
    """MQLs and SQLs gained and lost, what became of them, contact hours, and each edit's part."""
    tried = answer.trial.tried.name if answer.trial.tried else answer.trial.line
    title = f"{tried}, from {answer.trial.since:%Y-%m-%d} on, as of {answer.as_of:%Y-%m-%d}"
    table = Table(title=title, show_header=False, title_justify="left")
    table.add_row("records decided anew", f"{answer.records:,}")
    if answer.trial.is_as_decided:
        table.add_row("decisions and evidence that differ", f"{answer.differences:,}")
    for column, stage in (("change", "MQLs"), ("sql_change", "SQLs, by the rules alone")):
        told = answer.leads[column].value_counts()
        words = ", ".join(f"{int(told.get(name, 0)):,} {name}" for name in ("gained", "lost", "earlier", "later"))
        table.add_row(stage, words)
    table.add_row(f"MQL to SQL in {answer.horizon_days} days, change", rate_words(rate_change(answer.groups)))
    table.add_row("SQLs among MQLs, change", count_words(count_change(answer.groups)))
    table.add_row("appointments among MQLs, change", count_words(count_change(answer.appointment_groups)))
    table.add_row("contact hours for intake", contact_hours_words(answer))
    for each in answer.edits:
        name = each.edit.rule_id or each.edit.section
        effect = f"alone {each.gained_alone:,} gained, {each.lost_alone:,} lost; needed for {each.needed_for:,}"
        table.add_row(f"{name}: {each.edit.what}", effect)
    return table
