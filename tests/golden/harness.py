"""Golden stories: a folder with rows of the input contract, and the rows that must come of them.

    tests/golden/<story>/
        story.md                 what happens, and why the outcome is right
        run.yaml                 as_of; rules of the criteria language it tells of, sources, filters (all optional)
        <entity>.csv             rows as a source gives them; `_source` names a source of run.yaml other than `main`
        criteria/*.yaml          criteria files (optional); service lines and file names unique among all stories
        expected/<table>.csv     the columns that matter; keys stand as lead ids, the end of time as `end`
        expected/routes.csv      what the router says; a story of routing: `routing.py`

Stories with the same as_of share one scratch lake and one build: each is a source of its own there, so ids never
meet. Rows are written by `lake_rows.py`, dbt runs in `builds.py`; the tests are `test_stories.py`.
"""

from __future__ import annotations

import csv
import difflib
import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from orchestration.criteria_files.landing import land_criteria
from orchestration.criteria_files.load import load_criteria
from orchestration.lake.contract import ENTITIES
from orchestration.lake.run_rows import SourceRow
from tests.golden.builds import DbtBuilds, query
from tests.golden.lake_rows import ScratchLake, parse_time, record_key
from tests.golden.routing import RELATIONS, land_handoff, routes_of

STORIES = Path(__file__).resolve().parent
_END = datetime(9999, 12, 31)
ROUTES = "routes"


@dataclass(frozen=True)
class Story:
    """One story folder."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name; also its main source's."""
        return self.folder.name

    @cached_property
    def run(self) -> Mapping[str, Any]:
        """What run.yaml says."""
        return dict(yaml.safe_load((self.folder / "run.yaml").read_text()))

    @property
    def as_of(self) -> datetime:
        """The moment the story is told as of, naive UTC."""
        return parse_time(str(self.run["as_of"]))

    @property
    def rules(self) -> list[int]:
        """Rules of the criteria language the story tells of."""
        return list(self.run.get("rules", []))

    @property
    def expected_tables(self) -> list[str]:
        """Tables the story says something about."""
        return sorted(path.stem for path in (self.folder / "expected").glob("*.csv"))

    def source_name(self, label: str) -> str:
        """A source's name in the shared lake."""
        return self.name if label == "main" else f"{self.name}_{label}"

    def sources(self) -> list[SourceRow]:
        """The story's sources; settings are those of `SourceRow`, and `lead_ids_from`."""
        found = []
        for label, given in (self.run.get("sources") or {"main": {}}).items():
            settings = dict(given or {})
            space = self.source_name(settings.pop("lead_ids_from", label))
            settings.setdefault("timezone", "America/Chicago")
            settings["crm_authority"] = frozenset(settings.pop("crm_authority", ()))
            moments = settings.pop("observed_from", {})
            settings["observed_from"] = {stage: parse_time(str(moment)) for stage, moment in moments.items()}
            name = self.source_name(label)
            found.append(SourceRow(source=name, id_space=space, connector="contract_files", **settings))
        return found

    def rows(self, entity: str) -> list[dict[str, str]]:
        """Rows of one entity's CSV."""
        place = self.folder / f"{entity}.csv"
        return list(csv.DictReader(io.StringIO(place.read_text()))) if place.exists() else []

    @cached_property
    def keys(self) -> dict[str, str]:
        """record_key → lead id as the story calls it (`<source>/<lead id>` outside the main source's ids)."""
        ids = {"L0"}
        for entity in ENTITIES:
            for row in self.rows(entity):
                named = [row.get("lead_id"), row.get("merged_into_lead_id")]
                ids |= {each for each in [*named, row.get("id_value")] if each}
        found = {}
        for space in sorted({row.id_space for row in self.sources()}):
            prefix = "" if space == self.name else f"{space.removeprefix(self.name + '_')}/"
            found |= {record_key(space, lead_id): f"{prefix}{lead_id}" for lead_id in ids}
        return found

    def land(self, lake: ScratchLake) -> None:
        """Write the story's rows into the lake."""
        spaces = {row.source: row.id_space for row in self.sources()}
        for entity in ENTITIES:
            rows = self.rows(entity)
            for label in dict.fromkeys(row.get("_source") or "main" for row in rows):
                here = [row for row in rows if (row.get("_source") or "main") == label]
                source = self.source_name(label)
                lake.land(entity, here, source=source, id_space=spaces[source])

    def differences(self, home: Path, table: str) -> str:
        """Expected against found rows of one table, as a diff; empty where they agree."""
        found = routes_of(self, home) if table == ROUTES else self._own_rows(home, table)
        return self.compared(found, self.folder / "expected" / f"{table}.csv")

    def compared(self, frame: pd.DataFrame, place: Path) -> str:
        """A file's rows against those of a frame, in the file's columns, as a diff; empty where they agree."""
        with place.open() as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or [])
            expected = sorted([",".join(row[name] for name in columns) for row in reader])
        rows = frame[columns].to_dict("records")
        found = sorted(",".join(self._shown(row[name]) for name in columns) for row in rows)
        lines = list(difflib.unified_diff(expected, found, "expected", "found", lineterm="", n=1))
        return "\n".join([f"{self.name}: {place.stem}", ",".join(columns), *lines]) if lines else ""

    def _own_rows(self, home: Path, table: str) -> pd.DataFrame:
        schemas = query(home, f"select table_schema from information_schema.tables where table_name = '{table}'")
        assert len(schemas) == 1, f"{self.name}: there is no table {table}"
        relation = f"{schemas['table_schema'].iloc[0]}.{table}"
        only = self.run.get("filters", {}).get(table, "true")
        frame = query(home, f"select * from {relation} where {only}")
        own = {row.source for row in self.sources()}
        keys = [name for name in frame.columns if name.endswith("_key")]
        # A table without a key or a source is told apart by the filter of run.yaml alone.
        mine = pd.Series(not keys and "source" not in frame.columns, index=frame.index)
        if "source" in frame.columns:
            mine |= frame["source"].isin(own)
        for name in keys:
            mine |= frame[name].isin(list(self.keys))
        # Reference rows are seen by every source; a story speaks of its own.
        if "defined_by" in frame.columns:
            mine &= frame["defined_by"].isin(own)
        return frame.loc[mine]

    def _shown(self, value: Any) -> str:
        if value is None or (not isinstance(value, str) and pd.isna(value)):
            return ""
        if isinstance(value, datetime):
            if value.replace(tzinfo=None) == _END:
                return "end"
            return value.isoformat(sep=" ").removesuffix(" 00:00:00").removesuffix("+00:00")
        if isinstance(value, bool) or type(value).__name__ == "bool":
            return str(value).lower()
        if isinstance(value, float):
            return f"{value:.6f}".rstrip("0").rstrip(".")
        text = str(value)
        return self.keys.get(text, text.removeprefix(self.name + "_") if text != self.name else "main")


def all_stories() -> list[Story]:
    """Every story folder."""
    return [Story(path.parent) for path in sorted(STORIES.glob("*/run.yaml"))]


def build_stories(stories: Sequence[Story], home: Path, builds: DbtBuilds) -> None:
    """Land stories of one as_of into `home` and build what they speak of."""
    lake = ScratchLake(home)
    files = home / "criteria_files"
    files.mkdir(parents=True)
    for story in stories:
        story.land(lake)
        land_handoff(story, home)
        for path in (story.folder / "criteria").glob("*.yaml"):
            shutil.copy(path, files / path.name)
    land_criteria(load_criteria(files), home / "lake" / "landed")
    lake.write_run(stories[0].as_of, sources=[row for story in stories for row in story.sources()])
    tables = {table for story in stories for table in story.expected_tables}
    tables = tables - {ROUTES} | set(RELATIONS) if ROUTES in tables else tables
    builds.build(home, select=[f"+{table}" for table in sorted(tables)])
