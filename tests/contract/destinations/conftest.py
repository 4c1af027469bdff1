"""The systems every destination is proved on. A new one is a line in SYSTEMS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestration.lake.outbox import Outbox
from tests.contract.destinations.hubspot_system import HubSpotSystem
from tests.contract.destinations.salesforce_system import SalesforceSystem
from tests.contract.destinations.sql_system import SqlSystem
from tests.contract.destinations.systems import System
from tests.contract.destinations.tryton_system import TrytonSystem

Opened = Callable[[pytest.FixtureRequest, Path], System]


def _sqlite(request: pytest.FixtureRequest, folder: Path) -> System:
    return SqlSystem("sqlite", f"sqlite:///{folder / 'crm.db'}")


def _postgresql(request: pytest.FixtureRequest, folder: Path) -> System:
    return SqlSystem("postgresql", request.getfixturevalue("postgres_database_url"))


def _mariadb(request: pytest.FixtureRequest, folder: Path) -> System:
    return SqlSystem("mariadb", request.getfixturevalue("mariadb_database_url"))


def _hubspot(request: pytest.FixtureRequest, folder: Path) -> System:
    return HubSpotSystem("hubspot")


def _hubspot_ids(request: pytest.FixtureRequest, folder: Path) -> System:
    return HubSpotSystem("hubspot_ids", key="hs_object_id", dialect="200")


def _salesforce(request: pytest.FixtureRequest, folder: Path) -> System:
    return SalesforceSystem()


def _tryton(request: pytest.FixtureRequest, folder: Path) -> System:
    return TrytonSystem(request.getfixturevalue("tryton"))


SYSTEMS: dict[str, Opened] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mariadb": _mariadb,
    "hubspot": _hubspot,
    "hubspot_ids": _hubspot_ids,
    "salesforce": _salesforce,
    "tryton": _tryton,
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
