"""The written criteria: read, checked, hashed and turned into rows. Never imports Dagster, dbt or a home.

`load_criteria(folder)` gives `Criteria` or raises `CriteriaError` with every fault; `land_criteria` writes its tables.
What the rules decide is SQL (dbt_project/models/intermediate/qualification), not here.
"""

from __future__ import annotations

from orchestration.criteria_files.history import Recorded
from orchestration.criteria_files.landing import land_criteria
from orchestration.criteria_files.load import Criteria, ServiceLine, load_criteria
from orchestration.criteria_files.marks import CriteriaError, Fault

__all__ = ["Criteria", "CriteriaError", "Fault", "Recorded", "ServiceLine", "land_criteria", "load_criteria"]
