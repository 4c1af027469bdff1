"""The identity models, for all tests of this folder."""

from __future__ import annotations

import pytest

from tests.golden.compiled_models import CompiledProject, needed_for
from tests.unit.derived import in_folders


@pytest.fixture(scope="session")
def identity_models(derived_models: CompiledProject) -> CompiledProject:
    """Compiled models of the identity folder."""
    return needed_for(derived_models, in_folders("identity"))
