"""What an administrator deploys in Salesforce before the first write: metadata as files, and what to set by hand."""

from __future__ import annotations

from collections.abc import Collection
from xml.etree import ElementTree

from orchestration.destinations.base import FIELDS, STAFFS_OWN
from orchestration.destinations.help_texts import HELP, LABELS
from orchestration.destinations.salesforce_values import FIELD_NAMES, field_name

_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
PERMISSION_SET = "Warm_Handoff"
LONG_TEXTS = ("handoff_reasons", "handoff_versions")


def plan_lines(object_type: str, key: str, known: Collection[str] | None) -> list[str]:
    """The plan, line by line. `known` are the fields the key sees (None: they could not be read)."""
    missing = [name for name in FIELDS if known is None or FIELD_NAMES[name] not in known]
    lines = [
        "1. The app. Setup > External Client App Manager: a local app with OAuth scope `api` and the client",
        "   credentials flow; Run As an integration user (licence Salesforce Integration, permission set licence",
        "   Salesforce API Integration) who has the permission set below and nothing else. Its client id and secret",
        f"   go where the registry says. Where {object_type} records are not open to all users for editing, a sharing",
        "   rule gives that user Read/Write; Modify All is not needed, and brings Delete with it.",
        f"   Staff see the fields by the permission set {PERMISSION_SET}_Staff.",
        f"2. The key field of {object_type}: {_key_line(key, known)}",
        f"3. Fields of {object_type} ({len(missing)} of {len(FIELDS)} {'to make' if missing else 'missing'}):",
    ]
    lines += [f"     {name} is {FIELD_NAMES[name]}: {HELP[name]}" for name in FIELDS]
    lines += [
        "   Handoff queue is a list view, and is sorted where it is opened. To be worked first are",
        f"   those still in time, by {FIELD_NAMES['handoff_priority']}, then {FIELD_NAMES['handoff_sla_due_at']}; then",
        "   those overdue, the oldest first.",
        "4. The files, for `sf project deploy start` or any tool that deploys metadata. Making fields takes an",
        "   administrator; the key of this destination has no such right, and `--yes` makes nothing.",
    ]
    wanted = [FIELD_NAMES[name] for name in missing]
    if known is not None and key not in known and key != "Id":
        wanted.append(key)
    for path, text in files(object_type, key, wanted).items():
        lines += ["", f"--- force-app/main/default/{path}", *text.splitlines()]
    return lines


def files(object_type: str, key: str, missing: Collection[str]) -> dict[str, str]:
    """Path → metadata: the missing fields, the permission sets of our key and of staff, a list view of the queue."""
    base = f"objects/{object_type}"
    made = {
        f"{base}/fields/{FIELD_NAMES[name]}.field-meta.xml": _xml("CustomField", _field(name))
        for name in FIELDS
        if FIELD_NAMES[name] in missing
    }
    if key in missing:
        made[f"{base}/fields/{key}.field-meta.xml"] = _xml("CustomField", _key_field(key))
    sets = {PERMISSION_SET: permission_set(object_type, key), f"{PERMISSION_SET}_Staff": _staff_set(object_type)}
    for name, said in sets.items():
        made[f"permissionsets/{name}.permissionset-meta.xml"] = _xml("PermissionSet", said)
    made[f"{base}/listViews/Handoff_Queue.listView-meta.xml"] = _xml("ListView", _list_view())
    return made


def permission_set(object_type: str, key: str) -> list[tuple[str, object]]:
    """The least rights: see every record of the object, edit our fields, and create or delete none."""
    keys = [] if key == "Id" else [key]
    fields = [
        ("fieldPermissions", [("editable", "true"), ("field", f"{object_type}.{each}"), ("readable", "true")])
        for each in sorted([*FIELD_NAMES.values(), *keys])
    ]
    rights = {
        "allowCreate": "false",
        "allowDelete": "false",
        "allowEdit": "true",
        "allowRead": "true",
        "modifyAllRecords": "false",
        "object": object_type,
        "viewAllRecords": "true",
    }
    return [
        ("description", "What Warm Handoff needs to write its own fields, and no more."),
        *fields,
        ("label", "Warm Handoff"),
        ("objectPermissions", list(rights.items())),
        ("userPermissions", [("enabled", "true"), ("name", "ApiEnabled")]),
    ]


def _staff_set(object_type: str) -> list[tuple[str, object]]:
    """What staff need: to see our fields, and to change the team and the member alone."""
    rights = [
        (
            "fieldPermissions",
            [
                ("editable", "true" if name in STAFFS_OWN else "false"),
                ("field", f"{object_type}.{FIELD_NAMES[name]}"),
                ("readable", "true"),
            ],
        )
        for name in sorted(FIELDS)
    ]
    return [("description", "Sees what Warm Handoff writes."), *rights, ("label", "Warm Handoff Staff")]


def _key_field(key: str) -> list[tuple[str, object]]:
    return [
        ("fullName", key),
        ("caseSensitive", "true"),
        ("externalId", "true"),
        ("inlineHelpText", "The lead's id in the source Warm Handoff reads."),
        ("label", key.removesuffix("__c").replace("_", " ")[:40]),
        ("length", "80"),
        ("type", "Text"),
        ("unique", "true"),
    ]


def _field(name: str) -> list[tuple[str, object]]:
    kind = FIELDS[name]
    said: list[tuple[str, object]] = [
        ("fullName", FIELD_NAMES[name]),
        ("inlineHelpText", HELP[name]),
        ("label", LABELS[name]),
    ]
    if kind == "time":
        return [*said, ("type", "DateTime")]
    if kind == "text" and name in LONG_TEXTS:
        return [*said, ("length", "32768"), ("type", "LongTextArea"), ("visibleLines", "3")]
    if kind == "text":
        return [*said, ("length", "255"), ("type", "Text")]
    return [*said, ("precision", "18"), ("scale", "6" if kind == "number" else "0"), ("type", "Number")]


def _list_view() -> list[tuple[str, object]]:
    shown = ("handoff_priority", "handoff_sla_due_at", "handoff_band", "handoff_team_id", "handoff_staff_id")
    return [
        ("fullName", "Handoff_Queue"),
        *(("columns", field_name(name)) for name in ("handoff_queue", *shown)),
        ("filterScope", "Everything"),
        ("filters", [("field", field_name("handoff_queue")), ("operation", "notEqual"), ("value", "")]),
        ("filters", [("field", field_name("handoff_stage")), ("operation", "equals"), ("value", "mql")]),
        ("label", "Handoff queue"),
    ]


def _key_line(key: str, known: Collection[str] | None) -> str:
    if key == "Id":
        return "Id, Salesforce's own record id: nothing to make."
    state = "" if known is None else "there. " if key in known else "MISSING, or hidden from the key. "
    return f"{key}: {state}Text, external id, unique and case sensitive, filled with the lead ids of the source."


def _xml(root: str, said: list[tuple[str, object]]) -> str:
    element = ElementTree.Element(root, {"xmlns": _NAMESPACE})
    _fill(element, said)
    ElementTree.indent(element, "    ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(element, encoding="unicode")


def _fill(element: ElementTree.Element, said: object) -> None:
    if isinstance(said, list):
        for name, value in said:
            _fill(ElementTree.SubElement(element, name), value)
    else:
        element.text = str(said)
