"""The models between the input contract and the marts that wait for no score, compiled once for all who run them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.golden.builds import PROJECT, DbtBuilds
from tests.golden.compiled_models import CompiledProject, compile_project
from tests.once import value_once

FOLDERS = ("identity", "stages", "attribution", "handoff")
FEATURES = (
    "int_mqls__featured",
    "int_mql_facts__known",
    "ml_readiness__training_examples",
    "ml_readiness__scoring_candidates",
    "ml_readiness__example_attributes",
)
MARTS = (
    "fct_lead_stage_transitions",
    "fct_funnel_conversions",
    "fct_conversion_cohorts",
    "fct_pipeline_days",
    "fct_touches",
    "fct_appointments",
    "fct_contact_attempts",
    "fct_channel_performance",
    "fct_stage_label_conflicts",
    "fct_stage_label_agreement",
    "fct_label_review_queue",
    "fct_checklist_adherence",
    "fct_sql_candidate_outcomes",
    "fct_intake_agreement",
    "fct_review_sample",
    "fct_criteria_rule_channels",
    "fct_criteria_rule_drift",
    "fct_sql_rule_outcomes",
    "fct_input_anomalies",
    "dim_leads",
)


def compiled_once(factory: pytest.TempPathFactory) -> CompiledProject:
    """All of them; `needed_for` leaves what somebody asks for."""

    def make(folder: Path) -> CompiledProject:
        (folder / "home").mkdir()
        select = [*(f"path:models/intermediate/{each}" for each in FOLDERS), *FEATURES, *MARTS]
        return compile_project(DbtBuilds(folder), folder / "home", select=select)

    return value_once(factory, "derived_models", make)


def in_folders(*folders: str) -> Sequence[str]:
    """Names of the intermediate models in these folders."""
    return [path.stem for each in folders for path in (PROJECT / "models/intermediate" / each).rglob("*.sql")]
