"""Reasons of a route in words that intake staff read in their CRM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FITS = {
    "no_constraint": "any team may take it",
    "only_team": "the only team",
    "consent": "by the channels the lead may be contacted on",
    "hours": "by opening hours",
    "shifts": "by who is on shift",
    "licence": "by licence",
    "sla": "the team that can call before it is due",
    "continuity": "the team that knows the person",
    "specialist": "the team most meant for such leads",
    "already_worked": "this team has worked the lead",
    "set_by_staff": "set by staff",
    "capacity": "by free capacity",
    "balance": "the team with the most room for its size of those that may take it",
}
_FITS_NOBODY = {
    "no_team": "no team is known",
    "capacity": "every team that may take it is full",
    "licence": "no team has a member licensed for this service line",
    "hours": "no team that may take it opens within two weeks",
    "shifts": "no member is left who may take it and has a shift within two weeks",
    "consent": "the lead withdrew every channel by which the teams that may take it contact",
}
_NEARLY = {
    ("language", "language"): "no member of a team that takes it speaks its language",
    ("licence", "language"): "no member licensed for this service line speaks its language",
    ("licence", "team"): "no team that takes it otherwise has a member licensed for this service line",
}


def why(constraint: str, *, is_fit: bool = True, is_unreachable: bool = False, nearly: str = "") -> str:
    """What a constraint means for a lead a team was found for, or for one none fits; `nearly` as in
    `House.nearly`.
    """
    name = constraint.replace("_", " ")
    if is_fit and constraint == "past_horizon":
        return "the team whose turn it is of those that may take it"
    if is_fit:
        return _FITS.get(constraint, f"by {name}")
    if is_unreachable:
        return "contact consent is withdrawn on every channel"
    if nearly:
        return _NEARLY[constraint, nearly]
    return _FITS_NOBODY.get(constraint, f"no team takes this {name}")


def reasons_of(lead: Mapping[str, Any], reason: str) -> str:
    """The reason of the route, then what the lead counts by. A lead drawn for control comes without band and is told
    like one that nobody has scored: who calls must not know.
    """
    parts = [reason, f"{lead['band']} readiness" if lead["band"] else "no readiness score"]
    if lead["requests_since_mql_count"] > 0:
        parts.append("asked again since")
    if lead["missed_call_backs_count"] > 0:
        parts.append("waits for a call back")
    if lead["is_past_horizon"]:
        parts.append("past its horizon")
    if lead["is_overdue"] or lead["is_due_soon"]:
        parts.append("first contact overdue" if lead["is_overdue"] else "first contact due soon")
    return "; ".join(parts)
