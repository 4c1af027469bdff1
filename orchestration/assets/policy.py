"""What every asset says of itself beside its content: owner, kinds, description, from one place instead of one by one.

dbt models get theirs in dbt_project.yml (`meta.dagster`); here are the assets Python makes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

OWNER = "team:data-platform"
HANDOFF_FOLDER = "handoff"


def spec(
    key: Sequence[str], *, group: str, description: str, kinds: Iterable[str] = ("python",), deps: Iterable[Any] = ()
) -> dg.AssetSpec:
    """The spec of an asset of ours."""
    return dg.AssetSpec(
        key, group_name=group, description=description, kinds=set(kinds), owners=[OWNER], deps=list(deps)
    )


def source_specs(
    manifest: Mapping[str, Any],
    folder: str,
    *,
    group: str,
    tables: Iterable[str] | None = None,
    deps: Iterable[Any] = (),
) -> list[dg.AssetSpec]:
    """Specs of a staging folder's source tables, keyed as dbt reads them and described as its sources yml does."""
    wanted = None if tables is None else set(tables)
    nodes = sorted(
        (node for node in manifest["sources"].values() if node["source_name"] == folder),
        key=lambda node: str(node["name"]),
    )
    return [
        spec(
            [folder, node["name"]],
            group=group,
            description=node["description"] or node["source_description"] or f"Landed {node['name']} of {folder}.",
            kinds=("python", "parquet"),
            deps=deps,
        )
        for node in nodes
        if wanted is None or node["name"] in wanted
    ]
