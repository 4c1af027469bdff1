"""The calls we make to HubSpot, through its official client: JSON back, or one of our errors.

Replies are taken as they came: the client's own models drop the errors of a reply whose status is 200. The client does
not repeat a call, and we do not ask it to: waiting is delivery's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from hubspot import HubSpot
from hubspot.crm.objects.exceptions import ApiException as ObjectsFault
from hubspot.crm.properties.exceptions import ApiException as PropertiesFault
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError
from urllib3.util.retry import Retry

from orchestration.destinations.base import BatchRefused, DestinationError, Unavailable
from orchestration.destinations.http_faults import (
    UNTIL_ANOTHER_RUN,
    is_later,
    later,
    lost,
    not_accepted,
    retry_after,
)
from orchestration.destinations.hubspot_replies import NOT_FOUND, error_code, named_by

_TOKEN = "make a service key with the scopes that `handoff prepare` prints and put it where the registry says"
_ACCOUNT = "/account-info/v3/details"
_FAULTS = (ObjectsFault, PropertiesFault)
# By the limit that was reached: of seconds, and of a day, which begins anew at midnight there.
_WAITS = {"TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0, "DAILY": UNTIL_ANOTHER_RUN}


class NotFound(DestinationError):
    """A whole batch was answered by `not found`; which of its ids that is about may be told."""

    def __init__(self, name: str, body: Mapping[str, Any]) -> None:
        super().__init__(f"destination {name}: HubSpot does not know some of the records")
        self._body = body

    def is_about(self, ids: Sequence[str]) -> bool:
        """Whether it is about every one of these."""
        return len(ids) == 1 or named_by(self._body, set(ids)) == set(ids)


class HubSpotCalls:
    """Calls about one object type (`contacts`) of one account. `url` is for another host than HubSpot's own."""

    def __init__(self, *, name: str, token: str, object_type: str, url: str | None, timeout: float) -> None:
        self._name, self._object = name, object_type
        self._timeout = (min(10.0, timeout), timeout)
        config: dict[str, Any] = {"access_token": token, "retry": Retry(0, redirect=0)}
        if url is not None:
            config["host"] = url
        crm = HubSpot(**config).crm
        self._batches, self._search = crm.objects.batch_api, crm.objects.search_api
        self._properties, self._groups = crm.properties.core_api, crm.properties.groups_api

    def close(self) -> None:
        """Close the connections."""
        for api in (self._batches, self._search, self._properties, self._groups):
            api.api_client.rest_client.pool_manager.clear()

    def update(self, inputs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Update a batch of records that exist. Raises BatchRefused where nothing of it was applied."""
        try:
            return self._call(self._batches.update, self._object, {"inputs": list(inputs)}, is_write=True)
        except NotFound as missing:
            ids = [each["id"] for each in inputs]
            if missing.is_about(ids):
                return {"errors": [{"category": NOT_FOUND, "context": {"ids": ids}}]}
            raise BatchRefused(str(missing), error_code=NOT_FOUND) from None

    def read(
        self, ids: Sequence[str], names: Sequence[str], *, id_property: str | None, is_archived: bool
    ) -> Mapping[str, Any]:
        """Read a batch of records, those in use or those archived; ids nobody knows are in no result."""
        asked: dict[str, Any] = {"properties": list(names), "inputs": [{"id": each} for each in ids]}
        asked["propertiesWithHistory"] = []
        if id_property is not None:
            asked["idProperty"] = id_property
        try:
            return self._call(self._batches.read, self._object, asked, archived=str(is_archived).lower())
        except NotFound as missing:
            if missing.is_about(ids):
                return {"results": []}
        halves = (ids[: len(ids) // 2], ids[len(ids) // 2 :])
        found = [self.read(half, names, id_property=id_property, is_archived=is_archived) for half in halves]
        return {"results": [result for reply in found for result in reply.get("results") or ()]}

    def highest(self, name: str) -> Mapping[str, Any]:
        """The record with the greatest value of a number property."""
        asked = {
            "filterGroups": [{"filters": [{"propertyName": name, "operator": "HAS_PROPERTY"}]}],
            "sorts": [{"propertyName": name, "direction": "DESCENDING"}],
            "properties": [name],
            "limit": 1,
        }
        return self._call(self._search.do_search, self._object, asked)

    def account(self) -> str | None:
        """The number of the account; None where our key may not ask for it."""

        def ask(**options: Any) -> Any:
            try:
                return self._batches.api_client.call_api(_ACCOUNT, "GET", auth_settings=["oauth2"], **options)
            except ObjectsFault as fault:
                if fault.status in (403, 404):
                    return SimpleNamespace(data="{}")
                raise

        number = self._call(ask).get("portalId")
        return None if number is None else str(number)

    def properties(self) -> list[Mapping[str, Any]]:
        """Every property the object has."""
        return list(self._call(self._properties.get_all, self._object).get("results", ()))

    def make_property(self, definition: Mapping[str, Any]) -> None:
        """Add a property."""
        self._call(self._properties.create, self._object, dict(definition))

    def groups(self) -> list[str]:
        """Names of the property groups."""
        return [str(group["name"]) for group in self._call(self._groups.get_all, self._object).get("results", ())]

    def make_group(self, name: str, label: str) -> None:
        """Add a property group."""
        self._call(self._groups.create, self._object, {"name": name, "label": label, "displayOrder": -1})

    def _call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        is_write: bool = False,
        **options: Any,
    ) -> Mapping[str, Any]:
        try:
            response = function(*arguments, _preload_content=False, _request_timeout=self._timeout, **options)
            reply = json.loads(response.data)
        except _FAULTS as fault:
            raise self._fault(fault.status, _json(fault.body), fault.headers, is_write=is_write) from None
        except (HTTPError, OSError) as error:
            reason = error.reason if isinstance(error, MaxRetryError) else error
            was_sent = not isinstance(reason, (NewConnectionError, ConnectTimeoutError))
            raise lost(self._name, "HubSpot", is_write=is_write, was_sent=was_sent) from None
        except ValueError:
            # No JSON, or no UTF-8: a page of something in between, of whatever status.
            raise lost(self._name, "HubSpot", is_write=is_write) from None
        if not isinstance(reply, Mapping):
            raise lost(self._name, "HubSpot", is_write=is_write)
        return reply

    def _fault(self, status: int, body: Mapping[str, Any], headers: Any, *, is_write: bool) -> DestinationError:
        if status == 401:
            return not_accepted(self._name, "HubSpot", "does not accept its key", _TOKEN)
        if status == 403:
            scopes = ", ".join(_missing_scopes(body)) or "one it needs"
            return not_accepted(self._name, "HubSpot", f"says its key lacks a scope ({scopes})", "add it to the key")
        if is_later(status):
            return self._later(status, body, headers, is_write=is_write)
        code = error_code(body)
        if status in (400, 404) and code == NOT_FOUND:
            return NotFound(self._name, body)
        if status == 404:
            return not_accepted(
                self._name, "HubSpot", f"knows no object {self._object}", "correct `object` in the registry"
            )
        if is_write:
            return BatchRefused(f"destination {self._name}: HubSpot refused a batch ({code})", error_code=code)
        return not_accepted(self._name, "HubSpot", f"refused a call ({code})", "run `handoff prepare` and compare")

    def _later(self, status: int, body: Mapping[str, Any], headers: Any, *, is_write: bool) -> Unavailable:
        wait = retry_after(headers)
        if wait is None and status == 429:
            wait = _WAITS.get(str(body.get("policyName")))
        return later(self._name, "HubSpot", status, wait=wait, is_write=is_write)


def _json(text: Any) -> Mapping[str, Any]:
    try:
        body = json.loads(text or "{}")
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}


def _missing_scopes(body: Mapping[str, Any]) -> list[str]:
    """The scopes a refusal asks for, by name."""
    found: list[str] = []
    for part in (body, *(each for each in body.get("errors") or () if isinstance(each, Mapping))):
        context = part.get("context")
        for value in context.values() if isinstance(context, Mapping) else ():
            found += [each for each in value if isinstance(each, str) and "." in each and " " not in each]
    return sorted(set(found))
