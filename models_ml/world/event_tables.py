"""Work events, stage labels and appointments in the contract's columns (micros `known`), with ids and free text."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic
from models_ml.world.bookings import STATUSES
from models_ml.world.clock import date_text, stamps, to_local
from models_ml.world.draws import Draws, hex_ids
from models_ml.world.labels import ACTORS, DISQUALIFIED, LABELS, SALES, STAFF
from models_ml.world.staffing import TEAMS
from models_ml.world.texts import keep, lead_ids

# What staff tick of the service line's checklist: its first item, all but one, or everything.
_CHECKLISTS = np.array(
    [["|".join(items[:count]) for count in (1, max(len(items) - 1, 1), len(items))] for items in clinic.CHECKLISTS],
    dtype=object,
)
_REASONS = np.array(
    ["coverage not accepted here", "wants to think it over", "care found elsewhere", "not the right service"],
    dtype=object,
)


def work_table(draws: Draws, cast: pd.DataFrame, events: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """The contract's work_events."""
    row, step, staff = (events[name].to_numpy() for name in ("row", "step", "staff"))
    number = cast["number"].to_numpy()[row]
    screening = (events["kind"] == "screening").to_numpy()
    refused = (events["outcome"] == "not_qualified").to_numpy()
    reason = keep(_REASONS[draws.below("reason", len(_REASONS), number, step)], refused)
    line = cast["line"].to_numpy()[row]
    done = keep(_CHECKLISTS[line, draws.below("checklist", 3, number, step)], screening)
    return pd.DataFrame({
        "event_id": hex_ids(draws.bits("work_event", number, step)), "lead_id": lead_ids(number),
        "occurred_at": stamps(events["time"].to_numpy()), "kind": events["kind"].to_numpy(),
        "contact_channel": events["channel"].to_numpy(), "outcome": events["outcome"].to_numpy(), "reason": reason,
        "staff_id": members["staff_id"].to_numpy()[staff],
        "team_id": np.array([team.id for team in TEAMS], dtype=object)[members["team"].to_numpy()[staff]],
        "checklist": done, "is_deleted": False, "known": events["known"].to_numpy(),
    })  # fmt: skip


def stage_table(draws: Draws, cast: pd.DataFrame, labels: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """The contract's stage_events."""
    row, step, label, staff, actor = (labels[name].to_numpy() for name in ("row", "step", "label", "staff", "actor"))
    number = cast["number"].to_numpy()[row]
    names = members["staff_id"].to_numpy().astype(object)[np.maximum(staff, 0)]
    basis = keep(np.full(len(label), "staff_confirmed"), (actor == STAFF) & (label == SALES))
    reason = keep(_REASONS[draws.below("label_reason", len(_REASONS), number, step)], label == DISQUALIFIED)
    return pd.DataFrame({
        "event_id": hex_ids(draws.bits("stage_event", number, step)), "lead_id": lead_ids(number),
        "stage_raw": np.array([raw for raw, _ in LABELS], dtype=object)[label],
        "stage": np.array([stage for _, stage in LABELS], dtype=object)[label],
        "entered_at": stamps(labels["entered"].to_numpy()), "actor_id": keep(names, staff >= 0),
        "actor_type": ACTORS[actor], "basis": basis, "reason": reason, "is_deleted": False,
        "known": labels["known"].to_numpy(),
    })  # fmt: skip


def appointment_table(draws: Draws, cast: pd.DataFrame, versions: pd.DataFrame) -> pd.DataFrame:
    """The contract's appointments, one row per version."""
    row, place = versions["row"].to_numpy(), versions["place"].to_numpy()
    number, starts = cast["number"].to_numpy()[row], versions["starts"].to_numpy()
    local = to_local(starts, cast["zone"].to_numpy()[row])
    return pd.DataFrame({
        "appointment_id": hex_ids(draws.bits("appointment", number, place)), "lead_id": lead_ids(number),
        "booked_at": stamps(versions["booked"].to_numpy()), "appointment_date": date_text(local),
        "starts_at": stamps(starts), "booked_by": np.where(versions["by_lead"], "lead", "staff").astype(object),
        "status": STATUSES[versions["status"].to_numpy()],
        "location_id": np.array([one.id for one in clinic.LOCATIONS], dtype=object)[cast["location"].to_numpy()[row]],
        "is_deleted": False, "known": versions["known"].to_numpy(),
    })  # fmt: skip
