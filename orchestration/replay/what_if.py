"""Runs a changed criteria file over a home's history and says what would have come out otherwise, and by which edit.

`what_if(paths, sql, criteria, line, …)` is the front door. What the figures amount to is `models_ml.what_if`; pages and
pictures are made of the `WhatIf` it gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from models_ml import what_if as effects
from orchestration.criteria_files.load import Criteria, ServiceLine
from orchestration.lake.paths import HomePaths
from orchestration.replay import compare, home
from orchestration.replay.compiled import QualificationSql
from orchestration.replay.edits import Edit, edits_between
from orchestration.replay.scratch import DECISIONS, Scratch
from orchestration.replay.tried import Trial, VersionRows, trial_of, version_rows


class WhatIfRefused(ValueError):
    """The question cannot be asked so; the message says what to do."""


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
class WhatIf:
    """The answer. Times are naive UTC; `leads` are those MQL or SQL either way, see `compare.lead_frame`.

    `leads` also has change and sql_change (gained, lost, earlier, later, kept), outcome and appointment_outcome (yes,
    no, never_worked, open; of the MQL moment of the change). `differences` counts rows of decisions and evidence that
    are not those in force; `minutes` and `attempts` are None where no work of staff was seen.
    """

    trial: Trial
    as_of: datetime
    horizon_days: int
    records: int
    differences: int
    leads: pd.DataFrame
    labelled_count: int
    edits: tuple[EditEffect, ...]
    channels: tuple[ChannelEffect, ...]
    minutes: float | None
    attempts: float | None
    gaps: int

    @property
    def groups(self) -> dict[str, effects.Group]:
        """Kept, gained and lost MQLs by whether they became SQL."""
        return effects.groups_of(self.leads["change"], self.leads["outcome"])

    @property
    def appointment_groups(self) -> dict[str, effects.Group]:
        """The same by whether an appointment was booked."""
        return effects.groups_of(self.leads["change"], self.leads["appointment_outcome"])

    @property
    def contact_hours(self) -> float | None:
        """Hours of contact the change adds for intake (or spares it); None where no work of staff was seen."""
        if self.minutes is None or self.attempts is None:
            return None
        more = int((self.leads["change"] == "gained").sum()) - int((self.leads["change"] == "lost").sum())
        return more * self.attempts * self.minutes / 60


def what_if(
    paths: HomePaths,
    sql: QualificationSql,
    criteria: Criteria,
    line: ServiceLine,
    *,
    since: datetime | None = None,
    horizon_days: int = 30,
) -> WhatIf:
    """Decide the home's history under `line` (of `criteria`) and compare.

    Raises WhatIfRefused for a `since` the home cannot answer for, HomeUnreadable where it holds no history.
    """
    with Scratch(sql) as scratch:
        home.attach_home(scratch, paths)
        as_of = home.as_of(scratch)
        trial = _trial(scratch, criteria, line, _since(since, line, as_of))
        home.take_records(scratch, _records(trial))
        _decide(scratch, trial)
        differences = compare.differing_rows(scratch)
        leads = _with_changes(compare.lead_frame(scratch), trial.since, as_of, horizon_days)
        labelled = leads["is_labelled"] & leads["change"].isin(["gained", "lost", "earlier", "later"])
        minutes, attempts, gaps = compare.handling(scratch, trial.since, horizon_days)
        return WhatIf(
            trial=trial,
            as_of=as_of,
            horizon_days=horizon_days,
            records=scratch.rows("select count(*) as n from chosen")[0]["n"],
            differences=differences,
            leads=leads[~leads["is_labelled"]].reset_index(drop=True),
            labelled_count=int(labelled.sum()),
            edits=_edit_effects(scratch, trial, leads[~leads["is_labelled"]]),
            channels=_channel_effects(scratch, trial, leads),
            minutes=minutes,
            attempts=attempts,
            gaps=gaps,
        )


def _since(since: datetime | None, line: ServiceLine, as_of: datetime) -> datetime:
    begins = line.versions[-1].effective_from
    chosen = since or (begins if begins <= as_of else as_of - pd.Timedelta(days=180).to_pytimedelta())
    if chosen > as_of:
        raise WhatIfRefused(
            f"--since {chosen.isoformat()} is after {as_of.isoformat()}, the moment the home answers for"
        )
    return chosen


def _trial(scratch: Scratch, criteria: Criteria, line: ServiceLine, since: datetime) -> Trial:
    decided = version_rows(home.criteria_rows(scratch, "versions"), home.criteria_rows(scratch, "rules"))
    scratch.fill("input.input__criteria_exclusions", home.criteria_rows(scratch, "exclusions"))
    return trial_of(decided, criteria, line, since, home.as_of(scratch))


def _records(trial: Trial) -> str:
    """Records the line has a say in: those that ever belonged to it; the default may have one in all."""
    everybody = "select record_key from home.intermediate.int_records__versioned"
    if trial.is_default:
        return everybody
    name = trial.line.replace("'", "''")
    return f"{everybody} where trim(service_line) = '{name}'"


def _decide(scratch: Scratch, trial: Trial, latest: VersionRows | None = None, *relations: str) -> None:
    versions, rules = (home.criteria_rows(scratch, part).schema for part in ("versions", "rules"))
    for part, table in trial.tables(versions, rules, latest=latest).items():
        scratch.fill(f"input.input__criteria_{part}", table)
    scratch.decide(*relations)


def _with_changes(leads: pd.DataFrame, since: datetime, as_of: datetime, horizon_days: int) -> pd.DataFrame:
    begin, end = pd.Timestamp(since), pd.Timestamp(as_of)
    change = effects.change_of(leads, begin)
    sql_moments = leads[["sql_before", "sql_after"]].set_axis(["mql_before", "mql_after"], axis=1)
    mql_at = leads["mql_before"].where(change == "lost", leads["mql_after"])
    outcomes = {
        name: effects.outcome_of(
            mql_at, leads[reached], leads["first_worked_at"], as_of=end, horizon_days=horizon_days
        ).where(change.notna())
        for name, reached in (("outcome", "became_sql_at"), ("appointment_outcome", "appointment_booked_at"))
    }
    return leads.assign(change=change, sql_change=effects.change_of(sql_moments, begin), **outcomes)


def _edit_effects(scratch: Scratch, trial: Trial, leads: pd.DataFrame) -> tuple[EditEffect, ...]:
    """Each edit alone, and all but it, decided again over just the leads that change."""
    if trial.tried is None or trial.before is None:
        return ()
    edits = edits_between(trial.before, trial.tried)
    if len(edits) < 1:
        return ()
    changed = leads[leads["change"].isin(["gained", "lost"]) | leads["sql_change"].isin(["gained", "lost"])]
    scratch.connection.register("changed_leads", changed[["lead_key"]])
    home.take_records(
        scratch,
        "select record_key from home.intermediate.int_records__merged semi join changed_leads using (lead_key) "
        f"where record_key in ({_records(trial)})",
    )
    return tuple(_edit_effect(scratch, trial, edit, changed) for edit in edits)


def _channel_effects(scratch: Scratch, trial: Trial, leads: pd.DataFrame) -> tuple[ChannelEffect, ...]:
    """Each rule limited to channels made general, over the records with a touch it would count then."""
    latest, found = trial.latest, []
    reached = set(leads["lead_key"][leads["mql_after"].notna()])
    for rule in latest.rules if latest else ():
        if latest is not None and rule["section"] == "behaviour" and rule["channels"]:
            home.take_records(scratch, compare.kept_out(rule, _records(trial)))
            _decide(scratch, trial, latest.in_every_channel(rule["rule_id"]), compare.MQL_DECIDED)
            gained = compare.mql_leads(scratch) - reached
            found.append(ChannelEffect(rule["rule_id"], tuple(rule["channels"]), len(gained)))
    return tuple(found)


def _edit_effect(scratch: Scratch, trial: Trial, edit: Edit, changed: pd.DataFrame) -> EditEffect:
    assert trial.tried is not None and trial.before is not None
    before = trial.before.named(trial.tried.name, trial.since)
    alone = _standing(scratch, trial, edit.take(before, trial.tried), edit.stage, changed)
    without = _standing(scratch, trial, edit.take(trial.tried, before), edit.stage, changed)
    column = "change" if edit.stage == "mql" else "sql_change"
    gained, lost = changed[column] == "gained", changed[column] == "lost"
    return EditEffect(
        edit=edit,
        gained_alone=int((gained & alone).sum()),
        lost_alone=int((lost & ~alone).sum()),
        needed_for=int((gained & ~without).sum() + (lost & without).sum()),
    )


def _standing(scratch: Scratch, trial: Trial, tried: VersionRows, stage: str, changed: pd.DataFrame) -> pd.Series:
    """Whether each changed lead reaches the stage when `tried` decides, in the order of `changed`."""
    source = {"mql": "intermediate.int_mql_records__decided", "sql": "intermediate.int_sql_stage__decided"}[stage]
    _decide(scratch, trial, tried, source)
    qualifies = "where decided.qualifies" if stage == "mql" else ""
    found = scratch.rows(f"""
        select distinct merged.lead_key from {source} as decided
        inner join home.intermediate.int_records__merged as merged using (record_key) {qualifies}""")
    others = scratch.rows(f"""
        select distinct merged.lead_key from home.{DECISIONS} as decided
        inner join home.intermediate.int_records__merged as merged using (record_key)
        anti join chosen using (record_key)
        where decided.qualifies and decided.stage = '{stage}'""")
    return changed["lead_key"].isin({row["lead_key"] for row in [*found, *others]})
