"""Which models a run builds together: the fewest parts that let the CRM be written before anything is only reported.

A person who asked waits for the parts `for_scores`, `for_routes` and `for_the_crm` alone. Read from dbt's manifest; how
a part is built stands in `dbt.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

PARTS = ("for_scores", "for_routes", "for_the_crm", "for_reports", "for_reports_on_the_handoff")
# What the training and scoring steps read, and what the sender asks just before it writes; what the router reads and
# what may leave are known by their folders.
_READ_BY_STEPS = (
    "ml_readiness__training_examples",
    "ml_readiness__example_attributes",
    "ml_readiness__scoring_candidates",
    "stg_handoff__earlier_scores",
    "input__locations",
    "input__service_lines",
    "int_consents__newest",
)
_READ_BY_DESK = ("routing", "syncs")
_OUTSIDE_MODELS = ("load_accounting",)


def parts_of(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Part → names of its models, each in one part, every part after those it reads."""
    models = {
        key: node for key, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed", "snapshot")
    }
    parents = {key: set(manifest["parent_map"][key]) for key in models}
    read = {key for key, node in models.items() if node["name"] in _READ_BY_STEPS or node["fqn"][1] in _READ_BY_DESK}
    desk = read | {above for key in read for above in _above(key, parents)}
    parts: dict[str, list[str]] = {part: [] for part in PARTS}
    for key, node in models.items():
        made = {
            source.split(".")[-1]
            for source in _above(key, parents)
            if source.startswith("source.") and source.split(".")[-2] == "handoff"
        }
        parts[_part(is_desk=key in desk, made=made)].append(node["name"])
    return {part: sorted(names) for part, names in parts.items()}


def tests_of(manifest: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Test → names of the models it reads."""
    nodes, parents = manifest["nodes"], manifest["parent_map"]
    return {
        node["name"]: frozenset(nodes[parent]["name"] for parent in parents[key] if parent in nodes)
        for key, node in nodes.items()
        if node["resource_type"] == "test"
    }


def _part(*, is_desk: bool, made: Set[str]) -> str:
    """`made`: what Python made in this run that the model reads, directly or not."""
    now = {name for name in made if not name.startswith("earlier_")}
    if is_desk:
        return "for_the_crm" if "routes" in now else "for_routes" if "scores" in now else "for_scores"
    return "for_reports_on_the_handoff" if now - set(_OUTSIDE_MODELS) else "for_reports"


def _above(key: str, parents: Mapping[str, Set[str]]) -> Iterator[str]:
    seen, todo = set(), [key]
    while todo:
        for parent in parents.get(todo.pop(), ()):
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
                yield parent
