"""Each database engine the connector is tried on: an SQLite file and a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_database_url"))
    (tmp_path / "crm.db").touch()
    return f"sqlite:///{tmp_path / 'crm.db'}"
