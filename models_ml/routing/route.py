"""Routes open leads to intake teams: by service line, location, language and capacity, each with its reason.

Frames in, frame out. Which leads are open and what capacity there is stands in dbt (`routing__*`), the rules in
criteria/routing.yaml. Nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models_ml.routing.rules import with_defaults

COLUMNS = ("lead_key", "record_key", "route_no", "team_id", "staff_id", "queue", "priority", "reasons", "sla_due_at",
           "deciding_constraint", "told", "is_without_score", "routed_as_of")  # fmt: skip
# The lists of a team a lead has to match, in the order in which they narrow the choice.
_CONSTRAINTS = {
    "service_line": "service_lines",
    "location_id": "location_ids",
    "complexity_level": "complexity_levels",
    "language": "languages",
}
_NAMES = {"location_id": "location", "complexity_level": "complexity"}


@dataclass
class _Team:
    team_id: str
    queue: str | None
    lists: dict[str, frozenset[str]]
    free: float

    @property
    def breadth(self) -> int:
        """How many of the lists are open to all: the fewer, the more this team is meant for its leads."""
        return sum(not names for names in self.lists.values())


@dataclass(frozen=True)
class _Choice:
    team: _Team | None
    queue: str | None
    constraint: str


def route_leads(
    open_leads: pd.DataFrame,
    teams: pd.DataFrame,
    staff: pd.DataFrame,
    rules: Mapping[str, Any],
    *,
    as_of: pd.Timestamp,
    seed: int = 7,
) -> pd.DataFrame:
    """Decide a route for each open lead that needs a new one.

    Parameters
    ----------
    open_leads
        rows of `routing__open_leads`, one per open MQL.
    teams
        rows of `routing__capacity`, one per team.
    staff
        rows of `routing__staff`, one per member; may be empty.
    rules
        content of criteria/routing.yaml (`orchestration.criteria_files.routing_file`), {} for the defaults.
    as_of
        naive UTC, the run's; becomes routed_as_of.
    seed
        kept for versions that draw lots; this one has no chance in it.

    Returns
    -------
    Frame ready to land in handoff/routes: lead_key, record_key, route_no (int32), team_id, staff_id, queue,
    priority (int32, 1 first), reasons, sla_due_at, deciding_constraint, told, is_without_score,
    routed_as_of; one row per new decision (a lead whose earlier route would come out the same has none), in the order in which the leads were served.
    A lead past its horizon takes no capacity away from fresher ones.
    """
    settings = with_defaults(rules)
    return _frame(_decisions(_in_order(open_leads, settings, as_of), _teams(teams), settings, as_of))


def _decisions(
    leads: list[dict[str, Any]], teams: list[_Team], settings: Mapping[str, Any], as_of: pd.Timestamp
) -> list[tuple[Any, ...]]:
    """New decisions in the order of the leads; each takes its team's capacity from those after it."""
    eligible: dict[tuple[str | None, ...], tuple[list[_Team], str]] = {}
    rows = []
    for lead in leads:
        wishes = tuple(_text(lead[column]) for column in _CONSTRAINTS)
        if wishes not in eligible:
            eligible[wishes] = _matching(teams, wishes)
        matching, narrowed_by = eligible[wishes]
        if any(team.team_id == _text(lead["routed_team_id"]) for team in matching):
            continue
        choice = _choose(lead, matching, narrowed_by, str(settings["fallback_queue"]))
        if _is_news(lead, choice):
            rows.append(_row(lead, choice, settings, as_of))
    return rows


def _teams(capacity: pd.DataFrame) -> list[_Team]:
    teams = []
    for row in capacity.sort_values("team_id").to_dict(orient="records"):
        lists = {lead: _members(row.get(column)) for lead, column in _CONSTRAINTS.items()}
        free = [
            float(row[limit]) - float(row[used] if not pd.isna(row[used]) else 0)
            for limit, used in (("daily_capacity", "routed_today_count"), ("open_lead_capacity", "open_lead_count"))
            if not pd.isna(row[limit])
        ]
        teams.append(_Team(str(row["team_id"]), _text(row["queue"]), lists, min(free, default=float("inf"))))
    return teams


def _in_order(open_leads: pd.DataFrame, settings: Mapping[str, Any], as_of: pd.Timestamp) -> list[dict[str, Any]]:
    """Leads as they are served: by priority, due time (none last), moment of becoming MQL, key: a total order."""
    leads = open_leads.copy()
    levels = settings["priorities"]
    due = pd.to_datetime(leads["sla_due_at"])
    soon = due.notna() & (due <= as_of + pd.Timedelta(minutes=settings["due_soon_minutes"]))
    fresh = ~leads["is_past_horizon"].astype(bool)
    base = leads["band"].fillna("none").map(lambda band: levels.get(band, levels["none"])).astype("int64")
    leads["priority"] = np.where(
        fresh, np.maximum(base - (soon & ~leads["is_contacted"].astype(bool)), 1), levels["past_horizon"]
    )
    leads["is_due_soon"] = fresh & soon & ~leads["is_contacted"].astype(bool)
    order = leads.assign(sla_due_at=due).sort_values(
        ["priority", "sla_due_at", "became_mql_at", "lead_key"], na_position="last"
    )
    return order.to_dict(orient="records")  # type: ignore[return-value]


def _matching(teams: list[_Team], wishes: tuple[str | None, ...]) -> tuple[list[_Team], str]:
    """Teams whose lists admit the lead, and the constraint that narrowed them last; an unknown wish admits all."""
    left, narrowed_by = teams, "no_team" if not teams else "only_team" if len(teams) == 1 else "no_constraint"
    for column, wish in zip(_CONSTRAINTS, wishes, strict=True):
        kept = [team for team in left if wish is None or not team.lists[column] or wish in team.lists[column]]
        if len(kept) < len(left):
            narrowed_by = _NAMES.get(column, column)
        left = kept
        if not left:
            break
    return left, narrowed_by


def _choose(lead: Mapping[str, Any], matching: list[_Team], narrowed_by: str, fallback: str) -> _Choice:
    if not matching:
        return _Choice(None, fallback, narrowed_by)
    is_past = bool(lead["is_past_horizon"])
    worked = [team for team in matching if team.team_id == _text(lead["worked_team_id"])]
    if worked:
        chosen, constraint = worked[0], "already_worked" if len(matching) > 1 else narrowed_by
    else:
        ranked = sorted(matching, key=lambda team: (team.breadth, -team.free, team.team_id))
        free = [team for team in ranked if team.free >= 1 or is_past]
        if not free:
            return _Choice(None, ranked[0].queue or fallback, "capacity")
        chosen = free[0]
        constraint = narrowed_by if len(matching) == 1 else "capacity" if len(free) < len(matching) else "balance"
        if len(matching) > 1 and chosen.breadth < max(team.breadth for team in free):
            constraint = narrowed_by
    chosen.free -= 0 if is_past else 1
    return _Choice(chosen, chosen.queue or fallback, constraint)


def _is_news(lead: Mapping[str, Any], choice: _Choice) -> bool:
    if not int(lead["route_no"] or 0):
        return True
    team_id = choice.team.team_id if choice.team else None
    earlier = (_text(lead["routed_team_id"]), _text(lead["routed_queue"]), _text(lead["routed_constraint"]))
    return earlier != (team_id, choice.queue, choice.constraint)


def _row(lead: Mapping[str, Any], choice: _Choice, settings: Mapping[str, Any], as_of: pd.Timestamp) -> tuple[Any, ...]:
    team_id = choice.team.team_id if choice.team else None
    route_no = int(lead["route_no"] or 0) + 1
    notify = settings["notify"]
    told = None if team_id else notify.get(choice.constraint, notify["default"])
    is_without_score = bool(lead.get("is_control")) or bool(pd.isna(lead["readiness"]))
    marks = (choice.constraint, told, is_without_score, as_of)
    return (lead["lead_key"], lead["record_key"], route_no, team_id, None, choice.queue, int(lead["priority"]),
            _reasons(lead, choice, as_of), lead["sla_due_at"], *marks)  # fmt: skip


def _reasons(lead: Mapping[str, Any], choice: _Choice, as_of: pd.Timestamp) -> str:
    band = _text(lead["band"])
    name = choice.constraint.replace("_", " ")
    why = {
        "no_team": "no team is known",
        "only_team": "the only team",
        "no_constraint": "any team may take it",
        "already_worked": "this team has worked the lead",
        "capacity": "by free capacity" if choice.team else "every team that may take it is full",
        "balance": "the team with the most free capacity of those that may take it",
    }.get(choice.constraint, f"by {name}" if choice.team else f"no team takes this {name}")
    # A lead drawn for control comes without band and is told like one that nobody has scored: who calls must not know.
    parts = [why, f"{band} readiness" if band else "no readiness score"]
    if bool(lead["is_past_horizon"]):
        parts.append("past its horizon")
    if bool(lead["is_due_soon"]):
        parts.append("first contact overdue" if lead["sla_due_at"] < as_of else "first contact due soon")
    return "; ".join(parts)


def _frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    texts = ("lead_key", "record_key", "team_id", "staff_id", "queue", "reasons", "deciding_constraint", "told")
    types: dict[str, Any] = {name: "str" for name in texts}
    types |= {
        "route_no": "int32",
        "priority": "int32",
        "is_without_score": "bool",
        "sla_due_at": "datetime64[us]",
        "routed_as_of": "datetime64[us]",
    }
    return frame.astype(types)


def _members(cell: Any) -> frozenset[str]:
    text = _text(cell)
    return frozenset(part.strip() for part in text.split("|") if part.strip()) if text else frozenset()


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) or not str(value).strip() else str(value).strip()
