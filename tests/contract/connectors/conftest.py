"""What the suite runs over: each database engine, and each shape a source may have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.connectors.ads_staging import AdStaging
from tests.contract.connectors.homes import LandingHome
from tests.contract.connectors.shapes import FILE_SHAPES, Shape, SqlShape
from tests.once import value_once

ENGINES = ("sqlite", "postgresql")


def empty_database(engine: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """URL of an empty database: an SQLite file, or one of the real PostgreSQL."""
    if engine == "postgresql":
        return str(request.getfixturevalue("postgres_database_url"))
    (folder / "crm.db").touch()
    return f"sqlite:///{folder / 'crm.db'}"


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database."""
    return empty_database(request.param, tmp_path, request)


@pytest.fixture(params=[*FILE_SHAPES, *ENGINES])
def shape(request: pytest.FixtureRequest, tmp_path: Path) -> Shape:
    """An empty source in each shape."""
    if request.param in FILE_SHAPES:
        return FILE_SHAPES[request.param](tmp_path / "source")
    return SqlShape(tmp_path / "source", empty_database(request.param, tmp_path, request))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LandingHome]:
    """An empty home."""
    opened = LandingHome.open(tmp_path / "home")
    yield opened
    opened.vault.close()


@pytest.fixture(scope="session")
def ad_staging(tmp_path_factory: pytest.TempPathFactory) -> AdStaging:
    """The staging of the advertising connectors, compiled."""
    return value_once(tmp_path_factory, "ad_staging", AdStaging.compile)
