"""Destination `salesforce`: writes handoff fields of leads that exist, 200 a call, each judged by its own result.

Writes go by composite upsert on an external id (allOrNone=false), as `key` is the one thing both sides know. An upsert
makes a record of a key it does not find; three things keep it from doing so here. Delivery reads first, deleted and
converted leads too, and sends only what is there to be edited. `check` refuses a key whose user may create records of
the object: Edit is all an upsert of existing records needs. And should a result say `created` all the same, the run
stops and names the record. Where the leads were read from this org, `key: Id` writes by record id: a plain update.

A converted lead cannot be edited any more and is told as archived; so is one in the recycle bin, and one that was
merged away (MasterRecordId) as merged. Salesforce compares nothing before it writes (`is_guarding` is False).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from orchestration.destinations.base import FIELDS, REQUIRED, Answer, DestinationError, Held, State, Unavailable
from orchestration.destinations.http_faults import code_of
from orchestration.destinations.salesforce_calls import SalesforceCalls
from orchestration.destinations.salesforce_plan import plan_lines
from orchestration.destinations.salesforce_values import FIELD_NAMES, CutError, from_field, to_field, types_of
from orchestration.lake.outbox import Write

_RECORD_ID = "Id"
_STATES = ("IsDeleted", "MasterRecordId", "IsConverted")
_PASSING = {"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_RUNNING_TOO_LONG", "QUERY_TIMEOUT"}
_MAYBE_GONE = {
    *("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND", "CANNOT_UPDATE_CONVERTED_LEAD"),
    *("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "INSUFFICIENT_ACCESS_OR_READONLY", "REQUIRED_FIELD_MISSING"),
    *("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "MALFORMED_ID"),
}


class SalesforceDestination:
    """One object of a Salesforce org. `key` is an external id field of our lead ids, or `Id`."""

    is_guarding = False
    time_grain = timedelta(seconds=1)

    def __init__(
        self,
        *,
        name: str,
        source: str,
        instance_url: str,
        key: str,
        object_type: str = "Lead",
        token: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        timeout: float = 120.0,
        batch_size: int = 200,
    ) -> None:
        if not re.fullmatch(r"\w+", key):
            raise DestinationError(f"destination {name}: `key` must be the API name of a field, or Id")
        self.name = name
        self.source = source
        self.key = key
        self.batch_size = self.read_size = min(batch_size, 200)
        self._object = object_type
        self._told = "|".join(("salesforce", instance_url.rstrip("/").lower(), object_type, key))
        self._calls = SalesforceCalls(
            name=name, instance_url=instance_url, object_type=object_type, token=token, client_id=client_id,
            client_secret=client_secret, timeout=timeout,
        )  # fmt: skip
        self._described: Mapping[str, Any] | None = None

    def close(self) -> None:
        """Close its connections."""
        self._calls.close()

    @property
    def place(self) -> str:
        """Hash of the org's address, object and key field."""
        return hashlib.sha256(self._told.encode()).hexdigest()

    def check(self) -> None:
        """Raise DestinationError where object, key or fields are missing, or the key may do too little or too much."""
        self._described = None
        known, ours = self._fields(), self._ours()
        if not self._describe().get("updateable"):
            raise self._error("may not be edited by its key; give it the rights `handoff prepare` prints")
        if self.key != _RECORD_ID:
            field = known.get(self.key, {})
            if not (field.get("externalId") and field.get("unique")):
                raise self._error(
                    f"has no field {self.key} that is an external id with unique values; correct `key` in the registry"
                )
            if self._describe().get("createable"):
                raise self._error(
                    "may be created by its key: a lead deleted meanwhile could come back as a new one; "
                    "take Create away from the key's user, Read and Edit are enough"
                )
        if missing := [FIELD_NAMES[name] for name in REQUIRED if name not in ours]:
            raise self._error(
                f"lacks {', '.join(missing)}, or hides it from the key; see `handoff prepare {self.name}`"
            )
        wrong = [
            FIELD_NAMES[name] for name, field in ours.items()
            if field.get("type") not in types_of(name) or not field.get("updateable")
        ]  # fmt: skip
        if wrong:
            raise self._error(
                f"has fields the key may not edit, or of a type that cannot take ours: {', '.join(wrong)}"
            )

    def fields(self) -> Collection[str]:
        """Our fields that exist and may be seen."""
        return self._ours().keys()

    def schema_version(self) -> str:
        """Hash of our fields' types, sizes, choices and rights."""
        told = [
            (
                name,
                *(str(field.get(each)) for each in ("type", "length", "precision", "scale", "updateable")),
                sorted(str(choice.get("value")) for choice in field.get("picklistValues") or ()),
            )
            for name, field in sorted(self._ours().items())
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def highest_sequence(self) -> int:
        """The greatest handoff_sequence any record holds; 0 where none does."""
        return int(self._calls.highest(FIELD_NAMES["handoff_sequence"]) or 0)

    def write(self, writes: Sequence[Write]) -> Mapping[str, Answer]:
        """Write a batch, each record by itself. Raises DestinationError where Salesforce made a record."""
        answers: dict[str, Answer] = {}
        records: dict[str, dict[str, Any]] = {}
        for write in writes:
            try:
                records[write.lead_id] = self._record(write)
            except CutError as cut:
                answers[write.lead_id] = Answer("rejected", cut.code)
            if self.key == _RECORD_ID and not _is_record_id(write.lead_id):
                answers[write.lead_id] = Answer("gone", "not_a_record_id")
        sent = {lead_id: record for lead_id, record in records.items() if lead_id not in answers}
        if not sent:
            return answers
        said = list(sent.values())
        results = self._calls.update(said) if self.key == _RECORD_ID else self._calls.upsert(self.key, said)
        told = dict(zip(sent, results, strict=True))
        if made := [str(result.get("id")) for result in results if result.get("created")]:
            raise self._error(f"was given new records ({', '.join(made)}): delete them, and take Create from the key")
        for lead_id, result in told.items():
            if (answer := _answer(result)) is not None:
                answers[lead_id] = answer
        return self._told_apart(answers)

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Held]:
        """Read our fields, also of leads deleted, merged or converted; a live record goes before a deleted one."""
        asked = [each for each in lead_ids if self.key != _RECORD_ID or _is_record_id(each)]
        ours, known = self._ours(), self._fields()
        names = [*(FIELD_NAMES[name] for name in ours), *(name for name in _STATES if name in known)]
        held: dict[str, Held] = {}
        # Salesforce compares text without regard to case, and shows its ids with three signs more.
        told = {each[:15] if self.key == _RECORD_ID else each: each for each in asked}
        for record in self._calls.find(self.key, asked, names) if asked else ():
            value = str(record.get(self.key))
            lead_id = told.get(value[:15] if self.key == _RECORD_ID else value)
            if lead_id is not None and (lead_id not in held or held[lead_id].state != "live"):
                held[lead_id] = self._held(record)
        return held

    def plan(self) -> list[str]:
        """What to deploy in Salesforce: fields with help texts, a permission set, a list view, and the app."""
        try:
            known: set[str] | None = set(self._fields())
        except DestinationError:
            known = None
        return plan_lines(self._object, self.key, known)

    def prepare(self) -> list[str]:
        """Nothing: making fields takes an administrator, which our key must not be. Raises where any is missing."""
        self._described = None
        if len(self._ours()) < len(FIELDS):
            raise self._error(
                f"lacks fields only an administrator can make: deploy what `handoff prepare {self.name}` prints"
            )
        return []

    def _record(self, write: Write) -> dict[str, Any]:
        values = {**write.payload, "handoff_sequence": str(write.sequence)}
        fields = {
            FIELD_NAMES[name]: to_field(values[name], str(field.get("type")))
            for name, field in self._ours().items()
            if name in values
        }
        return {"id" if self.key == _RECORD_ID else self.key: write.lead_id, **fields}

    def _told_apart(self, answers: Mapping[str, Answer]) -> dict[str, Answer]:
        """Answers where a refusal that may mean a record is not there, or not to be edited, was looked into."""
        unsure = [i for i, a in answers.items() if a.outcome == "rejected" and a.error_code in _MAYBE_GONE]
        try:
            held = self.read(unsure)
        except Unavailable:
            return {lead_id: answer for lead_id, answer in answers.items() if lead_id not in unsure}
        told = dict(answers)
        for lead_id in unsure:
            found = held.get(lead_id)
            if found is None:
                told[lead_id] = Answer("gone", answers[lead_id].error_code)
            elif found.state != "live":
                told[lead_id] = Answer(found.state, answers[lead_id].error_code, found.remote_id)
        return told

    def _held(self, record: Mapping[str, Any]) -> Held:
        fields = {
            name: from_field(record.get(FIELD_NAMES[name]), FIELDS[name], str(field.get("type")))
            for name, field in self._ours().items()
        }
        sequence = fields.pop("handoff_sequence", None)
        state: State = "archived" if record.get("IsDeleted") or record.get("IsConverted") else "live"
        if record.get("MasterRecordId"):
            state = "merged"
        return Held(int(sequence) if sequence and sequence.isdigit() else None, fields, str(record.get("Id")), state)

    def _describe(self) -> Mapping[str, Any]:
        if self._described is None:
            self._described = self._calls.describe()
        return self._described

    def _fields(self) -> Mapping[str, Mapping[str, Any]]:
        return {str(field.get("name")): field for field in self._describe().get("fields") or ()}

    def _ours(self) -> Mapping[str, Mapping[str, Any]]:
        known = self._fields()
        return {name: known[there] for name, there in FIELD_NAMES.items() if there in known}

    def _error(self, what: str) -> DestinationError:
        return DestinationError(f"destination {self.name}: Salesforce object {self._object} {what}")


def _answer(result: Mapping[str, Any]) -> Answer | None:
    """What one result says; None where it says nothing that lasts."""
    remote_id = str(result["id"]) if result.get("id") else None
    if result.get("success") is True:
        return Answer("acknowledged", None, remote_id)
    errors = [error for error in result.get("errors") or () if isinstance(error, Mapping)]
    codes = [code_of(error.get("statusCode")) for error in errors]
    return None if not codes or codes[0] in _PASSING else Answer("rejected", codes[0], remote_id)


def _is_record_id(text: str) -> bool:
    return re.fullmatch(r"[0-9A-Za-z]{15}([0-9A-Za-z]{3})?", text) is not None
