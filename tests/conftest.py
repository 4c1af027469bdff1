"""Fixtures every suite may use: real servers, started once a session and only where asked for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.servers import postgres_database, postgres_server

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
