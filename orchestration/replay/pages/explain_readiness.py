"""Ways of being ready in an explanation: whether each has come about, in part, or came about and ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from orchestration.criteria_files.handbook import words
from orchestration.replay.explain import Explanation
from orchestration.replay.pages.row_words import rule_words


def asked_of(found: Explanation, item: str) -> str:
    """What all parts of a readiness item ask for."""
    return "; and ".join(rule_words(part) for part in _parts(found, item))


def standing_of(found: Explanation, item: str) -> str:
    """How a readiness item stands. It stands while all its parts do; only firings that stand date it."""
    count = len(_parts(found, item))
    fired = [row for row in found.fired if row["rule_id"] == item]
    standing = _standing(fired, found.at)
    if len(standing) == count:
        return f"has come about, on {words.moment(max(standing.values()))}"
    so_far = [f"{_some(len(standing), count)} now"] if standing else []
    if ended := _ended(fired, count, found.at):
        return "; ".join([f"came about and ended on {words.moment(ended)}", *so_far])
    if not standing and (gone := {row["part_no"] for row in fired}):
        so_far = [f"{len(gone)} of its {count} parts came about and ended"]
    return "; ".join(["has not come about", *so_far])


def _parts(found: Explanation, item: str) -> list[dict[str, Any]]:
    own = [rule for rule in found.rules if rule["section"] == "readiness" and rule["rule_id"] == item]
    return sorted(own, key=lambda rule: int(rule["part_no"]))


def _standing(fired: list[dict[str, Any]], at: datetime) -> dict[int, datetime]:
    """Parts that stand at a moment, each with the earliest firing that does."""
    found: dict[int, datetime] = {}
    for row in fired:
        if row["valid_from"] <= at < row["valid_to"]:
            found[row["part_no"]] = min(row["fired_at"], found.get(row["part_no"], row["fired_at"]))
    return found


def _ended(fired: list[dict[str, Any]], count: int, at: datetime) -> datetime | None:
    """When the item stopped to stand, if it ever stood: the last moment just before which all its parts did."""
    ends: list[datetime] = sorted({row["valid_to"] for row in fired if row["valid_to"] <= at}, reverse=True)
    for end in ends:
        before = {row["part_no"] for row in fired if row["valid_from"] < end <= row["valid_to"]}
        if len(before) == count:
            return end
    return None


def _some(number: int, count: int) -> str:
    return f"{number} of its {count} parts {'stands' if number == 1 else 'stand'}"
