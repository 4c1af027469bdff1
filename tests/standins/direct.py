"""Takes a client's calls to a stand-in without sockets: the same clients, calls and faults at a third of the cost.

For schedules by the hundred. What sockets do (timeouts, connections kept alive) is proved over real ones elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter

from tests.standins.server import Call, Server


class DirectPool:
    """In place of a urllib3 pool manager."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def request(self, method: str, url: str, **options: Any) -> urllib3.HTTPResponse:
        """Answer one call; a dropped one raises what a broken connection raises."""
        answered = _answered(self._server, method, url, options.get("headers") or {}, options.get("body"))
        if answered is None:
            raise urllib3.exceptions.ProtocolError("Connection aborted.")
        status, headers, said = answered
        return urllib3.HTTPResponse(BytesIO(said), headers=headers, status=status, preload_content=False)

    def clear(self) -> None:
        """Nothing is open."""


class DirectAdapter(BaseAdapter):
    """In place of a requests adapter."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Answer one call; a dropped one raises what a broken connection raises."""
        answered = _answered(self._server, str(request.method), str(request.url), request.headers, request.body)
        if answered is None:
            raise requests.ConnectionError("Connection aborted.")
        response = requests.Response()
        response.status_code, headers, said = answered
        response.headers.update(headers)
        response.raw, response.request, response.url = BytesIO(said), request, str(request.url)
        return response

    def close(self) -> None:
        """Nothing is open."""


def _answered(
    server: Server, method: str, url: str, headers: Mapping[str, str], body: Any
) -> tuple[int, dict[str, str], bytes] | None:
    text = body.decode() if isinstance(body, bytes) else body or ""
    parts = urlsplit(url)
    is_form = "form" in headers.get("Content-Type", "")
    said = dict(parse_qsl(text)) if is_form else json.loads(text) if text else None
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    reply, _ = server.take(Call(method, parts.path, query, dict(headers), said, text))
    if reply is None:
        return None
    is_html = isinstance(reply.body, str)
    answer = reply.body if is_html else json.dumps(reply.body)
    kind = "text/html" if is_html else "application/json;charset=utf-8"
    return reply.status, {"Content-Type": kind, **reply.headers}, answer.encode()
