"""The qualification models, compiled once for all tests of this folder."""

from __future__ import annotations

import pytest

from tests.golden.compiled_models import CompiledProject
from tests.integration.criteria.warehouse import compile_qualification
from tests.once import value_once


@pytest.fixture(scope="session")
def qualification_models(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """Compiled models of the qualification folder."""
    return value_once(tmp_path_factory, "qualification", compile_qualification)
