"""What `handoff doctor` says of criteria/routing.yaml beside what a home has published: queues and service lines.

A queue or service line that no lead and no team of the home has is most likely mistyped; rules for it never count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.criteria_files.wording import nearest


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


def _names(connection: duckdb.DuckDBPyConnection, query: str) -> set[str]:
    return {str(name) for (name,) in connection.execute(query).fetchall() if name and name != "(none)"}
