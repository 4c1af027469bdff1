"""What people see of our fields in a CRM that asks for labels and help texts when a field is made."""

from __future__ import annotations

from orchestration.destinations.base import FIELDS

GROUP = "handoff"
GROUP_LABEL = "Warm Handoff"
LONG_TEXTS = frozenset({"handoff_reasons", "handoff_versions"})

HELP: dict[str, str] = {
    "handoff_stage": "Furthest stage this lead reached by the written criteria: mql, sql, appointment, consult ...",
    "handoff_mql_at": "When the lead became an MQL: fit and behaviour both met the written criteria.",
    "handoff_fit_points": "Points for who the lead is, at the moment of MQL.",
    "handoff_behaviour_points": "Points for what the lead did, at the moment of MQL.",
    "handoff_readiness": "Estimated probability (0 to 1) that intake will qualify this lead. Time does not change it.",
    "handoff_band": "Readiness in words: high, medium or low.",
    "handoff_reasons": "Why readiness is what it is, and why the lead was routed as it was.",
    "handoff_team_id": "Intake team this lead is routed to. A team set by staff stands and is never written over.",
    "handoff_staff_id": "Member of that team, where one was chosen. A member set by staff stands.",
    "handoff_queue": "Queue to work from: filter a view by it.",
    "handoff_priority": "Order within the queue: 1 first.",
    "handoff_sla_due_at": "First contact is due by then.",
    "handoff_versions": "Versions of the criteria and of the model behind these fields.",
    "handoff_sequence": "Number of the last write. Leave it: it keeps older writes from landing after newer ones.",
}
assert set(HELP) == set(FIELDS)


def label_of(name: str) -> str:
    """What the field is called on the record's page: `handoff_sla_due_at` is "Handoff SLA due at"."""
    words = name.split("_")[1:]
    return "Handoff " + " ".join({"mql": "MQL", "sla": "SLA", "id": "ID"}.get(word, word) for word in words)
