"""The identity models, compiled once for all tests of this folder."""

from __future__ import annotations

import pytest

from tests.golden.builds import DbtBuilds
from tests.golden.compiled_models import CompiledProject, compile_project


@pytest.fixture(scope="session")
def identity_models(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """Compiled models of the identity folder."""
    scratch = tmp_path_factory.mktemp("identity")
    home = scratch / "home"
    home.mkdir()
    return compile_project(DbtBuilds(scratch), home, select=["path:models/intermediate/identity"])
