"""The compiled models that features come from, for all tests of them."""

from __future__ import annotations

import pytest

from tests.golden.compiled_models import CompiledProject, needed_for
from tests.unit.derived import FEATURES


@pytest.fixture(scope="session")
def feature_project(derived_models: CompiledProject) -> CompiledProject:
    """Everything between the input contract and the readiness examples."""
    return needed_for(derived_models, FEATURES)
