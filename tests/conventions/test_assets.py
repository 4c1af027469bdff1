"""Every asset says who it belongs to and what it is; its key is part of the contract and pinned."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from orchestration.assets.dbt_parts import PARTS
from orchestration.assets.signals import EXAMPLES, JUDGED
from orchestration.dbt_manifest import ensure_manifest
from orchestration.definitions import build_defs
from orchestration.settings import Settings

PINNED = Path(__file__).with_name("asset_keys.txt")


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    ensure_manifest(Settings())
    return build_defs(Settings(home=tmp_path_factory.mktemp("absent") / "home"))


@pytest.fixture(scope="module")
def nodes(definitions: dg.Definitions) -> list:
    graph = definitions.resolve_asset_graph()
    return [graph.get(key) for key in graph.get_all_asset_keys()]


@pytest.mark.parametrize("what", ["group_name", "owners", "description", "kinds"])
def test_every_asset_says_what_it_is(nodes, what):
    silent = [node.key.to_user_string() for node in nodes if getattr(node, what) in (None, "", "default", [], set())]
    assert not silent, f"{what} is missing: dbt_project.yml (`+meta`) or assets/policy.py gives it"


def test_asset_keys_are_pinned(nodes):
    """To change them on purpose: HANDOFF_PIN_ASSET_KEYS=1 pytest tests/conventions/test_assets.py"""
    import os

    found = "".join(f"{key}\n" for key in sorted(node.key.to_user_string() for node in nodes))
    if os.environ.get("HANDOFF_PIN_ASSET_KEYS"):
        PINNED.write_text(found, encoding="utf-8")
    assert found == PINNED.read_text(encoding="utf-8")


def test_asset_keys_are_schema_and_table(nodes):
    assert {len(node.key.path) for node in nodes} == {2}


def test_every_asset_can_be_made_by_the_daily_job(definitions, nodes):
    job = definitions.resolve_job_def("daily")
    assert set(job.asset_layer.selected_asset_keys) == {node.key for node in nodes}


def test_intake_leaves_out_what_is_judged_once_a_day_and_nothing_else(definitions):
    """What is published of the estimates is kept as it was, so no table made of them may be built without them."""
    graph = definitions.resolve_asset_graph()
    daily, intake = (
        set(definitions.resolve_job_def(name).asset_layer.selected_asset_keys) for name in ("daily", "intake")
    )
    left_out = daily - intake
    estimates = [["handoff", "signal_estimates"], ["handoff", "cause_estimates"]]
    below = dg.AssetSelection.assets(*estimates).downstream(include_self=False).resolve(graph)
    marts = {key for key in below if key.path[0] == "marts"}
    assert {key.path[-1] for key in marts} == JUDGED
    examples = {dg.AssetKey(["ml", name]) for name in EXAMPLES}
    assert left_out == {*map(dg.AssetKey, estimates), *marts, *examples, dg.AssetKey(["models", "readiness_champion"])}
    readers = {child for key in examples for child in graph.get(key).child_keys}
    assert readers == set(map(dg.AssetKey, estimates)), "only the estimates read them"


def test_lineage_runs_from_a_source_to_the_publication(definitions):
    graph = definitions.resolve_asset_graph()
    above = dg.AssetSelection.assets(["published", "current"]).upstream().resolve(graph)
    for key in (["contract_files", "leads"], ["input", "input__leads"], ["handoff", "scores"], ["handoff", "receipts"]):
        assert dg.AssetKey(key) in above


def test_each_part_of_dbt_is_one_step(definitions):
    steps = [node.name for node in definitions.resolve_job_def("daily").graph.nodes_in_topological_order]
    built = [name for name in steps if name.startswith("dbt_")]
    assert sorted(built) == sorted(f"dbt_{part}" for part in PARTS), "each further step calls dbt anew"


def test_the_crm_waits_for_nothing_that_is_only_reported(definitions):
    graph = definitions.resolve_asset_graph()
    above = dg.AssetSelection.assets(["handoff", "receipts"]).upstream(include_self=False).resolve(graph)
    parts = {graph.get(key).assets_def.op.name for key in above if graph.get(key).is_materializable}
    assert {name for name in parts if name.startswith("dbt_")} == {
        "dbt_for_scores",
        "dbt_for_routes",
        "dbt_for_the_crm",
    }
    waiting = [
        each for each in definitions.assets if getattr(each, "op", None) and each.op.name.startswith("dbt_for_reports")
    ]
    assert [each.op.tags["dagster/priority"] for each in waiting] == ["-1", "-1"]


def test_definitions_need_neither_home_nor_lake(tmp_path):
    build_defs(Settings(home=tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()
