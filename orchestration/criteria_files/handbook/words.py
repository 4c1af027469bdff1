"""Words for single things of the criteria language: numbers, moments, tests on attributes, touches.

Plain text out, never Markdown or HTML. What a whole rule says is `rule_words.py`; where it is said are the pages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from orchestration.criteria_files.companions import Catalogue
from orchestration.criteria_files.shapes import AttributeTest, Where
from orchestration.criteria_files.wording import number as number

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WHERE = {
    "service_line": "service line",
    "topic": "topic",
    "offer_id": "offer",
    "form_id": "form",
    "campaign_id": "campaign",
    "landing_page": "landing page",
}
_PLAIN_VALUE = re.compile(r"[\w+.-]+\Z")


def counted(value: Decimal | int, thing: str) -> str:
    """A number and what it counts, like `1 point` or `12 points`."""
    return f"{number(value)} {thing}" if value == 1 else f"{number(value)} {thing}s"


def business_minutes(value: int) -> str:
    """A promise in business time, with its hours where it is whole hours."""
    hours = f" ({counted(value // 60, 'hour')})" if value % 60 == 0 else ""
    return f"{counted(value, 'business minute')}{hours}"


def moment(value: datetime) -> str:
    """A moment (naive UTC) as staff read it, the same in every locale."""
    clock = f"{value.hour:02}:{value.minute:02}"
    if value.second or value.microsecond:
        clock += f":{value.second:02}" + (f".{value.microsecond:06}" if value.microsecond else "")
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}, {clock} UTC"


def spaced(name: str) -> str:
    """A name as it is said: underscores are spaces."""
    return name.replace("_", " ")


def titled(name: str) -> str:
    """A name as a heading says it."""
    said = spaced(name)
    return said[:1].upper() + said[1:]


def sentence(text: str) -> str:
    """The text with a capital and a full stop, if it has none of its own."""
    capital = text[:1].upper() + text[1:]
    return capital if capital.endswith((".", "!", "?")) else f"{capital}."


def listed(items: Sequence[str], joiner: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joiner} {items[-1]}"


def values(items: Sequence[str], joiner: str = "or") -> str:
    """Values as the criteria hold them; quoted where they would read as words of the sentence."""
    return listed([item if _PLAIN_VALUE.match(item) and item != "unknown" else f"“{item}”" for item in items], joiner)


def meaning_of(catalogue: Catalogue, section: str, name: str) -> str | None:
    """What the catalogue says of a name, if it says anything."""
    found = (entry.meaning for entry in catalogue.entries if (entry.section, entry.name) == (section, name))
    return next(found, None)


def condition(test: AttributeTest) -> str:
    """What an attribute must be; all of it must hold. What an unknown value does is said apart."""
    parts = []
    if test.is_known:
        parts.append("known")
    if test.in_ is not None:
        parts.append(values(test.in_))
    if test.equals is not None:
        parts.append(values([test.equals]))
    if test.not_in is not None:
        parts.append(f"known, and other than {values(test.not_in)}")
    if test.at_least is not None and test.at_most is not None:
        parts.append(f"a number from {number(test.at_least)} to {number(test.at_most)}")
    elif test.at_least is not None:
        parts.append(f"a number, {number(test.at_least)} or more")
    elif test.at_most is not None:
        parts.append(f"a number, {number(test.at_most)} or less")
    return f"{spaced(test.attribute)} is {'; it is also '.join(parts)}"


def holds(test: AttributeTest) -> str:
    """When a test holds, an unknown value let through and the clinical reason included."""
    passes = f", or {not_known(test)}" if test.unknown == "pass" else ""
    return f"{condition(test)}{passes}{clinical_reason(test)}"


def failing(test: AttributeTest) -> str | None:
    """When an eligibility rule fails, in words; None where it never fails and only waits or passes."""
    parts = []
    if test.in_ is not None:
        parts.append(f"known, and other than {values(test.in_)}")
    if test.equals is not None:
        parts.append(f"known, and other than {values([test.equals])}")
    if test.not_in is not None:
        parts.append(values(test.not_in))
    if test.at_least is not None:
        parts.append(f"a number below {number(test.at_least)}")
    if test.at_most is not None:
        parts.append(f"a number above {number(test.at_most)}")
    if test.unknown == "fail":
        parts.append(not_known(test))
    return f"{spaced(test.attribute)} is {'; or it is '.join(parts)}" if parts else None


def not_known(test: AttributeTest) -> str:
    """What counts as unknown for this test."""
    is_numeric = test.at_least is not None or test.at_most is not None
    return "not known, or no number" if is_numeric else "not known"


def clinical_reason(test: AttributeTest) -> str:
    """The reason a rule on a protected attribute stands there for, as an addition to its sentence."""
    return f" (clinical reason: {test.clinical_reason})" if test.clinical_reason else ""


def touch(catalogue: Catalogue, signal: str, where: Where | None, channels: Sequence[str] | None) -> str:
    """A thing a lead did: the signal, and what narrows it."""
    meaning = meaning_of(catalogue, "signals", signal)
    parts = [f"{meaning} ({signal})" if meaning else titled(signal)]
    for column, word in _WHERE.items():
        wanted = getattr(where, column) if where else None
        if wanted:
            parts.append(f"{word} {values(wanted)}")
    if channels:
        parts.append(f"channel {values(channels)}")
    return ", ".join(parts)
