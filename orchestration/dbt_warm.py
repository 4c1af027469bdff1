"""A process that has dbt loaded and forks for each call: a call costs what it does, not what dbt's imports cost.

    warm = WarmDbt(); warm.start(); …; warm.stop()     the run's side
    ask(words)                                         the side of `handoff-dbt`: an exit code, None if nobody is there

Whoever calls keeps its own environment, folder, standard streams and signals: the fork gets them. The process ends with
the run that started it, however that ends. What dbt is called with does not belong here.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

ADDRESS = "HANDOFF_WARM_DBT"
_STREAMS = (0, 1, 2)


class WarmDbt:
    """The process as its run holds it; `start` may be called before every call of dbt."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, if it does not stand already, and name it to the processes this one starts."""
        if self._process is not None and self._process.poll() is None:
            return
        self.stop()
        self._folder = Path(tempfile.mkdtemp(prefix="handoff_dbt_"))
        address = self._folder / "calls"
        with socket.socket(socket.AF_UNIX) as listener:
            try:
                listener.bind(os.fspath(address))
            except OSError:
                # Of a temporary folder whose name is too long for a socket. Calls load dbt themselves then.
                self.stop()
                return
            listener.listen()
            # Its standard input is how it learns that this process is gone.
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(listener.fileno()), os.fspath(self._folder)],
                stdin=subprocess.PIPE,
                pass_fds=[listener.fileno()],
            )
        os.environ[ADDRESS] = os.fspath(address)

    def stop(self) -> None:
        """End it and forget its address."""
        os.environ.pop(ADDRESS, None)
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def ask(words: Sequence[str]) -> int | None:
    """Have the call made by the process that stands ready; its exit code, or None where there is no such process."""
    address = os.environ.get(ADDRESS)
    if not address:
        return None
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(address)
        except OSError:
            return None
        socket.send_fds(connection, [b"+"], _STREAMS)
        call = {"words": list(words), "environment": dict(os.environ), "folder": os.getcwd()}
        connection.sendall(json.dumps(call).encode() + b"\n")
        with connection.makefile("rb") as replies:
            _forward_signals(int(replies.readline()))
            # Without an exit code the process died under the call.
            return int(replies.readline() or 2)


def _forward_signals(process_id: int) -> None:
    def forward(number: int, _frame: FrameType | None) -> None:
        os.kill(process_id, number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, forward)


def serve(listener: socket.socket) -> None:
    """Answer calls one after the other until whoever started this process is gone."""
    # A key pressed in the terminal is for the call, not for the process that waits for the next one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from orchestration.dbt_calls import call_dbt, parsed_project

    project = parsed_project()
    # What is loaded stays one copy in memory, whatever the forks' collectors look at.
    gc.freeze()
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if listener not in ready:
            return
        connection, _ = listener.accept()
        with connection:
            _, streams, _, _ = socket.recv_fds(connection, 1, len(_STREAMS))
            with connection.makefile("rb") as lines:
                call = json.loads(lines.readline())
            child = os.fork()
            if child == 0:
                _become(call, streams)
                sys.exit(call_dbt(call["words"], project))
            for stream in streams:
                os.close(stream)
            connection.sendall(f"{child}\n".encode())
            _, status = os.waitpid(child, 0)
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(call: dict[str, Any], streams: Sequence[int]) -> None:
    """In the fork: take over streams, environment, folder and signals of the process that called."""
    for stream, place in zip(streams, _STREAMS, strict=True):
        os.dup2(stream, place)
        os.close(stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(call["environment"])
    os.chdir(call["folder"])
    sys.argv[1:] = call["words"]


if __name__ == "__main__":
    waiting_process = os.getpid()
    try:
        serve(socket.socket(fileno=int(sys.argv[1])))
    finally:
        # A fork comes by here, too; whoever started this process may have been killed.
        if os.getpid() == waiting_process:
            shutil.rmtree(sys.argv[2], ignore_errors=True)
