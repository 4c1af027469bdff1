"""Scores landed by older code stay readable; what of a score leaves for a CRM is short, and nothing of control."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pandas as pd
import pytest
import yaml

from tests.unit.funnel.rendered import PROJECT, rendered

STAGING = PROJECT / "models" / "staging" / "handoff"
SYNC = PROJECT / "models" / "syncs" / "sync_crm__lead_readiness.sql"
MOMENT = pd.Timestamp("2026-06-01")
OLD = {
    "record_key": "old",
    "became_mql_at": MOMENT,
    "readiness": 0.4,
    "band": "medium",
    "reasons": "raised by fit points",
    "model_version": "one",
    "horizon_days": 30,
    "scored_as_of": MOMENT,
    "_batch_id": "1",
    "_landed_as_of": MOMENT,
}
NEW = {
    **OLD,
    "record_key": "new",
    "readiness_low": 0.3,
    "readiness_high": 0.5,
    "shared_error": 0.1,
    "contributions": "[]",
    "is_control": True,
    "_batch_id": "2",
}


def staged(model: str, lake: Path) -> pd.DataFrame:
    """A staging model over a lake, with the macro that reads what landed."""
    declared = yaml.safe_load((STAGING / "_handoff__sources.yml").read_text(encoding="utf-8"))["sources"][0]["tables"]
    nodes = {
        f"source.warm_handoff.handoff.{table['name']}": SimpleNamespace(
            columns={column["name"]: SimpleNamespace(**column) for column in table["columns"]}
        )
        for table in declared
    }
    files = {table["name"]: table.get("identifier", table["name"]) for table in declared}
    found: dict[str, Any] = {}
    with duckdb.connect() as connection:
        given = {
            "adapter": SimpleNamespace(dispatch=lambda name, project: found[f"duckdb__{name}"]),
            "return": lambda value: value,
            "source": lambda name, table: SimpleNamespace(identifier=files[table]),
            "env_var": lambda name, default="": str(lake) if name == "HANDOFF_LAKE" else default,
            "run_query": lambda statement: SimpleNamespace(rows=connection.execute(statement).fetchall()),
            "graph": SimpleNamespace(sources=nodes),
            "execute": True,
        }
        environment = jinja2.Environment()
        macros = environment.from_string((PROJECT / "macros" / "landed.sql").read_text(encoding="utf-8")).make_module(
            given
        )
        found.update({name: macro for name, macro in vars(macros).items() if callable(macro)})
        template = (STAGING / f"{model}.sql").read_text(encoding="utf-8")
        return connection.execute(environment.from_string(template).render({**given, **found})).df()


@pytest.mark.parametrize("model", ["stg_handoff__scores", "stg_handoff__earlier_scores"])
@pytest.mark.parametrize("batches", [[], [OLD], [OLD, NEW]])
def test_scores_of_older_code_are_read_beside_newer_ones(
    tmp_path: Path, model: str, batches: list[dict[str, Any]]
) -> None:
    folder = tmp_path / "landed" / "handoff" / "scores"
    folder.mkdir(parents=True)
    for place, row in enumerate(batches):
        pd.DataFrame([row]).astype({"became_mql_at": "datetime64[us]"}).to_parquet(folder / f"{place}.parquet")
    found = staged(model, tmp_path).set_index("record_key")
    assert len(found) == len(batches)
    if batches:
        old = found.loc["old"]
        assert old["readiness"] == 0.4 and pd.isna(old["readiness_low"]) and pd.isna(old["contributions"])
        assert not old["is_control"]
    if len(batches) > 1:
        new = found.loc["new"]
        assert new["is_control"] and (new["readiness_low"], new["readiness_high"], new["shared_error"]) == (
            0.3,
            0.5,
            0.1,
        )


def left_for_the_crm(reasons: str | None, why_routed: str | None, *, is_control: bool = False) -> dict[str, Any]:
    lead = {
        "lead_key": "l",
        "lead_id": "L",
        "current_stage": "mql",
        "mql_criteria_version": "a@1",
        "sql_criteria_version": None,
        "fit_points": 1,
        "behaviour_points": 2,
        "became_mql_at": MOMENT,
        "became_sql_at": None,
        "disqualified_at": None,
        "excluded_by": None,
        "is_deleted": False,
    }
    tables = {
        "fct_lead_lifecycles": lead,
        "dim_leads": {"lead_key": "l", "id_space": "crm"},
        "fct_lead_scores": {
            "lead_key": "l",
            "band": "high",
            "reasons": reasons,
            "model_version": "one",
            "readiness": 0.7,
            "is_current": True,
            "is_control": is_control,
        },
        "fct_lead_routes": {
            "lead_key": "l",
            "team_id": "t",
            "staff_id": "(none)",
            "queue": "q",
            "priority": 2,
            "reasons": why_routed,
            "is_current": True,
        },
        "fct_handoffs": {"lead_key": "l", "sla_due_at": MOMENT},
    }
    with duckdb.connect() as connection:
        for name, row in tables.items():
            texts = {key: "string" for key, value in row.items() if value is None}
            connection.register("given", pd.DataFrame([row]).astype(texts))
            connection.execute(f"create table {name} as select * from given")
        frame = connection.execute(rendered(SYNC.read_text(encoding="utf-8"))).df()
    return dict(frame.iloc[0])


def test_reasons_leave_whole_and_within_what_a_text_field_holds() -> None:
    both = left_for_the_crm("raised: 40 fit points", "the only team; high readiness")
    assert both["handoff_reasons"] == "raised: 40 fit points; routed: the only team; high readiness"
    crowded = left_for_the_crm("r" * 150, "w" * 120)
    assert crowded["handoff_reasons"] == "r" * 150
    assert len(left_for_the_crm(None, "w" * 300)["handoff_reasons"]) == 255


def test_of_a_control_lead_nothing_of_its_score_leaves() -> None:
    row = left_for_the_crm("raised: 40 fit points", "the only team; no readiness score", is_control=True)
    assert pd.isna(row["handoff_readiness"]) and pd.isna(row["handoff_band"])
    assert row["handoff_reasons"] == "routed: the only team; no readiness score"
    assert "one" not in row["handoff_versions"] and row["handoff_team_id"] == "t"
