"""A discrete-event game of an intake desk: leads come, members call, and a policy says whom next.

Everything but that choice is the same in every arm: arrivals, shifts, how long calls take, and the numbers that decide
whether an attempt is answered. A member never idles while the policy lets them call somebody.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models_ml.world.clock import DAY, HOUR, MINUTE, NEVER
from models_ml.world.draws import Ints
from models_ml.world.intake import HANDED_AFTER
from tests.benchmarks.desk_assumptions import (
    ANSWERED_MINUTES,
    ATTEMPTS,
    HORIZON_DAYS,
    INTERPRETER_FACTOR,
    UNANSWERED_MINUTES,
)
from tests.benchmarks.desk_leads import Arrivals
from tests.benchmarks.desk_roster import Roster

_COMES, _READY, _FREE, _OPENS = range(4)
Bools = npt.NDArray[np.bool_]


class Policy(Protocol):
    """Who is called next. It sees the columns of `leads` that any CRM has; never intent, age or what is to come."""

    name: str

    def begin(self, arrivals: Arrivals, roster: Roster) -> None:
        """A game begins."""

    def arrive(self, lead: int, now: int) -> int:
        """An MQL has come; returns the moment from which it stands in a queue: now, or when it is routed."""

    def choose(self, waiting: Ints, member: int, now: int) -> int:
        """The one of `waiting` (rows of leads, all of which the member may call) to call now; -1: none of them."""


@dataclass
class Played:
    """What happened to each lead: who reached it first and when (NEVER), and its attempts; and staff minutes used."""

    contacted_at: Ints
    attempted_at: Ints
    member: Ints
    attempts: Ints
    used_minutes: float = 0.0


@dataclass
class Desk:
    """One game. `stretch` multiplies the minutes a call takes."""

    arrivals: Arrivals
    roster: Roster
    policy: Policy
    stretch: float
    events: list[tuple[int, int, int, int]] = field(default_factory=list)

    def play(self) -> Played:
        """Play until nobody is left to be called."""
        leads = self.arrivals.leads
        self.at, self.team, self.calendar = (leads[name].tolist() for name in ("at", "team", "calendar"))
        self.booked, count = leads["self_booked_at"].tolist(), len(leads)
        self.played = Played(*(np.full(count, NEVER, dtype=np.int64) for _ in range(2)),
                             np.full(count, -1), np.zeros(count, dtype=np.int64))  # fmt: skip
        self.waiting = np.zeros(count, dtype=bool)
        self.rows = [np.flatnonzero(leads["team"] == team) for team in range(int(max(self.roster.team)) + 1)]
        self.idle: dict[int, int] = {}
        self.turn = [0] * len(self.roster.staff_ids)  # of the one event that frees each member; older ones are void
        self.openings: set[tuple[int, int]] = set()
        self.hours = [Hours(*(part.tolist() for part in (one.opens, one.closes, one.before)))
                      for one in self.arrivals.plan.business.hours]  # fmt: skip
        self.is_foreign, self.may_call = who_may_call(self.arrivals, self.roster)
        self.policy.begin(self.arrivals, self.roster)
        for lead, moment in enumerate(self.at):
            self._push(moment + HANDED_AFTER, _COMES, lead)
        for member in range(len(self.roster.staff_ids)):
            self._free_at(self.roster.shift_at(member, self.at[0])[0], member)
        while self.events and self.events[0][0] < self.at[-1] + (HORIZON_DAYS + 1) * DAY:
            now, kind, who, turn = heapq.heappop(self.events)
            if kind != _FREE or turn == self.turn[who]:
                self._happen(now, kind, who)
        return self.played

    def _push(self, moment: int, kind: int, who: int, turn: int = 0) -> None:
        heapq.heappush(self.events, (moment, kind, who, turn))

    def _free_at(self, moment: int, member: int) -> None:
        self.turn[member] += 1
        self._push(moment, _FREE, member, self.turn[member])

    def _happen(self, now: int, kind: int, who: int) -> None:
        if kind == _COMES:
            self._push(self.policy.arrive(who, now), _READY, who)
        elif kind == _READY:
            self.waiting[who] = True
            self._serve(self.team[who], now)
        elif kind == _FREE:
            self._come(who, now)
        else:
            self._serve(who, now)

    def _come(self, member: int, now: int) -> None:
        """A member is free: on shift they look for work, else they come back with the next shift."""
        begin, end = self.roster.shift_at(member, now)
        if now < begin:
            self.idle.pop(member, None)
            self._free_at(begin, member)
            return
        if not self._call(member, now):
            self.idle[member] = now
            # Back at the shift's end, which sends them home; and when the first of those waiting may be called.
            self._free_at(end, member)
            self._wake_at_opening(int(self.roster.team[member]), now)

    def _wake_at_opening(self, team: int, now: int) -> None:
        """Some of those waiting may be called only when their location opens: look again then."""
        waiting = self.rows[team][self.waiting[self.rows[team]]].tolist()
        for one in {self.calendar[lead] for lead in waiting}:
            opening = (team, self.hours[one].opens[bisect_right(self.hours[one].opens, now)])
            if opening not in self.openings:
                self.openings.add(opening)
                self._push(opening[1], _OPENS, team)

    def _serve(self, team: int, now: int) -> None:
        """Give work to idle members of a team, longest idle first."""
        for member, _ in sorted(self.idle.items(), key=lambda item: (item[1], item[0])):
            if self.roster.team[member] == team and self._is_on(member, now):
                self._call(member, now)

    def _is_on(self, member: int, now: int) -> bool:
        begin, end = self.roster.shift_at(member, now)
        return begin <= now < end

    def _call(self, member: int, now: int) -> bool:
        """Let the member call whom the policy chooses; False: there is nobody."""
        rows = self.rows[self.roster.team[member]]
        open_now = np.array([one.is_open(now) for one in self.hours])
        waiting = rows[self.waiting[rows] & self.may_call[member, rows]]
        waiting = waiting[open_now[self.arrivals.leads["calendar"].to_numpy()[waiting]]]
        while len(waiting):
            lead = self.policy.choose(waiting, member, now)
            if lead < 0:
                return False
            self.waiting[lead] = False
            if now < min(self.booked[lead], self.at[lead] + HORIZON_DAYS * DAY):
                self._take(lead, member, now)
                return True
            # Who has booked in the meantime, or is past the horizon, needs no call.
            waiting = waiting[waiting != lead]
        return False

    def _take(self, lead: int, member: int, now: int) -> None:
        self.idle.pop(member, None)
        minutes = self._attempt(lead, member, now) * (INTERPRETER_FACTOR if self.is_foreign[lead] else 1.0)
        self.played.used_minutes += minutes
        self._free_at(now + max(int(minutes * self.stretch * MINUTE), 1), member)

    def _attempt(self, lead: int, member: int, now: int) -> float:
        """One attempt; returns the minutes it takes."""
        place = int(self.played.attempts[lead])
        hours = max(now - self.at[lead] - HANDED_AFTER, 0) / HOUR
        self.played.attempts[lead] += 1
        self.played.attempted_at[lead] = min(self.played.attempted_at[lead], now)
        if hours < self.arrivals.answers_until[lead, place]:
            self.played.contacted_at[lead], self.played.member[lead] = now, member
            return ANSWERED_MINUTES
        if place + 1 < ATTEMPTS:
            wait = int(self.arrivals.retry_minutes[lead, place] * MINUTE)
            self._push(self.hours[self.calendar[lead]].add(now, wait), _READY, lead)
        return UNANSWERED_MINUTES


@dataclass(frozen=True)
class Hours:
    """Opening hours of one calendar as lists, for single moments: `clock.OpenHours` without arrays."""

    opens: list[int]
    closes: list[int]
    before: list[int]

    def is_open(self, now: int) -> bool:
        """Whether it is open now."""
        return now < self.closes[bisect_right(self.opens, now) - 1]

    def add(self, now: int, open_micros: int) -> int:
        """The moment at which so much open time has passed."""
        place = bisect_right(self.opens, now) - 1
        passed = self.before[place] + min(now, self.closes[place]) - self.opens[place]
        after = passed + max(open_micros, 1)
        place = bisect_left(self.before, after) - 1
        return self.opens[place] + after - self.before[place]


def who_may_call(arrivals: Arrivals, roster: Roster) -> tuple[Bools, Bools]:
    """Leads nobody of their team speaks with; and (members, leads): of its team, and speaking what the lead told.

    With whom nobody speaks, anybody of the team may, through an interpreter.
    """
    told, team = arrivals.leads["language"].tolist(), arrivals.leads["team"].to_numpy()
    now = int(arrivals.leads["at"].iloc[0])
    spoken = {one: roster.languages_of(one, now) for one in np.unique(team).tolist()}
    foreign = np.array(
        [one is not None and one not in spoken[own] for one, own in zip(told, team.tolist(), strict=True)]
    )
    speaks = np.array([[one is None or one in own for one in told] for own in roster.speaks])
    return foreign, np.asarray((speaks | foreign[None, :]) & (roster.team[:, None] == team[None, :]))
