"""A trial decided: which records it has a say in, and the scratch filled with its criteria and built."""

from __future__ import annotations

from orchestration.replay import home
from orchestration.replay.scratch import Scratch, trimmed
from orchestration.replay.tried import Trial, VersionRows


def records_of(trial: Trial) -> str:
    """A query for the records the line has a say in: those that ever were of it; the default may have one in all."""
    everybody = "select record_key from home.intermediate.int_records__versioned"
    if trial.is_default:
        return everybody
    name = trial.line.replace("'", "''")
    return f"{everybody} where {trimmed('service_line')} = '{name}'"


def decide_trial(scratch: Scratch, trial: Trial, latest: VersionRows | None = None, *relations: str) -> None:
    """Decide the records taken, with `latest` (if given) in place of the trial's latest version."""
    versions, rules = (home.criteria_rows(scratch, part).schema for part in ("versions", "rules"))
    for part, table in trial.tables(versions, rules, latest=latest).items():
        scratch.fill(f"input.input__criteria_{part}", table)
    scratch.decide(*relations)
