"""The systems every destination is proved on. A new one is a line in SYSTEMS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestration.lake.outbox import Outbox
from tests.contract.destinations.sql_system import SqlSystem
from tests.contract.destinations.systems import System

Opened = Callable[[pytest.FixtureRequest, Path], System]


def _sqlite(request: pytest.FixtureRequest, folder: Path) -> System:
    return SqlSystem("sqlite", f"sqlite:///{folder / 'crm.db'}")


def _postgresql(request: pytest.FixtureRequest, folder: Path) -> System:
    return SqlSystem("postgresql", request.getfixturevalue("postgres_database_url"))


def _mariadb(request: pytest.FixtureRequest, folder: Path) -> System:
    return SqlSystem("mariadb", request.getfixturevalue("mariadb_database_url"))


SYSTEMS: dict[str, Opened] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mariadb": _mariadb,
}
SQL = ("sqlite", "postgresql", "mariadb")


@pytest.fixture(params=list(SYSTEMS))
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[System]:
    """One CRM of each kind, empty."""
    with closing(SYSTEMS[request.param](request, tmp_path)) as opened:
        yield opened


@pytest.fixture(params=list(SQL))
def sql_system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlSystem]:
    """A database of each kind, for what only `sql` promises."""
    with closing(SYSTEMS[request.param](request, tmp_path)) as opened:
        assert isinstance(opened, SqlSystem)
        yield opened


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """An empty outbox."""
    with closing(Outbox(tmp_path / "home" / "outbox.sqlite")) as opened:
        yield opened
