"""Features of an MQL are those of its moment: whatever is known later may be deleted, altered or added to.

Held on many histories at once, each cut at its own MQL moment; models made wrong are found by the same comparison.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import pytest

from orchestration.criteria_files.load import load_criteria
from tests.golden.compiled_models import CompiledProject, World
from tests.golden.lake_rows import record_key
from tests.unit.identity.feeding import References, feed_at_once, land_told
from tests.unit.identity.random_worlds import WorldRow
from tests.unit.readiness.mql_histories import CRITERIA, OVER, draw_histories, with_another_future
from tests.unit.stages.ledgers import SOURCES

COUNT = 1100
Mql = tuple[str, pd.Timestamp]
FEATURES = ("int_mqls__featured", "int_mql_facts__known")


@dataclass(frozen=True)
class Told:
    """The project, one MQL of each history (record_key, moment), and the histories built with either future."""

    project: CompiledProject
    mqls: frozenset[Mql]
    here: World
    there: World


@pytest.fixture(scope="module")
def told(feature_project: CompiledProject, tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("criteria_of_features")
    (folder / "cardiology.yaml").write_text(CRITERIA)
    parts = load_criteria(folder).tables()
    references = {f"criteria_{part}": parts[part].to_pylist() for part in ("rules", "exclusions", "versions")} | SOURCES
    histories = draw_histories(seed=5, count=COUNT)
    here = build(feature_project, references, histories.values())
    mqls = one_mql_each(here, histories)
    futures = [with_another_future(histories[number], mql[1].to_pydatetime(), seed=11) for number, mql in mqls.items()]
    return Told(feature_project, frozenset(mqls.values()), here, build(feature_project, references, futures))


def build(project: CompiledProject, references: References, histories: Iterable[list[WorldRow]]) -> World:
    """All histories, built at once when all is over."""
    rows = [row for history in histories for row in history]
    return feed_at_once(project, land_told(rows, moments=[OVER]), references=references)


def one_mql_each(world: World, histories: dict[int, list[WorldRow]]) -> dict[int, Mql]:
    """One of the MQLs of each history that has any, by the history's number."""
    found = world.read("select record_key, became_mql_at from intermediate.int_mqls__featured")
    moments = dict(zip(found["record_key"], found["became_mql_at"], strict=True))
    result = {}
    for number, rows in histories.items():
        keys = {record_key("crm", str(row.cells["lead_id"])) for row in rows if row.cells["lead_id"]}
        mqls = sorted((key, moments[key]) for key in keys if key in moments)
        if mqls:
            result[number] = mqls[number % len(mqls)]
    return result


def facts(told: Told, world: World, **wrong: str) -> dict[Mql, list[str]]:
    """What both models say of each of the MQLs, as text; `wrong`: with one piece of their SQL in place of another."""
    said: dict[Mql, list[str]] = {}
    for model in (model for model in told.project.models if model.name in FEATURES):
        sql = model.full_sql.replace(wrong.get("right", ""), wrong["put"]) if wrong else model.full_sql
        for row in world.read(sql).drop(columns="lead_key", errors="ignore").to_dict(orient="records"):
            key = (row["record_key"], row["became_mql_at"])
            if key in told.mqls:
                said.setdefault(key, []).append(str(sorted(row.items())))
    return {key: sorted(rows) for key, rows in said.items()}


def test_what_is_known_later_changes_no_feature(told: Told) -> None:
    before, after = facts(told, told.here), facts(told, told.there)
    both = before.keys() & after.keys()
    assert len(both) >= 500
    # Nor does another future take MQLs away, but where it unmakes the lead itself.
    assert len(both) >= 0.95 * len(before)
    assert not [key for key in both if before[key] != after[key]]
    varied = told.here.read(f"select * from intermediate.{FEATURES[0]}")
    for name in ("session_count", "earlier_record_count", "touches_as_lead_count", "seconds_from_last_touch"):
        assert varied[name].nunique() > 1, name
    kinds = told.here.read(f"select distinct kind from intermediate.{FEATURES[1]}")["kind"]
    assert set(kinds) == {"attribute", "signal_count", "signal_days", "signal_points"}


@pytest.mark.parametrize(
    ("right", "put"),
    [
        ("mqls.became_mql_at >= touch.valid_from", "mqls.became_mql_at >= touch.occurred_at"),
        ("mqls.became_mql_at >= attribute.valid_from", "true"),
        ("own.became_mql_at >= other.valid_from", "true"),
        ("own.became_mql_at >= link.known_at", "true"),
    ],
)
def test_a_model_that_looks_ahead_is_found(told: Told, right: str, put: str) -> None:
    assert any(right in model.full_sql for model in told.project.models if model.name in FEATURES)
    before, after = (facts(told, world, right=right, put=put) for world in (told.here, told.there))
    assert [key for key in before.keys() & after.keys() if before[key] != after[key]]


def test_training_and_scoring_see_the_same_columns(told: Told) -> None:
    names = {
        model: told.here.read(f"describe ml.{model}").set_index("column_name")["column_type"].to_dict()
        for model in ("ml_readiness__training_examples", "ml_readiness__scoring_candidates")
    }
    training, scoring = names.values()
    assert scoring.items() <= training.items()
    outcomes = {"person_key", "is_latest_only", "has_work_events", "is_worked", "is_self_scheduled"}
    assert training.keys() - scoring.keys() == outcomes | {"first_worked_at", "became_sql_at", "disqualified_at"}
