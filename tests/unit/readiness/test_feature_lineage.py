"""No feature comes from scores, routes, labels, staff's work or the calendar: by the lineage of every column.

The allow-list of names is `models_ml/readiness/columns.py`; here is where each of them may come from.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from models_ml.readiness.columns import CODES, KEY, KINDS, NUMBERS, raw_features
from orchestration.criteria_files.load import load_criteria
from tests.golden.builds import PROJECT
from tests.golden.compiled_models import CompiledProject, World
from tests.unit.readiness.lineage import Lineage

FEATURED, FACTS, CANDIDATES = "int_mqls__featured", "int_mql_facts__known", "ml_readiness__scoring_candidates"
# Which records became MQL, and when: of the ledger nothing else may be seen, not even to filter by.
MOMENT = {"int_leads__entered": frozenset({"record_key", "lead_key", "stage", "became_at"})}
READ = {
    *MOMENT, "int_records__touched", "int_records__versioned", "int_touches__owned", "int_attributes__versioned",
    "int_mql_records__decided", "int_mql_touches__counted", "input__identities",
}  # fmt: skip
# What lead and web said, and what the written criteria make of it.
ORIGINS = {
    "input__leads", "input__touches", "input__lead_attributes", "input__identities", "input__criteria_rules",
    "input__criteria_versions",
}  # fmt: skip
RUN = {("input__run", "as_of")}


@pytest.fixture(scope="module")
def lineage(feature_project: CompiledProject) -> Lineage:
    world = World(feature_project)
    world.build(full=True)
    schema: dict[str, dict[str, dict[str, str]]] = {}
    columns = world.read("select table_schema, table_name, column_name, data_type from information_schema.columns")
    for place, table, column, kind in columns.itertuples(index=False):
        schema.setdefault(place, {}).setdefault(table, {})[column] = kind
    world.close()
    return Lineage({model.name: model.full_sql for model in feature_project.models}, {"warehouse": schema})


def faults(lineage: Lineage) -> list[str]:
    """What is wrong with where features come from."""
    found = []
    for model in (FEATURED, FACTS):
        found += [f"{model} reads {name}" for name in sorted(lineage.relations_read(model) - READ)]
        found += [f"{model} asks the calendar by {name}" for name in sorted(lineage.calendar_functions(model))]
        for relation, allowed in MOMENT.items():
            seen = lineage.columns_read(model, relation) - allowed
            found += [f"{model} sees {relation}.{name}" for name in sorted(seen)]
    asked = [(CANDIDATES, name) for name in (*NUMBERS, *CODES)] + [(FACTS, "value"), (FACTS, "name")]
    for model, column in asked:
        origins = lineage.origins(model, column, until=MOMENT) - RUN
        wrong = sorted(f"{table}.{name}" for table, name in origins if table not in ORIGINS)
        found += [f"{column} comes from {origin}" for origin in wrong]
    return found


def test_features_come_from_what_lead_and_web_said_by_the_moment(lineage: Lineage) -> None:
    assert not faults(lineage)
    assert ("input__touches", "occurred_at") in lineage.origins(CANDIDATES, "days_from_last_touch", until=MOMENT)
    assert ("input__leads", "service_line") in lineage.origins(CANDIDATES, "service_line")


def test_what_may_be_seen_is_there_to_be_seen(lineage: Lineage) -> None:
    given = set(lineage.outputs(CANDIDATES))
    assert {*NUMBERS, *CODES, *KEY} <= given
    assert given - {*NUMBERS, *CODES, *KEY} == {"lead_key", "horizon_days"}
    assert all(f"'{kind}'" in lineage.sql[FACTS] for kind in KINDS)


def _one(column: str, relation: str) -> str:
    """A value of another relation, as somebody might put it in."""
    return f"(select max(other.{column}) from warehouse.{relation} as other)"


@pytest.mark.parametrize(
    ("model", "right", "put", "fault"),
    [
        # A count of rows has no column to follow: the relation alone gives it away.
        (FEATURED, "coalesce(touches.touch_count, 0)",
         "(select count(*) from warehouse.intermediate.int_contacts__made as made)", "reads int_contacts__made"),
        (FEATURED, "coalesce(touches.touch_count, 0)",
         "(select count(*) from warehouse.staging.stg_handoff__routes as route)", "reads stg_handoff__routes"),
        (FEATURED, "records.platform,", f"{_one('band', 'staging.stg_handoff__scores')} as platform,",
         "reads stg_handoff__scores"),
        (FEATURED, "records.platform,", "mqls.basis as platform,", "sees int_leads__entered.basis"),
        (FEATURED, "records.platform,", "monthname(mqls.became_mql_at) as platform,", "the calendar by monthname"),
        (FEATURED, "records.platform,", "extract(hour from mqls.became_mql_at) as platform,", "calendar by extract"),
        (FACTS, "where attribute.value is not null",
         "where exists (select 1 from warehouse.intermediate.int_work_events__versioned as work)",
         "reads int_work_events__versioned"),
        # Deeper down: a model that features may read begins to take something else in.
        ("int_records__versioned", "location_id,", f"{_one('stage', 'input.input__stage_events')} as location_id,",
         "location_id comes from input__stage_events.stage"),
        ("int_attributes__versioned", "lead_spans.value,", f"{_one('outcome', 'input.input__work_events')} as value,",
         "value comes from input__work_events.outcome"),
        ("int_mql_touches__counted", "as micro_points",
         f"+ {_one('booked_at', 'input.input__appointments')} as micro_points",
         "comes from input__appointments.booked_at"),
    ],
)  # fmt: skip
def test_a_feature_of_another_origin_is_refused(lineage: Lineage, model: str, right: str, put: str, fault: str) -> None:
    head, found, tail = lineage.sql[model].rpartition(right)
    assert found, f"{model} no longer says {right}"
    sql = head + put + tail
    if "mqls.basis" in put:
        sql = sql.replace("entered.lead_key,", "entered.lead_key, entered.basis,")
    told = faults(replace(lineage, sql={**lineage.sql, model: sql}))
    assert any(fault in each for each in told), told


def test_what_is_not_on_the_list_is_never_seen() -> None:
    keys = {"record_key": ["a"], "became_mql_at": [pd.Timestamp("2026-05-01")]}
    rows = pd.DataFrame(
        {**keys, "person_key": ["p"], "is_worked": [True], "mql_basis": ["x"], "local_hour": [9], "touch_count": [1]}
    )
    long = pd.DataFrame({**keys, "kind": ["label"], "name": ["sql"], "value": ["1"]})
    assert list(raw_features(rows, long)) == ["touch_count"]


def test_protected_attributes_and_their_stand_ins_are_refused_by_name_and_by_tag() -> None:
    barred = load_criteria(PROJECT.parent / "criteria").barred_from_models
    assert {"age_band", "race", "postal_area"} <= set(barred) and not set(barred) & {*NUMBERS, *CODES}
    keys = {"record_key": "a", "became_mql_at": pd.Timestamp("2026-05-01")}
    long = pd.DataFrame([{**keys, "kind": "attribute", "name": name, "value": "1"} for name in (*barred, "payer_type")])
    rows = pd.DataFrame([{**keys, "channel": "email"}])
    assert list(raw_features(rows, long, excluded_attributes=sorted(barred))) == ["channel", "attribute payer_type"]
    assert list(raw_features(rows, long, excluded_attributes=[*barred, "channel"])) == ["attribute payer_type"]
