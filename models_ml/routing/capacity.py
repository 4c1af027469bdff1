"""Teams and their members as places a lead can go to: who may take what, from when on, and how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models_ml.routing.leads import CHANNELS, NEVER, Wish, listed, moment_of, text

Flags = NDArray[np.bool_]
Moments = NDArray[np.int64]
UNLIMITED = 10**9
# The lists of a team a lead has to match: the fewer of them are open to all, the more the team is meant for its leads.
TEAM_LISTS = ("service_lines", "location_ids", "complexity_levels", "languages")


@dataclass(frozen=True)
class Limits:
    """What a team or member can still take, and the load its fairness is reckoned from."""

    today: int  # leads it may still be given today
    held: int  # leads it may still hold; both UNLIMITED where no limit is known
    load: int
    size: int | None  # the limit the load is held against; None without one

    @property
    def is_load_held(self) -> bool:
        """Whether the load is what it holds, not what it was given today."""
        return self.held < UNLIMITED or self.size is None


@dataclass(frozen=True)
class Team:
    """One intake team."""

    team_id: str
    queue: str | None
    lists: Mapping[str, frozenset[str]]
    limits: Limits
    starts_at: int  # microseconds; NEVER where it does not open

    @property
    def breadth(self) -> int:
        """How many of the lists are open to all."""
        return sum(not names for names in self.lists.values())


@dataclass(frozen=True)
class Seat:
    """A member, or a team without one: nobody told of its members, or they have all left (it then begins NEVER)."""

    team: int
    staff_id: str | None
    role: str | None
    languages: frozenset[str]
    limits: Limits
    starts_at: int
    keeps_shifts: bool


@dataclass(frozen=True)
class Admission:
    """What the constraints leave to leads of one wish."""

    seats: Flags
    teams: Flags
    team_starts: Moments  # when the first seat that may take the lead begins; NEVER for teams that may not
    narrowed_by: str  # the constraint that narrowed the teams last, or the one that left none


@dataclass
class House:
    """All teams and seats, and the rules that say who may take what."""

    teams: list[Team]
    seats: list[Seat]
    licences: Mapping[str, list[str]]
    channels: Mapping[str, list[str]]
    _known: dict[Wish, Admission] = field(default_factory=dict)
    _asked: dict[tuple[Any, ...], Flags] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.team_of = np.array([seat.team for seat in self.seats], dtype=np.int64)
        self.starts = np.array([seat.starts_at for seat in self.seats], dtype=np.int64)
        self.place = {team.team_id: place for place, team in enumerate(self.teams)}
        self.seat_place = {seat.staff_id: place for place, seat in enumerate(self.seats) if seat.staff_id}

    def admit(self, wish: Wish) -> Admission:
        """Teams and seats that may take leads of this wish, the constraints asked one after the other."""
        if wish not in self._known:
            self._known[wish] = self._narrowed(wish)
        return self._known[wish]

    def contacts(self, queue: str | None, service_line: str | None) -> list[str]:
        """Channels by which a queue, else a service line, contacts its leads."""
        for name in (queue, service_line):
            if name is not None and name in self.channels:
                return list(self.channels[name])
        return list(CHANNELS)

    def may_contact(self, wish: Wish, queue: str | None) -> bool:
        """Whether the queue contacts by some channel the lead has not withdrawn. One that needs no consent here (a
        secure message, a visit) will do, unless the lead withdrew every channel there is.
        """
        allowed = dict(zip(CHANNELS, wish.allowed, strict=True))
        ways = self.contacts(queue, wish.service_line)
        return not wish.is_unreachable and any(allowed.get(way, True) for way in ways)

    def nearly(self, wish: Wish, constraint: str) -> str:
        """Of a lead that licences or its language left nobody: `language` where a (licensed) member of a team that
        takes it lacks only its language, `team` where all licensed ones are in teams that do not take it, else nothing.
        """
        constraints = dict(self._constraints(wish))
        licensed = constraints["licence"] if constraint == "licence" else np.ones(len(self.seats), dtype=bool)
        taken = constraints["service_line"] & constraints["location"] & constraints["complexity"]
        taken = taken & self._of_team("languages", wish.language and frozenset([wish.language]))
        return "language" if (licensed & taken).any() else "team" if constraint == "licence" and licensed.any() else ""

    def _narrowed(self, wish: Wish) -> Admission:
        left = np.ones(len(self.seats), dtype=bool)
        count = len(self.teams)
        narrowed_by = "no_team" if not count else "only_team" if count == 1 else "no_constraint"
        if wish.is_unreachable:
            left, narrowed_by = np.zeros(len(self.seats), dtype=bool), "consent"
        for name, kept in self._constraints(wish) if left.any() else ():
            left = left & kept
            still = len(np.unique(self.team_of[left]))
            if still < count:
                count, narrowed_by = still, name
            if not count:
                break
        teams = np.zeros(len(self.teams), dtype=bool)
        teams[self.team_of[left]] = True
        starts = np.full(len(self.teams), NEVER)
        np.minimum.at(starts, self.team_of[left], self.starts[left])
        return Admission(left, teams, starts, narrowed_by)

    def _constraints(self, wish: Wish) -> list[tuple[str, Flags]]:
        """Name and seats that pass, in the order in which they are asked."""
        lists = [
            self._of_team("service_lines", wish.service_line and frozenset([wish.service_line])),
            self._of_team("location_ids", wish.locations),
            self._of_team("complexity_levels", wish.complexity and frozenset([wish.complexity])),
            self._of_team("languages", wish.language and frozenset([wish.language])),
        ]
        hours = ("hours", self._asked_once(("hours",), lambda seat: seat.keeps_shifts or seat.starts_at < NEVER))
        shifts = ("shifts", self._asked_once(("shifts",), lambda seat: seat.starts_at < NEVER))
        consent = self._asked_once(
            ("consent", wish.service_line, wish.allowed),
            lambda seat: self.may_contact(wish, self.teams[seat.team].queue),
        )
        return [
            ("service_line", lists[0]),
            ("location", lists[1]),
            ("complexity", lists[2]),
            ("language", lists[3] & self._speaks(wish.language)),
            ("licence", self._licensed(wish.service_line)),
            hours,
            shifts,
            ("consent", consent),
        ]

    def _of_team(self, column: str, asked: Any) -> Flags:
        def admits(seat: Seat) -> bool:
            names = self.teams[seat.team].lists[column]
            return not asked or not names or bool(names & asked)

        return self._asked_once((column, asked or None), admits)

    def _speaks(self, language: str | None) -> Flags:
        return self._asked_once(
            ("speaks", language), lambda seat: language is None or not seat.languages or language in seat.languages
        )

    def _licensed(self, service_line: str | None) -> Flags:
        roles = self.licences.get(service_line or "")
        return self._asked_once(
            ("licence", service_line), lambda seat: not roles or seat.staff_id is None or seat.role in roles
        )

    def _asked_once(self, key: tuple[Any, ...], passes: Any) -> Flags:
        if key not in self._asked:
            self._asked[key] = np.fromiter((passes(seat) for seat in self.seats), dtype=bool, count=len(self.seats))
        return self._asked[key]


def build_house(teams: pd.DataFrame, staff: pd.DataFrame, rules: Mapping[str, Any], as_of: pd.Timestamp) -> House:
    """Teams by id, seats by team and member. A team of whom no member was ever told is a seat of its own; one whose
    members have all left (`has_known_members`, and none in `staff`) is a seat that keeps shifts and has none.
    """
    now = moment_of(as_of)
    ordered = _once(teams, "team_id")
    known = [_team(row, now) for row in ordered]
    place = {team.team_id: index for index, team in enumerate(known)}
    members = [row for row in _once(staff, "team_id", "staff_id") if text(row.get("team_id")) in place]
    seats = [_seat(row, place[str(text(row["team_id"]))], known, now) for row in members]
    for index in set(range(len(known))) - {seat.team for seat in seats}:
        team, is_left = known[index], bool(_flag(ordered[index].get("has_known_members")))
        seats.append(Seat(index, None, None, frozenset(), team.limits, NEVER if is_left else team.starts_at, is_left))
    seats.sort(key=lambda seat: (seat.team, seat.staff_id or ""))
    return House(known, seats, rules["licences"] or {}, rules["channels"] or {})


def _team(row: Mapping[str, Any], now: int) -> Team:
    lists = {name: listed(row.get(name)) for name in TEAM_LISTS}
    is_open = _flag(row.get("is_open"))
    starts_at = now if is_open is None or is_open else moment_of(row.get("next_open_at"))
    return Team(str(text(row["team_id"])), text(row.get("queue")), lists, _limits(row), max(starts_at, now))


def _seat(row: Mapping[str, Any], team: int, teams: list[Team], now: int) -> Seat:
    """A member keeps their own shifts where they have any, else the hours of the team; an absence keeps them away."""
    is_available = _flag(row.get("is_available"))
    starts_at = now if is_available else max(moment_of(row.get("next_available_at")), now)
    if is_available is None:
        starts_at = teams[team].starts_at
    known = (text(row["staff_id"]), text(row.get("role")), listed(row.get("languages")))
    return Seat(team, *known, _limits(row), starts_at, keeps_shifts=bool(_flag(row.get("is_scheduled"))))


def _limits(row: Mapping[str, Any]) -> Limits:
    daily, held = _count(row.get("daily_capacity")), _count(row.get("open_lead_capacity"))
    today, held_now = _count(row.get("routed_today_count")) or 0, _count(row.get("open_lead_count")) or 0
    free_today = UNLIMITED if daily is None else daily - today
    if held is not None:
        return Limits(free_today, held - held_now, held_now, held)
    return Limits(free_today, UNLIMITED, held_now if daily is None else today, daily)


def _once(frame: pd.DataFrame, *key: str) -> list[dict[str, Any]]:
    """Rows in the order of their key, one of each, none without an id: a row given twice has its room once."""
    rows = {tuple(text(row.get(name)) or "" for name in key): row for row in sorted(_rows(frame), key=repr)}
    return [rows[name] for name in sorted(rows) if all(name)]


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return frame.to_dict(orient="records")  # type: ignore[return-value]


def _count(cell: Any) -> int | None:
    return None if cell is None or pd.isna(cell) else int(cell)


def _flag(cell: Any) -> bool | None:
    return None if cell is None or pd.isna(cell) else bool(cell)
