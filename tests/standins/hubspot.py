"""A strict stand-in for HubSpot's CRM API (v3), written from its public documentation and not from its API description.

It refuses what HubSpot refuses: no token, missing scopes, too large batches, values that are no strings, properties
that are not there, read-only or of another type, keys that are not unique, one key twice in a batch. `dialect` chooses
how a partly refused batch is told: 207, errors inside a 200, or the whole batch refused. What a live account would do
where the documentation is silent is a guess, and said so where it is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.standins.lagging import Lagging
from tests.standins.server import Call, Reply

ALL_SCOPES = frozenset(f"crm.{kind}.contacts.{right}" for kind in ("objects", "schemas") for right in ("read", "write"))
BATCH, TEXT = 100, 65_536


@dataclass
class Record:
    """One contact."""

    id: str
    properties: dict[str, str]
    is_archived: bool = False
    merged: list[str] = field(default_factory=list)
    merged_into: str | None = None


@dataclass
class HubSpotStandIn(Lagging):
    """One account with contacts. Staff act on it by methods, our client over HTTP."""

    token: str = "pat-test-1"
    scopes: frozenset[str] = ALL_SCOPES
    account: int = 4711
    dialect: str = "207"
    echoes_trace_ids: bool = True
    names_errors: bool = True
    answers_absent_by_404: bool = False
    resolves_merged_keys: bool = False
    lag: int = 0
    """How many reads still see a record as it was before its last write."""

    def __post_init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.groups: dict[str, str] = {"contactinformation": "Contact information"}
        self.properties: dict[str, dict[str, Any]] = {}
        self.made_count = self.writes = 0
        self.refuses: set[str] = set()
        self._numbers = count(501)
        self._before: dict[str, tuple[int, dict[str, str]]] = {}
        for name in ("email", "owner"):
            self.define(name, "string", "text", is_unique=name == "email")
        self.properties["email"]["hasUniqueValue"] = False
        for name in ("hs_object_id", "hs_merged_object_ids", "hs_lastmodifieddate"):
            self.define(name, "string", "text", is_read_only=True)

    # What staff and tests do.
    def define(
        self, name: str, type_: str, field_type: str, *, is_unique: bool = False, is_read_only: bool = False,
        options: Iterable[str] = (), group: str = "contactinformation", label: str = "", description: str = "",
    ) -> None:  # fmt: skip
        """Make a property."""
        self.properties[name] = {
            "name": name, "label": label or name, "type": type_, "fieldType": field_type, "groupName": group,
            "description": description, "hasUniqueValue": is_unique,
            "options": [{"label": each, "value": each} for each in options],
            "modificationMetadata": {"readOnlyValue": is_read_only},
        }  # fmt: skip

    def add(self, properties: Mapping[str, str], record_id: str | None = None) -> Record:
        """A record made by hand."""
        record = Record(record_id or str(next(self._numbers)), dict(properties))
        self.records[record.id] = record
        return record

    def find(self, name: str, value: str) -> Record | None:
        """The record whose property (or record id) has this value, archived ones too, those in use first."""
        found = [
            r for r in self.records.values() if (r.id if name == "hs_object_id" else r.properties.get(name)) == value
        ]
        return min(found, key=lambda r: r.is_archived, default=None)

    def archive(self, record: Record) -> None:
        """Delete it as people do: it can be restored."""
        record.is_archived = True

    def purge(self, record: Record) -> None:
        """Delete it for good."""
        del self.records[record.id]

    def merge(self, primary: Record, secondary: Record, record_id: str | None = None) -> Record:
        """Merge two into a new record, as HubSpot does since 2025: both ids lead to it from then on."""
        merged = self.add({**secondary.properties, **primary.properties}, record_id)
        merged.merged = [primary.id, secondary.id, *primary.merged, *secondary.merged]
        for each in (primary, secondary):
            each.is_archived, each.merged_into = True, merged.id
        return merged

    # HTTP.
    def answer(self, call: Call) -> Reply:
        """Answer a call."""
        if call.headers.get("Authorization") != f"Bearer {self.token}":
            return _error(401, "Authentication credentials not found.", "INVALID_AUTHENTICATION")
        for method, pattern, function, scopes in self._routes():
            if call.method == method and re.fullmatch(pattern, call.path):
                if not self.scopes & scopes:
                    needed = {"requiredGranularScopes": sorted(scopes)}
                    detail = [{"message": "One or more of the following scopes are required.", "context": needed}]
                    return _error(403, "This app hasn't been granted all required scopes.", "MISSING_SCOPES", detail)
                return function(call)
        kind = "objectType" if call.path.startswith("/crm/v3") else "resource"
        return _error(404, f"Unable to infer {kind} from the path", "INVALID_OBJECT_TYPE")

    def _routes(self) -> list[tuple[str, str, Any, set[str]]]:
        base, reading = "/crm/v3/objects/contacts", {"crm.objects.contacts.read"}
        schema = {"crm.schemas.contacts.read", "crm.objects.contacts.read"}
        changing = {"crm.schemas.contacts.write"}
        account = {"portalId": self.account, "accountType": "STANDARD", "timeZone": "UTC"}
        return [
            ("GET", "/account-info/v3/details", lambda call: Reply(200, account), set(ALL_SCOPES)),
            ("POST", f"{base}/batch/read", self._read, reading),
            ("POST", f"{base}/batch/update", self._update, {"crm.objects.contacts.write"}),
            ("POST", f"{base}/batch/upsert", self._upsert, {"crm.objects.contacts.write"}),
            ("POST", f"{base}/search", self._search, reading),
            ("GET", "/crm/v3/properties/contacts", lambda call: _list(self.properties.values()), schema),
            ("POST", "/crm/v3/properties/contacts", self._create_property, changing),
            ("GET", "/crm/v3/properties/contacts/groups", self._list_groups, schema),
            ("POST", "/crm/v3/properties/contacts/groups", self._create_group, changing),
        ]

    def _list_groups(self, call: Call) -> Reply:
        return _list({"name": name, "label": label, "archived": False} for name, label in self.groups.items())

    def _create_group(self, call: Call) -> Reply:
        if call.body["name"] in self.groups:
            return _error(409, "Property group exists", "OBJECT_ALREADY_EXISTS")
        self.groups[call.body["name"]] = call.body["label"]
        return Reply(201, {**call.body, "archived": False})

    def _create_property(self, call: Call) -> Reply:
        said = call.body
        pairs = {"string": ("text", "textarea"), "number": ("number",), "datetime": ("date",), "date": ("date",)}
        if said["name"] in self.properties:
            return _error(409, "Property exists", "OBJECT_ALREADY_EXISTS")
        if said["groupName"] not in self.groups or said["fieldType"] not in pairs.get(said["type"], ()):
            return _error(400, "Invalid input", "VALIDATION_ERROR")
        if not said.get("label") or not re.fullmatch("[a-z][a-z0-9_]*", said["name"]):
            return _error(400, "Invalid input", "VALIDATION_ERROR")
        self.define(
            said["name"], said["type"], said["fieldType"], is_unique=said.get("hasUniqueValue", False),
            group=said["groupName"], label=said["label"], description=said.get("description", ""),
        )  # fmt: skip
        return Reply(201, self.properties[said["name"]])

    def _read(self, call: Call) -> Reply:
        if (refusal := self._refusal(call, needs_strings=False)) is not None:
            return refusal
        wanted = call.query.get("archived") == "true"
        key = call.body.get("idProperty") or "hs_object_id"
        results, missing, seen = [], [], set()
        for each in call.body["inputs"]:
            record = self._locate(key, each["id"])
            if record is None or record.is_archived != wanted:
                missing.append(each["id"])
            elif record.id not in seen:
                seen.add(record.id)
                results.append(self._shown(record, call.body["properties"]))
        if not results and missing and self.answers_absent_by_404:
            return Reply(404, _not_found(missing))
        if missing:
            return self._partial(results, [_not_found(missing)])
        return Reply(200, _batch(results))

    def _update(self, call: Call) -> Reply:
        return self._write(call, may_create=False)

    def _upsert(self, call: Call) -> Reply:
        if any("idProperty" not in each for each in call.body["inputs"]):
            return _error(400, "idProperty is required", "VALIDATION_ERROR")
        return self._write(call, may_create=True)

    def _write(self, call: Call, *, may_create: bool) -> Reply:
        if (refusal := self._refusal(call, needs_strings=True)) is not None:
            return refusal
        planned, errors, missing = [], [], []
        for each in call.body["inputs"]:
            key = each.get("idProperty") or "hs_object_id"
            record = self._locate(key, each["id"])
            faults = [f for name, value in each["properties"].items() if (f := self._fault(name, value))]
            if each["id"] in self.refuses:
                faults.append({"message": "is locked by a workflow", "error": "VALIDATION_RULE", "name": "x"})
            if faults:
                errors.append(_invalid(each, faults, is_named=self.names_errors))
            elif record is not None and not record.is_archived:
                planned.append((each, record))
            elif may_create:
                self.made_count += 1
                planned.append((each, self.add({key: each["id"]})))
            else:
                missing.append(each["id"])
        errors += [_not_found(missing)] if missing else []
        if errors and (
            self.dialect == "400" or not all(each.get("objectWriteTraceId") for each in call.body["inputs"])
        ):
            return Reply(404 if errors[0]["category"] == "OBJECT_NOT_FOUND" else 400, errors[0])
        results = [self._apply(each, record) for each, record in planned]
        return self._partial(results, errors) if errors else Reply(200, _batch(results))

    def _apply(self, said: Mapping[str, Any], record: Record) -> dict[str, Any]:
        self.keep_before_write(record.id, record.properties)
        self.writes += 1
        for name, value in said["properties"].items():
            record.properties[name] = self._stored(name, value)
        shown = self._shown(record, list(said["properties"]), is_now=True)
        if self.echoes_trace_ids:
            shown["objectWriteTraceId"] = said.get("objectWriteTraceId")
        return shown

    def _partial(self, results: list[Any], errors: list[Any]) -> Reply:
        told = {**_batch(results), "numErrors": len(errors), "errors": errors}
        return Reply(200 if self.dialect == "200" else 207, told)

    def _locate(self, key: str, value: str) -> Record | None:
        record = self.find(key, value)
        follows = key == "hs_object_id" or self.resolves_merged_keys
        while record is not None and record.merged_into is not None:
            if not follows:
                return None
            record = self.records.get(record.merged_into)
        return record

    def _shown(self, record: Record, names: Iterable[str], *, is_now: bool = False) -> dict[str, Any]:
        values = record.properties if is_now else self.seen_by_read(record.id, record.properties)
        own = {"hs_object_id": record.id, "hs_merged_object_ids": ";".join(record.merged) or None}
        shown = {name: own.get(name, values.get(name) or None) for name in names if name in self.properties}
        shown.update({"hs_object_id": record.id, "lastmodifieddate": "2026-01-01T00:00:00Z"})
        return {
            "id": record.id, "properties": shown, "archived": record.is_archived,
            "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
        }  # fmt: skip

    def _refusal(self, call: Call, *, needs_strings: bool) -> Reply | None:
        """What makes HubSpot refuse a whole batch."""
        inputs = call.body.get("inputs") if isinstance(call.body, dict) else None
        if not isinstance(inputs, list) or not inputs:
            return _error(400, "Invalid input JSON", "VALIDATION_ERROR")
        if len(inputs) > BATCH:
            return _error(400, "The maximum number of inputs is 100", "VALIDATION_ERROR")
        keys = {each.get("idProperty") or call.body.get("idProperty") for each in inputs}
        for key in keys - {None}:
            if not self.properties.get(key, {}).get("hasUniqueValue"):
                said = f"Unable to perform update/upsert by non-unique 0-1 property {key} in portal ID 1"
                return _error(400, said, "VALIDATION_ERROR")
        ids = [each.get("id") for each in inputs]
        if not all(isinstance(each, str) for each in ids) or (needs_strings and len(set(ids)) < len(ids)):
            return _error(400, "Duplicate IDs found in batch input", "VALIDATION_ERROR")
        if needs_strings and not all(
            isinstance(value, str) for each in inputs for value in each["properties"].values()
        ):
            return _error(
                400, "Invalid input JSON: Cannot deserialize value of type `java.lang.String`", "VALIDATION_ERROR"
            )
        return None

    def _fault(self, name: str, value: str) -> dict[str, Any] | None:
        """Why a property does not take a value; None where it does."""
        defined = self.properties.get(name)
        if defined is None:
            return {"message": f'Property "{name}" does not exist', "error": "PROPERTY_DOESNT_EXIST", "name": name}
        code = None
        if defined["modificationMetadata"]["readOnlyValue"]:
            code = "READ_ONLY_VALUE"
        elif defined["type"] != "string" and value != value.strip():
            code = "LEADING_TRAILING_WHITESPACE"
        elif value and defined["type"] == "number" and not re.fullmatch(r"-?\d+(\.\d+)?([eE]-?\d+)?", value):
            code = "INVALID_DOUBLE"
        elif value and defined["type"] in ("datetime", "date") and not _moment(value):
            code = "INVALID_DATE"
        elif value and defined["options"] and value not in {o["value"] for o in defined["options"]}:
            code = "INVALID_OPTION"
        elif len(value) > TEXT:
            code = "PROPERTY_VALUE_TOO_LONG"
        return {"message": f"{value[:50]} was not one", "error": code, "name": name} if code else None

    def _stored(self, name: str, value: str) -> str:
        if self.properties[name]["type"] == "datetime" and value:
            moment = _moment(value)
            assert moment is not None
            said = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
            return said.removesuffix(".000") + "Z"
        return value

    def _search(self, call: Call) -> Reply:
        (sort,), (group,) = call.body["sorts"], call.body["filterGroups"]
        name = sort["propertyName"]
        if name not in self.properties or group["filters"][0]["operator"] != "HAS_PROPERTY" or call.body["limit"] > 200:
            return _error(400, "There was a problem with the request.", "VALIDATION_ERROR")
        held = [r for r in self.records.values() if r.properties.get(name) and not r.is_archived]
        is_number = self.properties[name]["type"] == "number"
        held.sort(key=lambda r: float(r.properties[name]) if is_number else r.properties[name], reverse=True)
        results = [self._shown(r, call.body["properties"]) for r in held[: call.body["limit"]]]
        return Reply(200, {"total": len(held), "results": results})


def _moment(value: str) -> datetime | None:
    """A moment as HubSpot takes it: milliseconds since 1970, or ISO 8601."""
    if re.fullmatch(r"-?\d+", value):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(value))
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _batch(results: list[Any]) -> dict[str, Any]:
    times = {"startedAt": "2026-01-01T00:00:00.000Z", "completedAt": "2026-01-01T00:00:00.100Z"}
    return {"status": "COMPLETE", "results": results, **times}


def _list(values: Iterable[Any]) -> Reply:
    return Reply(200, {"results": list(values)})


def _not_found(ids: list[str]) -> dict[str, Any]:
    said = "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid."
    return {"status": "error", "category": "OBJECT_NOT_FOUND", "message": said, "context": {"ids": ids}}


def _invalid(said: Mapping[str, Any], faults: list[dict[str, Any]], *, is_named: bool) -> dict[str, Any]:
    details = json.dumps([{"isValid": False, **fault} for fault in faults])
    context = {"objectWriteTraceId": [said.get("objectWriteTraceId")]} if is_named else {}
    message = f"Property values were not valid: {details}"
    return {"status": "error", "category": "VALIDATION_ERROR", "message": message, "context": context}


def _error(status: int, message: str, category: str, errors: list[Any] | None = None) -> Reply:
    body = {"status": "error", "message": message, "correlationId": "c0ffee", "category": category}
    return Reply(status, {**body, **({"errors": errors} if errors else {})})
