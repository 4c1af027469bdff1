"""Rows of handoff/routes: what was decided for each lead, what decided it, who is told, and the reasons in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models_ml.routing.asked import Numbers
from models_ml.routing.cases import Case, Kind, Sorter
from models_ml.routing.leads import NEVER
from models_ml.routing.words import reasons_of, why

COLUMNS = ("lead_key", "record_key", "route_no", "team_id", "staff_id", "queue", "priority", "reasons", "sla_due_at",
           "deciding_constraint", "told", "is_without_score", "routed_as_of")  # fmt: skip
_SILENT = (Kind.BREACHING, Kind.HELD)  # keep what they have where nothing better is found


@dataclass(frozen=True)
class Decision:
    """Where a lead goes, and what decided it."""

    team_id: str | None
    staff_id: str | None
    queue: str | None
    constraint: str
    why: str
    is_told: bool = False  # somebody hears of it although it has a team


class Recorder:
    """Turns cases and places into decisions.

    Parameters
    ----------
    sorter
        house, moment, and whether members are named.
    team_free
        of shape (teams,): room left when all leads have their places.
    fallback_queue
        where leads stand that no team may take.
    """

    def __init__(self, sorter: Sorter, team_free: Numbers, fallback_queue: str) -> None:
        self.sorter, self.house = sorter, sorter.house
        self.team_free = team_free
        self.fallback_queue = fallback_queue

    def decision(self, lead: Mapping[str, Any], case: Case, place: int) -> Decision | None:
        """The decision, None where the lead keeps the route it has and is no more urgent than this says."""
        made = self._made(lead, case, place)
        if made is not None and not _is_known(lead, made):
            return made
        return self._as_before(lead, case, made) if lead["is_raised"] else None

    def _made(self, lead: Mapping[str, Any], case: Case, place: int) -> Decision | None:
        if case.is_member_gone and place < 0:
            return self._without_member(lead)
        if case.kind is Kind.STANDS or (case.kind in _SILENT and place < 0):
            return None
        if case.kind is Kind.ANSWERED:
            return self._answered(lead, case)
        if place < 0:
            return self._waiting(lead)
        return self._placed(lead, case, place)

    def _as_before(self, lead: Mapping[str, Any], case: Case, made: Decision | None) -> Decision | None:
        """Where the lead is already, told to whom it was, for the sake of its priority; None where nobody may contact
        it.
        """
        constraint = lead["routed_constraint"] or "no_constraint"
        if lead["routed_team_id"] is None and constraint == "consent":
            return None
        place = self.house.place.get(lead["routed_team_id"] or "")
        queue = made.queue if made else None if place is None else self.house.teams[place].queue
        reason = "stays where it is, more urgent than before"
        team_id, staff_id = lead["routed_team_id"], lead["routed_staff_id"]
        is_told = bool(lead["is_told"] or case.lack or (made and made.is_told))
        return Decision(team_id, staff_id, queue or self._fallback(lead), constraint, reason, is_told)

    def _answered(self, lead: Mapping[str, Any], case: Case) -> Decision:
        if case.team_id is None and case.constraint != "set_by_staff":
            is_set = lead["override_team_id"] is not None or lead["override_staff_id"] is not None
            wish, is_near = lead["wish"], case.constraint in ("licence", "language")
            nearly = self.house.nearly(wish, case.constraint) if is_near else ""
            reason = why(case.constraint, is_fit=False, is_unreachable=wish.is_unreachable, nearly=nearly)
            if case.constraint == "consent" and is_set:
                reason += "; what staff set stands in the CRM"
            return Decision(None, None, self._fallback(lead), case.constraint, reason)
        place = self.house.place.get(case.team_id or "")
        queue = (None if place is None else self.house.teams[place].queue) or self._fallback(lead)
        reason = why(case.constraint) + (f", but {case.lack}" if case.lack else "")
        return Decision(case.team_id, case.staff_id, queue, case.constraint, reason, is_told=bool(case.lack))

    def _without_member(self, lead: Mapping[str, Any]) -> Decision:
        """Its team keeps it, and nobody there can have it for now."""
        team = self.house.teams[self.house.place[lead["routed_team_id"]]]
        seats = self.house.team_of == self.house.place[team.team_id]
        is_full = bool((self.house.admit(lead["wish"]).seats & seats).any())
        constraint, others = ("capacity", "every other is full") if is_full else ("shifts", "no other may")
        reason = f"its team keeps it, its member may no longer have it and {others}"
        return Decision(team.team_id, None, team.queue or self._fallback(lead), constraint, reason, is_told=True)

    def _waiting(self, lead: Mapping[str, Any]) -> Decision:
        """Every team that may take it is full: it waits in the queue of the one most meant for it."""
        admitted = np.flatnonzero(self.house.admit(lead["wish"]).teams)
        team = min((self.house.teams[place] for place in admitted), key=lambda team: (team.breadth, team.team_id))
        queue = team.queue or self._fallback(lead)
        return Decision(None, None, queue, "capacity", why("capacity", is_fit=False))

    def _placed(self, lead: Mapping[str, Any], case: Case, place: int) -> Decision:
        seat = self.house.seats[place] if self.sorter.with_members else None
        number = seat.team if seat else place
        team = self.house.teams[number]
        staff_id = seat.staff_id if seat else None
        constraint, reason = self._decided(lead, case, number)
        if staff_id:
            constraint, named = self._member(lead, place, constraint)
            reason = f"{reason}; {named}"
        return Decision(team.team_id, staff_id, team.queue or self._fallback(lead), constraint, reason)

    def _decided(self, lead: Mapping[str, Any], case: Case, chosen: int) -> tuple[str, str]:
        """The constraint after which only the chosen team was left, and its words."""
        admission = self.house.admit(lead["wish"])
        if case.kind is Kind.BREACHING:
            stays = self.house.place.get(lead["routed_team_id"]) == chosen
            earlier = "its team keeps it, the earlier member" if stays else "the earlier team"
            return "sla", f"{earlier} can no longer call before it is due"
        if case.kind is Kind.HELD:
            return "shifts", "its team keeps it"
        left = admission.teams.copy()
        if left.sum() == 1:
            return admission.narrowed_by, why(admission.narrowed_by)
        in_time = left & (admission.team_starts < lead["due_at"])
        if in_time.any() and not in_time.all() and in_time[chosen]:
            left = in_time
            if left.sum() == 1:
                return "sla", why("sla")
        if self.house.place.get(lead["previous_team_id"] or "") == chosen:
            return "continuity", why("continuity")
        return self._weighed(lead, left, chosen, bool(in_time.any() and not in_time[chosen]))

    def _weighed(
        self, lead: Mapping[str, Any], left: np.ndarray[Any, Any], chosen: int, is_late: bool
    ) -> tuple[str, str]:
        """Which of several teams: the most specialised with room, else by balance."""
        others = [int(team) for team in np.flatnonzero(left) if team != chosen]
        breadth = {team: self.house.teams[team].breadth for team in [*others, chosen]}
        is_past = bool(lead["is_past_horizon"])
        if is_late or min(breadth.values()) < breadth[chosen]:
            return "capacity", why("capacity")
        equals = [team for team in others if breadth[team] == breadth[chosen]]
        if not equals:
            return "specialist", why("specialist")
        if not is_past and all(self.team_free[team] <= 0 for team in equals):
            return "capacity", why("capacity")
        return "balance", why("past_horizon" if is_past else "balance")

    def _member(self, lead: Mapping[str, Any], place: int, constraint: str) -> tuple[str, str]:
        """What decided on the member; knowing the person also counts as what decided the route."""
        seats = self.house.admit(lead["wish"]).seats & (self.house.team_of == self.house.team_of[place])
        if seats.sum() == 1:
            return constraint, "the only member who may take it"
        if self.house.seats[place].staff_id == lead["previous_staff_id"]:
            return "continuity", "the member who knows the person"
        later = self.house.starts[seats] >= lead["due_at"]
        if later.any() and not later.all() and self.house.starts[place] < lead["due_at"]:
            return constraint, "a member who can call before it is due"
        return constraint, "the member whose turn it is" if lead["is_past_horizon"] else "the member with the most room"

    def is_too_late(self, lead: Mapping[str, Any], case: Case) -> bool:
        """Whether of those that may take it nobody begins before its first contact is due, which is still to come."""
        if case.kind not in (Kind.OPEN, Kind.HELD) or lead["is_past_horizon"]:
            return False
        starts = self.house.admit(lead["wish"]).team_starts
        return self.sorter.now < lead["due_at"] < NEVER and not (starts < lead["due_at"]).any()

    def _fallback(self, lead: Mapping[str, Any]) -> str | None:
        """The queue of leads nobody may take; none where it contacts only by channels the lead withdrew."""
        return self.fallback_queue if self.house.may_contact(lead["wish"], self.fallback_queue) else None


def decision_rows(
    leads: list[dict[str, Any]],
    cases: list[Case],
    places: Numbers,
    sorter: Sorter,
    team_free: Numbers,
    rules: Mapping[str, Any],
) -> list[tuple[Any, ...]]:
    """Rows (COLUMNS but the last) of the new decisions, in the order of the leads; sla_due_at in microseconds."""
    recorder = Recorder(sorter, team_free, str(rules["fallback_queue"]))
    notify = rules["notify"]
    rows = []
    for lead, case, place in zip(leads, cases, places, strict=True):
        made = recorder.decision(lead, case, int(place))
        if made is None:
            continue
        told = None if made.team_id and not made.is_told else _told(notify, made.constraint)
        reason = made.why + ("; nobody can call before it is due" if recorder.is_too_late(lead, case) else "")
        rows.append(
            (lead["lead_key"], lead["record_key"], lead["route_no"] + 1, made.team_id, made.staff_id, made.queue,
             lead["priority"], reasons_of(lead, reason), lead["sla_due_at"], made.constraint, told,
             lead["is_without_score"])
        )  # fmt: skip
    return rows


def _told(notify: Mapping[str, str], constraint: str) -> str:
    """Who hears of opening hours hears of shifts too where nobody else is named."""
    return notify.get(constraint) or notify.get({"shifts": "hours"}.get(constraint, ""), notify["default"])


def _is_known(lead: Mapping[str, Any], made: Decision) -> bool:
    """Whether this is what the last route says; of a route to a team where it goes matters, and of one that staff set
    whether somebody is told.
    """
    if not lead["route_no"]:
        return False
    if made.team_id:
        is_same = (lead["routed_team_id"], lead["routed_staff_id"]) == (made.team_id, made.staff_id)
        is_set = made.constraint == "set_by_staff" and lead["is_told"] is not None
        return is_same and (not is_set or lead["is_told"] == made.is_told)
    earlier = (lead["routed_team_id"], lead["routed_queue"], lead["routed_constraint"])
    return earlier == (None, made.queue, made.constraint)
