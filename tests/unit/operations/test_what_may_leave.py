"""Nothing that identifies a person leaves for a CRM: the columns that may, and by lineage what they are made of.

The sync table's contract makes the build refuse a column it does not list; a column listed there and nowhere here fails
this test, and so does one that is made, through whatever models, of a token, an identity, a postal area or free text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from orchestration.destinations.base import FIELDS
from orchestration.lake.contract import ENTITIES
from tests.golden.builds import DbtBuilds
from tests.golden.compiled_models import in_building_order
from tests.unit.readiness.lineage import Column, Lineage

SYNC = "sync_crm__lead_readiness"
KEYS = {"lead_key", "source", "lead_id"}
# What the door does not simply let pass: tokens, postal areas, identities, free text, what people said of themselves.
SEALED = {
    (f"input__{entity.name}", column.landed_name)
    for entity in ENTITIES.values()
    for column in entity.columns
    if column.door not in ("pass", "page") and column.landed_name
} | {("input__identities", "id_token")}


@pytest.fixture(scope="module")
def lineage(tmp_path_factory: pytest.TempPathFactory) -> Lineage:
    """Everything between the input contract and the sync table, compiled over an empty lake."""
    scratch = tmp_path_factory.mktemp("leaving")
    home = scratch / "home"
    home.mkdir()
    nodes = {node.name: node for node in DbtBuilds(scratch).compile(home, select=[f"+{SYNC}"], full_refresh=True)}
    schema: dict[str, dict[str, dict[str, str]]] = {}
    sql = {}
    for name in in_building_order(nodes, list(nodes)):
        if name.startswith(("base_", "stg_")) and not name.startswith("stg_handoff__"):
            continue
        columns = _columns(nodes[name].compiled_code, schema)
        schema.setdefault(nodes[name].schema, {})[name] = dict.fromkeys(columns, "text")
        if not name.startswith(("input__", "stg_")):
            sql[name] = nodes[name].compiled_code
    return Lineage(sql, {"warehouse": schema})


def _columns(code: str, schema: dict[str, dict[str, dict[str, str]]]) -> list[str]:
    tree = sqlglot.parse_one(code, dialect="duckdb")
    if any(star for star in tree.find_all(exp.Star) if not isinstance(star.parent, exp.Count)):
        tree = qualify(tree, schema={"warehouse": schema}, dialect="duckdb", validate_qualify_columns=False)
    return list(tree.named_selects)


def faults(lineage: Lineage, names: Sequence[str] = ()) -> list[str]:
    """What of the sync table, or of some of its columns, may not leave."""
    outputs = lineage.outputs(SYNC)
    found = [f"{name} is no field of ours" for name in outputs if name not in KEYS | set(FIELDS)]
    for name in names or outputs:
        wrong: set[Column] = lineage.origins(SYNC, name) & SEALED
        found += [f"{name} is made of {table}.{column}" for table, column in sorted(wrong)]
    return found


def test_what_leaves_is_ours_and_made_of_nothing_that_identifies(lineage: Lineage) -> None:
    assert not faults(lineage)
    assert ("input__leads", "lead_id") in lineage.origins(SYNC, "lead_id")
    assert ("stg_handoff__routes", "reasons") in lineage.origins(SYNC, "handoff_reasons")


def test_what_is_sealed_is_known() -> None:
    assert {("input__leads", name) for name in ("email_token", "phone_token", "postal_area")} <= SEALED
    assert ("input__touches", "anonymous_token") in SEALED and ("input__leads", "lead_id") not in SEALED


QUEUE = "then route.queue end as handoff_queue"


@pytest.mark.parametrize(
    ("instead", "told"),
    [
        ("then known.postal_area end as handoff_queue", "handoff_queue is made of input__leads.postal_area"),
        (f"{QUEUE}, known.platform", "platform is no field of ours"),
    ],
)
def test_an_identifier_that_would_leave_is_found(lineage: Lineage, instead: str, told: str) -> None:
    assert QUEUE in lineage.sql[SYNC]
    broken = replace(lineage, sql={**lineage.sql, SYNC: lineage.sql[SYNC].replace(QUEUE, instead)})
    assert told in faults(broken, ["handoff_queue"])


def test_an_identifier_hidden_in_a_model_before_is_found(lineage: Lineage) -> None:
    plain = lineage.sql["dim_leads"]
    hidden = plain.replace("leads.id_space,", "contacts.token as id_space,", 1)
    hidden = hidden.replace("merged.lead_key,", "merged.lead_key, max(versions.email_token) as token,", 1)
    assert plain.count("leads.id_space,") and plain.count("merged.lead_key,")
    broken = replace(lineage, sql={**lineage.sql, "dim_leads": hidden})
    assert "source is made of input__leads.email_token" in faults(broken, ["source"])
