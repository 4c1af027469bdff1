"""A proxy on loopback that counts calls to a server and loses the replies of some, after the server has answered.

What it drops was done: a write whose reply is lost has been committed. It looks at the bytes to tell calls apart;
what it does not recognise it only passes on.
"""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

Kind = str | None


def tryton_call(data: bytes) -> Kind:
    """Calls of our module."""
    head = data[:200]
    if not head.startswith(b"POST "):
        return None
    return next((kind for kind in ("write", "read") if f"/warm_handoff/{kind} ".encode() in head), None)


def postgresql_call(data: bytes) -> Kind:
    """A commit ends a write; a read asks for the stage of records by their keys, as values or as text."""
    head = data[:120]
    if not head.startswith(b"Q"):
        return None
    if head[5:].upper().startswith(b"COMMIT"):
        return "write"
    is_read = head[5:].startswith((b"SELECT", b"copy (select")) and b"handoff_stage" in head
    return "read" if is_read else None


class Proxy:
    """Listens until `close`. `share` of the recognised calls lose their reply; `calls` and `dropped` count by kind."""

    def __init__(self, target: tuple[str, int] | Path, recognise: Callable[[bytes], Kind], *, share: float, seed: int):
        self.target, self._recognise, self.share = target, recognise, share
        self.calls: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self._random, self._lock = random.Random(seed), threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            if isinstance(self.target, Path):
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self.target))
            else:
                server = socket.create_connection(self.target)
        except OSError:
            client.close()
            return
        doomed = threading.Event()
        back = threading.Thread(target=self._answer, args=(server, client, doomed), daemon=True)
        back.start()
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                if (kind := self._recognise(data)) and self._is_lost(kind):
                    doomed.set()
                server.sendall(data)
        if doomed.is_set():
            # The client died; what was asked is answered all the same before the line is cut.
            back.join(timeout=30)
        _cut(server)

    def _answer(self, server: socket.socket, client: socket.socket, doomed: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if doomed.is_set():
                    break
                client.sendall(data)
        _cut(client)
        _cut(server)

    def _is_lost(self, kind: str) -> bool:
        with self._lock:
            self.calls[kind] += 1
            is_lost = self._random.random() < self.share
            self.dropped[kind] += is_lost
            return is_lost


def _cut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()
