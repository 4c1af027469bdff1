"""The compiled models that features come from, once for all tests of them."""

from __future__ import annotations

import pytest

from tests.golden.builds import DbtBuilds
from tests.golden.compiled_models import CompiledProject, compile_project

MODELS = (
    "int_mqls__featured",
    "int_mql_facts__known",
    "ml_readiness__training_examples",
    "ml_readiness__scoring_candidates",
    "ml_readiness__example_attributes",
)


@pytest.fixture(scope="session")
def feature_project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """Everything between the input contract and the readiness examples."""
    scratch = tmp_path_factory.mktemp("features")
    (scratch / "home").mkdir()
    return compile_project(DbtBuilds(scratch), scratch / "home", select=MODELS)
