"""A strict stand-in for Salesforce's REST API, written from its public documentation.

One org with leads. It refuses what Salesforce refuses: no session, rights that are missing on object or field, more
than 200 records a call, fields that are not there, values of another type or too long, keys that are no external id,
one key twice in a batch, converted and deleted leads. Date-times lose what is below a second, numbers what is below
their scale, and an update without `Sforce-Auto-Assign: FALSE` runs the assignment rules. Where the documentation is
silent (the code of an upsert that may not create) the answer is a guess.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Any

from tests.standins.lagging import Lagging
from tests.standins.server import Call, Reply

_BASE = r"/services/data/v\d\d\.0"
_IN = re.compile(r"SELECT (?P<names>[\w, ]+) FROM (?P<object>\w+) WHERE (?P<key>\w+) IN \((?P<values>.*)\)", re.DOTALL)
_MAX = re.compile(r"SELECT MAX\((?P<name>\w+)\) (?P<alias>\w+) FROM (?P<object>\w+)")
_LITERAL = re.compile(r"'((?:[^'\\]|\\.)*)'")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


@dataclass
class Lead:
    """One lead."""

    id: str
    fields: dict[str, Any]
    is_deleted: bool = False
    is_converted: bool = False
    master_id: str | None = None


@dataclass
class SalesforceStandIn(Lagging):
    """One org. Staff act on it by methods, our client over HTTP."""

    token: str = "00D-session-1"
    client: tuple[str, str] = ("consumer", "secret of the app")
    may_edit: bool = True
    may_create: bool = False
    hidden: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    limit: int = 100_000
    page: int = 2_000
    """How many records one answer to a query holds; the others are fetched by an address it tells."""
    lag: int = 0
    """How many reads still see a record as it was before its last write."""

    def __post_init__(self) -> None:
        self.leads: dict[str, Lead] = {}
        self.fields: dict[str, dict[str, Any]] = {}
        self.refuses: dict[str, str] = {}
        self.made_count = self.used = self.writes = self.logins = 0
        self._numbers = count(1)
        self._before: dict[str, tuple[int, dict[str, Any]]] = {}
        self._left: dict[str, list[dict[str, Any]]] = {}
        for name, type_ in (
            ("Id", "id"),
            ("IsDeleted", "boolean"),
            ("IsConverted", "boolean"),
            ("MasterRecordId", "reference"),
        ):
            self.define(name, type_, updateable=False)
        for name in ("LastName", "Company", "OwnerId"):
            self.define(name, "string", length=80)

    # What staff and tests do.
    def define(self, name: str, type_: str, **said: Any) -> None:
        """Make a field."""
        made = {
            "name": name, "type": type_, "length": 0, "precision": 0, "scale": 0, "updateable": True, "nillable": True,
            "externalId": False, "unique": False, "caseSensitive": False, "picklistValues": [],
        }  # fmt: skip
        self.fields[name] = {**made, **said}

    def add(self, fields: Mapping[str, Any], record_id: str | None = None) -> Lead:
        """A lead made by hand."""
        lead = Lead(record_id or f"00Q5g00000{next(self._numbers):05d}EAA", dict(fields))
        self.leads[lead.id] = lead
        return lead

    def find(self, name: str, value: str) -> Lead | None:
        """The lead whose field (or id) has this value, those in use first."""
        found = [e for e in self.leads.values() if self._matches(e, name, value)]
        return min(found, key=lambda e: e.is_deleted, default=None)

    def merge(self, master: Lead, loser: Lead) -> None:
        """The loser goes to the recycle bin and names its master."""
        loser.is_deleted, loser.master_id = True, master.id

    # HTTP.
    def answer(self, call: Call) -> Reply:
        """Answer a call."""
        self.used += 1
        reply = self._answer(call)
        return Reply(
            reply.status, reply.body, {"Sforce-Limit-Info": f"api-usage={self.used}/{self.limit}", **reply.headers}
        )

    def _answer(self, call: Call) -> Reply:
        if call.path == "/services/oauth2/token":
            return self._log_in(call)
        if call.headers.get("Authorization") != f"Bearer {self.token}":
            return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.used > self.limit:
            return _error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        for method, pattern, function in (
            ("GET", f"{_BASE}/sobjects/Lead/describe", self._describe),
            ("GET", f"{_BASE}/query/", self._query),
            ("GET", f"{_BASE}/queryAll/", self._query),
            ("GET", rf"{_BASE}/query/(?P<locator>01g\d+-\d+)", self._next_page),
            ("PATCH", rf"{_BASE}/composite/sobjects/Lead/(?P<key>\w+)", self._upsert),
            ("PATCH", f"{_BASE}/composite/sobjects", self._update),
        ):
            if call.method == method and (match := re.fullmatch(pattern, call.path)):
                return function(call, **match.groupdict())
        return _error(404, "NOT_FOUND", "The requested resource does not exist")

    def _log_in(self, call: Call) -> Reply:
        self.logins += 1
        said = base64.b64decode(call.headers.get("Authorization", "Basic ").removeprefix("Basic ")).decode()
        if said != ":".join(self.client) or call.body != {"grant_type": "client_credentials"}:
            return Reply(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
        return Reply(200, {"access_token": self.token, "token_type": "Bearer", "instance_url": "https://elsewhere"})

    def _describe(self, call: Call) -> Reply:
        seen = [
            {**said, "updateable": said["updateable"] and name not in self.read_only}
            for name, said in self.fields.items()
            if name not in self.hidden
        ]
        rights = {"createable": self.may_create, "updateable": self.may_edit, "queryable": True}
        return Reply(200, {"name": "Lead", **rights, "fields": seen})

    def _query(self, call: Call) -> Reply:
        soql = call.query["q"]
        if len(call.path) + len(soql) > 16_000:
            return Reply(414, "<html>URI Too Long</html>")
        with_deleted = "queryAll" in call.path
        if (highest := _MAX.fullmatch(soql)) is not None:
            return self._highest(highest)
        if (match := _IN.fullmatch(soql)) is None:
            return _error(400, "MALFORMED_QUERY", "unexpected token")
        names, key = match["names"].replace(" ", "").split(","), match["key"]
        if match["object"] != "Lead":
            return _error(400, "INVALID_TYPE", "sObject type is not supported")
        for name in (*names, key):
            if name not in self.fields or name in self.hidden:
                return _error(400, "INVALID_FIELD", f"No such column '{name}' on entity 'Lead'")
        if len(set(names)) < len(names):
            return _error(400, "MALFORMED_QUERY", "duplicate field selected")
        values = [
            re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), each) for each in _LITERAL.findall(match["values"])
        ]
        if key == "Id" and not all(re.fullmatch(r"\w{15}(\w{3})?", each) for each in values):
            return _error(400, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field")
        found = [
            self._shown(lead, names)
            for lead in self.leads.values()
            if (with_deleted or not lead.is_deleted) and any(self._matches(lead, key, value) for value in values)
        ]
        return self._page(found)

    def _next_page(self, call: Call, locator: str) -> Reply:
        left = self._left.get(locator)
        return _error(400, "INVALID_QUERY_LOCATOR", "invalid query locator") if left is None else self._page(left)

    def _page(self, found: list[dict[str, Any]]) -> Reply:
        shown, left = found[: self.page], found[self.page :]
        told: dict[str, Any] = {"totalSize": len(found), "done": not left, "records": shown}
        if left:
            locator = f"01g{next(self._numbers)}-{self.page}"
            self._left[locator] = left
            told["nextRecordsUrl"] = f"/services/data/v59.0/query/{locator}"
        return Reply(200, told)

    def _highest(self, match: re.Match[str]) -> Reply:
        if match["name"] not in self.fields or match["name"] in self.hidden:
            return _error(400, "INVALID_FIELD", "No such column")
        held = [e.fields.get(match["name"]) for e in self.leads.values() if not e.is_deleted]
        highest = max((each for each in held if each is not None), default=None)
        record = {
            "attributes": {"type": "AggregateResult"},
            match["alias"]: None if highest is None else float(highest),
        }
        return Reply(200, {"totalSize": 1, "done": True, "records": [record]})

    def _upsert(self, call: Call, key: str) -> Reply:
        field_ = self.fields.get(key, {})
        if not field_.get("externalId"):
            return _error(400, "INVALID_FIELD", f"{key} is not an External ID or indexed field")
        if not field_.get("unique"):
            return _error(403, "INSUFFICIENT_ACCESS", "Upsert requires view all data on a non-unique custom index")
        return self._write(call, key)

    def _update(self, call: Call) -> Reply:
        return self._write(call, "id")

    def _write(self, call: Call, key: str) -> Reply:
        records = call.body.get("records") if isinstance(call.body, dict) else None
        if not isinstance(records, list) or call.body.get("allOrNone") is not False:
            return _error(400, "JSON_PARSER_ERROR", "records must be a list; the tests want allOrNone=false")
        if len(records) > 200:
            return _error(
                400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 200 records into this call"
            )
        for record in records:
            if record.get("attributes", {}).get("type") != "Lead" or key not in record:
                return _error(400, "INVALID_INPUT", "attributes.type and the key are needed")
            for name, value in record.items():
                if name in ("attributes", "id"):
                    continue
                if name not in self.fields or name in self.hidden:
                    return _error(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type Lead")
                if not _is_typed(self.fields[name]["type"], value):
                    return _error(400, "JSON_PARSER_ERROR", "Cannot deserialize instance")
        keys = [str(record[key]) for record in records]
        is_assigning = call.headers.get("Sforce-Auto-Assign", "TRUE").upper() != "FALSE"
        return Reply(200, [
            _failure("DUPLICATE_VALUE", f"Duplicate external id specified: {keys[n]}")
            if keys.count(keys[n]) > 1 else self._apply(record, key, is_assigning=is_assigning)
            for n, record in enumerate(records)
        ])  # fmt: skip

    def _apply(self, record: Mapping[str, Any], key: str, *, is_assigning: bool) -> dict[str, Any]:
        lead = self.leads.get(record["id"]) if key == "id" else self.find(key, record[key])
        values = {name: value for name, value in record.items() if name not in ("attributes", "id")}
        if (lead is None or lead.is_deleted) and key == "id":
            return _failure("ENTITY_IS_DELETED" if lead else "INVALID_CROSS_REFERENCE_KEY", "entity is deleted")
        if lead is None or lead.is_deleted:
            return self._create(values)
        if not self.may_edit:
            return _failure("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
        if lead.is_converted:
            return _failure("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        name_of = str(values.get(key, lead.id))
        if name_of in self.refuses:
            return _failure(self.refuses[name_of], f"a rule of the org refuses {name_of}")
        for name, value in values.items():
            if (failure := self._fault(name, value)) is not None:
                return failure
        self.keep_before_write(lead.id, lead.fields)
        self.writes += 1
        lead.fields.update({name: self._stored(name, value) for name, value in values.items()})
        if is_assigning:
            lead.fields["OwnerId"] = "taken by the assignment rules"
        return {"id": lead.id, "success": True, "errors": [], **({"created": False} if key != "id" else {})}

    def _create(self, values: Mapping[str, Any]) -> dict[str, Any]:
        if not self.may_create:
            return _failure("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: Lead")
        self.made_count += 1
        return {"id": self.add(values).id, "success": True, "errors": [], "created": True}

    def _fault(self, name: str, value: Any) -> dict[str, Any] | None:
        said = self.fields[name]
        if name in self.read_only or not said["updateable"]:
            return _failure("INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {name}.", name)
        if isinstance(value, str) and said["length"] and len(value) > said["length"]:
            return _failure("STRING_TOO_LONG", f"{name}: data value too large: {value}", name)
        if isinstance(value, (int, float)) and abs(value) >= 10 ** (said["precision"] - said["scale"]):
            return _failure("NUMBER_OUTSIDE_VALID_RANGE", f"{name}: value outside of valid range", name)
        choices = {choice["value"] for choice in said["picklistValues"]}
        if choices and value is not None and value not in choices:
            return _failure("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", f"bad value: {value}", name)
        return None

    def _stored(self, name: str, value: Any) -> Any:
        said = self.fields[name]
        if value is None or value == "":
            return None
        if said["type"] == "double":
            step = Decimal(1).scaleb(-said["scale"])
            return float(Decimal(str(value)).quantize(step, ROUND_HALF_UP))
        if said["type"] == "datetime":
            moment = datetime.fromisoformat(value).astimezone(UTC)
            return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        return value.strip(" \t\n\v\f\r")

    def _shown(self, lead: Lead, names: Iterable[str]) -> dict[str, Any]:
        values = self.seen_by_read(lead.id, lead.fields)
        own: dict[str, Any] = {"Id": lead.id, "IsDeleted": lead.is_deleted, "IsConverted": lead.is_converted}
        own["MasterRecordId"] = lead.master_id
        return {"attributes": {"type": "Lead"}, **{name: own.get(name, values.get(name)) for name in names}}

    def _matches(self, lead: Lead, name: str, value: str) -> bool:
        if name == "Id":
            return lead.id[:15] == value[:15]
        held = lead.fields.get(name)
        if held is None or self.fields[name]["caseSensitive"]:
            return held == value
        return str(held).lower() == value.lower()


def _is_typed(type_: str, value: Any) -> bool:
    wanted = {"double": (int, float), "int": (int,), "boolean": (bool,)}.get(type_, (str,))
    if value is None:
        return True
    if type_ == "datetime" and isinstance(value, str):
        return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", value) is not None
    return isinstance(value, wanted) and not (isinstance(value, bool) and type_ != "boolean")


def _failure(code: str, message: str, *names: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(names)}]}


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(status, [{"message": message, "errorCode": code}])
