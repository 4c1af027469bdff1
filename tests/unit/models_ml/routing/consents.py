"""Histories of consent, many at once: what each lead may be contacted by at each moment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.unit.models_ml.routing.frames import AS_OF, hours, leads, teams

WAYS = ("call", "sms", "email")
CHANNELS = {"queue_voice": ["call"], "queue_text": ["sms", "email"], "dermatology": ["email"]}
TEAMS = teams(
    voice={"service_lines": "cardiology|orthopaedics"},
    text={"service_lines": "cardiology|dermatology"},
    any={"location_ids": "north", "open_lead_capacity": 10**6},
    derma={"service_lines": "dermatology"},
)


class Histories:
    """`count` leads whose consent is given and taken back at random, followed over `moments` runs.

    permitted: of shape (moments, leads, channels); by the latest word on a channel, withdrawn where two fall together,
    allowed where there is none.
    """

    def __init__(self, count: int, *, moments: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.frame = leads(*({} for _ in range(count))).astype(object)
        lines = np.array(["cardiology", "orthopaedics", "dermatology", None], dtype=object)
        self.frame["service_line"] = rng.choice(lines, count)
        self.frame["location_ids"] = rng.choice(np.array(["north", "south", None], dtype=object), count)
        self.frame["is_past_horizon"] = rng.random(count) < 0.2
        self.frame["readiness"] = rng.integers(0, 20, count) / 20
        self.frame["sla_due_at"] = AS_OF + pd.to_timedelta(rng.integers(-5, 30, count), unit="h")
        words = 6
        at = rng.integers(0, moments, (count, words))
        channel = rng.integers(0, len(WAYS) + 1, (count, words))  # the last one speaks of all
        is_withdrawn = rng.random((count, words)) < 0.6
        self.permitted = np.ones((moments, count, len(WAYS)), dtype=bool)
        for way in range(len(WAYS)):
            speaks = (channel == way) | (channel == len(WAYS))
            for moment in range(moments):
                heard = speaks & (at <= moment)
                latest = np.where(heard, 2 * at + is_withdrawn, -1).max(axis=1)
                self.permitted[moment, :, way] = (latest < 0) | (latest % 2 == 0)
        self.begins = np.where(rng.random(count) < 0.2, rng.integers(0, moments, count), moments)
        self.overrides = np.where(rng.random(count) < 0.1, rng.integers(0, moments, count), moments)
        self.who = rng.choice(np.array(TEAMS["team_id"], dtype=object), count)

    def seen(self, frame: pd.DataFrame, moment: int) -> pd.DataFrame:
        """Open leads (with the routes of `frame`) as a run at the moment sees them: consents, work begun, overrides."""
        seen = frame.assign(
            **{f"can_contact_by_{way}": self.permitted[moment, :, place] for place, way in enumerate(WAYS)},
            worked_team_id=np.where(self.begins <= moment, self.who, None),
            override_team_id=np.where(self.overrides <= moment, self.who, None),
        )
        return seen.astype({f"can_contact_by_{way}": bool for way in WAYS})

    def violations(self, frame: pd.DataFrame, moment: int) -> pd.DataFrame:
        """Leads whose route stands at a queue that contacts only by what they withdrew."""
        return frame[[not self._may(row, moment, place) for place, row in enumerate(frame.to_dict(orient="records"))]]

    def _may(self, lead: dict[Any, Any], moment: int, place: int) -> bool:
        queue = lead["routed_queue"]
        if queue is None or pd.isna(queue):
            return bool(pd.isna(lead["routed_team_id"]))
        ways = CHANNELS.get(queue) or CHANNELS.get(lead["service_line"]) or WAYS
        return any(self.permitted[moment, place, WAYS.index(way)] for way in ways)


def run_at(moment: int) -> pd.Timestamp:
    """as_of of a run."""
    return AS_OF + hours(4 * moment)
