"""The calls we make to Salesforce, through simple-salesforce: JSON back, or one of our errors.

The client knows only https and Salesforce's own hosts for logging in, so the token is asked for here, at the org's own
address, and the client is given it. It repeats no call of ours, and drops the headers of a refusal: a hook keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError
from simple_salesforce.format import format_soql
from urllib3.exceptions import NewConnectionError

from orchestration.destinations.base import BatchRefused, DestinationError
from orchestration.destinations.http_faults import (
    UNTIL_ANOTHER_RUN,
    code_of,
    is_later,
    later,
    lost,
    not_accepted,
    retry_after,
)

# Without it, every update of a lead runs the org's assignment rules and may take the lead from its owner.
_NO_ASSIGNMENT = {"Sforce-Auto-Assign": "FALSE"}
_QUERY_LENGTH = 10_000
_BUSY = {"REQUEST_LIMIT_EXCEEDED", "SERVER_UNAVAILABLE", "REQUEST_RUNNING_TOO_LONG", "UNABLE_TO_LOCK_ROW"}
_OF_NO_RECORD = {"INVALID_FIELD", "INVALID_TYPE"}
_PAGE = re.compile(r"/services/data/v[\d.]+/(query(?:All)?/[\w-]+)$")
_KEY = "check the client id and secret (or the token) that the registry names, and the app's Run As user"


class SalesforceCalls:
    """Calls about one object of one org."""

    def __init__(
        self,
        *,
        name: str,
        instance_url: str,
        object_type: str,
        token: str | None,
        client_id: str | None,
        client_secret: str | None,
        timeout: float,
    ) -> None:
        parts = urlsplit(instance_url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise DestinationError(f"destination {name}: instance_url must begin with https://")
        if not re.fullmatch(r"\w+", object_type):
            raise DestinationError(f"destination {name}: `object` must be the API name of an object, as in Lead")
        if token is None and (client_id is None or client_secret is None):
            raise DestinationError(f"destination {name}: give it client_id and client_secret, or a token")
        self._name, self._url, self._object = name, instance_url.rstrip("/"), object_type
        self._token, self._client = token, None if client_id is None else (client_id, client_secret or "")
        self._timeout = (min(10.0, timeout), timeout)
        self._session = requests.Session()
        self._session.hooks["response"].append(self._keep_headers)
        self._headers: Mapping[str, str] = {}
        self._salesforce: Salesforce | None = None

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def describe(self) -> Mapping[str, Any]:
        """What the object and its fields allow our key."""
        found = self._call("GET", f"sobjects/{self._object}/describe")
        if not isinstance(found, Mapping):
            raise lost(self._name, "Salesforce", is_write=False)
        return found

    def upsert(self, key: str, records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Write a batch by external id; one result for each record, in order."""
        return self._write(f"composite/sobjects/{self._object}/{key}", records)

    def update(self, records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Write a batch by record id; one result for each record, in order."""
        return self._write("composite/sobjects", records)

    def find(self, key: str, values: Sequence[str], names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Records whose key is one of these, deleted ones too, until they are purged."""
        selected = ", ".join(dict.fromkeys(("Id", key, *names)))
        for part in _parts(values):
            # Names come from `describe` or the registry; only values need quoting.
            soql = f"SELECT {selected} FROM {self._object} WHERE {key} IN " + format_soql("{}", list(part))
            yield from self._records("queryAll", soql)

    def highest(self, name: str) -> Any:
        """The greatest value of a number field; None where no record has one."""
        found = list(self._records("query", f"SELECT MAX({name}) highest FROM {self._object}"))
        return found[0].get("highest") if found else None

    def _records(self, resource: str, soql: str) -> Iterator[Mapping[str, Any]]:
        """Every page of an answer: how many records of wide fields one holds is Salesforce's to choose."""
        found = self._call("GET", f"{resource}/", params={"q": soql})
        while isinstance(found, Mapping):
            yield from found.get("records") or ()
            if found.get("done"):
                return
            page = _PAGE.search(str(found.get("nextRecordsUrl")))
            found = self._call("GET", page[1]) if page else None
        raise lost(self._name, "Salesforce", is_write=False)

    def _write(self, path: str, records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        typed = [{"attributes": {"type": self._object}, **record} for record in records]
        said = {"allOrNone": False, "records": typed}
        found = self._call("PATCH", path, json=said, headers=_NO_ASSIGNMENT, is_write=True)
        if not isinstance(found, list) or len(found) != len(records):
            raise lost(self._name, "Salesforce", is_write=True)
        return [result if isinstance(result, Mapping) else {} for result in found]

    def _call(self, method: str, path: str, *, is_write: bool = False, **options: Any) -> Any:
        def run() -> Any:
            return self._connected().restful(
                path, method=method, timeout=self._timeout, allow_redirects=False, **options
            )

        try:
            return self._guarded(run, is_write=is_write)
        except _SessionOverError:
            # A session ends by itself; what was refused for that was not done.
            self._salesforce = None
        try:
            return self._guarded(run, is_write=is_write)
        except _SessionOverError:
            raise not_accepted(self._name, "Salesforce", "does not accept its key", _KEY) from None

    def _guarded(self, run: Callable[[], Any], *, is_write: bool) -> Any:
        self._headers = {}
        try:
            return run()
        except SalesforceError as error:
            if error.status == 401:
                raise _SessionOverError from None
            raise self._fault(error.status, error.content, is_write=is_write) from None
        except (requests.ConnectTimeout, requests.exceptions.SSLError):
            raise lost(self._name, "Salesforce", is_write=is_write, was_sent=False) from None
        except requests.ConnectionError as error:
            reason = getattr(error.args[0], "reason", None) if error.args else None
            was_sent = not isinstance(reason, NewConnectionError)
            raise lost(self._name, "Salesforce", is_write=is_write, was_sent=was_sent) from None
        except (requests.RequestException, ValueError):
            raise lost(self._name, "Salesforce", is_write=is_write) from None

    def _connected(self) -> Salesforce:
        if self._salesforce is None:
            token = self._token if self._client is None else self._login(*self._client)
            client = Salesforce(session_id=token, instance_url=self._url, session=self._session, parse_float=Decimal)
            client.base_url = f"{self._url}/services/data/v{client.sf_version}/"
            self._salesforce = client
        return self._salesforce

    def _login(self, client_id: str, client_secret: str) -> str:
        reply = self._session.post(
            f"{self._url}/services/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(client_id, client_secret),
            timeout=self._timeout,
            allow_redirects=False,
        )
        if is_later(reply.status_code):
            raise later(self._name, "Salesforce", reply.status_code, wait=retry_after(reply.headers))
        token = reply.json().get("access_token") if reply.status_code == 200 else None
        if not token:
            raise not_accepted(self._name, "Salesforce", "gives its app no token", _KEY)
        return str(token)

    def _fault(self, status: int, content: Any, *, is_write: bool) -> DestinationError:
        code = code_of(content[0].get("errorCode") if _is_errors(content) else None, otherwise=f"http_{status}")
        if is_later(status) or code in _BUSY:
            is_limit = code == "REQUEST_LIMIT_EXCEEDED"
            wait = UNTIL_ANOTHER_RUN if is_limit and self._is_day_used_up() else retry_after(self._headers)
            return later(self._name, "Salesforce", 429 if is_limit else status, wait=wait, is_write=is_write)
        if status == 403:
            return not_accepted(
                self._name, "Salesforce", f"refuses its key ({code})", "give it the rights `handoff prepare` prints"
            )
        if is_write and status == 400 and code not in _OF_NO_RECORD:
            return BatchRefused(f"destination {self._name}: Salesforce refused a batch ({code})", error_code=code)
        what = f"refused a call about {self._object} ({code})"
        remedy = f"run `handoff prepare {self._name}` and compare object, key, fields and rights"
        return not_accepted(self._name, "Salesforce", what, remedy)

    def _is_day_used_up(self) -> bool:
        """Whether the calls of a day are used up; the same refusal is given where too many run at once."""
        told = re.search(r"api-usage=(\d+)/(\d+)", self._headers.get("Sforce-Limit-Info", ""))
        return told is not None and int(told[1]) >= int(told[2])

    def _keep_headers(self, reply: requests.Response, *_: Any, **__: Any) -> None:
        self._headers = reply.headers


class _SessionOverError(Exception):
    """The session is not accepted any more."""


def _is_errors(content: Any) -> bool:
    return isinstance(content, list) and bool(content) and isinstance(content[0], Mapping)


def _parts(values: Sequence[str]) -> Iterator[list[str]]:
    """Values in as few queries as fit an address."""
    part: list[str] = []
    length = 0
    for value in values:
        size = len(quote(format_soql("{}", value), safe="")) + 3
        if part and length + size > _QUERY_LENGTH:
            yield part
            part, length = [], 0
        part.append(value)
        length += size
    if part:
        yield part
