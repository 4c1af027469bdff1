"""criteria/routing.yaml: how leads are routed where the teams' lists leave a choice. The shapes of what it may say.

What the rules mean stands in `models_ml.routing` (complexity: `models_ml.routing.complexity`), whether they agree with
the other files in `routing_checks.py`; qualification rules have nothing to do with this file.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from orchestration.criteria_files.marks import Unquoted
from orchestration.criteria_files.scalars import Flag, Items, Text, Whole
from orchestration.criteria_files.shapes import AttributeTest, Shape

# Why no team may take a lead, as the router names it.
REASONS = ("no_team", "consent", "service_line", "location", "complexity", "language", "licence", "hours", "shifts",
           "capacity")  # fmt: skip
_DEFAULT_TOLD = "intake lead"


def _count(value: Any) -> int:
    if not isinstance(value, Unquoted) or value.kind != "int" or int(value.raw) < 0:
        raise ValueError("must be a whole number of 0 or more, without quotes")
    return int(value.raw)


def _weight(value: Any) -> float:
    if not isinstance(value, Unquoted) or value.kind not in ("int", "float") or not 0 <= float(value.raw) <= 10:
        raise ValueError("must be a number from 0 to 10, without quotes")
    return float(value.raw)


def _told(value: dict[str, str]) -> dict[str, str]:
    unknown = sorted(set(value) - {"default", *REASONS})
    if unknown:
        raise ValueError(f"{unknown[0]} is no reason of the router's: take one of default, {', '.join(REASONS)}")
    return {"default": _DEFAULT_TOLD, **value}


_PRIORITY = {"type": "integer", "minimum": 1, "maximum": 9}
_WEIGHT = {"type": "number", "minimum": 0, "maximum": 10}
Priority = Annotated[Whole, Field(le=9), WithJsonSchema(_PRIORITY)]
Count = Annotated[int, BeforeValidator(_count), WithJsonSchema({"type": "integer", "minimum": 0})]
Weight = Annotated[float, BeforeValidator(_weight), WithJsonSchema(_WEIGHT)]
Channels = Annotated[list[Literal["call", "sms", "email"]], Field(min_length=1)]
Told = Annotated[dict[Text, Text], AfterValidator(_told)]


class Priorities(Shape):
    """Priority (1 is served first) of each readiness band, of leads without a score and of those past their horizon."""

    high: Priority = 1
    medium: Priority = 2
    low: Priority = 3
    none: Priority = 2
    past_horizon: Priority = 4


class Urgency(Shape):
    """How much what a lead did since it became MQL, and the time left for its first contact, raise its urgency."""

    second_request: Weight = 0.5
    missed_call_back: Weight = 0.5
    time_left: Weight = 1.0


class ComplexityRule(Shape):
    """A level, and what must hold of a lead for it; without `when` it holds for every lead."""

    level: Text
    when: Annotated[list[AttributeTest], Field(min_length=1)] | None = None


class RoutingRules(Shape):
    """Content of criteria/routing.yaml; every key may be absent."""

    fallback_queue: Text = "unassigned"
    priorities: Priorities = Priorities()
    due_soon_minutes: Count = 60
    assign_members: Flag = False
    notify: Told = {"default": _DEFAULT_TOLD}
    urgency: Urgency = Urgency()
    complexity: dict[Text, Annotated[list[ComplexityRule], Field(min_length=1)]] = {}
    licences: dict[Text, Items] = {}
    channels: dict[Text, Channels] = {}
