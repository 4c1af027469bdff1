"""Teams, members, shifts and the other reference tables; each member's hidden severity and speed.

The tables hold what a scheduling system knows; `members` also carries the truth and never leaves the world as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models_ml.world import clinic
from models_ml.world.clock import DAY, HOUR, NEVER, ZONES, stamps, to_utc
from models_ml.world.draws import Draws, Ints


@dataclass(frozen=True)
class Team:
    """`lines` and `locations` are indexes; no locations means all."""

    id: str
    name: str
    lines: tuple[int, ...]
    locations: tuple[int, ...]
    calendar: int
    size: int


TEAMS = (
    Team("team_bones_texas", "Orthopaedic and therapy intake, Texas", (0, 3), (0, 1), 0, 8),
    Team("team_bones_east_west", "Orthopaedic and therapy intake, other states", (0, 3), (2, 3, 4, 5), 1, 8),
    Team("team_heart", "Cardiology intake", (1,), (), 4, 7),
    Team("team_diabetes", "Diabetes education intake", (2,), (), 0, 4),
    Team("team_mind", "Behavioural health intake", (4,), (), 4, 6),
    Team("team_skin", "Dermatology intake", (5,), (), 0, 5),
)
ROLES = ("intake_specialist", "care_coordinator", "scheduler", "marketing_assistant")


def team_table() -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Team index for each service line × location."""
    table = np.zeros((len(clinic.SERVICE_LINES), len(clinic.LOCATIONS)), dtype=np.int64)
    for index, team in enumerate(TEAMS):
        for line in team.lines:
            table[line, list(team.locations or range(len(clinic.LOCATIONS)))] = index
    return table


def make_members(draws: Draws, begin: int, end: int) -> pd.DataFrame:
    """One row per member: team, role, valid span (micros), and the hidden severity and speed."""
    sizes = np.array([one.size for one in TEAMS])
    team = np.repeat(np.arange(len(TEAMS)), sizes)
    ids = [f"staff_{1 + one}{1 + number:02d}" for one, size in enumerate(sizes) for number in range(size)]
    place = np.concatenate([np.arange(size) for size in sizes])
    roles = np.array([0, 1, 2, 0, 0, 1, 2, 0])[place]
    # The last of each team is no judge of readiness: what such a member decides counts for nothing.
    roles = np.where(place == sizes[team] - 1, 3, roles)
    length = end - begin
    share = draws.uniform("member_moves", team, place)
    joins = np.where(place == 1, begin + (length * (0.15 + 0.3 * share)).astype(np.int64) // DAY * DAY, begin)
    leaves = np.where(place == 2, begin + (length * (0.5 + 0.3 * share)).astype(np.int64) // DAY * DAY, NEVER)
    return pd.DataFrame({"team": team, "place": place, "role": roles, "joins": joins, "leaves": leaves,
                         "severity": 0.45 * draws.normal("severity", team, place),
                         "speed": np.exp(0.35 * draws.normal("speed", team, place)),
                         "staff_id": ids})  # fmt: skip


def pick_members(draws: Draws, stream: str, members: pd.DataFrame, team: Ints, moments: Ints, *counters: Ints) -> Ints:
    """Index of the member who takes the work: anyone then employed; assistants seldom."""
    size = np.array([one.size for one in TEAMS])[team]
    offset = np.concatenate([[0], np.cumsum([one.size for one in TEAMS])])[team]
    chosen = offset + draws.below(stream, size - 1, *counters)
    chosen = np.where(draws.chance(stream + "|assistant", 0.04, *counters), offset + size - 1, chosen)
    absent = (moments < members["joins"].to_numpy()[chosen]) | (moments >= members["leaves"].to_numpy()[chosen])
    return np.where(absent, offset, chosen)


def reference_tables(draws: Draws, members: pd.DataFrame, begin: int, end: int) -> dict[str, pd.DataFrame]:
    """service_lines, locations, teams, staff, staff_shifts, calendars and holidays in the contract's columns."""
    return {
        "service_lines": pd.DataFrame(
            {"service_line": clinic.LINE_IDS, "name": [line.name for line in clinic.SERVICE_LINES]}
        ),
        "locations": pd.DataFrame(
            [(x.id, x.name, clinic.CALENDARS[x.calendar].id, "|".join(x.areas)) for x in clinic.LOCATIONS],
            columns=["location_id", "name", "calendar_id", "postal_areas"],
        ),
        "teams": _teams(),
        "staff": _staff(members),
        "staff_shifts": _shifts(draws, members, begin, end),
        "calendars": _calendars(),
        "holidays": _holidays(),
    }


def _teams() -> pd.DataFrame:
    # Every team has members of all four languages at some time; who is there now says the staff table.
    rows = [
        (team.id, team.name, f"queue_{team.id.removeprefix('team_')}", "|".join(clinic.LINE_IDS[i] for i in team.lines),
         "|".join(clinic.LOCATIONS[i].id for i in team.locations) or None, None, "en|es|vi|zh",
         12 * team.size, 60 * team.size, clinic.CALENDARS[team.calendar].id)
        for team in TEAMS
    ]  # fmt: skip
    columns = ["team_id", "name", "queue", "service_lines", "location_ids", "complexity_levels", "languages",
               "daily_capacity", "open_lead_capacity", "calendar_id"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _staff(members: pd.DataFrame) -> pd.DataFrame:
    joins = members["joins"].to_numpy()
    spoken = np.array(["en", "en|es", "en|es|vi", "en|zh"], dtype=object)[members["place"].to_numpy() % 4]
    return pd.DataFrame({"staff_id": members["staff_id"], "role": np.array(ROLES, dtype=object)[members["role"]],
                         "team_id": np.array([team.id for team in TEAMS], dtype=object)[members["team"]],
                         "languages": spoken, "daily_capacity": 12, "open_lead_capacity": 60,
                         "valid_from": stamps(joins), "valid_to": stamps(members["leaves"].to_numpy()),
                         "known_at": stamps(joins)})  # fmt: skip


def _shifts(draws: Draws, members: pd.DataFrame, begin: int, end: int) -> pd.DataFrame:
    """Nine hours on five weekdays, published a fortnight ahead; about one day in twenty is an absence."""
    days = np.arange(begin // DAY, end // DAY + 14)
    days = days[(days + 3) % 7 < 5]
    who = np.repeat(np.arange(len(members)), len(days))
    day = np.tile(days, len(members))
    zones = np.array([ZONES.index(clinic.CALENDARS[team.calendar].timezone) for team in TEAMS])
    zone = zones[members["team"].to_numpy()[who]]
    starts = to_utc(day * DAY + (7 + members["place"].to_numpy()[who] % 3) * HOUR, zone)
    away = draws.chance("absence", 0.05, who, day)
    frame = pd.DataFrame({"staff_id": members["staff_id"].to_numpy()[who], "starts_at": starts,
                          "ends_at": starts + 9 * HOUR, "kind": np.where(away, "absence", "shift"),
                          "known_at": np.maximum(starts - np.where(away, 2, 14) * DAY, begin)})  # fmt: skip
    works = (starts >= members["joins"].to_numpy()[who]) & (starts < members["leaves"].to_numpy()[who])
    frame = frame[works].reset_index(drop=True)
    for column in ("starts_at", "ends_at", "known_at"):
        frame[column] = stamps(frame[column].to_numpy())
    return frame


def _clock_text(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _calendars() -> pd.DataFrame:
    rows = [
        (calendar.id, calendar.timezone, weekday, _clock_text(opens), _clock_text(closes))
        for calendar in clinic.CALENDARS
        for weekday in range(1, 8)
        for opens, closes in calendar.spans(weekday)
    ]
    return pd.DataFrame(rows, columns=["calendar_id", "timezone", "iso_weekday", "opens_at", "closes_at"])


def _holidays() -> pd.DataFrame:
    opens, closes = (_clock_text(minutes) for minutes in clinic.SHORT_DAY)
    rows: list[tuple[str, str, str | None, str | None]] = [
        (calendar.id, day, None, None) for calendar in clinic.CALENDARS for day in calendar.holidays
    ]
    rows += [(calendar.id, day, opens, closes) for calendar in clinic.CALENDARS for day in calendar.short_days]
    return pd.DataFrame(rows, columns=["calendar_id", "holiday_date", "opens_at", "closes_at"])
