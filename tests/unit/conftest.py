"""What several folders of unit tests run."""

from __future__ import annotations

import pytest

from tests.golden.compiled_models import CompiledProject
from tests.unit.derived import compiled_once


@pytest.fixture(scope="session")
def derived_models(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """The compiled models between the input contract and the marts that wait for no score."""
    return compiled_once(tmp_path_factory)
