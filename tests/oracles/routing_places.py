"""Who may take a lead, from when on, and how many: routing's constraints one plain loop at a time.

Written from what `models_ml.routing` promises, without its code. Every column of the frames has to be given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

Row = Mapping[str, Any]
Key = tuple[str, str | None]  # team and member, None where no member is named
WAYS = ("call", "sms", "email")
LISTS = {
    "service_line": "service_lines",
    "location_ids": "location_ids",
    "complexity_level": "complexity_levels",
    "language": "languages",
}
NO_LIMIT = 10**6
NO_DUE_TIME = pd.Timestamp("2200-01-01")


@dataclass(frozen=True)
class Place:
    """A team, or a member of one."""

    team_id: str
    staff_id: str | None
    room: int
    load: int
    size: int


class Places:
    """Teams and members as an intake lead would look them up."""

    def __init__(
        self, open_leads: pd.DataFrame, teams: pd.DataFrame, staff: pd.DataFrame, rules: Row, *, as_of: pd.Timestamp
    ) -> None:
        self.leads: list[Row] = open_leads.to_dict(orient="records")
        self.teams: dict[str, Row] = {row["team_id"]: row for row in teams.to_dict(orient="records")}
        members = [row for row in staff.to_dict(orient="records") if row["team_id"] in self.teams]
        self.members: dict[str, list[Row]] = {
            team: [row for row in members if row["team_id"] == team] for team in self.teams
        }
        self.rules, self.as_of = rules, as_of
        self.by_member = bool(rules.get("assign_members"))
        self._begins: dict[str, dict[Key, pd.Timestamp]] = {}

    def begins(self, lead: Row) -> dict[Key, pd.Timestamp]:
        """When each place that may take the lead begins."""
        if lead["lead_key"] not in self._begins:
            self._begins[lead["lead_key"]] = self._worked_out(lead)
        return self._begins[lead["lead_key"]]

    def _worked_out(self, lead: Row) -> dict[Key, pd.Timestamp]:
        begins: dict[Key, pd.Timestamp] = {}
        for team_id, team in self.teams.items():
            times = self._times(team, lead) if self.may_team(team, lead) else {}
            if self.by_member:
                begins |= {(team_id, staff_id): at for staff_id, at in times.items()}
            elif times:
                begins[team_id, None] = min(times.values())
        return begins

    def holds(self, lead: Row) -> bool:
        """Whether the lead's route goes where it may go."""
        return any(self.is_route(lead, key) for key in self.begins(lead))

    def is_route(self, lead: Row, key: Key) -> bool:
        """Whether this is where the lead is routed now."""
        return key[0] == lead["routed_team_id"] and (not self.by_member or key[1] == none(lead["routed_staff_id"]))

    def breaches(self, lead: Row) -> bool:
        """Whether its route cannot be kept before it is due, and another place can."""
        due, begins = self.due(lead), self.begins(lead)
        kept = [at for key, at in begins.items() if self.is_route(lead, key)]
        return bool(kept) and self.as_of < due < NO_DUE_TIME and min(kept) >= due > min(begins.values())

    def due(self, lead: Row) -> pd.Timestamp:
        """Until when a first contact is in time."""
        return NO_DUE_TIME if pd.isna(lead["sla_due_at"]) or lead["is_contacted"] else lead["sla_due_at"]

    def may_team(self, team: Row, lead: Row) -> bool:
        """Whether the team's lists and the channels it contacts by allow it."""
        for asked, names in LISTS.items():
            wish, listed = members_of(lead[asked]), members_of(team[names])
            if wish and listed and not wish & listed:
                return False
        channels = self.rules.get("channels", {})
        ways = channels.get(team["queue"], channels.get(lead["service_line"], WAYS))
        return any(lead[f"can_contact_by_{way}"] for way in ways)

    def may_member(self, member: Row, lead: Row) -> bool:
        """Whether the member is licensed for the service line and speaks the language."""
        roles = self.rules.get("licences", {}).get(lead["service_line"])
        spoken = members_of(member["languages"])
        return (not roles or member["role"] in roles) and (
            none(lead["language"]) is None or not spoken or lead["language"] in spoken
        )

    def every_place(self) -> list[Place]:
        """All places there are."""
        rows: list[tuple[Key, Row]] = []
        for team_id, team in self.teams.items():
            named = self.members[team_id] if self.by_member else []
            rows += [((team_id, member["staff_id"]), member) for member in named] or [((team_id, None), team)]
        top = max((size for _, row in rows if (size := self._size(row))), default=1)
        return [Place(*key, self.room(row, key), self._load(row, key), self._size(row) or top) for key, row in rows]

    def room(self, row: Row, key: Key) -> int:
        """Leads it can still take, today and at once."""
        room = NO_LIMIT
        if not pd.isna(row["daily_capacity"]):
            room = int(row["daily_capacity"] - row["routed_today_count"])
        if not pd.isna(row["open_lead_capacity"]):
            room = min(room, int(row["open_lead_capacity"] - row["open_lead_count"]) + self._leaving(key))
        return max(room, 0)

    def _times(self, team: Row, lead: Row) -> dict[str | None, pd.Timestamp]:
        members = self.members[team["team_id"]]
        opens = self.as_of if team["is_open"] else team["next_open_at"]
        times = {
            member["staff_id"]: self.as_of if member["is_available"] else member["next_available_at"]
            for member in members
            if self.may_member(member, lead)
        }
        return {staff_id: at for staff_id, at in (times if members else {None: opens}).items() if not pd.isna(at)}

    def _leaving(self, key: Key) -> int:
        """Leads routed there that may no longer be."""
        team_id, staff_id = key
        return sum(
            lead["routed_team_id"] == team_id and (staff_id is None or lead["routed_staff_id"] == staff_id)
            for lead in self.leads
            if not self.holds(lead)
        )

    def _size(self, row: Row) -> int:
        held, daily = row["open_lead_capacity"], row["daily_capacity"]
        return int(held) if not pd.isna(held) else 0 if pd.isna(daily) else int(daily)

    def _load(self, row: Row, key: Key) -> int:
        if pd.isna(row["open_lead_capacity"]) and not pd.isna(row["daily_capacity"]):
            return int(row["routed_today_count"])
        return max(int(row["open_lead_count"]) - self._leaving(key), 0)


def none(cell: Any) -> Any:
    """None for an empty cell."""
    return None if cell is None or pd.isna(cell) else cell


def members_of(cell: Any) -> set[str]:
    """What a list in one cell holds."""
    return set() if none(cell) is None else set(str(cell).split("|"))
