"""Staging views that need not be made again: a view names the files it reads, not what is in them.

It is made anew in every full build, where an object landed for the first time (until then an empty relation stood in
for it), and where the home has moved: views name files by where the lake lies. Each dbt step remembers what had landed
where when it made its views, and they stand only while the warehouse has them. What a view says is dbt's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.lake.paths import HomePaths
from orchestration.lake.private_files import write_bytes


@dataclass(frozen=True)
class StandingViews:
    """The views of one dbt step in a home: `before` is what had landed when they were last made, `now` what has."""

    place: Path
    step: str
    before: str | None
    now: str
    are_there: bool

    @property
    def stand(self) -> bool:
        """Whether they are in the warehouse, and the same objects had landed when they were made."""
        return self.are_there and self.before == self.now

    def remember(self) -> None:
        """Note that they have just been made."""
        write_bytes(self.place, json.dumps(_steps(self.place) | {self.step: self.now}, sort_keys=True).encode())


def look_at_views(paths: HomePaths, views: Collection[str]) -> StandingViews:
    """The views of a step, named as `views`, and what has landed by now."""
    place = paths.home / "views.json"
    step = _digest(sorted(views))
    landed = {str(each.parent.resolve()) for each in paths.landed.glob("**/*.parquet")}
    return StandingViews(
        place, step, _steps(place).get(step), _digest(sorted(landed)), set(views) <= _views(paths.warehouse)
    )


def _views(warehouse: Path) -> set[str]:
    if not warehouse.exists():
        return set()
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {
            name for (name,) in connection.execute("select view_name from duckdb_views() where not internal").fetchall()
        }


def _steps(place: Path) -> dict[str, str]:
    return dict(json.loads(place.read_text(encoding="utf-8"))) if place.exists() else {}


def _digest(names: list[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
