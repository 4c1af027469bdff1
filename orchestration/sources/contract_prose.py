"""The words of the input contract that its code does not carry: each table's grain, and the page's generated tables.

Columns, types and keys come from `orchestration/lake/contract.py`; the page around the tables is written by hand.
"""

from __future__ import annotations

from orchestration.lake.contract import ENTITIES, Column, Entity

GRAINS = {
    "leads": "lead",
    "lead_attributes": "lead's attribute",
    "touches": "thing a person did",
    "identities": "link between a lead and another id",
    "ad_clicks": "click an ad platform reports",
    "stage_events": "stage as the CRM recorded it",
    "work_events": "thing staff did for a lead",
    "appointments": "appointment",
    "spend": "platform, campaign, day and currency",
    "consents": "consent given or withdrawn",
    "service_lines": "service line",
    "locations": "location",
    "teams": "intake team",
    "staff": "member of staff",
    "staff_shifts": "shift or absence of a member of staff",
    "calendars": "opening of a calendar on a weekday",
    "holidays": "date on which a calendar has other hours",
}
_DOORS = {
    "vault": "vault",
    "token": "vault, and a keyed token",
    "web_token": "a keyed token, the value is not kept",
    "page": "its path, without host or query",
    "postal": "its first three characters",
    "free_text": "vault, unless `codes` names it",
    "id_value": "a former CRM id passes, anything else becomes a keyed token",
    "attribute_value": "passes, unless `identifiers` names the attribute",
}


def describe_entities() -> str:
    """The tables of the contract as Markdown, one section each."""
    return "\n".join(_section(entity) for entity in ENTITIES.values())


def _section(entity: Entity) -> str:
    about = f"One row per version of a {GRAINS[entity.name]}. Key: `{'`, `'.join(entity.key)}`."
    if entity.one_of:
        about += f" At least one of `{'`, `'.join(entity.one_of)}` is filled."
    if entity.event_time:
        about += f" Without `known_at`, the first version is known at `{entity.event_time}` plus the delivery lag."
    lines = [f"### {entity.name}", "", about, "", "| column | type | past the door |", "|---|---|---|"]
    lines += [_row(column) for column in entity.columns]
    return "\n".join([*lines, ""])


def _row(column: Column) -> str:
    name = f"**{column.name}**" if column.required else column.name
    what: str = column.type
    if column.allowed:
        what += ": " + ", ".join(column.allowed)
    door = _DOORS.get(column.door, "passes")
    renamed = column.landed_name not in (None, column.name)
    return f"| {name} | {what} | {door}{f' (`{column.landed_name}`)' if renamed else ''} |"
