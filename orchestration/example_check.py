"""Refuses criteria whose examples fail. What has held once is remembered, until the criteria or the SQL change."""

from __future__ import annotations

from pathlib import Path

from orchestration.code_version import dbt_hash
from orchestration.criteria_files import Criteria, CriteriaError
from orchestration.criteria_files.history import canonical_hash
from orchestration.dbt_compiled import qualification_sql
from orchestration.lake.private_files import write_bytes
from orchestration.replay.examples import cases_of, example_faults
from orchestration.settings import Settings


def refuse_unless_examples_hold(criteria: Criteria, settings: Settings, *, remembered: Path | None = None) -> int:
    """Tries every example, unless `remembered` says that just these have held; returns how many there are.

    Raises CriteriaError with a fault for each that fails, ManifestError where the SQL cannot be compiled.
    """
    count = len(cases_of(criteria))
    if not count:
        return 0
    tried = canonical_hash(
        {
            "sql": dbt_hash(),
            "versions": [version.model_dump() for line in criteria.service_lines for version in line.versions],
            "lines": [line.name for line in criteria.service_lines],
        }
    )
    if remembered is not None and remembered.exists() and remembered.read_text(encoding="utf-8") == tried:
        return count
    faults = example_faults(criteria, qualification_sql(settings))
    if faults:
        raise CriteriaError(faults)
    if remembered is not None:
        write_bytes(remembered, tried.encode())
    return count
