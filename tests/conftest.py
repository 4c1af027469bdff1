"""Fixtures every suite may use: real servers, started once a session and only where asked for.

With HANDOFF_TESTS_FORBID_SKIPS set (CI sets it) a test that would be skipped fails instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import count

import pytest

from tests.servers import MARIADBD, mariadb_database, mariadb_server, postgres_database, postgres_server
from tests.tryton.server import Tryton, tryton_server

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as the session."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres_database_url(postgres_url: str) -> Iterator[str]:
    """URL of an empty database on it, of this test alone."""
    with postgres_database(postgres_url, f"test_{next(_numbers)}") as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """URL of a MariaDB server that lives as long as the session; without the package the test is skipped by name."""
    if not MARIADBD:
        pytest.skip("MariaDB is not installed: sudo apt-get install -y mariadb-server-core mariadb-client-core")
    with mariadb_server() as url:
        yield url


@pytest.fixture
def mariadb_database_url(mariadb_url: str) -> Iterator[str]:
    """URL of an empty database on it, of this test alone."""
    with mariadb_database(mariadb_url, f"test_{next(_numbers)}") as url:
        yield url


@pytest.fixture(scope="session")
def tryton(postgres_url: str) -> Iterator[Tryton]:
    """A Tryton that lives as long as the session; its environment is made from PyPI on first use."""
    with tryton_server(postgres_url, f"tryton_{next(_numbers)}") as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium with its driver; without one the test is skipped by name."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found or not shutil.which("chromedriver"):
        pytest.skip("Chromium is not installed: sudo apt-get install -y chromium chromium-driver")
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn a skip into a failure where skips are forbidden."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("HANDOFF_TESTS_FORBID_SKIPS"):
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.longrepr = f"skips are forbidden here: {item.nodeid}: {reason}"
    return report
