"""The input contract as data: every table a source may bring, its columns, keys and clocks.

Landing checks rows against it, connectors read by it, the dbt source files and `docs/input-contract.md`
are generated from it. What a table *means* stands in `docs/input-contract.md`; how a row is checked and
what of it passes the door is `door.py` and `landing.py`, not here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Type = Literal["text", "timestamp", "date", "decimal", "integer", "boolean", "time"]
Door = Literal["pass", "vault", "token", "web_token", "page", "postal", "free_text", "id_value", "attribute_value"]

# Text columns whose cell may hold several ids, joined by `|`.
LISTS = frozenset({"service_lines", "location_ids", "complexity_levels", "languages", "postal_areas", "checklist"})

STAGES = ("lead", "mql", "sql", "opportunity", "appointment", "consult", "disqualified", "recycled")


@dataclass(frozen=True)
class Column:
    """One column of a contract table as a source gives it.

    `door` says what becomes of it at the door: `pass` lands as it is; `vault` leaves nothing behind;
    `token` and `web_token` leave a keyed token in `<stem>_token` (the first keeps the value in the vault, the
    second keeps nothing); `page` leaves its path; `postal` the first three characters; `free_text` goes to
    the vault unless the registry names the column in `codes`.
    """

    name: str
    type: Type = "text"
    required: bool = False
    door: Door = "pass"
    allowed: tuple[str, ...] = ()

    @property
    def landed_name(self) -> str | None:
        """Name past the door; None where nothing passes."""
        if self.door == "vault":
            return None
        if self.door in ("token", "web_token"):
            return f"{self.name.removesuffix('_id')}_token"
        return "postal_area" if self.door == "postal" else self.name


@dataclass(frozen=True)
class Entity:
    """One contract table. `event_time` is the column an assumed known_at is taken from (design 4.2)."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    event_time: str | None = None
    one_of: tuple[str, ...] = field(default=())

    @property
    def is_reference(self) -> bool:
        """Reference tables hold for all times in their latest landed version."""
        return self.event_time is None and self.name not in ("lead_attributes", "identities")

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


def _key(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, required=True) for name in names)


def _at(name: str, *, required: bool = True) -> Column:
    return Column(name, "timestamp", required=required)


_KNOWN_AT = _at("known_at", required=False)
_IS_DELETED = Column("is_deleted", "boolean")

_LEADS = Entity(
    "leads",
    ("lead_id",),
    (
        *_key("lead_id"),
        _at("created_at"),
        *_text("service_line", "location_id", "channel", "platform", "campaign_id"),
        Column("email", door="token"),
        Column("phone", door="token"),
        Column("first_name", door="vault"),
        Column("last_name", door="vault"),
        Column("postal_code", door="postal"),
        Column("merged_into_lead_id"),
        _IS_DELETED,
        _KNOWN_AT,
    ),
    event_time="created_at",
)

_LEAD_ATTRIBUTES = Entity(
    "lead_attributes",
    ("lead_id", "name"),
    (*_key("lead_id", "name"), Column("value", door="attribute_value"), _at("known_at")),
)

_TOUCHES = Entity(
    "touches",
    ("touch_id",),
    (
        *_key("touch_id"),
        Column("lead_id"),
        Column("anonymous_id", door="web_token"),
        _at("occurred_at"),
        *_key("signal"),
        *_text("service_line", "topic", "offer_id", "form_id", "channel", "platform", "campaign_id"),
        Column("click_id", door="web_token"),
        *_text("click_id_type", "session_id"),
        Column("landing_page", door="page"),
        _IS_DELETED,
        _KNOWN_AT,
    ),
    event_time="occurred_at",
    one_of=("lead_id", "anonymous_id", "click_id"),
)

_IDENTITIES = Entity(
    "identities",
    ("lead_id", "id_type", "id_value"),
    (
        *_key("lead_id"),
        Column("id_type", required=True, allowed=("anonymous_id", "click_id", "email", "phone", "crm_id")),
        Column("id_value", required=True, door="id_value"),
        _at("known_at"),
    ),
)

_AD_CLICKS = Entity(
    "ad_clicks",
    ("click_id",),
    (
        Column("click_id", required=True, door="web_token"),
        *_text("click_id_type"),
        *_key("platform", "campaign_id"),
        _at("occurred_at"),
        _KNOWN_AT,
    ),
    event_time="occurred_at",
)

_STAGE_EVENTS = Entity(
    "stage_events",
    ("event_id",),
    (
        *_key("event_id", "lead_id", "stage_raw"),
        Column("stage", allowed=STAGES),
        _at("entered_at"),
        *_text("actor_id"),
        Column("actor_type", allowed=("staff", "system", "rule")),
        *_text("basis"),
        Column("reason", door="free_text"),
        _IS_DELETED,
        _KNOWN_AT,
    ),
    event_time="entered_at",
)

_WORK_EVENTS = Entity(
    "work_events",
    ("event_id",),
    (
        *_key("event_id", "lead_id"),
        _at("occurred_at"),
        Column("kind", required=True, allowed=("contact_attempt", "contact_made", "screening")),
        Column("contact_channel", allowed=("call", "sms", "email", "secure_message", "visit")),
        *_text("outcome"),
        Column("reason", door="free_text"),
        *_text("staff_id", "team_id", "checklist"),
        _IS_DELETED,
        _KNOWN_AT,
    ),
    event_time="occurred_at",
)

_APPOINTMENTS = Entity(
    "appointments",
    ("appointment_id",),
    (
        *_key("appointment_id", "lead_id"),
        _at("booked_at"),
        Column("appointment_date", "date"),
        _at("starts_at", required=False),
        Column("booked_by", allowed=("lead", "staff")),
        Column("status", allowed=("booked", "held", "no_show", "cancelled")),
        *_text("location_id"),
        _IS_DELETED,
        _KNOWN_AT,
    ),
    event_time="booked_at",
)

_SPEND = Entity(
    "spend",
    ("platform", "campaign_id", "spend_date", "currency"),
    (
        *_key("platform", "campaign_id"),
        *_text("campaign_name", "channel"),
        Column("spend_date", "date", required=True),
        Column("cost", "decimal", required=True),
        *_text("currency"),
        Column("impressions", "integer"),
        Column("clicks", "integer"),
        _IS_DELETED,
        _KNOWN_AT,
    ),
    event_time="spend_date",
)

_CONSENTS = Entity(
    "consents",
    ("lead_id", "purpose", "channel", "occurred_at"),
    (
        *_key("lead_id"),
        Column("purpose", required=True, allowed=("contact", "marketing")),
        Column("channel", allowed=("call", "sms", "email")),
        Column("status", required=True, allowed=("granted", "withdrawn")),
        _at("occurred_at"),
        _KNOWN_AT,
    ),
    event_time="occurred_at",
)

_SERVICE_LINES = Entity("service_lines", ("service_line",), (*_key("service_line"), *_text("name"), _KNOWN_AT))

_LOCATIONS = Entity(
    "locations", ("location_id",), (*_key("location_id"), *_text("name", "calendar_id", "postal_areas"), _KNOWN_AT)
)

_TEAMS = Entity(
    "teams",
    ("team_id",),
    (
        *_key("team_id"),
        *_text("name", "queue", "service_lines", "location_ids", "complexity_levels", "languages"),
        Column("daily_capacity", "integer"),
        Column("open_lead_capacity", "integer"),
        *_text("calendar_id"),
        _KNOWN_AT,
    ),
)

_STAFF = Entity(
    "staff",
    ("staff_id",),
    (
        *_key("staff_id"),
        *_text("role", "team_id", "languages"),
        Column("daily_capacity", "integer"),
        Column("open_lead_capacity", "integer"),
        _at("valid_from", required=False),
        _at("valid_to", required=False),
        _KNOWN_AT,
    ),
)

_STAFF_SHIFTS = Entity(
    "staff_shifts",
    ("staff_id", "starts_at"),
    (
        *_key("staff_id"),
        _at("starts_at"),
        _at("ends_at"),
        Column("kind", allowed=("shift", "absence")),
        _KNOWN_AT,
    ),
)

_CALENDARS = Entity(
    "calendars",
    ("calendar_id", "iso_weekday", "opens_at"),
    (
        *_key("calendar_id", "timezone"),
        Column("iso_weekday", "integer", required=True),
        Column("opens_at", "time", required=True),
        Column("closes_at", "time", required=True),
        _KNOWN_AT,
    ),
)

_HOLIDAYS = Entity(
    "holidays",
    ("calendar_id", "holiday_date"),
    (
        *_key("calendar_id"),
        Column("holiday_date", "date", required=True),
        Column("opens_at", "time"),
        Column("closes_at", "time"),
        _KNOWN_AT,
    ),
)

ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        _LEADS,
        _LEAD_ATTRIBUTES,
        _TOUCHES,
        _IDENTITIES,
        _AD_CLICKS,
        _STAGE_EVENTS,
        _WORK_EVENTS,
        _APPOINTMENTS,
        _SPEND,
        _CONSENTS,
        _SERVICE_LINES,
        _LOCATIONS,
        _TEAMS,
        _STAFF,
        _STAFF_SHIFTS,
        _CALENDARS,
        _HOLIDAYS,
    )
}

LINEAGE: dict[str, str] = {
    "_source": "varchar",
    "_object": "varchar",
    "_batch_id": "varchar",
    "_row_no": "bigint",
    "_file_sha256": "varchar",
    "_extracted_at": "timestamp",
    "_landed_as_of": "timestamp",
    "_id_space": "varchar",
    "_known_at_basis": "varchar",
    "_is_repeat": "boolean",
    "_key_hash": "varchar",
    "_row_hash": "varchar",
}
