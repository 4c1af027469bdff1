"""The CRM's own stage labels, with the faults the field suffers: early, late, missing, unfounded, set back, doubled.

Labels follow what happened (`intake.py`, `bookings.py`) and never cause it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world.clock import DAY, MINUTE, NEVER, SECOND
from models_ml.world.draws import Bools, Draws, Floats, Ints
from models_ml.world.scenario import Scenario

# Raw label and the contract's stage; the last one is a working status that means no stage.
LABELS: tuple[tuple[str, str | None], ...] = (
    ("New", "lead"),
    ("Marketing Qualified", "mql"),
    ("Sales Qualified", "sql"),
    ("Opportunity", "opportunity"),
    ("Appointment Set", "appointment"),
    ("Consult Held", "consult"),
    ("Disqualified", "disqualified"),
    ("Recycled", "recycled"),
    ("Attempting", None),
)
NEW, MQL, SALES, OPPORTUNITY, APPOINTMENT, CONSULT, DISQUALIFIED, RECYCLED, ATTEMPTING = range(len(LABELS))
STAFF, SYSTEM, RULE = range(3)
ACTORS = np.array(["staff", "system", "rule"], dtype=object)


def stage_labels(draws: Draws, scenario: Scenario, cast: pd.DataFrame, story: pd.DataFrame) -> pd.DataFrame:
    """One row per label set: row, step, label, entered, known (micros), actor, staff (-1: none)."""
    label = _Labeller(draws, scenario, cast, story)
    number, created = cast["number"].to_numpy(), cast["created"].to_numpy()
    label.put(NEW, created, 1.0, SYSTEM)
    _marketing_labels(label, number, created)
    _intake_labels(label, number)
    rows = pd.concat(label.parts, ignore_index=True)
    counters = number[rows["row"]], rows["step"].to_numpy()
    late = scenario.late_by(draws, "label_late", scenario.late_labels, 48, *counters)
    rows["known"] = rows["entered"] + np.where(late > 0, late, 5 * SECOND if scenario.lags else 0)
    return rows


class _Labeller:
    """Collects labels; each `put` is one kind of row, drawn under its own step."""

    def __init__(self, draws: Draws, scenario: Scenario, cast: pd.DataFrame, story: pd.DataFrame) -> None:
        self.draws, self.number = draws, cast["number"].to_numpy()
        self.faults = scenario.label_faults
        self.story = story
        self.parts: list[pd.DataFrame] = []

    def put(self, label: int, moments: Ints, share: float | Floats, actor: int, minutes: float = 0.0) -> None:
        step = len(self.parts)
        slow = minutes if self.faults else 0.0
        lag = self.draws.lognormal("label_after", slow, 0.8, self.number, step) * MINUTE if slow else 0
        kept = self.draws.chance("label_set", share, self.number, step) & (moments < NEVER)
        entered = (moments + np.asarray(lag)).astype(np.int64)[kept] // SECOND * SECOND
        staff = self.story["staff"].to_numpy()[kept] if actor == STAFF else np.full(int(kept.sum()), -1)
        self.parts.append(pd.DataFrame({"row": np.flatnonzero(kept), "step": step, "label": label, "entered": entered,
                                        "actor": actor, "staff": staff}))  # fmt: skip


def _when(chosen: Bools, moments: Ints) -> Ints:
    return np.where(chosen & (moments < NEVER), moments, NEVER)


def _marketing_labels(label: _Labeller, number: Ints, created: Ints) -> None:
    draws, mql = label.draws, label.story["mql_at"].to_numpy()
    # Beyond 1 there is no fault.
    fault = draws.uniform("mql_label_fault", number) if label.faults else np.full(len(number), 2.0)
    label.put(MQL, _when(fault > 0.16, mql), 1.0, RULE, 6.0)
    # Set by somebody before the evidence was there; set days late; the rest of the faulty ones never.
    ahead = ((1 + 6 * draws.uniform("label_early_by", number)) * DAY).astype(np.int64)
    early = np.where(mql < NEVER, np.maximum(mql - ahead, created), NEVER)
    label.put(MQL, _when(fault < 0.06, early), 1.0, STAFF, 3.0)
    label.put(MQL, _when((fault >= 0.06) & (fault < 0.11), mql + 2 * DAY), 1.0, RULE, 3000.0)
    label.put(MQL, _when(mql >= NEVER, created), 0.02 * label.faults, STAFF, 2000.0)
    # A second system writes the same label once more.
    label.put(MQL, _when(fault > 0.16, mql), 0.02 * label.faults, SYSTEM, 40.0)


def _intake_labels(label: _Labeller, number: Ints) -> None:
    draws, story = label.draws, label.story
    qualified, booked, held = (story[name].to_numpy() for name in ("qualified_at", "booked_at", "held_at"))
    refused, contacted, worked = (story[name].to_numpy() for name in ("refused_at", "contacted_at", "worked_at"))
    fault = draws.uniform("sql_label_fault", number) if label.faults else np.full(len(number), 2.0)
    label.put(ATTEMPTING, worked, 0.25, STAFF, 30.0)
    label.put(SALES, _when(fault > 0.10, qualified), 1.0, STAFF, 5.0)
    label.put(SALES, _when(fault < 0.04, np.minimum(contacted, qualified)), 1.0, STAFF, 2.0)
    label.put(SALES, _when((fault >= 0.04) & (fault < 0.07), qualified + 3 * DAY), 1.0, STAFF, 2000.0)
    label.put(SALES, _when(contacted < NEVER, contacted), 0.01 * label.faults, STAFF, 20.0)
    ready = np.minimum(qualified, story["self_booked_at"].to_numpy())
    label.put(OPPORTUNITY, ready, 1 - 0.18 * label.faults, SYSTEM, 1500.0)
    label.put(APPOINTMENT, booked, 1 - 0.07 * label.faults, SYSTEM, 2.0)
    label.put(CONSULT, held, 1 - 0.06 * label.faults, STAFF, 30.0)
    label.put(DISQUALIFIED, refused, 1 - 0.1 * label.faults, STAFF, 6.0)
    unreached = _when((contacted >= NEVER) & (ready >= NEVER), worked)
    label.put(RECYCLED, np.where(unreached < NEVER, unreached + 14 * DAY, NEVER), 0.55, RULE, 600.0)
    # Somebody moves a lead back, for good reason or none.
    label.put(MQL, np.where(qualified < NEVER, qualified + DAY, NEVER), 0.03 * label.faults, STAFF, 3000.0)
    label.put(NEW, np.where(qualified < NEVER, qualified + 2 * DAY, NEVER), 0.01 * label.faults, STAFF, 3000.0)
