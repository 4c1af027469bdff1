"""The staging of the advertising connectors, compiled once by dbt and run over any home: a second instead of ten.

`AdStaging.rows(home, registry, model)` is what the model gives of that home's lake, `AdInput` what the input layer
holds after the runs it was told of: rows appended run by run, as its incremental model appends them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lake.batches import ensure_schema
from orchestration.lake.paths import HomePaths
from orchestration.lake.run_rows import RunRow, write_run_rows
from orchestration.sources.connectors import source_rows
from orchestration.sources.generate import declared_objects
from orchestration.sources.registry import Registry
from tests.golden.builds import DbtBuilds

MODELS = ("stg_google_ads__spend", "stg_google_ads__ad_clicks", "stg_meta_ads__spend")
SPEND = "platform, campaign_id, spend_date, currency"


@dataclass
class AdStaging:
    """Compiled SQL of the models, in building order, as dbt wrote it for the home `template`."""

    template: Path
    models: dict[str, str] = field(repr=False)

    @classmethod
    def compile(cls, scratch: Path) -> AdStaging:
        """Let dbt compile the staging of both connectors over an empty home."""
        paths = HomePaths(scratch / "template").make()
        prepare(paths, None, run_no=1)
        builds = DbtBuilds(scratch)
        nodes = {node.name: node for node in builds.compile(paths.home, select=[f"+{name}" for name in MODELS])}
        order: dict[str, str] = {}

        def add(name: str) -> None:
            for upstream in sorted(nodes[name].depends_on.nodes):
                if (above := upstream.rsplit(".", 1)[-1]) in nodes:
                    add(above)
            order.setdefault(name, nodes[name].compiled_code)

        for name in MODELS:
            add(name)
        return cls(paths.home, order)

    def rows(self, paths: HomePaths, registry: Registry, model: str, columns: str = "*", *, run_no: int = 1) -> Any:
        """The model's rows, as a list of tuples in order."""
        prepare(paths, registry, run_no=run_no)
        with duckdb.connect() as connection:
            connection.execute("attach ':memory:' as warehouse; use warehouse; create schema staging")
            for name, code in self.models.items():
                there = code.replace(str(self.template), str(paths.home))
                connection.execute(f"create view staging.{name} as {there}")
            return connection.execute(f"select {columns} from staging.{model} order by all").fetchall()

    def standing(self, paths: HomePaths, registry: Registry, model: str) -> dict[tuple[Any, ...], Any]:
        """(platform, campaign, day, currency) → (cost, impressions, clicks) of the last versions not deleted."""
        rows = self.rows(paths, registry, model, f"{SPEND}, known_at, _batch_id, is_deleted, cost, impressions, clicks")
        last = {row[:4]: row[6:] for row in rows}
        return {key: tuple(said[1:]) for key, said in last.items() if not said[0]}


def prepare(paths: HomePaths, registry: Registry | None, *, run_no: int) -> None:
    """What a run puts into the lake before dbt builds: typed empty files, and the run's own rows."""
    for specs in declared_objects():
        for spec in specs:
            if not list((paths.landed / spec.folder / spec.name).glob("**/*.parquet")):
                ensure_schema(paths, spec)
    paths.run.mkdir(parents=True, exist_ok=True)
    rows = source_rows(registry) if registry is not None else []
    write_run_rows(paths, run=RunRow(as_of=datetime(2027, 1, 1), run_no=run_no), sources=rows)


@dataclass
class AdInput:
    """Input rows as they grow: a run adds the staged rows of its own batches and changes none."""

    staging: AdStaging
    paths: HomePaths
    registry: Registry
    model: str
    held: list[tuple[Any, ...]] = field(default_factory=list)

    COLUMNS = f"{SPEND}, campaign_name, channel, cost, impressions, clicks, is_deleted, known_at, _batch_id"

    def append(self, run_no: int) -> list[tuple[Any, ...]]:
        """Add what the run brought; returns what a build in full gives now."""
        whole: list[tuple[Any, ...]] = self.staging.rows(
            self.paths, self.registry, self.model, self.COLUMNS, run_no=run_no
        )
        self.held += [row for row in whole if int(row[-1][:8]) == run_no]
        return whole
