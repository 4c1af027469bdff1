"""Destination `tryton`: writes handoff fields of leads and opportunities by the calls of our own Tryton module.

The module (`tryton_module/warm_handoff`) runs inside Tryton; it guards and answers for each record in one transaction,
and its keys open nothing else. Here is only its client: plain HTTP, one call a batch, none made twice by itself
(Python's own XML-RPC client sends a POST again without a word). What `plan` tells is `tryton_plan.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from orchestration.destinations.base import (
    FIELDS,
    REQUIRED,
    STAFFS_OWN,
    Answer,
    BatchRefused,
    DestinationError,
    Held,
    Unavailable,
)
from orchestration.destinations.sql_values import from_column
from orchestration.destinations.tryton_plan import plan
from orchestration.lake.outbox import Write

_TIMEOUT = (10, 300)


class _Bearer(AuthBase):
    """Our key, whatever a netrc file of this machine says."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"bearer {self._token}"
        return request


class TrytonDestination:
    """One database of a Tryton server. `key` is the field that holds our lead ids: reference, number or id."""

    is_guarding = True
    time_grain = timedelta(seconds=1)

    def __init__(
        self,
        *,
        name: str,
        source: str,
        url: str,
        database: str,
        token: str,
        key: str = "reference",
        batch_size: int = 100,
    ) -> None:
        self.name = name
        self.source = source
        self.key = key
        self.batch_size = self.read_size = batch_size
        self._address = f"{url.rstrip('/')}/{database}/warm_handoff"
        self._session = requests.Session()
        self._session.auth = _Bearer(token)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=0))

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    @property
    def place(self) -> str:
        """Hash of server, database and key field."""
        return hashlib.sha256(f"tryton|{self._address}|{self.key}".encode()).hexdigest()

    def check(self) -> None:
        """Raise DestinationError where the server, our module, the key or a field no run can do without is missing."""
        schema = self._call("schema", {})
        if self.key not in schema["keys"]:
            raise DestinationError(
                f"destination {self.name}: Tryton finds leads by {', '.join(schema['keys'])}, not by {self.key}; "
                "correct `key` in the registry"
            )
        if missing := [name for name in REQUIRED if name not in schema["fields"]]:
            raise DestinationError(
                f"destination {self.name}: Tryton lacks {', '.join(missing)}; update its module warm_handoff "
                f"(`handoff prepare {self.name}` says how)"
            )

    def fields(self) -> Collection[str]:
        """The fields our module's version brings."""
        return FIELDS.keys() & set(self._call("schema", {})["fields"])

    def schema_version(self) -> str:
        """Hash of the fields, their types, and the modules that are active: each may bring rules of its own."""
        schema = self._call("schema", {})
        told = json.dumps([schema["fields"], schema["modules"]], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def highest_sequence(self) -> int:
        """The greatest sequence any record holds; 0 where none does."""
        return int(self._call("schema", {})["highest_sequence"])

    def write(self, writes: Sequence[Write]) -> Mapping[str, Answer]:
        """Write a batch in one transaction of Tryton, all or, where it refuses a record, nothing of it."""
        if not writes:
            return {}
        told = self._call("write", {"key": self.key, "writes": [_asked(write) for write in writes]})
        if "refused" in told:
            code = str(told["refused"])
            raise BatchRefused(f"destination {self.name}: Tryton refused a record ({code})", error_code=code)
        return {
            lead_id: Answer(outcome, code, None if record is None else str(record), _found(*found))
            for lead_id, (outcome, code, record, *found) in told["answers"].items()
        }

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Held]:
        """Read the handoff fields of these records, as canonical text."""
        held: dict[str, Held] = {}
        for start in range(0, len(lead_ids), self.read_size):
            asked = {"key": self.key, "lead_ids": list(lead_ids[start : start + self.read_size])}
            for lead_id, record in self._call("read", asked).items():
                fields = {
                    name: from_column(value, FIELDS[name]) for name, value in record["fields"].items() if name in FIELDS
                }
                sequence = fields.pop("handoff_sequence")
                held[lead_id] = Held(int(sequence) if sequence else None, fields, str(record["id"]))
        return held

    def plan(self) -> list[str]:
        """What an administrator of Tryton does once: the module, a user with the least rights, a key."""
        return plan(self.name)

    def prepare(self) -> list[str]:
        """Nothing: a key of ours may not change Tryton itself."""
        return []

    def _call(self, what: str, told: Mapping[str, Any]) -> Any:
        try:
            reply = self._session.post(f"{self._address}/{what}", json=told, timeout=_TIMEOUT)
        except (requests.ConnectTimeout, requests.exceptions.InvalidURL) as error:
            raise self._away(f"cannot be reached ({type(error).__name__})") from None
        except requests.RequestException as error:
            raise self._away(f"did not answer ({type(error).__name__})", is_fate_unknown=what == "write") from None
        if reply.status_code == requests.codes.ok:
            try:
                return reply.json()
            except requests.exceptions.JSONDecodeError:
                raise self._away("answered with something else", is_fate_unknown=what == "write") from None
        raise self._refusal(reply, is_write=what == "write")

    def _refusal(self, reply: requests.Response, *, is_write: bool) -> DestinationError:
        status = reply.status_code
        if status == requests.codes.too_many_requests or status >= 500:
            after = reply.headers.get("Retry-After", "")
            return self._away(
                f"answered {status}",
                retry_after=float(after) if after.isdecimal() else None,
                is_fate_unknown=is_write and status >= 500,
            )
        if status in (401, 403):
            what = "does not take our key: it must be of application Warm Handoff, validated, and in `token`"
        elif status == 404:
            what = f"has no such database, or lacks our module: `handoff prepare {self.name}` says how to add it"
        else:
            what = f"refused the call ({status})"
        return DestinationError(f"destination {self.name}: Tryton {what}")

    def _away(self, what: str, *, retry_after: float | None = None, is_fate_unknown: bool = False) -> Unavailable:
        message = f"destination {self.name}: Tryton {what}"
        return Unavailable(message, retry_after=retry_after, is_fate_unknown=is_fate_unknown)


def _found(held: Mapping[str, Any] = MappingProxyType({})) -> dict[str, str | None]:
    return {name: from_column(value, FIELDS[name]) for name, value in held.items()}


def _asked(write: Write) -> dict[str, Any]:
    expected = write.expected or {}
    return {
        "lead_id": write.lead_id,
        "sequence": write.sequence,
        "fields": dict(write.payload),
        "expected": {**dict.fromkeys(STAFFS_OWN), **expected},
    }
