"""Words for a rule as the home holds it: a row of the criteria, for which there may be no file any more."""

from __future__ import annotations

from typing import Any

from orchestration.criteria_files.handbook import words

_DAY_MICROSECONDS = 86_400_000_000
_WHERE = ("service_line", "topic", "offer_id", "form_id", "campaign_id", "landing_page")


def rule_words(rule: dict[str, Any]) -> str:
    """What the rule (or one part of a readiness item) asks for."""
    kind = rule["kind"]
    if kind == "attribute":
        return _attribute(rule)
    if kind == "work_event":
        asked = [words.spaced(rule["name"])]
        asked += [f"with outcome {words.values(rule['outcomes'])}"] if rule["outcomes"] else []
        asked += [f"by {words.values(rule['contact_channels'])}"] if rule["contact_channels"] else []
        return " ".join(asked)
    if kind == "appointment":
        return f"an appointment booked by {words.values(rule['booked_by'])}"
    return _touch(rule)


def _attribute(rule: dict[str, Any]) -> str:
    parts = []
    if rule["value_in"] is not None:
        parts.append(words.values(rule["value_in"]) if rule["value_in"] else "a value no lead can have")
    if rule["value_not_in"]:
        parts.append(f"known, and other than {words.values(rule['value_not_in'])}")
    if rule["value_at_least"] is not None:
        parts.append(f"a number, {rule['value_at_least']:g} or more")
    if rule["value_at_most"] is not None:
        parts.append(f"a number, {rule['value_at_most']:g} or less")
    return f"{words.spaced(rule['name'])} is {'; and '.join(parts) or 'known'}"


def _touch(rule: dict[str, Any]) -> str:
    parts = [words.spaced(rule["name"])]
    for column in _WHERE:
        if rule[f"where_{column}"]:
            parts.append(f"{words.spaced(column.removesuffix('_id'))} {words.values(rule[f'where_{column}'])}")
    if rule["channels"]:
        parts.append(f"channel {words.values(rule['channels'])}")
    if rule["touch_limit"]:
        parts.append(f"at most {rule['touch_limit']}")
    if rule["within_microseconds"]:
        parts.append(f"within {rule['within_microseconds'] / _DAY_MICROSECONDS:g} days")
    if rule["half_life_microseconds"]:
        parts.append(f"halved every {rule['half_life_microseconds'] / _DAY_MICROSECONDS:g} days")
    return ", ".join(parts)
