"""Who may read whom in the dbt project, from its manifest; and what every published model must say of itself."""

from __future__ import annotations

import json
import re

import pytest

from orchestration.dbt_manifest import ensure_manifest
from orchestration.settings import Settings

INPUT_REFERENCE = frozenset(
    f"input__{name}"
    for name in (
        "service_lines",
        "locations",
        "teams",
        "staff",
        "staff_shifts",
        "calendars",
        "holidays",
        "run",
        "sources",
        "source_stages",
        "timezone_offsets",
        "criteria_versions",
        "criteria_rules",
    )
)

# What published tables are grouped and joined by.
DIMENSIONS = frozenset(
    ["service_line", "location_id", "team_id", "staff_id", "channel", "platform", "campaign_id", "landing_page"]
    + ["topic", "offer_id", "form_id", "postal_area", "contact_channel"]
)


@pytest.fixture(scope="module")
def manifest() -> dict:
    settings = Settings()
    ensure_manifest(settings)
    return json.loads(settings.dbt_manifest.read_text(encoding="utf-8"))


def layer(unique_id: str) -> str:
    kind, _, name = unique_id.split(".")[:3]
    if kind == "source":
        return "source"
    if kind == "seed":
        return "seed"
    prefix = re.match(r"base_|stg_|input__|int_|ml_|routing__|dim_|fct_|sync_", name)
    assert prefix, f"{name} has no layer's prefix"
    return prefix.group().rstrip("_")


def edges(manifest: dict) -> list[tuple[str, str]]:
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    return [(key, parent) for key, node in models.items() for parent in node["depends_on"]["nodes"]]


def is_allowed(child: str, parent: str) -> bool:
    name, upper = child.rsplit(".", 1)[-1], parent.rsplit(".", 1)[-1]
    of, onto = layer(child), layer(parent)
    if of == "base":
        return onto in ("source", "base")
    if of == "stg":
        return onto in ("source", "base")
    if of == "input":
        if name in ("input__run",):
            return upper.startswith("stg_run__")
        return onto == "stg" and not upper.startswith("stg_handoff__")
    if of == "int":
        return onto in ("input", "int", "seed")
    if of in ("ml", "routing"):
        allowed = {"int", "input", "ml"} if of == "ml" else {"int", "input", "routing"}
        named = {"ml_readiness__evaluation": ("stg_handoff__scores", "stg_handoff__routes")}
        if of == "routing":
            named[name] = tuple(
                f"stg_handoff__{what}"
                for what in ("scores", "routes", "earlier_scores", "earlier_routes", "earlier_conflicts")
            )
        return onto in allowed or upper in named.get(name, ())
    if of in ("dim", "fct"):
        return onto in ("int", "dim", "fct") or upper.startswith("stg_handoff__") or upper in INPUT_REFERENCE
    return of == "sync" and onto in ("dim", "fct")


def test_models_read_only_what_their_layer_may(manifest):
    wrong = [f"{child} reads {parent}" for child, parent in edges(manifest) if not is_allowed(child, parent)]
    assert not wrong, "\n".join(wrong)


def test_the_rule_can_be_broken():
    model = "model.warm_handoff."
    assert not is_allowed(model + "sync_crm__lead_readiness", model + "int_leads__current")
    assert not is_allowed(model + "ml_readiness__training_examples", model + "stg_handoff__routes")
    assert not is_allowed(model + "int_leads__current", "source.warm_handoff.contract_files.leads")
    assert not is_allowed(model + "stg_contract_files__leads", model + "stg_contract_files__touches")
    assert not is_allowed(model + "base_meta_ads__costs", model + "stg_meta_ads__spend")
    assert is_allowed(model + "ml_readiness__evaluation", model + "stg_handoff__routes")


def test_one_source_for_each_staging_model(manifest):
    counts: dict[str, int] = {}
    for child, _ in edges(manifest):
        if layer(child) in ("stg", "base"):
            counts[child] = counts.get(child, 0) + 1
    assert not [child for child, count in counts.items() if count > 1 and layer(child) == "stg"]


def test_every_model_ends_its_description_with_its_grain(manifest):
    grain = re.compile(r"(^|\. |\s)One row\b[^.]*(\.[^.\s][^.]*)*\.?\s*$")
    silent = [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and not grain.search(node["description"].strip())
    ]
    assert not silent


def test_every_mart_has_its_contract_and_section(manifest):
    wrong = []
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and node["schema"] in ("marts", "syncs"):
            meta = {**node["meta"], **node["config"]["meta"]}
            if not node["config"]["contract"]["enforced"]:
                wrong.append(f"{node['name']}: contract is not enforced")
            if node["schema"] == "marts" and meta.get("section") not in ("derived", "operational"):
                wrong.append(f"{node['name']}: meta.section is neither derived nor operational")
    assert not wrong, "\n".join(wrong)


def test_dimensions_of_marts_are_never_null(manifest):
    wrong = [
        f"{node['name']}.{name}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
        for name, column in node["columns"].items()
        if name in DIMENSIONS and "not_null" not in {each["type"] for each in column["constraints"]}
    ]
    assert not wrong, "an empty dimension is (none): " + ", ".join(wrong)


def test_doubles_of_marts_declare_their_scale(manifest):
    wrong = [
        f"{node['name']}.{name}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
        for name, column in node["columns"].items()
        if (column["data_type"] or "").lower() in ("double", "float")
        and "scale" not in {**column["meta"], **column.get("config", {}).get("meta", {})}
    ]
    assert not wrong, "\n".join(wrong)


def test_no_token_is_published(manifest):
    wrong = [
        f"{node['name']}.{name}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] in ("marts", "syncs")
        for name in node["columns"]
        if name.endswith("_token") or name in ("email", "phone", "first_name", "last_name", "anonymous_id", "click_id")
    ]
    assert not wrong, "\n".join(wrong)


def test_no_model_reads_the_clock(manifest):
    clock = re.compile(r"\b(now\s*\(|current_timestamp|current_date|get_current_timestamp|today\s*\()", re.IGNORECASE)
    wrong = [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and clock.search(re.sub(r"--.*|\{#.*?#\}", "", node["raw_code"]))
    ]
    assert not wrong
