"""The steps the benchmarks measure, one a process: `python -m tests.benchmarks.steps NAME '{"home": …}'`.

Each prints one line of JSON last. Steps named `bare_…` do the same work with the engine alone.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.settings import Settings, parse_as_of
from tests.benchmarks.clinic import LAST
from tests.benchmarks.measure import cpu_seconds, part, peak_mib

Told = dict[str, Any]


def land(home: str, registry: str, file: str) -> Told:
    """Land one file of touches into a home that has none."""
    from orchestration.lake.landing import RunContext, land
    from orchestration.lake.paths import HomePaths
    from orchestration.lake.vault import Vault, load_key
    from orchestration.sources.connectors import extracts
    from orchestration.sources.extracting import SourceFault
    from orchestration.sources.registry import load_registry

    paths = HomePaths(Path(home)).make()
    key = load_key(paths)
    found = [each for source in load_registry(Path(registry)).sources.values() for each in extracts(source)]
    extract = next(each for each in found if not isinstance(each, SourceFault) and each.path == Path(file))
    moment = datetime(2026, 3, 1)
    told: Told = {}
    with closing(Vault.open(paths, key)) as vault, part(told):
        result = land(extract, paths=paths, run=RunContext(1, moment, moment), vault=vault, key=key)
    return {**told, "rows": result.accounting.rows_landed}


def bare_land(file: str, out: str) -> Told:
    """Copy a CSV file's text to Parquet."""
    import duckdb

    told: Told = {}
    with duckdb.connect() as connection, part(told):
        connection.execute("set threads = 2")
        source = f"read_csv('{file}', all_varchar = true)"
        connection.execute(f"copy (from {source}) to '{out}' (format parquet, compression zstd)")
    return told


def land_and_build(home: str, registry: str, as_of: str) -> Told:
    """Land all that is new, then build: the first time in full, later what is touched. Measured is the build."""
    from orchestration.dbt_manifest import ensure_manifest
    from orchestration.executing import execute
    from orchestration.runs import open_run

    told: Told = {}
    settings = replace(Settings(), home=Path(home), sources=Path(registry), as_of=parse_as_of(as_of))
    ensure_manifest(settings)
    with open_run(settings, who="a benchmark") as run, contextlib.redirect_stdout(io.StringIO()):
        before = cpu_seconds()
        assert execute(run, "land"), run.failures
        landing = cpu_seconds() - before
        with part(told):
            assert execute(run, "build"), run.failures
        run.complete_build()
        is_full = run.full_build_reason is not None
    results = json.loads((Path(home) / "dbt" / "run_results.json").read_text())["results"]
    models = {each["unique_id"]: each["execution_time"] for each in results if each["unique_id"].startswith("model.")}
    slowest = sorted(models, key=lambda name: -models[name])[:8]
    return {
        **told,
        "landing_cpu": landing,
        "is_full": is_full,
        "sql_seconds": sum(models.values()),
        "slowest": {name.split(".")[-1]: round(models[name], 2) for name in slowest},
    }


def bare_build(home: str, scratch: str) -> Told:
    """The same compiled SQL in one DuckDB process, on a file of its own."""
    import duckdb

    from tests.golden.builds import DbtBuilds
    from tests.golden.compiled_models import in_building_order

    os.environ.update(HANDOFF_HOME=home, HANDOFF_WAREHOUSE=f"{home}/warehouse.duckdb", HANDOFF_LAKE=f"{home}/lake")
    found = DbtBuilds(Path(scratch)).compile(Path(home), select=["*"], full_refresh=True)
    by_name = {node.name: node for node in found}
    nodes = [by_name[name] for name in in_building_order(by_name, list(by_name))]
    told: Told = {}
    with duckdb.connect(f"{scratch}/warehouse.duckdb") as connection, part(told):
        connection.execute("set threads = 2; set timezone = 'UTC'")
        for schema in sorted({node.schema for node in nodes}):
            connection.execute(f"create schema if not exists {schema}")
        for node in nodes:
            kind = "view" if node.config.materialized == "view" else "table"
            connection.execute(f"create {kind} {node.relation_name} as {node.compiled_code}")
    return told


def run_twice(home: str, registry: str, as_of: str) -> Told:
    """A run, and a second in the same process that finds nothing new. Measured is the second."""
    from orchestration.executing import execute
    from orchestration.runs import open_run

    told: Told = {}
    settings = replace(Settings(), home=Path(home), sources=Path(registry), as_of=parse_as_of(as_of))
    with contextlib.redirect_stdout(io.StringIO()):
        with open_run(settings, who="a benchmark") as run:
            assert execute(run), run.failures
        before = peak_mib()
        with part(told), open_run(settings, who="a benchmark") as run:
            assert execute(run), run.failures
            assert run.is_unchanged
    return {**told, "first_peak_mib": before}


def train(home: str) -> Told:
    """Train and judge a readiness model on the home's examples."""
    import pandas as pd

    from models_ml.readiness import train_readiness

    examples, attributes = _examples(home)
    told: Told = {}
    with part(told):
        trained = train_readiness(examples, attributes, as_of=pd.Timestamp(LAST))
    return {**told, "rows": len(examples), "made": type(trained).__name__}


def bare_train(home: str) -> Told:
    """One fit of the classifier on the same rows."""
    import numpy as np

    from models_ml.readiness import ReadinessClassifier
    from models_ml.readiness.columns import feature_frame, learn_schema, raw_features

    examples, attributes = _examples(home)
    raw = raw_features(examples, attributes)
    schema = learn_schema(raw)
    labels = np.arange(len(examples)) % 5 == 0
    features = feature_frame(raw, schema)
    told: Told = {}
    with part(told):
        ReadinessClassifier(points=schema.points, random_state=7).fit(features, labels.astype(np.int8))
    return told


def score(home: str, *, is_bare: bool = False) -> Told:
    """Score every example as if it were a candidate: readiness, bands and reasons."""
    import pandas as pd

    from models_ml.artifacts import load_champion
    from models_ml.readiness import score_readiness
    from models_ml.readiness.columns import feature_frame, raw_features

    champion = load_champion(Path(home) / "models")
    assert champion is not None, "the benchmark's clinic gives too few outcomes for a model"
    examples, attributes = _examples(home)
    told: Told = {}
    if is_bare:
        features = feature_frame(raw_features(examples, attributes), champion.schema)
        with part(told):
            champion.classifier.predict_proba(features)
        return told
    nobody = examples.head(0)
    with part(told):
        score_readiness(champion, examples, attributes, already_scored=nobody, as_of=pd.Timestamp(LAST))
    return {**told, "rows": len(examples)}


def bare_score(home: str) -> Told:
    """`predict_proba` of the same rows."""
    return score(home, is_bare=True)


def sync(home: str, registry: str, scratch: str) -> Told:
    """Queue, write, read back and receipt every row of the sync table, as on a first run."""
    from orchestration.destinations.delivery import deliver
    from orchestration.destinations.open import open_destination
    from orchestration.lake.outbox import Outbox
    from orchestration.lake.outbox_file import now
    from orchestration.runs import open_run
    from orchestration.sending import wanted_rows

    settings = replace(Settings(), home=Path(home), sources=Path(registry), as_of=parse_as_of(LAST))
    told: Told = {}
    with (
        open_run(settings, who="a benchmark") as run,
        closing(Outbox(Path(scratch) / "outbox.sqlite")) as outbox,
        open_destination(run.registry.destinations["crm"]) as destination,
        part(told),
    ):
        destination.check()
        channels = run.criteria.routing.get("channels", {})
        wanted = wanted_rows(run.paths.warehouse, destination.source, channels=channels, at=now())
        outbox.queue("crm", wanted, floor=destination.highest_sequence())
        counts = deliver(outbox, destination)
    return {**told, "rows": len(wanted), **counts}


def bare_sync(home: str, scratch: str) -> Told:
    """The sync table's rows, read and upserted in bulk into an SQLite table of its own."""
    import duckdb

    told: Told = {}
    with sqlite3.connect(Path(scratch) / "bare.db") as crm, part(told):
        with duckdb.connect(f"{home}/warehouse.duckdb", read_only=True) as connection:
            found = connection.execute("select * exclude (source, lead_key) from syncs.sync_crm__lead_readiness")
            names = [each[0] for each in found.description]
            rows = found.fetchall()
        columns = ", ".join(f"{name} text{' primary key' if name == 'lead_id' else ''}" for name in names)
        crm.execute(f"create table leads ({columns})")
        marks, news = ", ".join("?" * len(names)), ", ".join(f"{name} = excluded.{name}" for name in names)
        texts = ([None if cell is None else str(cell) for cell in row] for row in rows)
        crm.executemany(f"insert into leads values ({marks}) on conflict (lead_id) do update set {news}", texts)
        crm.commit()
    return {**told, "rows": len(rows)}


def _examples(home: str) -> Any:
    from orchestration.assets.frames import read_tables

    names = ("ml_readiness__training_examples", "ml_readiness__example_attributes")
    return read_tables(Path(home) / "warehouse.duckdb", "ml", *names)


STEPS: dict[str, Callable[..., Told]] = {
    step.__name__: step
    for step in (
        land, bare_land, land_and_build, bare_build, run_twice, train, bare_train, score, bare_score, sync, bare_sync,
    )
}  # fmt: skip


if __name__ == "__main__":
    found = STEPS[sys.argv[1]](**json.loads(sys.argv[2]))
    print(json.dumps({**found, "cpu": cpu_seconds(), "peak_mib": peak_mib()}))
