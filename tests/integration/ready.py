"""`handoff` in a copy of a process that has loaded it: a call costs what it does, not what Python's imports cost.

    with ready_handoff() as call: code, output = call(["run", …], env)

Every call is a process, and a process group, of its own all the same, with its own environment, folder, arguments and
output; dbt, too, stands ready for it. That `handoff` starts from nothing is proved where `harness.start` is used.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import click

ROOT = Path(__file__).resolve().parents[2]
HANDOFF = Path(sys.executable).parent / "handoff"
Call = Callable[[Sequence[str], dict[str, str]], tuple[int, str]]


@contextmanager
def ready_handoff(env: dict[str, str]) -> Iterator[Call]:
    """The call: words and environment → exit code, and what was said on either stream."""
    # As `handoff` says it to itself before it loads anything.
    env = {"OMP_NUM_THREADS": "1", "DO_NOT_TRACK": "1", **env}
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())], cwd=ROOT, env=env, pass_fds=[theirs.fileno()]
            )
        try:
            yield lambda words, given: _called(ours, words, given)
        finally:
            # Its end of the line is how it learns that nobody will call any more.
            ours.shutdown(socket.SHUT_RDWR)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()


def _called(line: socket.socket, words: Sequence[str], env: dict[str, str]) -> tuple[int, str]:
    with tempfile.TemporaryFile() as said:
        socket.send_fds(line, [b"+"], [said.fileno()])
        line.sendall(json.dumps({"words": list(words), "env": env}).encode() + b"\n")
        answer = _line_of(line)
        assert answer, "the process that stood ready is gone"
        said.seek(0)
        return int(answer), said.read().decode(errors="replace")


def _line_of(line: socket.socket) -> bytes:
    """What comes up to the end of a line, read as it comes: files are sent on the same way, between lines."""
    found = b""
    while not found.endswith(b"\n"):
        more = line.recv(65536)
        if not more:
            return b""
        found += more
    return found


def serve(line: socket.socket) -> None:
    """Answer call after call until nobody will call any more."""
    from orchestration.cli import main
    from orchestration.dbt_warm import ADDRESS, WarmDbt

    for package in ("orchestration", "models_ml"):
        _load(package)
    _work_out_what_no_home_changes()
    gc.freeze()
    dbt, stop, here = WarmDbt(), WarmDbt.stop, os.getpid()
    # A run narrows it before it calls dbt.
    before = os.umask(0o077)
    dbt.start()
    os.umask(before)
    address = os.environ.get(ADDRESS)
    # A call finds it ready, and leaves it so.
    WarmDbt.start = WarmDbt.stop = lambda self: None
    try:
        while True:
            _, streams, _, _ = socket.recv_fds(line, 1, 1)
            if not streams:
                return
            call = json.loads(_line_of(line))
            child = os.fork()
            if child == 0:
                _become(main, call, streams[0], {ADDRESS: address} if address else {})
            os.close(streams[0])
            _, status = os.waitpid(child, 0)
            line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    finally:
        # A fork comes by here, too.
        if os.getpid() == here:
            stop(dbt)


def _load(package: str) -> None:
    """Import a package with all its modules; what runs inside a CRM is none of ours."""
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, f"{package}."):
        if "tryton_module" not in module.name:
            importlib.import_module(module.name)


def _work_out_what_no_home_changes() -> None:
    """The dbt project as Dagster's assets, and the spans of the time zones."""
    from orchestration import definitions
    from orchestration.dbt_manifest import ensure_manifest
    from orchestration.lake.zones import offset_spans, zone_names
    from orchestration.settings import Settings

    ensure_manifest(Settings())
    definitions.dbt_models = cache(definitions.dbt_models)
    definitions.dbt_models(Settings().dbt_manifest)
    for zone in zone_names():
        offset_spans(zone, 1990, 2045, 7)


def _become(main: click.Command, call: dict[str, Any], stream: int, more: dict[str, str]) -> NoReturn:
    """In the fork: do as a fresh `handoff` with these words would, and end."""
    os.setsid()
    for place in (1, 2):
        os.dup2(stream, place)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(call["env"], **more)
    os.chdir(ROOT)
    sys.argv = [str(HANDOFF), *call["words"]]
    code = 1
    try:
        main(prog_name=HANDOFF.name)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        # As a process ends by itself, but without taking apart what the fork shares with the process it is of.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
