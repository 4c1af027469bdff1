"""Tryton's JSON-RPC as its administrator and its staff use it: what tests need beside our client."""

from __future__ import annotations

import base64
from typing import Any

import requests


class Rpc:
    """A session of a user. `context` goes with every call."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url, self._session = url, requests.Session()
        self.context: dict[str, Any] = {}
        self.user, token, *_ = self.call("common.db.login", user, {"password": password}, "en")
        told = base64.b64encode(f"{user}:{self.user}:{token}".encode()).decode()
        self._session.headers["Authorization"] = f"Session {told}"

    def call(self, method: str, *arguments: Any) -> Any:
        """One call. Raises RuntimeError with what Tryton says."""
        asked = {"id": 1, "method": method, "params": arguments}
        reply = self._session.post(f"{self._url}/rpc/", json=asked, timeout=300)
        reply.raise_for_status()
        told = reply.json()
        if "error" in told:
            raise RuntimeError(told["error"])
        return told["result"]

    def model(self, name: str, method: str, *arguments: Any) -> Any:
        """A method of a model."""
        return self.call(f"model.{name}.{method}", *arguments, self.context)
