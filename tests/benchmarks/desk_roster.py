"""Who may call in a routing game: the world's own teams and members, with their shifts, absences and languages.

How scarce they are is one number: staff minutes there are to staff minutes that all leads would take. It stretches
calls, as if the rest of a member's time went to other work, so that shifts and languages stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models_ml.world import clinic
from models_ml.world.build import reference_tables
from models_ml.world.clock import DAY, MINUTE, NEVER, to_micros
from models_ml.world.draws import Ints
from models_ml.world.plan import Plan
from models_ml.world.staffing import TEAMS, make_members
from tests.benchmarks.desk_assumptions import CALLING_SHARE

TEAM_IDS = tuple(team.id for team in TEAMS)


@dataclass(frozen=True)
class Roster:
    """`shifts[m]`: begin and end (micros) of member m's hours for calls, in order; its languages and its team."""

    staff_ids: tuple[str, ...]
    roles: tuple[str, ...]
    team: Ints
    speaks: tuple[frozenset[str], ...]
    shifts: tuple[Ints, ...]

    def minutes(self, since: int, until: int) -> float:
        """Staff minutes on shift between two moments."""
        return float(sum(np.clip(each.clip(since, until) @ [-1, 1], 0, None).sum() for each in self.shifts) / MINUTE)

    def shift_at(self, member: int, now: int) -> tuple[int, int]:
        """Begin and end of the present shift, else of the next; NEVER after the last."""
        spans = self.shifts[member]
        place = int(np.searchsorted(spans[:, 1], now, side="right"))
        return (int(spans[place, 0]), int(spans[place, 1])) if place < len(spans) else (NEVER, NEVER)

    def languages_of(self, team: int, now: int) -> frozenset[str]:
        """What members of a team speak who still have shifts in the fortnight after now."""
        spoken: frozenset[str] = frozenset()
        for member in np.flatnonzero(self.team == team).tolist():
            if self.shift_at(member, now)[0] < now + 14 * DAY:
                spoken |= self.speaks[member]
        return spoken


def roster_of(plan: Plan) -> Roster:
    """All members of the world; a shift that is an absence is none, nor is one outside the time of employment."""
    tables = reference_tables(plan)
    members, staff = make_members(plan.draws, plan.begin, plan.end), tables["staff"]
    spans = tables["staff_shifts"]
    spans = spans[spans["kind"] == "shift"].sort_values(["staff_id", "starts_at"])
    shifts = []
    for place, staff_id in enumerate(staff["staff_id"]):
        own = spans[spans["staff_id"] == staff_id]
        begins, ends = (own[name].map(to_micros).to_numpy(dtype=np.int64) for name in ("starts_at", "ends_at"))
        kept = (begins >= members["joins"].to_numpy()[place]) & (ends <= members["leaves"].to_numpy()[place])
        shifts.append(_calling_hours(place, begins[kept], ends[kept]))
    speaks = tuple(frozenset(cell.split("|")) for cell in staff["languages"])
    return Roster(tuple(staff["staff_id"]), tuple(staff["role"]), members["team"].to_numpy(), speaks, tuple(shifts))


def _calling_hours(place: int, begins: Ints, ends: Ints) -> Ints:
    """The first or, by turns, the last part of each shift: (shifts, 2)."""
    length = ((ends - begins) * CALLING_SHARE).astype(np.int64)
    is_first = (begins // DAY + place) % 2 == 0
    first = np.where(is_first, begins, ends - length)
    return np.column_stack([first, first + length])


def team_frame() -> pd.DataFrame:
    """What routing__capacity says of the teams, but for what changes with time."""
    rows = [
        (team.id, team.name, f"queue_{team.id.removeprefix('team_')}", "|".join(clinic.LINE_IDS[i] for i in team.lines),
         "|".join(clinic.LOCATIONS[i].id for i in team.locations) or None, None)
        for team in TEAMS
    ]  # fmt: skip
    return pd.DataFrame(
        rows, columns=["team_id", "name", "queue", "service_lines", "location_ids", "complexity_levels"]
    )
