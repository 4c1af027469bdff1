"""What a shared example may say: a lead as people describe one, and the answers expected of the criteria.

Only shapes stand here. That the criteria do answer so is tried by `orchestration.replay.examples`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestration.criteria_files.scalars import Flag, Known, Moment, Text, Threshold

# A hundred years: no touch is older.
DaysAgo = Annotated[Threshold, Field(le=36_525)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExampleTouch(_Shape):
    """Something the lead did, so many days (of 24 hours) before it is judged."""

    signal: Text
    service_line: Text | None = None
    topic: Text | None = None
    offer_id: Text | None = None
    form_id: Text | None = None
    channel: Text | None = None
    campaign_id: Text | None = None
    landing_page: Text | None = None
    days_ago: DaysAgo = Decimal(0)


class ExampleWork(_Shape):
    """Something staff did for the lead. Without a role it is done by somebody whose acts count."""

    kind: Literal["contact_attempt", "contact_made", "screening"]
    outcome: Text | None = None
    contact_channel: Literal["call", "sms", "email", "secure_message", "visit"] | None = None
    role: Text | None = None
    days_ago: DaysAgo = Decimal(0)


class ExampleAppointment(_Shape):
    """An appointment of the lead."""

    booked_by: Literal["lead", "staff"]
    status: Literal["booked", "held", "no_show", "cancelled"] = "booked"
    days_ago: DaysAgo = Decimal(0)


_LISTS = ("touches", "work_events", "appointments")


class ExampleLead(_Shape):
    """The lead: `attributes`, `touches`, `work_events` and `appointments`. Any other word is an attribute too."""

    attributes: dict[str, Known] = {}
    touches: list[ExampleTouch] = []
    work_events: list[ExampleWork] = []
    appointments: list[ExampleAppointment] = []

    @model_validator(mode="before")
    @classmethod
    def _gather_attributes(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("attributes", {}), dict):
            return value
        loose = {name: said for name, said in value.items() if name not in (*_LISTS, "attributes")}
        if any(isinstance(said, dict | list) for said in loose.values()):
            return value
        kept = {name: said for name, said in value.items() if name in _LISTS}
        return kept | {"attributes": value.get("attributes", {}) | loose}


class Expectation(_Shape):
    """The answers expected; what is not named may be anything."""

    mql: Flag | None = None
    sql: Flag | None = None
    disqualified: Flag | None = None
    basis: Literal["staff_confirmed", "self_scheduled", "criteria"] | None = None
    fit_points: Threshold | None = None
    behaviour_points: Threshold | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Expectation:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise ValueError("expects nothing: say mql, sql, disqualified, basis, fit_points or behaviour_points")
        return self


class Example(_Shape):
    """A shared example: also a test of the criteria, judged at effective_from unless it says `at`."""

    title: Text
    lead: ExampleLead
    expect: Expectation
    why: Text | None = None
    at: Moment | None = None
