"""Words for the figures of a what-if: what lies between two bounds, with the interval around both."""

from __future__ import annotations

from models_ml.what_if import Bounded
from orchestration.replay.what_if import WhatIf


def share_words(value: Bounded, *, points: bool = False) -> str:
    """A share in percent, or a change of one in points."""
    if value.low != value.low:
        return "not known"
    scale, unit = 100, " points" if points else " %"
    sign = "+" if points else ""
    return _ranged(value, scale, f"{sign}.1f") + unit


def rate_words(value: Bounded) -> str:
    """A change of a rate, in points."""
    return share_words(value, points=True)


def count_words(value: Bounded) -> str:
    """A change of a count."""
    return _ranged(value, 1, "+.0f")


def _ranged(value: Bounded, scale: int, form: str) -> str:
    low, high, lower, upper = (format(each * scale + 0.0, form) for each in value)
    middle = low if low == high else f"{low} to {high}"
    return f"{middle} [{lower}, {upper}]"


def contact_hours_words(answer: WhatIf) -> str:
    """The contact hours a change adds, and what they are made of."""
    hours = answer.contact_hours
    if hours is None:
        return "not known, for no work of staff was seen"
    return (
        f"{hours:+,.0f}: {answer.newly_worked:+,} leads to contact (gained and not worked yet, less those lost), at "
        f"{answer.attempts:.1f} contacts of {answer.minutes:.1f} minutes for each MQL"
    )
