"""The published JSON Schemas: current, accepting all that is read, refusing what an editor can see is wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from orchestration.cli_criteria import criteria
from orchestration.criteria_files import CriteriaError, load_criteria
from orchestration.criteria_files.schema import schema_texts, stale_schemas, write_schemas
from tests.unit.criteria_files.test_faulty_files import GOOD

ROOT = Path(__file__).resolve().parents[3]
STORIES = ROOT / "tests" / "golden"
BESIDE = ("catalogue", "policy", "exclusions", "routing")
VALIDATORS = {name.partition(".")[0]: Draft7Validator(json.loads(text)) for name, text in schema_texts().items()}


class AsEditorsRead(yaml.SafeLoader):
    """YAML as editors see it: a time is text."""


AsEditorsRead.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def faults(path: Path) -> list[str]:
    """What the schema of a file finds wrong with it."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=AsEditorsRead)
    validator = VALIDATORS[path.stem if path.stem in BESIDE else "criteria"]
    return [f"{path}: {error.json_path}: {error.message}" for error in validator.iter_errors(content)]


def properties(schema: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of a schema that is an object of its own shape, with where it stands."""
    for name, found in {**schema.get("definitions", {}), "": schema}.items():
        for key, value in found.get("properties", {}).items():
            yield f"{place}{name}.{key}", value


def test_the_published_schemas_are_current():
    assert not stale_schemas(ROOT / "criteria"), "write them with `handoff criteria schema`"


def test_they_are_schemas_and_every_key_says_what_it_means():
    for name, validator in VALIDATORS.items():
        Draft7Validator.check_schema(validator.schema)
        silent = [place for place, value in properties(validator.schema, f"{name}: ") if "description" not in value]
        # A schema of many shapes at once, like that of exclusions, describes the keys of its shapes only.
        assert not [place for place in silent if "exclusions: ." not in place]


def test_a_starter_file_names_its_schema():
    for path in sorted((ROOT / "criteria").glob("*.yaml")):
        name = path.stem if path.stem in BESIDE else "criteria"
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# yaml-language-server: $schema=schema/{name}.schema.json", path.name


def test_what_is_in_order_is_accepted():
    paths = [*(ROOT / "criteria").glob("*.yaml"), *STORIES.glob("*/criteria/*.yaml")]
    paths += STORIES.glob("refusals/*/before/*.yaml")
    assert len(paths) > 20
    assert not [fault for path in paths for fault in faults(path)]


# Refusals whose fault one key alone shows; the others need rules seen together, or what was decided before.
OF_SHAPE = [
    "files_beside", "number_in_quotes", "readiness_item_of_two_things", "required_key_absent", "time_without_offset",
    "unknown_key", "unquoted_item", "word_not_known",
]  # fmt: skip


@pytest.mark.parametrize("name", OF_SHAPE)
def test_a_fault_of_shape_is_seen_by_an_editor(name: str):
    for path in (STORIES / "refusals" / name / "criteria").glob("*.yaml"):
        assert faults(path), f"{path} is refused by handoff criteria check, but not by its schema"


BASE = yaml.load(GOOD, Loader=AsEditorsRead)
PLACES = [("versions", 0, *rest) for rest in [
    (), ("effective_from",), ("version",), ("mql",), ("mql", "require"), ("mql", "fit"), ("mql", "fit", "threshold"),
    ("mql", "fit", "rules", 0), ("mql", "fit", "rules", 0, "in"), ("mql", "behaviour", "rules", 0), ("sql",),
    ("mql", "behaviour", "rules", 0, "at_most"), ("mql", "behaviour", "rules", 0, "points"),
    ("sql", "eligibility", 0), ("sql", "eligibility", 0, "unknown"), ("sql", "ready_when_any", 0),
    ("sql", "ready_when_any", 1), ("sql", "ready_when_any", 1, "all", 0), ("sql", "ready_when_any", 1, "all", 1),
]] + [(), ("owners",), ("service_line",)]  # fmt: skip
KEYS = ["in", "not_in", "equals", "at_least", "at_most", "is_known", "where", "channels", "signal", "attribute",
        "points", "id", "all", "outcome", "work_event", "appointment_booked_by", "unknown", "threshold", "sla", "note",
        "sql", "agreed", "script", "verified_by", "half_life_days", "clinical_reason", "colour"]  # fmt: skip
VALUES = st.sampled_from([
    None, "", " ", "text", "TX", "hold", "screening", "2026-03-01", "2026-03-01 00:00Z", 0, 1, 2.0, 2.5, -1, 10**10,
    True, False, [], ["TX"], [1], {}, {"topic": ["knee"]}, {"first_contact_business_minutes": 30}, ["lead"],
    {"intake": 2026},
])  # fmt: skip
CHANGES = st.tuples(
    st.sampled_from(PLACES), st.sampled_from(KEYS), VALUES, st.sampled_from(["set", "remove", "replace"])
)


def changed(changes: list[tuple[Any, str, Any, str]]) -> Any:
    """The good file with keys set, removed or replaced."""
    content = copy.deepcopy(BASE)
    for place, key, value, how in changes:
        found, at = content, list(place)
        try:
            if how == "replace":
                key = at.pop()
            for step in at:
                found = found[step]
            if how == "remove":
                del found[key]
            else:
                found[key] = value
        except (KeyError, IndexError, TypeError):
            continue
    return content


@given(st.lists(CHANGES, max_size=3))
@example([(PLACES[-1], "", "", "set")])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_read_is_accepted(tmp_path: Path, changes: list[tuple[Any, str, Any, str]]):
    path = tmp_path / "orthopaedics.yaml"
    path.write_text(yaml.safe_dump(changed(changes), sort_keys=False), encoding="utf-8")
    try:
        load_criteria(tmp_path)
    except CriteriaError:
        return
    assert not faults(path), path.read_text()


def test_the_command_writes_them_and_says_whether_they_are_current(tmp_path: Path):
    def call(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(criteria, ["schema", "--criteria", str(tmp_path), *words])
        return result.exit_code, result.output

    assert call("--check")[0] == 1
    assert call()[0] == 0
    assert call("--check") == (0, "current\n")
    assert write_schemas(tmp_path) == []
    (tmp_path / "schema" / "policy.schema.json").write_text("{}")
    code, said = call("--check")
    assert code == 1 and "policy.schema.json" in said and "handoff criteria schema" in said
    assert not load_criteria(tmp_path).service_lines
