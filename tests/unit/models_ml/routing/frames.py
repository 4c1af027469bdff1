"""Frames the router takes, for tests: one row with every column, and small random houses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.oracles.routing_places import Places

AS_OF = pd.Timestamp("2026-05-04 15:00:00")
NOBODY = pd.DataFrame()
LEAD: dict[str, Any] = {
    "lead_key": None, "record_key": None, "service_line": None, "location_id": None, "location_ids": None,
    "complexity_level": None, "language": None, "person_key": None, "previous_team_id": None, "previous_staff_id": None,
    "worked_team_id": None, "worked_staff_id": None, "override_team_id": None, "override_staff_id": None, "band": None,
    "routed_team_id": None, "routed_staff_id": None, "routed_queue": None, "routed_constraint": None,
    "routed_priority": None, "routed_told": None,
    "is_past_horizon": False, "is_contacted": False, "is_control": False, "can_contact_by_call": True,
    "can_contact_by_sms": True, "can_contact_by_email": True, "readiness": None, "route_no": 0,
    "requests_since_mql_count": 0, "missed_call_backs_count": 0, "became_mql_at": AS_OF - pd.Timedelta(days=2),
    "sla_due_at": pd.NaT,
}  # fmt: skip
TEAM: dict[str, Any] = {
    "team_id": None, "queue": None, "service_lines": None, "location_ids": None, "complexity_levels": None,
    "languages": None, "is_open": True, "daily_capacity": None, "open_lead_capacity": None, "routed_today_count": 0,
    "open_lead_count": 0, "next_open_at": AS_OF, "closes_at": pd.NaT,
}  # fmt: skip
MEMBER: dict[str, Any] = {
    "staff_id": None, "team_id": None, "role": "coordinator", "languages": None, "is_scheduled": False,
    "is_available": True, "daily_capacity": None, "open_lead_capacity": None, "routed_today_count": 0,
    "open_lead_count": 0, "next_available_at": AS_OF, "available_until": pd.NaT,
}  # fmt: skip


def leads(*rows: dict[str, Any]) -> pd.DataFrame:
    """Open leads with keys of their own where none is given."""
    numbered = [
        {**LEAD, "lead_key": f"lead_{place}", "record_key": f"record_{place}", **row} for place, row in enumerate(rows)
    ]
    return pd.DataFrame(numbered, columns=list(LEAD))


def teams(**by_id: dict[str, Any]) -> pd.DataFrame:
    """Teams by id, each with its own queue."""
    rows = [{**TEAM, "team_id": name, "queue": f"queue_{name}", **row} for name, row in by_id.items()]
    return pd.DataFrame(rows, columns=list(TEAM))


def staff(**by_id: dict[str, Any]) -> pd.DataFrame:
    """Members by id."""
    return pd.DataFrame([{**MEMBER, "staff_id": name, **row} for name, row in by_id.items()], columns=list(MEMBER))


def carried(open_leads: pd.DataFrame, routes: pd.DataFrame) -> pd.DataFrame:
    """Open leads as the next run sees them: with the routes just decided."""
    frame = open_leads.set_index("lead_key", drop=False).astype(object)
    made = routes.set_index("lead_key").astype(object)
    for ours, theirs in (("team_id", "routed_team_id"), ("staff_id", "routed_staff_id"), ("queue", "routed_queue"),
                         ("deciding_constraint", "routed_constraint"), ("priority", "routed_priority"),
                         ("told", "routed_told"), ("route_no", "route_no")):  # fmt: skip
        frame.loc[made.index, theirs] = made[ours]
    return frame.reset_index(drop=True)


def loaded(places: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame, key: str) -> pd.DataFrame:
    """Teams (key team_id) or staff (staff_id) as the next run sees them: with the leads routed to them since."""
    then, now = before[f"routed_{key}"], after[f"routed_{key}"]
    is_new = now.notna().to_numpy() & (now.fillna("").to_numpy() != then.fillna("").to_numpy())
    more = places[key].map(now[is_new].value_counts()).fillna(0).astype("int64")
    held = places[key].map(now.value_counts()).fillna(0) - places[key].map(then.value_counts()).fillna(0)
    return places.assign(
        routed_today_count=places["routed_today_count"] + more,
        open_lead_count=places["open_lead_count"] + held.astype("int64"),
    )


def hours(count: float) -> pd.Timedelta:
    """Hours from AS_OF."""
    return pd.Timedelta(hours=count)


class Draw:
    """Small random houses and leads: few values, so that ties and shortages are common."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def of(self, *values: Any) -> Any:
        """One of the values."""
        return values[self.rng.integers(len(values))]

    def house(self, *, with_members: bool) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
        """Teams, staff and rules."""
        names = [f"t{number}" for number in range(self.rng.integers(1, 4))]
        by_team = {name: self._team() for name in names}
        count = self.rng.integers(1, 4) if with_members else self.of(0, 0, 3)
        members = {f"s{number}": {**self._member(), "team_id": self.of(*names)} for number in range(count)}
        rules: dict[str, Any] = {"assign_members": with_members}
        rules["licences"] = self.of({}, {"cardiology": ["nurse"]}, {"cardiology": ["nurse", "coordinator"]})
        rules["channels"] = self.of({}, {"queue_t0": ["call"]}, {"orthopaedics": ["sms", "email"], "queue_t1": ["sms"]})
        return teams(**by_team), staff(**members), rules

    def leads(
        self, house: tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]], most: int, least: int = 1
    ) -> pd.DataFrame:
        """Leads that nobody worked on; some have a route that holds, may no longer hold, or will be kept too late."""
        frame = leads(*(self._lead(house) for _ in range(self.rng.integers(least, most + 1))))
        known = Places(frame, *house, as_of=AS_OF)
        for number, lead in enumerate(known.leads):
            begins = known.begins(lead)
            teams_left = {team for team, _ in begins}
            if lead["routed_team_id"] in teams_left and not known.holds(lead):
                frame.loc[number, ["routed_team_id", "routed_staff_id", "route_no"]] = [None, None, 0]
        return frame

    def _team(self) -> dict[str, Any]:
        is_open = bool(self.rng.random() < 0.6)
        return {
            "service_lines": self.of(None, "cardiology", "orthopaedics", "cardiology|orthopaedics"),
            "location_ids": self.of(None, None, "north", "north|south"),
            "languages": self.of(None, None, "en", "en|es"),
            "complexity_levels": self.of(None, None, None, "1"),
            "is_open": is_open,
            "next_open_at": AS_OF if is_open else self.of(AS_OF + hours(2), AS_OF + hours(20), pd.NaT),
            **self._limits(),
        }

    def _member(self) -> dict[str, Any]:
        is_here = bool(self.rng.random() < 0.6)
        return {
            "role": self.of("nurse", "coordinator", "assistant"),
            "languages": self.of(None, "en", "en|es"),
            "is_available": is_here,
            "is_scheduled": True,
            "next_available_at": AS_OF if is_here else self.of(AS_OF + hours(2), AS_OF + hours(20), pd.NaT),
            **self._limits(),
        }

    def _limits(self) -> dict[str, Any]:
        held = self.of(None, 2, 3, 5)
        return {
            "daily_capacity": self.of(None, None, 1, 2, 3),
            "routed_today_count": int(self.rng.integers(0, 2)),
            "open_lead_capacity": held,
            "open_lead_count": int(self.rng.integers(0, 3)),
        }

    def _lead(self, house: tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]) -> dict[str, Any]:
        known = [*house[0]["team_id"], None, None]
        members = [*zip(house[1]["staff_id"], house[1]["team_id"], strict=True)] or [(None, None)]
        previous, routed = self.of(*members, (None, None)), self.of(*members)
        by_member = house[2]["assign_members"]
        is_routed = self.rng.random() < 0.4
        team = (routed[1] or self.of(*known)) if by_member else self.of(*known)
        return {
            "service_line": self.of(None, "cardiology", "orthopaedics"),
            "location_ids": self.of(None, "north", "south", "south|west"),
            "language": self.of(None, "en", "es"),
            "complexity_level": self.of(None, None, "1", "2"),
            "previous_staff_id": previous[0],
            "previous_team_id": previous[1] if previous[0] else self.of(*known),
            "routed_team_id": team if is_routed else None,
            "routed_staff_id": routed[0] if is_routed and by_member and team == routed[1] else None,
            "route_no": int(is_routed and team is not None),
            "is_control": bool(self.rng.random() < 0.15),
            "is_contacted": False,
            "readiness": self.of(None, 0.0, 0.25, 0.5, 0.5, 0.8),
            "requests_since_mql_count": self.of(0, 0, 1, 5),
            "missed_call_backs_count": self.of(0, 0, 1),
            "sla_due_at": self.of(pd.NaT, AS_OF - hours(1), AS_OF + hours(1), AS_OF + hours(2), AS_OF + hours(9)),
            "became_mql_at": AS_OF - hours(int(self.rng.integers(1, 50))),
            **{f"can_contact_by_{way}": bool(self.rng.random() < 0.8) for way in ("call", "sms", "email")},
        }
