"""What a criteria file may say: one pydantic class per thing of the criteria language, unknown keys refused.

Only the shape of one thing stands here. What only shows when rules are seen together (an unreachable threshold, a rule
that can never fire) is `checks.py`, what only shows beside another home's past is `history.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestration.criteria_files.example_shapes import Example
from orchestration.criteria_files.scalars import (
    Days,
    Flag,
    Item,
    Items,
    Moment,
    Number,
    Points,
    Text,
    Threshold,
    Whole,
)

Unknown = Literal["hold", "fail", "pass"]
OPERATORS = ("in_", "not_in", "equals", "at_least", "at_most", "is_known")
PART_KEYS: dict[str, tuple[str, ...]] = {
    "work_event": ("outcome", "contact_channel"),
    "appointment_booked_by": (),
    "signal": ("where", "channels"),
    "attribute": (*OPERATORS, "unknown", "clinical_reason"),
}


class Shape(BaseModel):
    """Base of all shapes: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _say_something(values: Mapping[str, Any]) -> None:
    if values["is_known"] is False:
        raise ValueError("`is_known` can only be true")
    if all(values[name] is None for name in OPERATORS):
        raise ValueError("says nothing of the attribute: add one of in, not_in, equals, at_least, at_most, is_known")


class AttributeTest(Shape):
    """A test on one attribute. All operators given must hold."""

    attribute: Text
    in_: Items | None = Field(default=None, alias="in")
    not_in: Items | None = None
    equals: Item | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    is_known: Flag | None = None
    unknown: Unknown | None = None
    clinical_reason: Text | None = None

    @model_validator(mode="after")
    def _has_an_operator(self) -> AttributeTest:
        _say_something({name: getattr(self, name) for name in OPERATORS})
        return self


class FitRule(AttributeTest):
    """A rule of who the lead is, with its points."""

    id: Text
    points: Points


class EligibilityRule(AttributeTest):
    """A rule every SQL must satisfy."""

    id: Text


class Where(Shape):
    """Columns of a touch a rule may name."""

    service_line: Items | None = None
    topic: Items | None = None
    offer_id: Items | None = None
    form_id: Items | None = None
    campaign_id: Items | None = None
    landing_page: Items | None = None


class BehaviourRule(Shape):
    """A rule of what the lead did, with its points, its cap, its window and its decay."""

    id: Text
    signal: Text
    where: Where | None = None
    channels: Items | None = None
    points: Points
    at_most: Whole | None = None
    within_days: Days | None = None
    half_life_days: Days | None = None


class FitHalf(Shape):
    """The half of MQL that asks who the lead is."""

    threshold: Threshold | None = None
    rules: list[FitRule] = []


class BehaviourHalf(Shape):
    """The half of MQL that asks what the lead did."""

    threshold: Threshold | None = None
    rules: list[BehaviourRule] = []


class Mql(Shape):
    """When a lead is marketing-qualified."""

    require: Literal["fit_and_behaviour", "fit_or_behaviour", "total_points"]
    threshold: Threshold | None = None
    fit: FitHalf | None = None
    behaviour: BehaviourHalf | None = None


class Part(Shape):
    """One part of a readiness item: a work event, an appointment, a touch of a signal or an attribute test."""

    work_event: Literal["contact_attempt", "contact_made", "screening"] | None = None
    outcome: Items | None = None
    contact_channel: list[Literal["call", "sms", "email", "secure_message", "visit"]] | None = None
    appointment_booked_by: list[Literal["lead", "staff"]] | None = None
    signal: Text | None = None
    where: Where | None = None
    channels: Items | None = None
    attribute: Text | None = None
    in_: Items | None = Field(default=None, alias="in")
    not_in: Items | None = None
    equals: Item | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    is_known: Flag | None = None
    unknown: Unknown | None = None
    clinical_reason: Text | None = None

    @property
    def kind(self) -> str:
        """Which of the four it is."""
        return next(key for key in PART_KEYS if getattr(self, key) is not None)

    def test(self) -> AttributeTest:
        """The attribute test of a part of that kind."""
        names = ("attribute", *PART_KEYS["attribute"])
        values = {name: getattr(self, name) for name in names}
        _say_something(values)
        return AttributeTest.model_construct(**values)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Part:
        kinds = [key for key in PART_KEYS if getattr(self, key) is not None]
        if len(kinds) != 1:
            raise ValueError(f"must name exactly one of {', '.join(PART_KEYS)}: several stand under all")
        allowed = {kinds[0], *PART_KEYS[kinds[0]]}
        given = {name for name in Part.model_fields if getattr(self, name) is not None}
        stray = sorted(name.removesuffix("_") for name in given - allowed)
        if stray:
            raise ValueError(f"{', '.join(stray)} says nothing beside {kinds[0]}: remove it")
        if kinds == ["attribute"]:
            self.test()
        for name in ("contact_channel", "appointment_booked_by"):
            if getattr(self, name) == []:
                raise ValueError(f"{name} is an empty list: nothing could fire it")
        return self


class ReadinessItem(Shape):
    """One way of being ready: its parts must all have come about."""

    id: Text
    parts: list[Part] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _gather_parts(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        rest = {key: part for key, part in value.items() if key not in ("id", "all")}
        own = {"id": value.get("id")} if "id" in value else {}
        if "all" not in value:
            return own | {"parts": [rest]}
        return own | {"parts": value["all"]} | rest


class Sql(Shape):
    """When a lead is sales-qualified."""

    verified_by: Items | None = None
    eligibility: list[EligibilityRule] = []
    ready_when_any: list[ReadinessItem] = []


class Sla(Shape):
    """How soon intake promises to reach the lead, in business minutes."""

    first_contact_business_minutes: Whole


class ChecklistItem(Shape):
    """One line of the intake checklist."""

    id: Text
    text: Text


class Version(Shape):
    """One version of a service line's criteria."""

    version: Whole
    effective_from: Moment
    note: Text | None = None
    agreed: dict[str, Text] | None = None
    mql: Mql
    sql: Sql | None = None
    sla: Sla | None = None
    script: list[Item] = []
    checklist: list[ChecklistItem] = []
    examples: list[Example] = []


class Exclusion(AttributeTest):
    """Leads that stand outside every rate and route."""

    id: Text
    reason: Text
