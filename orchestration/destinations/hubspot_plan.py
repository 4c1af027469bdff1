"""What an administrator makes in HubSpot before the first write, in words and as property definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.destinations.base import FIELDS
from orchestration.destinations.help_texts import HELP, LABELS
from orchestration.destinations.hubspot_replies import RECORD_ID
from orchestration.destinations.hubspot_values import TYPES

GROUP, GROUP_LABEL = "handoff", "Warm Handoff"
_LONG_TEXTS = ("handoff_reasons", "handoff_versions")


def creation(name: str) -> dict[str, Any]:
    """The definition by which a property of ours is made."""
    type_ = TYPES[FIELDS[name]][0]
    looks = {"string": "textarea" if name in _LONG_TEXTS else "text", "number": "number", "datetime": "date"}
    return {
        "name": name,
        "label": LABELS[name],
        "description": HELP[name],
        "groupName": GROUP,
        "type": type_,
        "fieldType": looks[type_],
        "formField": False,
    }


def scopes(object_type: str) -> dict[str, str]:
    """Scope → what it is for."""
    of = object_type if object_type.isalpha() else "custom"
    return {
        f"crm.objects.{of}.read": "reading records back, to prove each write",
        f"crm.objects.{of}.write": "writing the properties below",
        f"crm.schemas.{of}.read": "seeing which properties there are",
    }


def plan_lines(name: str, object_type: str, key: str, known: Mapping[str, Any] | None) -> list[str]:
    """The plan, line by line. `known` are the properties there are (None: they could not be read)."""
    lines = [
        "1. The key. In HubSpot: Development > Keys > Service keys (an existing private app will do as well).",
        "   Give it these scopes and no other:",
    ]
    lines += [f"     {scope}   {why}" for scope, why in scopes(object_type).items()]
    made = f"crm.schemas.{object_type if object_type.isalpha() else 'custom'}.write"
    lines += [
        f"   `handoff prepare {name} --yes` also needs {made}: take it away again afterwards.",
        f"2. The key property of {object_type}: {_key_line(key, known)}",
        f"3. Properties of {object_type}, in a group {GROUP} ({GROUP_LABEL}):",
    ]
    lines += [_property_line(each, known) for each in FIELDS]
    lines += [
        "   Give people no right to edit handoff_sequence. A team or member that staff set stands and is reported.",
        f"4. Two views for each queue: {object_type} > Add view, shared with the team, to be worked in this order:",
        "     filter handoff_queue is any of <the queue>, and handoff_stage is any of mql",
        "     columns handoff_priority, handoff_sla_due_at, handoff_band, handoff_reasons, handoff_team_id",
        "     in time: filter handoff_sla_due_at is not past; sort by handoff_priority, then due, ascending",
        "     overdue: filter handoff_sla_due_at is past; sort by handoff_sla_due_at ascending (the oldest first)",
    ]
    return lines


def _key_line(key: str, known: Mapping[str, Any] | None) -> str:
    if key == RECORD_ID:
        return f"{RECORD_ID}, HubSpot's own record id: nothing to make."
    state = "" if known is None else "there. " if key in known else "MISSING. "
    return (
        f"{key}: {state}Single-line text, `require unique values for this property` "
        "(to be chosen when it is made; it cannot be changed later), filled with the lead ids of the source."
    )


def _property_line(name: str, known: Mapping[str, Any] | None) -> str:
    said = creation(name)
    state = "?" if known is None else "there" if name in known else "missing"
    return f"     {name}  {said['type']}/{said['fieldType']}  [{state}]  '{said['label']}': {said['description']}"
