"""What each handoff field means, in the words intake staff read in their CRM; every `plan` takes them from here."""

from __future__ import annotations

LABELS: dict[str, str] = {
    "handoff_stage": "Handoff stage",
    "handoff_mql_at": "Handoff: marketing-qualified since",
    "handoff_fit_points": "Handoff: fit points",
    "handoff_behaviour_points": "Handoff: behaviour points",
    "handoff_readiness": "Handoff readiness",
    "handoff_band": "Handoff band",
    "handoff_reasons": "Handoff reasons",
    "handoff_team_id": "Handoff team",
    "handoff_staff_id": "Handoff member",
    "handoff_queue": "Handoff queue",
    "handoff_priority": "Handoff priority",
    "handoff_sla_due_at": "Handoff: contact due by",
    "handoff_versions": "Handoff versions",
    "handoff_sequence": "Handoff sequence",
}

# CRMs show a moment to everybody in their own time zone, a table as it is kept.
_SHOWN_IN = "in your own time zone"

HELP: dict[str, str] = {
    "handoff_stage": "Stage by the written criteria. Set by Warm Handoff.",
    "handoff_mql_at": f"When it became marketing-qualified, {_SHOWN_IN}. Set by Warm Handoff.",
    "handoff_fit_points": "Points for who they are, by the criteria. Set by Warm Handoff.",
    "handoff_behaviour_points": "Points for what they did, by the criteria. Set by Warm Handoff.",
    "handoff_readiness": "Probability (0 to 1) of becoming sales-qualified in the horizon, worked out once, when it "
    "became marketing-qualified. Empty: not scored.",
    "handoff_band": "Readiness in words. Empty: not scored.",
    "handoff_reasons": "Why this readiness and this route.",
    "handoff_team_id": "Team it is routed to. Where wrong, change it: yours stays, and is reported.",
    "handoff_staff_id": "Member it is routed to, where your team wants one. Change it where it is wrong: yours stays.",
    "handoff_queue": "Queue it waits in. Empty: waits in none.",
    "handoff_priority": "Order within the queue: 1 first.",
    "handoff_sla_due_at": f"First contact is due by then, {_SHOWN_IN}.",
    "handoff_versions": "Versions of criteria and model that decided.",
    "handoff_sequence": "Number of the write that set these fields: none lands over a newer one. Leave it.",
}

COLUMN_HELP: dict[str, str] = {name: text.replace(_SHOWN_IN, "in UTC") for name, text in HELP.items()}
"""The same for the columns of a table."""
