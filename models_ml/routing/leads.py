"""Open leads made ready to be routed: what each may ask for, what it counts, in which order they are served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models_ml.routing.rules import COUNTED_AT_MOST, URGENT_WITHIN_MINUTES

CHANNELS = ("call", "sms", "email")
POINTS = 10_000  # a lead sure to become SQL, with nothing urgent about it
NEVER = int(np.iinfo(np.int64).max)  # a moment that does not come
_TEXTS = ("lead_key", "record_key", "service_line", "location_id", "location_ids", "complexity_level", "language",
          "band", "worked_team_id", "worked_staff_id", "override_team_id", "override_staff_id", "previous_team_id",
          "previous_staff_id", "routed_team_id", "routed_staff_id", "routed_queue", "routed_constraint")  # fmt: skip
_FLAGS = ("is_past_horizon", "is_contacted", "is_control")
_COUNTS = ("route_no", "requests_since_mql_count", "missed_call_backs_count")
_TIMES = ("became_mql_at", "sla_due_at")
Columns = dict[str, Any]


@dataclass(frozen=True)
class Wish:
    """What of a lead decides who may take it; an unknown part (None, no location) admits all."""

    service_line: str | None
    locations: frozenset[str]
    complexity: str | None
    language: str | None
    allowed: tuple[bool, ...]  # contact by CHANNELS, as of now

    @property
    def is_unreachable(self) -> bool:
        """Whether consent is withdrawn on every channel."""
        return not any(self.allowed)


def prepare_leads(open_leads: pd.DataFrame, rules: Mapping[str, Any], as_of: pd.Timestamp) -> list[dict[str, Any]]:
    """Leads in the order in which they are served, a total one: by priority, due time (none last), moment of becoming
    MQL, key. A column the caller does not know is unknown for every lead; times are microseconds, NEVER for none.

    Adds wish, value (what an SQL from this lead counts, whole), priority, is_due_soon, is_raised (what it did makes it
    more urgent than its route says), is_told (whether somebody hears of its route; None: not known), is_without_score
    and due_at (the first contact still to be kept; NEVER for leads contacted or without SLA).
    """
    now = moment_of(as_of)
    leads: Columns = {name: [text(cell) for cell in _cells(open_leads, name)] for name in _TEXTS}
    leads |= {name: _flags(open_leads, name, False) for name in _FLAGS}
    leads |= {name: np.nan_to_num(_numbers(open_leads, name)).astype("int64") for name in _COUNTS}
    leads |= {name: _moments(open_leads, name) for name in _TIMES}
    readiness = _numbers(open_leads, "readiness")
    leads["is_without_score"] = leads["is_control"] | np.isnan(readiness)
    leads["is_told"] = _told(open_leads)
    leads["due_at"] = np.where(leads["is_contacted"], NEVER, leads["sla_due_at"])
    leads["wish"] = _wishes(leads, open_leads)
    leads["value"] = _values(leads, np.clip(readiness, 0, 1), rules["urgency"], now)
    _prioritise(leads, rules, now, _numbers(open_leads, "routed_priority"))
    order = np.lexsort(
        (np.array(leads["lead_key"], dtype=str), leads["became_mql_at"], leads["sla_due_at"], leads["priority"])
    )
    columns = {name: cells.tolist() if isinstance(cells, np.ndarray) else cells for name, cells in leads.items()}
    return [{name: cells[place] for name, cells in columns.items()} for place in order]


def _values(
    leads: Columns, readiness: NDArray[np.float64], urgency: Mapping[str, float], now: int
) -> NDArray[np.int64]:
    """Whole points: readiness × what the lead did since × how near its due time is. Nobody counts nothing."""
    asked = np.clip(leads["requests_since_mql_count"], 0, COUNTED_AT_MOST) * urgency["second_request"]
    missed = np.clip(leads["missed_call_backs_count"], 0, COUNTED_AT_MOST) * urgency["missed_call_back"]
    left = (leads["due_at"].astype("float64") - now) / 60_000_000
    nearness = np.clip(1 - left / URGENT_WITHIN_MINUTES, 0, 1)
    points = _readiness_points(leads, readiness) * (1 + asked + missed) * (1 + urgency["time_left"] * nearness)
    whole: NDArray[np.int64] = np.maximum(np.rint(points), 1).astype("int64")
    return whole


def _readiness_points(leads: Columns, readiness: NDArray[np.float64]) -> NDArray[np.int64]:
    """A lead without score counts like the mean of the scored ones of its service line, else of all, else one half."""
    scored = ~leads["is_without_score"]
    points = np.rint(np.where(scored, readiness, 0) * POINTS).astype("int64")
    lines = np.array([line or "" for line in leads["service_line"]], dtype=str)
    everywhere = int(points[scored].sum() // scored.sum()) if scored.any() else POINTS // 2
    neutral = dict.fromkeys(lines, everywhere)
    for line in set(lines[scored]) - {""}:
        alike = points[scored & (lines == line)]
        neutral[line] = int(alike.sum() // len(alike))
    return np.where(scored, points, np.array([neutral[line] for line in lines], dtype="int64"))


def _prioritise(leads: Columns, rules: Mapping[str, Any], now: int, routed: NDArray[np.float64]) -> None:
    """One step up for a first contact due soon, one for a lead that asked again or waited for a call back in vain. One
    that is overdue is not raised: it would be called before those that can still be kept. Against `routed` (the
    priority of its route, NaN where unknown) time alone raises nobody.
    """
    levels, due = rules["priorities"], leads["due_at"]
    leads["is_overdue"] = (due < now) & ~leads["is_past_horizon"]
    leads["is_due_soon"] = (now <= due) & (due <= now + rules["due_soon_minutes"] * 60_000_000)
    leads["is_due_soon"] &= ~leads["is_past_horizon"]
    asked = (leads["requests_since_mql_count"] > 0) | (leads["missed_call_backs_count"] > 0)
    base = np.array([levels.get(band or "none", levels["none"]) for band in leads["band"]], dtype="int64")
    raised = np.maximum(base - leads["is_due_soon"] - asked, 1)
    leads["priority"] = np.where(leads["is_past_horizon"], levels["past_horizon"], raised)
    is_raised = asked & ~leads["is_past_horizon"] & (leads["route_no"] > 0)
    leads["is_raised"] = is_raised & (np.maximum(base - 1, 1) < np.nan_to_num(routed))


def _wishes(leads: Columns, open_leads: pd.DataFrame) -> list[Wish]:
    """One object for all leads that wish the same."""
    consents = (_flags(open_leads, f"can_contact_by_{channel}", True).tolist() for channel in CHANNELS)
    allowed = zip(*consents, strict=True)
    places = leads["location_ids" if "location_ids" in open_leads.columns else "location_id"]
    rows = zip(leads["service_line"], places, leads["complexity_level"], leads["language"], allowed, strict=True)
    known: dict[tuple[Any, ...], Wish] = {}
    wishes = []
    for row in rows:
        if row not in known:
            line, place, complexity, language, may = row
            known[row] = Wish(line, listed(place), complexity, language, may)
        wishes.append(known[row])
    return wishes


def listed(cell: Any) -> frozenset[str]:
    """Members of a list in one cell, joined by `|`; nothing for an empty one."""
    return frozenset(part.strip() for part in cell.split("|") if part.strip()) if isinstance(cell, str) else frozenset()


def text(cell: Any) -> str | None:
    """The cell's text without blanks around it, None for an empty one. An id that came as a number among empty cells is
    a whole one.
    """
    if cell is None or pd.isna(cell):
        return None
    return str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip() or None


def moment_of(cell: Any) -> int:
    """Microseconds since 1970; NEVER for an empty cell. A time with a zone is taken in UTC."""
    if cell is None or pd.isna(cell):
        return NEVER
    moment = pd.Timestamp(cell)
    naive = moment if moment.tzinfo is None else moment.tz_convert(None)
    return int(np.datetime64(naive, "us").astype("int64"))


def _told(open_leads: pd.DataFrame) -> list[bool | None]:
    told = _cells(open_leads, "routed_told")
    return [text(cell) is not None if "routed_told" in open_leads.columns else None for cell in told]


def _cells(frame: pd.DataFrame, name: str) -> list[Any]:
    return frame[name].tolist() if name in frame.columns else [None] * len(frame)


def _flags(frame: pd.DataFrame, name: str, unknown: bool) -> NDArray[np.bool_]:
    cells = _cells(frame, name)
    return np.array([unknown if cell is None or pd.isna(cell) else bool(cell) for cell in cells], dtype=bool)


def _numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    return np.array([np.nan if cell is None or pd.isna(cell) else float(cell) for cell in _cells(frame, name)])


def _moments(frame: pd.DataFrame, name: str) -> NDArray[np.int64]:
    return np.array([moment_of(cell) for cell in _cells(frame, name)], dtype="int64")
