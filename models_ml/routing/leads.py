"""Open leads made ready to be routed: what each may ask for, what it counts, in which order they are served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models_ml.routing.rules import COUNTED_AT_MOST, URGENT_WITHIN_MINUTES

CHANNELS = ("call", "sms", "email")
POINTS = 10_000  # a lead sure to become SQL, with nothing urgent about it
_TEXTS = ("lead_key", "record_key", "service_line", "location_id", "location_ids", "complexity_level", "language",
          "band", "worked_team_id", "override_team_id", "override_staff_id", "previous_team_id",
          "previous_staff_id", "routed_team_id", "routed_staff_id", "routed_queue", "routed_constraint")  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """What of a lead decides who may take it; an unknown part (None, no location) admits all."""

    service_line: str | None
    locations: frozenset[str]
    complexity: str | None
    language: str | None
    allowed: tuple[bool, bool, bool]  # contact by CHANNELS, as of now

    @property
    def is_unreachable(self) -> bool:
        """Whether consent is withdrawn on every channel."""
        return not any(self.allowed)


def prepare_leads(open_leads: pd.DataFrame, rules: Mapping[str, Any], as_of: pd.Timestamp) -> pd.DataFrame:
    """Leads in the order in which they are served, a total one: by priority, due time (none last), moment of becoming
    MQL, key. A column the caller does not know is unknown for every lead.

    Adds wish, value (int64, what an SQL from this lead counts), priority, is_due_soon, is_without_score,
    due_at (the first contact still to be kept; NaT for leads contacted or without SLA).
    """
    leads = pd.DataFrame({name: _texts(open_leads, name) for name in _TEXTS})
    for name in ("is_past_horizon", "is_contacted", "is_control"):
        leads[name] = _flags(open_leads, name, False)
    for name in ("route_no", "requests_since_mql_count", "missed_call_backs_count"):
        leads[name] = _numbers(open_leads, name).fillna(0).astype("int64")
    for name in ("became_mql_at", "sla_due_at"):
        leads[name] = _times(open_leads, name)
    readiness = _numbers(open_leads, "readiness")
    leads["is_without_score"] = leads["is_control"] | readiness.isna()
    leads["readiness"] = readiness.where(~leads["is_without_score"]).clip(0, 1)
    leads["due_at"] = leads["sla_due_at"].where(~leads["is_contacted"])
    leads["wish"] = _wishes(leads, open_leads)
    leads["value"] = _values(leads, rules["urgency"], as_of)
    _prioritise(leads, rules, as_of)
    return leads.sort_values(
        ["priority", "sla_due_at", "became_mql_at", "lead_key"], na_position="last", ignore_index=True
    )


def _values(leads: pd.DataFrame, urgency: Mapping[str, float], as_of: pd.Timestamp) -> pd.Series[int]:
    """Whole points: readiness × what the lead did since × how near its due time is. Nobody counts nothing."""
    asked = leads["requests_since_mql_count"].clip(0, COUNTED_AT_MOST) * urgency["second_request"]
    missed = leads["missed_call_backs_count"].clip(0, COUNTED_AT_MOST) * urgency["missed_call_back"]
    minutes = (leads["due_at"] - as_of).dt.total_seconds() / 60
    nearness = (1 - minutes / URGENT_WITHIN_MINUTES).clip(0, 1).fillna(0)
    points = _readiness_points(leads) * (1 + asked + missed) * (1 + urgency["time_left"] * nearness)
    return points.round().clip(lower=1).astype("int64")


def _readiness_points(leads: pd.DataFrame) -> pd.Series[int]:
    """A lead without score counts like the mean of the scored ones of its service line, else of all, else one half."""
    points = (leads["readiness"] * POINTS).round()
    scored = points.notna()
    by_line = points[scored].astype("int64").groupby(leads["service_line"][scored].fillna("")).agg(["sum", "size"])
    means = by_line["sum"] // by_line["size"]
    everywhere = int(by_line["sum"].sum() // by_line["size"].sum()) if len(by_line) else POINTS // 2
    neutral = leads["service_line"].fillna("").map(means).fillna(everywhere)
    return points.where(scored, neutral)


def _prioritise(leads: pd.DataFrame, rules: Mapping[str, Any], as_of: pd.Timestamp) -> None:
    """One step up for a first contact due soon, one for a lead that asked again or waited for a call back in vain."""
    levels = rules["priorities"]
    due_soon = leads["due_at"] <= as_of + pd.Timedelta(minutes=rules["due_soon_minutes"])
    leads["is_due_soon"] = due_soon & ~leads["is_past_horizon"]
    asked = (leads["requests_since_mql_count"] > 0) | (leads["missed_call_backs_count"] > 0)
    base = leads["band"].fillna("none").map(lambda band: levels.get(band, levels["none"])).astype("int64")
    raised = np.maximum(base - leads["is_due_soon"] - asked, 1)
    leads["priority"] = np.where(leads["is_past_horizon"], levels["past_horizon"], raised).astype("int64")


def _wishes(leads: pd.DataFrame, open_leads: pd.DataFrame) -> pd.Series[Any]:
    allowed = [_flags(open_leads, f"can_contact_by_{channel}", True) for channel in CHANNELS]
    has_list = "location_ids" in open_leads.columns
    places = leads["location_ids"] if has_list else leads["location_id"]
    known: dict[tuple[Any, ...], Wish] = {}
    wishes = []
    for row in zip(leads["service_line"], places, leads["complexity_level"], leads["language"], *allowed, strict=True):
        key = tuple(None if cell is None or cell != cell else cell for cell in row)
        if key not in known:
            line, place, complexity, language, *may = key
            known[key] = Wish(line, listed(place), complexity, language, (bool(may[0]), bool(may[1]), bool(may[2])))
        wishes.append(known[key])
    return pd.Series(wishes, index=leads.index, dtype=object)


def listed(cell: Any) -> frozenset[str]:
    """Members of a list in one cell, joined by `|`; nothing for an empty one."""
    return frozenset(part.strip() for part in cell.split("|") if part.strip()) if isinstance(cell, str) else frozenset()


def text(cell: Any) -> str | None:
    """The cell's text without blanks around it, None for an empty one."""
    return None if cell is None or pd.isna(cell) or not str(cell).strip() else str(cell).strip()


def _texts(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    cells = frame[name] if name in frame.columns else [None] * len(frame)
    return pd.Series([text(cell) for cell in cells], dtype=object)


def _flags(frame: pd.DataFrame, name: str, unknown: bool) -> pd.Series[bool]:
    cells = frame[name] if name in frame.columns else [None] * len(frame)
    return pd.Series([unknown if cell is None or pd.isna(cell) else bool(cell) for cell in cells], dtype=bool)


def _numbers(frame: pd.DataFrame, name: str) -> pd.Series[float]:
    cells = frame[name] if name in frame.columns else pd.Series([np.nan] * len(frame))
    return pd.to_numeric(cells.reset_index(drop=True), errors="coerce").astype("float64")


def _times(frame: pd.DataFrame, name: str) -> pd.Series[pd.Timestamp]:
    cells = frame[name] if name in frame.columns else pd.Series([None] * len(frame))
    return pd.to_datetime(cells.reset_index(drop=True)).astype("datetime64[us]")
