"""What `handoff doctor` says of criteria/routing.yaml beside what a home has published: queues, service lines, roles.

A queue or service line that no lead and no team of the home has is most likely mistyped; rules for it never count. A
member whose source tells no role is licensed for nothing that names roles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.criteria_files.wording import nearest

_TELLS_ROLES = """
select 1 from information_schema.columns
where table_schema = 'marts' and table_name = 'fct_intake_loads' and column_name = 'role'
"""
_MEMBERS = """
select nullif(load.role, '(none)'), string_split(nullif(replace(team.service_lines, ' ', ''), ''), '|')
from marts.fct_intake_loads as load
left join marts.dim_intake_teams as team on load.team_id = team.team_id
where load.bearer = 'member' and load.team_id <> '(none)'
"""


def unknown_names(rules: Mapping[str, Any], published: Path) -> Iterator[tuple[str, str]]:
    """Each name of the rules that the home knows nothing of, with what to do; none without a publication.

    `published`: the folder of the publication that is read, with its `warehouse.duckdb`.
    """
    warehouse = published / "warehouse.duckdb"
    if not rules or not warehouse.exists():
        return
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        lines = _names(connection, "select service_line from marts.dim_service_lines")
        queues = _names(connection, "select queue from marts.dim_intake_teams")
    asked = [(key, name, lines, "service line") for key in ("licences", "complexity") for name in rules.get(key, {})]
    asked += [("channels", name, lines | queues, "queue or service line") for name in rules.get("channels", {})]
    for key, name, known, what in asked:
        if known and name not in known:
            near = nearest(name, known)
            remedy = f"did you mean {near}?" if near else f"known are {', '.join(sorted(known))}"
            yield f"routing.yaml: {key}: no team or lead here has the {what} {name}", remedy


def unlicensed_members(rules: Mapping[str, Any], published: Path) -> Iterator[tuple[str, str]]:
    """Members whom licences rule out because nobody tells their role; licensed roles that no member has. As above."""
    warehouse, licences = published / "warehouse.duckdb", rules.get("licences") or {}
    if not licences or not warehouse.exists():
        return
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        if not connection.execute(_TELLS_ROLES).fetchall():
            return  # published by older code
        members = connection.execute(_MEMBERS).fetchall()
    named, silent = {role for role, _ in members if role}, [lists for role, lists in members if not role]
    barred = [[line for line in licences if not lists or line in lists] for lists in silent]
    if count := sum(bool(lines) for lines in barred):
        lines = ", ".join(line for line in licences if any(line in each for each in barred))
        what = f"{count} of {len(members)} members here have no role, so they may not take {lines}"
        yield (
            f"routing.yaml: licences: {what}",
            "let the source tell `role` of its staff, or license no roles for these",
        )
    for role in sorted({role for roles in licences.values() for role in roles} - named):
        if named:
            near = nearest(role, named)
            remedy = f"did you mean {near}?" if near else f"known are {', '.join(sorted(named))}"
            yield f"routing.yaml: licences: no member here has the role {role}", remedy


def _names(connection: duckdb.DuckDBPyConnection, query: str) -> set[str]:
    return {str(name) for (name,) in connection.execute(query).fetchall() if name and name != "(none)"}
