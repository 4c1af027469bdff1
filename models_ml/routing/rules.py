"""What criteria/routing.yaml may say of routing, and what holds where it is silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COUNTED_AT_MOST = 3  # of a lead's second requests, and of its missed call backs
URGENT_WITHIN_MINUTES = 24 * 60  # before its due time a lead begins to count more

DEFAULT_RULES: dict[str, Any] = {
    # Leads no team may take stand in this queue.
    "fallback_queue": "unassigned",
    # Priority 1 is served first.
    "priorities": {"high": 1, "medium": 2, "low": 3, "none": 2, "past_horizon": 4},
    "due_soon_minutes": 60,
    # Whether a route names a member too, or leaves the choice to the team.
    "assign_members": False,
    # Reason for which no team fits → who is told; `default` where the reason is not named.
    "notify": {"default": "intake lead"},
    # How much more a lead counts: for each second request and each missed call back (three of each count at most), and
    # as its first contact comes due (nothing a day ahead, all of it at the due time, evenly in between).
    "urgency": {"second_request": 0.5, "missed_call_back": 0.5, "time_left": 1.0},
    # Service line → rules that give a level of complexity to leads whose record has none.
    "complexity": {},
    # Service line → roles that may take its leads; a line not named: every role.
    "licences": {},
    # Queue, else service line → channels it contacts by; neither named: call, sms and email.
    "channels": {},
}


def with_defaults(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The rules given, the defaults where they are silent; never a part of both in one list."""
    settings = {**DEFAULT_RULES, **rules}
    for name in ("priorities", "notify", "urgency"):
        settings[name] = {**DEFAULT_RULES[name], **(rules.get(name) or {})}
    return settings
