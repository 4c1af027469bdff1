"""Tables of the demo's CRM, under names of its own, and how they map to the input contract.

History tables are append-only and numbered (`change_no`); `crm_leads` alone is updated in place, holds the current
record and takes the `handoff_*` columns. Filling them is `crm_feed.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

LEADS = "crm_leads"
LEAD_KEY = "lead_ref"


@dataclass(frozen=True)
class TableMap:
    """One contract table in the CRM: `columns` contract → CRM name, `codes` by column: contract → CRM value."""

    table: str
    columns: dict[str, str]
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    is_history: bool = True


_ARCHIVED = {"true": "ARCHIVED", "false": "ACTIVE"}
_MEDIA = {"call": "PHONE", "sms": "TEXT", "email": "MAIL", "secure_message": "PORTAL", "visit": "DESK"}

HISTORY: dict[str, TableMap] = {
    "leads": TableMap(
        "crm_lead_history",
        {
            "lead_id": LEAD_KEY, "created_at": "created_on", "service_line": "interest", "location_id": "site_code",
            "channel": "origin", "platform": "origin_platform", "campaign_id": "campaign_code", "email": "mail_address",
            "phone": "phone_number", "first_name": "given_name", "last_name": "family_name", "postal_code": "zip",
            "merged_into_lead_id": "master_ref", "is_deleted": "archived", "known_at": "changed_at",
        },
        {"is_deleted": _ARCHIVED},
    ),
    "lead_attributes": TableMap(
        "crm_field_history",
        {"lead_id": LEAD_KEY, "name": "field_name", "value": "new_value", "known_at": "changed_at"},
    ),
    "stage_events": TableMap(
        "crm_stage_history",
        {
            "event_id": "stage_change_ref", "lead_id": LEAD_KEY, "stage_raw": "stage_label",
            "entered_at": "happened_at", "actor_id": "changed_by", "actor_type": "changed_by_kind",
            "basis": "basis_code", "reason": "remark", "known_at": "recorded_at",
        },
        {"actor_type": {"staff": "USER", "system": "INTEGRATION", "rule": "WORKFLOW"}},
    ),
    "work_events": TableMap(
        "crm_activities",
        {
            "event_id": "activity_ref", "lead_id": LEAD_KEY, "occurred_at": "happened_at", "kind": "activity_kind",
            "contact_channel": "medium", "outcome": "result", "reason": "remark", "staff_id": "agent_code",
            "team_id": "desk_code", "checklist": "steps_done", "known_at": "logged_at",
        },
        {
            "kind": {"contact_attempt": "ATTEMPT", "contact_made": "REACHED", "screening": "SCREENING"},
            "contact_channel": _MEDIA,
        },
    ),
    "appointments": TableMap(
        "crm_booking_history",
        {
            "appointment_id": "booking_ref", "lead_id": LEAD_KEY, "booked_at": "booked_on",
            "appointment_date": "visit_date", "starts_at": "visit_start", "booked_by": "made_by", "status": "state",
            "location_id": "site_code", "known_at": "changed_at",
        },
        {
            "booked_by": {"lead": "PATIENT", "staff": "AGENT"},
            "status": {"booked": "OPEN", "held": "DONE", "no_show": "MISSED", "cancelled": "CALLED_OFF"},
        },
    ),
    "consents": TableMap(
        "crm_consent_log",
        {
            "lead_id": LEAD_KEY, "purpose": "purpose", "channel": "medium", "status": "decision",
            "occurred_at": "decided_at", "known_at": "logged_at",
        },
        {"channel": _MEDIA, "status": {"granted": "GIVEN", "withdrawn": "WITHDRAWN"}},
    ),
    "staff_shifts": TableMap(
        "crm_rota",
        {
            "staff_id": "agent_code", "starts_at": "from_time", "ends_at": "to_time", "kind": "entry_kind",
            "known_at": "published_at",
        },
        {"kind": {"shift": "DUTY", "absence": "AWAY"}},
    ),
    "staff": TableMap(
        "crm_agents",
        {
            "staff_id": "agent_code", "role": "job", "team_id": "desk_code", "languages": "languages",
            "daily_capacity": "per_day", "open_lead_capacity": "open_at_most", "valid_from": "from_date",
            "valid_to": "to_date", "known_at": "entered_on",
        },
    ),
    "service_lines": TableMap("crm_interests", {"service_line": "interest", "name": "label"}, is_history=False),
    "locations": TableMap(
        "crm_sites",
        {"location_id": "site_code", "name": "label", "calendar_id": "hours_code", "postal_areas": "zip_areas"},
        is_history=False,
    ),
    "teams": TableMap(
        "crm_desks",
        {
            "team_id": "desk_code", "name": "label", "queue": "queue_name", "service_lines": "interests",
            "location_ids": "sites", "complexity_levels": "levels", "languages": "languages",
            "daily_capacity": "per_day", "open_lead_capacity": "open_at_most", "calendar_id": "hours_code",
        },
        is_history=False,
    ),
    "calendars": TableMap(
        "crm_hours",
        {
            "calendar_id": "hours_code", "timezone": "zone_name", "iso_weekday": "weekday", "opens_at": "opens",
            "closes_at": "closes",
        },
        is_history=False,
    ),
    "holidays": TableMap(
        "crm_closures",
        {"calendar_id": "hours_code", "holiday_date": "closed_on", "opens_at": "opens", "closes_at": "closes"},
        is_history=False,
    ),
}  # fmt: skip

# What the CRM's people see of a lead now, and what is written back to it.
CURRENT_COLUMNS = tuple(name for name in HISTORY["leads"].columns.values() if name != "changed_at")
HANDOFF_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "handoff_stage": sa.Text(),
    "handoff_mql_at": sa.DateTime(),
    "handoff_fit_points": sa.Double(),
    "handoff_behaviour_points": sa.Double(),
    "handoff_readiness": sa.Double(),
    "handoff_band": sa.Text(),
    "handoff_reasons": sa.Text(),
    "handoff_team_id": sa.Text(),
    "handoff_staff_id": sa.Text(),
    "handoff_queue": sa.Text(),
    "handoff_priority": sa.BigInteger(),
    "handoff_sla_due_at": sa.DateTime(),
    "handoff_versions": sa.Text(),
    "handoff_sequence": sa.BigInteger(),
}

# A CRM moves its own modification time whenever anything of a record changes, whoever changed it.
_TOUCH_SQLITE = sa.DDL(  # type: ignore[no-untyped-call]
    f"""CREATE TRIGGER crm_leads_touched AFTER UPDATE ON {LEADS}
    WHEN NEW.modified_on IS OLD.modified_on
    BEGIN UPDATE {LEADS} SET modified_on = strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', 'now')
    WHERE {LEAD_KEY} = NEW.{LEAD_KEY}; END"""
)


def crm_metadata() -> sa.MetaData:
    """All tables of the CRM. Times are ISO 8601 text with offset, so that every engine holds them alike."""
    metadata = sa.MetaData()
    for mapped in HISTORY.values():
        numbered = (
            [sa.Column("change_no", sa.Integer, primary_key=True, autoincrement=True)] if mapped.is_history else []
        )
        sa.Table(mapped.table, metadata, *numbered, *(sa.Column(name, sa.Text) for name in mapped.columns.values()))
    leads = sa.Table(
        LEADS,
        metadata,
        sa.Column(LEAD_KEY, sa.String(64), primary_key=True),
        *(sa.Column(name, sa.Text) for name in CURRENT_COLUMNS if name != LEAD_KEY),
        sa.Column("stage_label", sa.Text),
        sa.Column("modified_on", sa.Text),
        *(sa.Column(name, kind) for name, kind in HANDOFF_COLUMNS.items()),
    )
    sa.event.listen(leads, "after_create", _TOUCH_SQLITE.execute_if(dialect="sqlite"))
    return metadata
