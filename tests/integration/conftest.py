"""Homes that several suites of whole runs look at; a suite that changes one makes its own."""

from __future__ import annotations

import pytest

from tests.integration.harness import Home
from tests.integration.worlds import demo_home, moment, small_world


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home run once, to its end, over the whole small world at its last moment."""
    home = demo_home(tmp_path_factory.mktemp("undisturbed"))
    home.run(moment(small_world().as_of))
    return home
