"""What the command line and Dagster both ask of a replay: settings and files in, answers out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from orchestration.criteria_files.one_file import load_one
from orchestration.dbt_compiled import qualification_sql
from orchestration.replay.explain import Explanation, explain
from orchestration.replay.what_if import WhatIf, WhatIfRefused, what_if
from orchestration.settings import Settings


def ask_what_if(
    settings: Settings,
    file: Path,
    *,
    beside: Path | None = None,
    since: datetime | None = None,
    horizon_days: int = 30,
    warn: Callable[[str], None] = lambda warning: None,
) -> WhatIf:
    """Decide the home's history under a criteria file; catalogue and policy are those of the folder `beside`,
    `warn` is told what is worth a look in the file.

    Raises CriteriaError for a faulty file, WhatIfRefused for a question that cannot be asked so, HomeUnreadable.
    """
    if not file.is_file():
        raise WhatIfRefused(f"{file}: there is no such criteria file")
    criteria, line = load_one(file, beside or file.resolve().parent)
    for warning in criteria.warnings:
        warn(str(warning))
    return what_if(settings.paths, qualification_sql(settings), criteria, line, since=since, horizon_days=horizon_days)


def ask_explanation(settings: Settings, lead_id: str, *, source: str | None = None) -> list[Explanation]:
    """Every record of that id, explained as of the settings' as_of or the home's. Raises what `explain` raises."""
    return explain(settings.paths, qualification_sql(settings), lead_id, source=source, at=settings.as_of)
