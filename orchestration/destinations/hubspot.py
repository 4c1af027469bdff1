"""Destination `hubspot`: writes handoff properties of records that exist, through HubSpot's batch API.

A write is a batch UPDATE by the key property, not an upsert: HubSpot's upsert makes a record of every key it does not
find, and between our last look and the write a record may be archived, merged or deleted. An update of such a record
is answered OBJECT_NOT_FOUND instead, so that no order of events can make one. It is keyed all the same: repeating it
changes nothing. `key` is a property with unique values that holds our lead ids, or `hs_object_id` where the leads were
read from this HubSpot and their ids are its own record ids.

A merge makes a record with an id of its own, to which both old ids lead from then on. Read by record id, both say
`merged`; read by the key, the primary lives on under its key and the other's key is not known any more.
HubSpot compares nothing before it writes: delivery reads first and decides (`is_guarding` is False).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from orchestration.destinations.base import FIELDS, REQUIRED, Answer, DestinationError, Held, State, Unavailable
from orchestration.destinations.hubspot_calls import HubSpotCalls
from orchestration.destinations.hubspot_plan import GROUP, GROUP_LABEL, creation, plan_lines
from orchestration.destinations.hubspot_replies import MERGED_IDS, RECORD_ID, answers_of, merged_ids, owner_of
from orchestration.destinations.hubspot_values import TYPES, TooFineError, from_property, to_property, types_of
from orchestration.lake.outbox import Write


class HubSpotDestination:
    """One object type of a HubSpot account. `key` is the property of our lead ids."""

    is_guarding = False
    time_grain = timedelta(milliseconds=1)

    def __init__(
        self,
        *,
        name: str,
        source: str,
        token: str,
        key: str,
        object_type: str = "contacts",
        url: str | None = None,
        timeout: float = 60.0,
        batch_size: int = 100,
    ) -> None:
        self.name = name
        self.source = source
        self.key = key
        self.batch_size = self.read_size = min(batch_size, 100)
        self._object = object_type
        self._told, self._token = "|".join(("hubspot", url or "", object_type, key)), token
        self._calls = HubSpotCalls(name=name, token=token, object_type=object_type, url=url, timeout=timeout)
        self._known: Mapping[str, Mapping[str, Any]] | None = None
        self._account: str | None = None

    def close(self) -> None:
        """Close its connections."""
        self._calls.close()

    @property
    def place(self) -> str:
        """Hash of host, object, key property and account, which HubSpot is asked for: its address does not tell it.

        Where the access key may not ask, it stands for the account: a new one costs a look at each record then.
        """
        if self._account is None:
            self._account = self._calls.account() or self._token
        return hashlib.sha256(f"{self._told}|{self._account}".encode()).hexdigest()

    def check(self) -> None:
        """Raise DestinationError where the account, the key property or a property no run can do without is missing."""
        known = self._properties(is_fresh=True)
        if self.key != RECORD_ID:
            if self.key not in known:
                raise self._error(f"has no property {self.key}; correct `key` in the registry, or make it")
            if not known[self.key].get("hasUniqueValue"):
                raise self._error(
                    f"does not hold property {self.key} unique: another record could be written; "
                    "choose a property with unique values, which only making one can give"
                )
        if missing := [name for name in REQUIRED if name not in known]:
            raise self._error(f"lacks {', '.join(missing)}; run `handoff prepare {self.name}`")
        wrong = [
            f"{name} ({known[name].get('type')}, wanted {TYPES[kind][0]})"
            for name, kind in FIELDS.items()
            if name in known and known[name].get("type") not in types_of(name)
        ]
        if wrong:
            raise self._error(f"holds a property in a type that cannot take it: {', '.join(wrong)}")

    def fields(self) -> Collection[str]:
        """Our properties that were made."""
        return FIELDS.keys() & self._properties().keys()

    def schema_version(self) -> str:
        """Hash of our properties' types and choices, and of the key's."""
        known = self._properties()
        told = [
            (name, known[name].get("type"), sorted(str(o.get("value")) for o in known[name].get("options") or ()))
            for name in sorted({*FIELDS, self.key} & set(known))
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def highest_sequence(self) -> int:
        """The greatest handoff_sequence any record in use holds; 0 where none does."""
        found = self._calls.highest("handoff_sequence").get("results") or ()
        return max(
            (_whole((result.get("properties") or {}).get("handoff_sequence")) or 0 for result in found), default=0
        )

    def write(self, writes: Sequence[Write]) -> Mapping[str, Answer]:
        """Update a batch by key. Records not found are looked for, to tell archived and merged from gone."""
        answers: dict[str, Answer] = {}
        inputs = []
        for write in writes:
            try:
                inputs.append(self._input(write))
            except TooFineError:
                answers[write.lead_id] = Answer("rejected", "time_finer_than_a_millisecond")
        if not inputs:
            return answers
        told = answers_of(self._calls.update(inputs), [each["id"] for each in inputs], self.key)
        missing = [lead_id for lead_id, answer in told.items() if answer.outcome == "gone"]
        return {**answers, **told} if not missing else {**answers, **self._told_apart(told, missing)}

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Held]:
        """Read our properties; of ids not in use, one more call tells those archived."""
        held = self._read(lead_ids, is_archived=False)
        missing = [lead_id for lead_id in lead_ids if lead_id not in held]
        return {**self._read(missing, is_archived=True), **held}

    def plan(self) -> list[str]:
        """What to make in HubSpot, with help texts, the scopes of the key, and the view of a queue."""
        try:
            known: Mapping[str, Any] | None = self._properties(is_fresh=True)
        except DestinationError:
            known = None
        return plan_lines(self.name, self._object, self.key, known)

    def prepare(self) -> list[str]:
        """Make our group and the properties that are missing; the key property is yours to choose."""
        known = self._properties(is_fresh=True)
        missing = [name for name in FIELDS if name not in known]
        done = []
        if missing and GROUP not in self._calls.groups():
            self._calls.make_group(GROUP, GROUP_LABEL)
            done.append(f"made property group {GROUP}")
        for name in missing:
            self._calls.make_property(creation(name))
            done.append(f"made property {name}")
        self._known = None
        return done

    def _input(self, write: Write) -> dict[str, Any]:
        known = self._properties()
        values = {**write.payload, "handoff_sequence": str(write.sequence)}
        properties = {
            name: to_property(values[name], str(known[name].get("type")))
            for name in FIELDS
            if name in values and name in known
        }
        told = {"id": write.lead_id, "objectWriteTraceId": write.lead_id, "properties": properties}
        return told if self.key == RECORD_ID else {**told, "idProperty": self.key}

    def _told_apart(self, told: Mapping[str, Answer], missing: Sequence[str]) -> dict[str, Answer]:
        """The answers with those not found told apart; where that cannot be seen now, their fate is left unknown."""
        known = {lead_id: answer for lead_id, answer in told.items() if lead_id not in missing}
        try:
            held = self.read(missing)
        except Unavailable:
            return known
        for lead_id in missing:
            found = held.get(lead_id)
            if found is None:
                known[lead_id] = told[lead_id]
            elif found.state != "live":
                known[lead_id] = Answer(found.state, "not_found", found.remote_id)
        return known

    def _read(self, lead_ids: Sequence[str], *, is_archived: bool) -> dict[str, Held]:
        if not lead_ids:
            return {}
        known = self._properties()
        names = [name for name in FIELDS if name in known]
        id_property = None if self.key == RECORD_ID else self.key
        reply = self._calls.read(
            lead_ids, [*names, self.key, MERGED_IDS], id_property=id_property, is_archived=is_archived
        )
        held: dict[str, Held] = {}
        for result in reply.get("results") or ():
            for lead_id, state in self._owners(result, set(lead_ids), is_archived=is_archived):
                held[lead_id] = self._held(result, names, state)
        return held

    def _owners(self, result: Mapping[str, Any], asked: set[str], *, is_archived: bool) -> list[tuple[str, State]]:
        """Which of the leads asked for a result answers, and in what state they are."""
        owner = owner_of({**result, "objectWriteTraceId": None}, asked, self.key)
        if owner is not None:
            return [(owner, "archived" if is_archived or result.get("archived") else "live")]
        return [(each, "merged") for each in merged_ids(result) if self.key == RECORD_ID and each in asked]

    def _held(self, result: Mapping[str, Any], names: Sequence[str], state: State) -> Held:
        known, values = self._properties(), result.get("properties") or {}
        fields = {name: from_property(values.get(name), FIELDS[name], str(known[name].get("type"))) for name in names}
        return Held(_whole(fields.pop("handoff_sequence", None)), fields, str(result.get("id")), state)

    def _properties(self, *, is_fresh: bool = False) -> Mapping[str, Mapping[str, Any]]:
        if self._known is None or is_fresh:
            self._known = {str(each.get("name")): each for each in self._calls.properties()}
        return self._known

    def _error(self, what: str) -> DestinationError:
        return DestinationError(f"destination {self.name}: HubSpot object {self._object} {what}")


def _whole(text: str | None) -> int | None:
    try:
        return int(text) if text else None
    except ValueError:
        return None
