"""The arms of the routing game: first come, newest first, round-robin, and what needs no router to be compared with.

Every arm calls only leads of a member's own team, in a language they share: what baselines lack in the field, skills
and hours, they have here, so that a difference is one of order. Routing by readiness is `desk_router.py`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models_ml.world.clock import DAY
from models_ml.world.draws import Ints
from tests.benchmarks.desk_leads import Arrivals
from tests.benchmarks.desk_roster import Roster


class FirstCome:
    """A shared queue for each team: the lead that came first is called first, whoever is free."""

    name = "first come"

    def begin(self, arrivals: Arrivals, roster: Roster) -> None:
        """Learn when leads came and when their first contact is due."""
        self.at, self.due = (arrivals.leads[name].to_numpy() for name in ("at", "due_at"))

    def arrive(self, lead: int, now: int) -> int:
        """At once."""
        return now

    def choose(self, waiting: Ints, member: int, now: int) -> int:
        """The earliest."""
        return int(waiting[np.lexsort((waiting, self.at[waiting]))[0]])


class NewestFirst(FirstCome):
    """The lead that came last is called first: speed to lead, at the cost of whoever waits already."""

    name = "newest first"

    def choose(self, waiting: Ints, member: int, now: int) -> int:
        """The latest."""
        return int(waiting[np.lexsort((waiting, -self.at[waiting]))[0]])


class DueFirst(FirstCome):
    """Whose first contact is due next is called first; who is overdue comes after all who are not."""

    name = "due first"

    def choose(self, waiting: Ints, member: int, now: int) -> int:
        """The next due."""
        due = self.due[waiting]
        return int(waiting[np.lexsort((waiting, due, due < now))[0]])


class RoundRobin(FirstCome):
    """Leads are dealt to the members of their team in turn as they come; each member calls their own, in that order.

    Dealt are those who speak with the lead and have a shift within four days, so nobody is given a lead to leave it.
    """

    name = "round-robin"

    def begin(self, arrivals: Arrivals, roster: Roster) -> None:
        """Nobody owns a lead yet."""
        super().begin(arrivals, roster)
        self.roster, self.owner = roster, np.full(len(arrivals.leads), -1)
        self.team, self.language = (arrivals.leads[name].to_numpy() for name in ("team", "language"))
        self.dealt = np.zeros(len(roster.staff_ids), dtype=np.int64)
        self.last = np.array([int(spans[-1, 1]) for spans in roster.shifts])

    def arrive(self, lead: int, now: int) -> int:
        """Deal the lead to who was dealt to least lately."""
        self.owner[lead] = self._next_of(lead, now)
        self.dealt[self.owner[lead]] = lead + 1
        return now

    def _next_of(self, lead: int, now: int) -> int:
        team = np.flatnonzero(self.roster.team == self.team[lead]).tolist()
        here = [one for one in team if self.roster.shift_at(one, now)[0] < now + 4 * DAY] or team
        told = self.language[lead]
        speaking = [one for one in here if told is None or told in self.roster.speaks[one]]
        return min(speaking or here, key=lambda one: (self.dealt[one], one))

    def choose(self, waiting: Ints, member: int, now: int) -> int:
        """The earliest of one's own; -1 without one. A lead whose owner has left goes to whoever is free."""
        owners = self.owner[waiting]
        own = waiting[(owners == member) | (self.last[owners] <= now)]
        return super().choose(own, member, now) if len(own) else -1


class ByChance(FirstCome):
    """Whoever is likeliest by these chances is called first, those who can still be reached in time before the others.

    With the world's own chances it shows what no forecast can beat by its order alone.
    """

    def __init__(self, name: str, chances: npt.NDArray[np.float64]) -> None:
        self.name, self.chances = name, chances

    def choose(self, waiting: Ints, member: int, now: int) -> int:
        """The likeliest."""
        return int(waiting[np.lexsort((waiting, -self.chances[waiting], self.due[waiting] < now))[0]])
