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
from orchestration.replay.causes import ChannelEffect, EditEffect, channel_effects, edit_effects
from orchestration.replay.compiled import QualificationSql
from orchestration.replay.deciding import decide_trial, records_of
from orchestration.replay.scratch import Scratch
from orchestration.replay.tried import Trial, trial_of, version_rows


class WhatIfRefused(ValueError):
    """The question cannot be asked so; the message says what to do."""


@dataclass(frozen=True)
class WhatIf:
    """The answer. Times are naive UTC; `leads` are those MQL or SQL either way, see `compare.lead_frame`.

    `leads` also has change and sql_change (gained, lost, earlier, later, kept; missing where the stage is decided by a
    CRM's label) and outcome_before, outcome_after, appointment_before, appointment_after (yes, no, never_worked, open;
    of the MQL moment in force and of the one tried). `differences` counts rows of decisions and evidence that are not
    those in force; `minutes` and `attempts` are None where no work of staff was seen.
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
        """MQLs by what the change does to them and whether they became SQL."""
        return effects.groups_of(self.leads["change"], self.leads["outcome_before"], self.leads["outcome_after"])

    @property
    def appointment_groups(self) -> dict[str, effects.Group]:
        """The same by whether an appointment was booked."""
        before, after = self.leads["appointment_before"], self.leads["appointment_after"]
        return effects.groups_of(self.leads["change"], before, after)

    @property
    def newly_worked(self) -> int:
        """Leads to contact more: those gained that nobody has worked, less those lost."""
        is_worked = self.leads["first_worked_at"] <= self.leads["mql_after"] + pd.Timedelta(days=self.horizon_days)
        gained = (self.leads["change"] == "gained") & ~is_worked
        return int(gained.sum()) - int((self.leads["change"] == "lost").sum())

    @property
    def contact_hours(self) -> float | None:
        """Hours of contact the change adds for intake (or spares it); None where no work of staff was seen."""
        if self.minutes is None or self.attempts is None:
            return None
        return self.newly_worked * self.attempts * self.minutes / 60


def what_if(
    paths: HomePaths,
    sql: QualificationSql,
    criteria: Criteria,
    line: ServiceLine,
    *,
    since: datetime | None = None,
    horizon_days: int = 30,
) -> WhatIf:
    """Decide the home's history under `line` (of `criteria`) and compare. No run begins meanwhile.

    Raises WhatIfRefused for a `since` the home cannot answer for, HomeUnreadable where it holds no history.
    """
    with Scratch(sql) as scratch, home.reading(scratch, paths, who="a what-if"):
        as_of = home.as_of(scratch)
        if since is not None and since > as_of:
            said = f"{since.isoformat()} is after {as_of.isoformat()}, the moment the home answers for"
            raise WhatIfRefused(f"--since {said}")
        trial = _trial(scratch, criteria, line, since, as_of)
        home.take_records(scratch, records_of(trial))
        decide_trial(scratch, trial)
        differences = compare.differing_rows(scratch)
        records = scratch.rows("select count(*) as n from chosen")[0]["n"]
        leads, labelled = _with_changes(compare.lead_frame(scratch), trial.since, as_of, horizon_days)
        minutes, attempts, gaps = compare.handling(scratch, trial.since, horizon_days)
        return WhatIf(
            trial=trial,
            as_of=as_of,
            horizon_days=horizon_days,
            records=records,
            differences=differences,
            leads=leads,
            labelled_count=labelled,
            edits=edit_effects(scratch, trial, leads),
            channels=channel_effects(scratch, trial, leads),
            minutes=minutes,
            attempts=attempts,
            gaps=gaps,
        )


def _trial(scratch: Scratch, criteria: Criteria, line: ServiceLine, since: datetime | None, as_of: datetime) -> Trial:
    decided = version_rows(home.criteria_rows(scratch, "versions"), home.criteria_rows(scratch, "rules"))
    scratch.fill("input.input__criteria_exclusions", home.criteria_rows(scratch, "exclusions"))
    return trial_of(decided, criteria, line, since, as_of)


def _with_changes(leads: pd.DataFrame, since: datetime, as_of: datetime, horizon_days: int) -> tuple[pd.DataFrame, int]:
    """The leads with what changes and what became of them, and how many change in name only: a CRM's label decides."""
    begin, end = pd.Timestamp(since), pd.Timestamp(as_of)
    sql_moments = leads[["sql_before", "sql_after"]].set_axis(["mql_before", "mql_after"], axis=1)
    change, sql_change = effects.change_of(leads, begin), effects.change_of(sql_moments, begin)
    moved = ["gained", "lost", "earlier", "later"]
    in_name = (change.isin(moved) & leads["is_mql_labelled"]) | (sql_change.isin(moved) & leads["is_sql_labelled"])
    found = {"change": change.mask(leads["is_mql_labelled"]), "sql_change": sql_change.mask(leads["is_sql_labelled"])}
    for name, reached in (("outcome", "became_sql_at"), ("appointment", "appointment_booked_at")):
        for side in ("before", "after"):
            outcome = effects.outcome_of(
                leads[f"mql_{side}"], leads[reached], leads["first_worked_at"], as_of=end, horizon_days=horizon_days
            )
            found[f"{name}_{side}"] = outcome.where(leads[f"mql_{side}"].notna())
    return leads.assign(**found), int(in_name.sum())
