"""Which leads need a new decision at all, and which of these are decided before anything is weighed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from models_ml.routing.capacity import Admission, House, Moments
from models_ml.routing.leads import NEVER


class Kind(Enum):
    """What becomes of a lead."""

    STANDS = "stands"  # its route holds: no row
    ANSWERED = "answered"  # by staff, by work begun, or because no team fits
    OPEN = "open"  # takes part in the search for the best places
    BREACHING = "breaching"  # as well, but only for places that call in time, else it stands
    HELD = "held"  # its team holds, a member is wanted; without one it stands, unless the one it had is gone
    PAST = "past"  # past its horizon: shared out after all others


@dataclass(frozen=True)
class Case:
    """A lead's kind, with the answer where it is known."""

    kind: Kind
    constraint: str = ""
    team_id: str | None = None
    staff_id: str | None = None
    is_member_gone: bool = False  # the member of its route may no longer have it
    lack: str = ""  # why nobody may hear of what staff set


_STANDS = Case(Kind.STANDS)


class Sorter:
    """Tells the case of each lead from the house and the moment.

    Parameters
    ----------
    house
        teams, seats and rules.
    with_members
        whether routes name members.
    now
        as_of in microseconds.
    """

    def __init__(self, house: House, *, with_members: bool, now: int) -> None:
        self.house = house
        self.with_members = with_members
        self.now = now
        self._with_staff = {seat.team for seat in house.seats if seat.staff_id}

    def starts(self, admission: Admission) -> Moments:
        """When each place (a seat, or a team that shares out by itself) can begin; NEVER where the lead may not go."""
        if not self.with_members:
            return admission.team_starts
        return np.where(admission.seats, self.house.starts, NEVER)

    def case(self, lead: Mapping[str, Any]) -> Case:
        """The case of one prepared lead."""
        wish = lead["wish"]
        admission = self.house.admit(wish)
        override = self._set_by_staff(lead)
        if override is not None and not wish.is_unreachable:
            return self._as_staff_said(lead, *override)
        if not admission.teams.any():
            return Case(Kind.ANSWERED, admission.narrowed_by)
        worked, routed = (self._admitted(admission, lead[name]) for name in ("worked_team_id", "routed_team_id"))
        if worked is not None:
            return self._begun(lead, admission)
        if routed is not None:
            return self._standing(lead, admission, routed)
        return Case(Kind.PAST if lead["is_past_horizon"] else Kind.OPEN)

    def _admitted(self, admission: Admission, team_id: str | None) -> int | None:
        place = self.house.place.get(team_id or "")
        return place if place is not None and admission.teams[place] else None

    def _set_by_staff(self, lead: Mapping[str, Any]) -> tuple[str | None, str | None] | None:
        """Team and member staff put into the CRM; a member alone brings their team, else the lead keeps its own."""
        team_id, staff_id = lead["override_team_id"], lead["override_staff_id"]
        if team_id is None and staff_id is None:
            return None
        if team_id is None:
            seat = self.house.seat_place.get(staff_id)
            team_id = lead["routed_team_id"] if seat is None else self._team_of(seat)
        return team_id, staff_id

    def _as_staff_said(self, lead: Mapping[str, Any], team_id: str | None, staff_id: str | None) -> Case:
        place = self.house.place.get(team_id or "")
        queue = None if place is None else self.house.teams[place].queue
        if not self.house.may_contact(lead["wish"], queue):
            return Case(Kind.ANSWERED, "consent")
        lack = self._lack(team_id, staff_id)
        if lead["routed_team_id"] == team_id and staff_id in (None, lead["routed_staff_id"]):
            if staff_id is None and place is not None and self._is_gone(lead, place):
                return Case(Kind.HELD, is_member_gone=True)
            staff_id = lead["routed_staff_id"]
            if not self._is_news(lead, lack):
                return Case(Kind.STANDS, lack=lack)
        return Case(Kind.ANSWERED, "set_by_staff", team_id, staff_id, lack=lack)

    def _is_news(self, lead: Mapping[str, Any], lack: str) -> bool:
        """Whether somebody is to be told of what staff set who was not, or need not be told any more."""
        if lead["is_told"] is None:
            return False
        return not lead["is_told"] if lack else lead["is_told"] and lead["routed_constraint"] == "set_by_staff"

    def _lack(self, team_id: str | None, staff_id: str | None) -> str:
        """Why nobody may hear of a lead that staff gave to this team or member, in words; empty where somebody will."""
        house, place = self.house, self.house.place.get(team_id or "")
        if team_id is not None and place is None:
            return "no such team is known"
        if staff_id is not None and house.seat_place and staff_id not in house.seat_place:
            return "no such member is known"
        seats = [seat for seat in house.seats if seat.team == place]
        if not seats or any(seat.starts_at < NEVER for seat in seats):
            return ""
        is_left = seats[0].staff_id is None and seats[0].keeps_shifts
        return "no member of that team is left" if is_left else "nobody of that team is there within two weeks"

    def _begun(self, lead: Mapping[str, Any], admission: Admission) -> Case:
        """Work begun stays with the team, and where members are named with the member, that began it."""
        team_id = lead["worked_team_id"]
        seat = self.house.seat_place.get(lead["worked_staff_id"] or "") if self.with_members else None
        is_there = seat is not None and bool(admission.seats[seat]) and self._team_of(seat) == team_id
        staff_id = lead["worked_staff_id"] if is_there else None
        if lead["routed_team_id"] == team_id and staff_id in (None, lead["routed_staff_id"]):
            is_gone = staff_id is None and self._is_gone(lead, self.house.place[team_id], admission)
            return Case(Kind.HELD, is_member_gone=True) if is_gone else _STANDS
        is_choice = admission.teams.sum() > 1
        return Case(Kind.ANSWERED, "already_worked" if is_choice else admission.narrowed_by, team_id, staff_id)

    def _team_of(self, seat: int) -> str:
        return self.house.teams[self.house.seats[seat].team].team_id

    def _is_gone(self, lead: Mapping[str, Any], team: int, admission: Admission | None = None) -> bool:
        """Whether the route names a member who is no longer in its team, or may no longer take the lead."""
        if not self.with_members or lead["routed_staff_id"] is None:
            return False
        seat = self.house.seat_place.get(lead["routed_staff_id"])
        is_there = seat is not None and self.house.seats[seat].team == team
        return not (is_there and (admission is None or bool(admission.seats[seat])))

    def _standing(self, lead: Mapping[str, Any], admission: Admission, team: int) -> Case:
        """A route holds until its team, or member, can no longer call in time while another can, or it is gone."""
        is_gone = self._is_gone(lead, team, admission)
        held = Case(Kind.HELD, is_member_gone=is_gone)
        if lead["is_contacted"] or lead["is_past_horizon"]:
            return held if is_gone else _STANDS
        has_seat = self.with_members and lead["routed_staff_id"] is not None and not is_gone
        seat = self.house.seat_place[lead["routed_staff_id"]] if has_seat else None
        starts_at = admission.team_starts[team] if seat is None else self.house.starts[seat]
        due = lead["due_at"]
        if self.now < due <= starts_at and bool((self.starts(admission) < due).any()):
            return Case(Kind.BREACHING, is_member_gone=is_gone)
        wants_seat = self.with_members and not has_seat and team in self._with_staff
        return held if is_gone or wants_seat else _STANDS
