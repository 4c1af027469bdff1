"""Which edit of a trial caused what, and whom its rules keep out that count in some channels only.

Every edit is tried alone and left out, over just the leads that change; a rule limited to channels is made general,
over just the records that have a touch elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from orchestration.replay import compare, home
from orchestration.replay.deciding import decide_trial, records_of
from orchestration.replay.edits import Edit, edits_between
from orchestration.replay.scratch import DECISIONS, Scratch
from orchestration.replay.tried import Trial, VersionRows

_STAGES = {
    "mql": ("change", "mql", "intermediate.int_mql_records__decided", "where decided.qualifies"),
    "sql": ("sql_change", "sql", "intermediate.int_sql_stage__decided", ""),
}


@dataclass(frozen=True)
class EditEffect:
    """What one edit does to the leads that change: how many it moves alone, and how many would not move without it."""

    edit: Edit
    gained_alone: int
    lost_alone: int
    needed_for: int


@dataclass(frozen=True)
class ChannelEffect:
    """A behaviour rule that counts in some channels only: how many leads more would be MQL if it counted in all."""

    rule_id: str
    channels: tuple[str, ...]
    gained: int


@dataclass(frozen=True)
class _Question:
    """The leads that change, and the version the edits start from, as if it had decided since the trial begins."""

    scratch: Scratch
    trial: Trial
    tried: VersionRows
    before: VersionRows
    changed: pd.DataFrame

    def reached(self, latest: VersionRows, stage: str) -> pd.Series:
        """Whether each changed lead reaches the stage when `latest` decides."""
        _, named, source, only = _STAGES[stage]
        decide_trial(self.scratch, self.trial, latest, source)
        found = self.scratch.rows(f"""
            select distinct merged.lead_key from {source} as decided
            inner join home.intermediate.int_records__merged as merged using (record_key) {only}""")
        others = self.scratch.rows(f"""
            select distinct merged.lead_key from home.{DECISIONS} as decided
            inner join home.intermediate.int_records__merged as merged using (record_key)
            anti join chosen using (record_key)
            where decided.qualifies and decided.stage = '{named}'""")
        return self.changed["lead_key"].isin({row["lead_key"] for row in [*found, *others]})

    def moved(self, stage: str, way: str) -> pd.Series:
        """Whether the stage of each changed lead is gained, or lost, by the whole change."""
        return self.changed[_STAGES[stage][0]] == way


def edit_effects(scratch: Scratch, trial: Trial, leads: pd.DataFrame) -> tuple[EditEffect, ...]:
    """The effect of every edit, and first that of the version they start from where the trial begins before it did."""
    if trial.tried is None or trial.before is None:
        return ()
    changed = leads[leads["change"].isin(["gained", "lost"]) | leads["sql_change"].isin(["gained", "lost"])]
    scratch.connection.register("changed_leads", changed[["lead_key"]])
    home.take_records(
        scratch,
        "select record_key from home.intermediate.int_records__merged semi join changed_leads using (lead_key) "
        f"where record_key in ({records_of(trial)})",
    )
    before = trial.before.named(trial.tried.name, trial.since)
    question = _Question(scratch, trial, trial.tried, before, changed)
    base = {stage: question.reached(before, stage) for stage in _STAGES}
    found = [_effect(question, edit, base[edit.stage]) for edit in edits_between(before, trial.tried)]
    if trial.before.version["effective_from"] > trial.since:
        found.insert(0, _earlier(question, trial.before.name, base["mql"]))
    return tuple(found)


def _effect(question: _Question, edit: Edit, base: pd.Series) -> EditEffect:
    gained, lost = (question.moved(edit.stage, way) for way in ("gained", "lost"))
    alone = question.reached(edit.take(question.before, question.tried), edit.stage)
    without = question.reached(edit.take(question.tried, question.before), edit.stage)
    return EditEffect(
        edit=edit,
        gained_alone=int((gained & alone & ~base).sum()),
        lost_alone=int((lost & ~alone & base).sum()),
        needed_for=int((gained & ~without).sum() + (lost & without).sum()),
    )


def _earlier(question: _Question, name: str, base: pd.Series) -> EditEffect:
    """What the version in force would have done, had it decided since the trial begins: no edit of anybody's."""
    gained, lost = (question.moved("mql", way) for way in ("gained", "lost"))
    what = f"had it been in force since {question.trial.since:%Y-%m-%d}"
    return EditEffect(Edit("version", name, what), int((gained & base).sum()), int((lost & ~base).sum()), 0)


def channel_effects(scratch: Scratch, trial: Trial, leads: pd.DataFrame) -> tuple[ChannelEffect, ...]:
    """Each rule of the latest version that is limited to channels, made general."""
    latest, found = trial.latest, []
    reached = set(leads["lead_key"][leads["mql_after"].notna()])
    for rule in latest.rules if latest else ():
        if latest is not None and rule["section"] == "behaviour" and rule["channels"]:
            home.take_records(scratch, compare.kept_out(rule, records_of(trial)))
            decide_trial(scratch, trial, latest.in_every_channel(rule["rule_id"]), compare.MQL_DECIDED)
            gained = compare.mql_leads(scratch) - reached
            found.append(ChannelEffect(rule["rule_id"], tuple(rule["channels"]), len(gained)))
    return tuple(found)
