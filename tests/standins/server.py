"""An HTTP server in this process that plays somebody else's system, counts its calls and misbehaves on command.

What a system answers is `system.answer(call)`; this file knows sockets and faults only. A fault is played once, at the
next call its `path` is part of.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Call:
    """One request. `body` is its JSON (a form as a mapping), `text` the same as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    text: str


@dataclass(frozen=True)
class Reply:
    """One answer; a `body` that is text goes out as HTML, anything else as JSON."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What goes wrong at one call: a reply of its own, or none at all, before or after the system did its work."""

    reply: Reply | None = None
    is_dropped: bool = False
    is_applied: bool = False
    delay: float = 0.0
    path: str = ""


class System(Protocol):
    """What stands behind the server."""

    def answer(self, call: Call) -> Reply:
        """Answer a call."""


HTML = "<html><body><h1>Something is wrong on our side</h1></body></html>"


def too_many(retry_after: str | None = None, *, path: str = "", body: Any = None) -> Fault:
    """429, as both systems send it when calls come too fast."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    said = body or {"status": "error", "message": "You have reached your limit.", "errorType": "RATE_LIMIT"}
    return Fault(Reply(429, said, headers), path=path)


def broken(status: int = 503, *, is_applied: bool = False, path: str = "", retry_after: str | None = None) -> Fault:
    """A 5xx with a page of HTML, as a gateway sends it."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    return Fault(Reply(status, HTML, headers), is_applied=is_applied, path=path)


def dropped(*, is_applied: bool = True, path: str = "") -> Fault:
    """The connection ends without a reply; by default after the work was done."""
    return Fault(is_dropped=True, is_applied=is_applied, path=path)


class Server:
    """A running stand-in: its address, its calls so far, and the faults that wait."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.calls: list[Call] = []
        self.chooser: Callable[[Call], Fault | None] | None = None
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        """Begin to serve, in a thread."""
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self, *, was_started: bool = True) -> None:
        """End serving."""
        if was_started:
            self._http.shutdown()
        self._http.server_close()

    def misbehave(self, *faults: Fault) -> None:
        """Play these faults, in order, at the calls to come."""
        self._faults.extend(faults)

    def count(self, part: str) -> int:
        """How many calls so far had this in their path."""
        return sum(part in call.path for call in self.calls)

    def take(self, call: Call) -> tuple[Reply | None, float]:
        """The reply to a call (None: hang up), and the seconds to wait before it."""
        with self._lock:
            self.calls.append(call)
            fault = self._fault(call)
            if fault is None:
                return self.system.answer(call), 0.0
            reply = self.system.answer(call) if fault.is_applied or not (fault.reply or fault.is_dropped) else None
            return (None if fault.is_dropped else fault.reply or reply), fault.delay

    def _fault(self, call: Call) -> Fault | None:
        for number, fault in enumerate(self._faults):
            if fault.path in call.path:
                return self._faults.pop(number)
        return self.chooser(call) if self.chooser else None


@contextmanager
def serving(system: System) -> Iterator[Server]:
    """A server for a system, for the time of a `with`."""
    server = Server(system)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _do(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            parts = urlsplit(self.path)
            is_form = "form" in self.headers.get("Content-Type", "")
            try:
                body = dict(parse_qsl(text)) if is_form else json.loads(text) if text else None
            except ValueError:
                body = None
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            call = Call(self.command, parts.path, query, dict(self.headers), body, text)
            reply, delay = server.take(call)
            if delay:
                time.sleep(delay)
            if reply is None:
                self.close_connection = True
                return
            self._send(reply)

        def _send(self, reply: Reply) -> None:
            is_html = isinstance(reply.body, str)
            said = reply.body.encode() if is_html else b"" if reply.body is None else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "text/html" if is_html else "application/json;charset=utf-8")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            try:
                self.wfile.write(said)
            except BrokenPipeError:
                self.close_connection = True

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _do

    return Handler
