"""How much of the field's mess a world has. The same seed gives the same people and true events in every scenario.

Only what systems say, and when, differs: rows late, repeated, corrected, mislabelled. What files do to cells (dialects
of nothing, local times, drift) is `orchestration.demo.mess`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models_ml.world.clock import HOUR, SECOND
from models_ml.world.draws import Bools, Draws, Ints

# Columns that name a row among its table's, but for the moment it is known: never empty.
ROW_KEYS = {
    "leads": ("lead_id",),
    "lead_attributes": ("lead_id", "name"),
    "touches": ("touch_id",),
    "identities": ("lead_id", "id_type", "id_value"),
    "ad_clicks": ("click_id",),
    "stage_events": ("event_id",),
    "work_events": ("event_id",),
    "appointments": ("appointment_id",),
    "consents": ("lead_id", "purpose", "status"),
    "spend": ("campaign_id", "spend_date"),
}


@dataclass(frozen=True)
class Scenario:
    """Shares of rows, 0 to 1, and factors on what the field usually gets wrong (1: as usual, 0: never)."""

    name: str
    # Rows take their usual seconds to hours to be known; without, everything is known when it happens.
    lags: bool = True
    late_touches: float = 0.0
    late_records: float = 0.0
    late_attributes: float = 0.0
    late_labels: float = 0.0
    late_work: float = 0.0
    # The longest lateness of touches in days; records, labels and work at most as late.
    latest_days: int = 3
    label_faults: float = 1.0
    typing_errors: float = 1.0
    touch_corrections: float = 1.0
    restated: float = 0.0
    repeated: float = 0.0

    def late_by(self, draws: Draws, stream: str, share: float, usual_hours: int, *counters: npt.ArrayLike) -> Ints:
        """Micros by which each row comes late: mostly none; else an hour or more, in `real` at most `usual_hours`."""
        hours = usual_hours if self.latest_days <= 3 else self.latest_days * 24
        late = draws.chance(stream, share, *counters)
        lag = HOUR + draws.below(stream + "|by", (hours - 1) * 3600, *counters) * SECOND
        return np.where(late, lag, 0)


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("clean", lags=False, label_faults=0.0, typing_errors=0.0, touch_corrections=0.0),
        Scenario(
            "real",
            late_touches=0.017,
            late_records=0.01,
            late_labels=0.03,
            late_work=0.04,
            restated=0.25,
        ),
        Scenario(
            "hostile",
            late_touches=0.06,
            late_records=0.03,
            late_attributes=0.03,
            late_labels=0.06,
            late_work=0.06,
            latest_days=17,
            typing_errors=3.0,
            touch_corrections=4.0,
            restated=0.6,
            repeated=0.01,
        ),
    )
}


def scenario_of(name: str) -> Scenario:
    """The scenario of that name; ValueError names those there are."""
    if name not in SCENARIOS:
        raise ValueError(f"no scenario {name!r}: there are {', '.join(SCENARIOS)}")
    return SCENARIOS[name]


def addresses(table: str, frame: pd.DataFrame, moment: str) -> tuple[Ints, ...]:
    """Counters of each row of a contract table: what names it, and the micros or aware times in column `moment`."""
    texts = [pd.util.hash_array(np.asarray(frame[name], dtype=object)).view(np.int64) for name in ROW_KEYS[table]]
    when = frame[moment]
    if isinstance(when.dtype, pd.DatetimeTZDtype):
        return (*texts, when.dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64))
    return (*texts, when.to_numpy())


def repeat_rows(draws: Draws, scenario: Scenario, table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows, and once more those that a system sends twice."""
    if not scenario.repeated or frame.empty:
        return frame
    again: Bools = draws.chance("repeated|" + table, scenario.repeated, *addresses(table, frame, "known"))
    return pd.concat([frame, frame[again]], ignore_index=True)
