"""A discrete-event game of an intake desk: leads come, members call, and a policy says whom next.

Everything but that choice is the same in every arm: arrivals, shifts, how long calls take, and the numbers that decide
whether an attempt is answered. A member never idles while the policy lets them call somebody.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models_ml.world import habits
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

_READY, _FREE, _TICK, _OPENS = range(4)
Bools = npt.NDArray[np.bool_]


class Policy(Protocol):
    """Who is called next. It sees the columns of `leads` that any CRM has; never intent, age or what is to come."""

    name: str

    def begin(self, arrivals: Arrivals, roster: Roster, calls_a_day: Ints) -> None:
        """A game begins; calls_a_day of each team on a usual weekday."""

    def arrive(self, lead: int, now: int) -> int | None:
        """An MQL has come; returns when the policy wants to think (`tick`), None: not at all."""

    def tick(self, now: int, closed: Bools) -> int | None:
        """Think; `closed` leads need no call any more. Returns when to think again."""

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

    def play(self, calls_a_day: Ints) -> Played:
        """Play until nobody is left to be called."""
        leads = self.arrivals.leads
        self.at, self.team, self.calendar = (leads[name].to_numpy() for name in ("at", "team", "calendar"))
        self.intent, self.booked = leads["intent"].to_numpy(), leads["self_booked_at"].to_numpy()
        self.language = leads["language"].to_numpy()
        count, members = len(leads), len(self.roster.staff_ids)
        self.played = Played(*(np.full(count, NEVER, dtype=np.int64) for _ in range(2)),
                             np.full(count, -1), np.zeros(count, dtype=np.int64))  # fmt: skip
        self.waiting, self.closed = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        self.idle: dict[int, int] = {}
        self.turn = [0] * members  # of the one event that frees each member; earlier ones no longer hold
        self.openings: set[tuple[int, int]] = set()
        self.spans = [(one.opens.tolist(), one.closes.tolist()) for one in self.arrivals.plan.business.hours]
        self.may_call = self._who_may_call()
        self.policy.begin(self.arrivals, self.roster, calls_a_day)
        for lead, moment in enumerate(self.at.tolist()):
            self._push(moment + HANDED_AFTER, _READY, lead)
        for member in range(members):
            self._free_at(self.roster.shift_at(member, int(self.at[0]))[0], member)
        while self.events and not self.closed.all():
            now, kind, who, turn = heapq.heappop(self.events)
            if now >= NEVER:
                break
            if kind != _FREE or turn == self.turn[who]:
                self._happen(now, kind, who)
        return self.played

    def _push(self, moment: int, kind: int, who: int, turn: int = 0) -> None:
        heapq.heappush(self.events, (moment, kind, who, turn))

    def _free_at(self, moment: int, member: int) -> None:
        self.turn[member] += 1
        self._push(moment, _FREE, member, self.turn[member])

    def _who_may_call(self) -> Bools:
        """(members, leads): of its team, and speaking what the lead told; anybody of it where nobody does."""
        told = np.array([one if one is not None else "" for one in self.language], dtype=object)
        speaks = np.array([[not one or one in spoken for one in ("", "en", "es", "vi", "zh")]
                           for spoken in self.roster.speaks])  # fmt: skip
        code = np.searchsorted(np.array(["", "en", "es", "vi", "zh"]), told.astype("U2"))
        able = speaks[:, code] & (self.roster.team[:, None] == self.team[None, :])
        now = int(self.at[0])
        spoken = {team: self.roster.languages_of(team, now) for team in np.unique(self.team).tolist()}
        self.is_foreign = np.array(
            [bool(one) and one not in spoken[team] for one, team in zip(told, self.team.tolist(), strict=True)]
        )
        return np.asarray(able | (self.is_foreign[None, :] & (self.roster.team[:, None] == self.team[None, :])))

    def _happen(self, now: int, kind: int, who: int) -> None:
        if kind == _READY:
            if self.played.attempts[who] == 0:
                self._think_at(self.policy.arrive(who, now))
            self.waiting[who] = True
            self._serve(int(self.team[who]), now)
        elif kind == _FREE:
            self._come(who, now)
        elif kind == _TICK:
            self._close(now)
            self._think_at(self.policy.tick(now, self.closed))
            for team in np.unique(self.team).tolist():
                self._serve(team, now)
        else:
            self._serve(who, now)

    def _think_at(self, moment: int | None) -> None:
        if moment is not None and moment < NEVER:
            self._push(moment, _TICK, 0)

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
        for one in np.unique(self.calendar[self.waiting & (self.team == team)]).tolist():
            opens = self.spans[one][0]
            opening = (team, opens[bisect_right(opens, now)])
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

    def _close(self, now: int) -> None:
        """Who has booked in the meantime, or is past the horizon, needs no call."""
        over = (self.booked <= now) | (self.at + HORIZON_DAYS * DAY <= now)
        self.closed |= over
        self.waiting &= ~over

    def _call(self, member: int, now: int) -> bool:
        """Let the member call whom the policy chooses; False: there is nobody."""
        self._close(now)
        is_open = np.array([now < closes[bisect_right(opens, now) - 1] for opens, closes in self.spans])
        callable_now = self.waiting & self.may_call[member] & is_open[self.calendar]
        waiting = np.flatnonzero(callable_now)
        lead = self.policy.choose(waiting, member, now) if len(waiting) else -1
        if lead < 0:
            return False
        self.idle.pop(member, None)
        minutes = self._attempt(lead, member, now) * (INTERPRETER_FACTOR if self.is_foreign[lead] else 1.0)
        self.played.used_minutes += minutes
        self._free_at(now + max(int(minutes * self.stretch * MINUTE), 1), member)
        return True

    def _attempt(self, lead: int, member: int, now: int) -> float:
        """One attempt; returns the minutes it takes."""
        place, self.waiting[lead] = int(self.played.attempts[lead]), False
        hours = (now - self.at[lead] - HANDED_AFTER) / HOUR
        self.played.attempts[lead] += 1
        self.played.attempted_at[lead] = min(self.played.attempted_at[lead], now)
        if self.arrivals.answers[lead, place] < habits.reaches(self.intent[lead], max(hours, 0.0), place):
            self.played.contacted_at[lead], self.played.member[lead] = now, member
            self.closed[lead] = True
            return ANSWERED_MINUTES
        if place + 1 == ATTEMPTS:
            self.closed[lead] = True
        else:
            wait = self.arrivals.retry_minutes[lead, place : place + 1]
            again = self.arrivals.plan.business.add(np.array([now]), wait, self.calendar[lead : lead + 1])
            self._push(int(again[0]), _READY, lead)
        return UNANSWERED_MINUTES
