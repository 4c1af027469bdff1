"""What is true in the world and no system records: the person behind a lead, latents, true chances and true times.

Frames for tests and benchmarks; nothing the pipeline reads is made from them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic
from models_ml.world.clock import NEVER, stamps
from models_ml.world.staffing import TEAMS
from models_ml.world.texts import lead_ids


def lead_truth(cast: pd.DataFrame, story: pd.DataFrame) -> pd.DataFrame:
    """One row per lead: person, latents, chances of being reached and of qualifying, times of what truly happened."""
    ready = np.minimum(story["qualified_at"].to_numpy(), story["self_booked_at"].to_numpy())
    cleared = np.where(cast["in_state"].to_numpy(), np.maximum(ready, cast["referral_at"].to_numpy()), NEVER)
    return pd.DataFrame({
        "lead_id": lead_ids(cast["number"].to_numpy()), "person_id": lead_ids(cast["person"].to_numpy()),
        "is_duplicate": cast["is_duplicate"].to_numpy(), "need": cast["need"].to_numpy(),
        "fit": cast["fit"].to_numpy(), "intent": cast["intent"].to_numpy(),
        "p_reached": story["p_reached"].to_numpy(), "p_qualified": story["p_qualified"].to_numpy(),
        "house_mql_at": stamps(story["mql_at"].to_numpy()), "worked_at": stamps(story["worked_at"].to_numpy()),
        "contacted_at": stamps(story["contacted_at"].to_numpy()),
        "qualified_at": stamps(story["qualified_at"].to_numpy()),
        "self_booked_at": stamps(story["self_booked_at"].to_numpy()), "sql_at": stamps(cleared),
        "booked_at": stamps(story["booked_at"].to_numpy()), "held_at": stamps(story["held_at"].to_numpy()),
    })  # fmt: skip


def reference_truth(members: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Severity and speed of staff, what channels truly add."""
    return {
        "staff": pd.DataFrame({"staff_id": members["staff_id"], "team_id": [TEAMS[team].id for team in members["team"]],
                               "severity": members["severity"], "speed": members["speed"]}),
        "channels": pd.DataFrame({"channel": clinic.CHANNELS, "effect": clinic.CHANNEL_EFFECT}),
    }  # fmt: skip
