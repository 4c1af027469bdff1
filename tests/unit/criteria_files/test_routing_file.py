"""criteria/routing.yaml: defaults where it is silent; every fault named by file, line and key, with what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from models_ml.routing import DEFAULT_RULES
from orchestration.criteria_files.load import load_criteria
from orchestration.criteria_files.marks import CriteriaError
from orchestration.criteria_files.routing_file import RoutingRules

HOUSE = Path(__file__).resolve().parents[3] / "criteria"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A criteria folder whose routing.yaml a test writes."""
    for name in ("cardiology.yaml", "catalogue.yaml", "policy.yaml"):
        shutil.copy(HOUSE / name, tmp_path / name)
    return tmp_path


def test_where_the_file_is_silent_the_routers_defaults_hold(folder: Path) -> None:
    assert load_criteria(folder).routing == {}
    (folder / "routing.yaml").write_text("{}")
    assert load_criteria(folder).routing == RoutingRules().model_dump() == DEFAULT_RULES
    (folder / "routing.yaml").write_text("notify: {capacity: team leads}\nurgency: {time_left: 2}\n")
    rules = load_criteria(folder).routing
    assert rules["notify"] == {"default": "intake lead", "capacity": "team leads"}
    assert rules["urgency"] == {"second_request": 0.5, "missed_call_back": 0.5, "time_left": 2.0}


def test_the_rules_of_this_house_are_in_order() -> None:
    criteria = load_criteria(HOUSE)
    assert criteria.routing["fallback_queue"] == "unassigned"
    assert not [warning for warning in criteria.warnings if warning.file == "routing.yaml"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fallback_queue: [", "routing.yaml:1: "),
        ("- one", "routing.yaml:1: must be a mapping of routing rules"),
        ("fallback_queue: later\ncolour: red", "routing.yaml:2: colour: unknown key colour"),
        ("due_soon: 5", "did you mean due_soon_minutes?"),
        ("priorities: {high: 0}", "routing.yaml:1: priorities high: must be greater than 0"),
        ("priorities: {high: 10}", "priorities high: must be at most 9"),
        ("assign_members: maybe", "assign_members: must be true or false, without quotes"),
        ("due_soon_minutes: -1", "due_soon_minutes: must be a whole number of 0 or more"),
        ("urgency: {time_left: 11}", "urgency time_left: must be a number from 0 to 10"),
        ("notify: {langauge: somebody}", "langauge is no reason of the router's: take one of default, "),
        ("channels: {queue_heart: [fax]}", "routing.yaml:1: channels queue_heart no. 1: "),
        ("channels: {queue_heart: []}", "must not be an empty list"),
        ("licences: {cardiology: []}", "must not be an empty list"),
        ("complexity: {cardiology: [{when: []}]}", "level: is required and absent"),
        ("complexity:\n  cardiology:\n    - {level: 2, when: [{attribute: payer, in: [x]}]}",
         "routing.yaml:3: complexity cardiology no. 1 when no. 1 attribute: payer is not among the attributes"),
        ("complexity: {cardiology: [{level: 2, when: [{attribute: urgency, in: [x]}]}]}", "add clinical_reason"),
        ("complexity: {cardiology: [{level: 2, when: [{attribute: state}]}]}", "says nothing of the attribute"),
        ("complexity:\n  cardiology:\n    - level: 1\n    - level: 2", "routing.yaml:3: complexity cardiology no. 1: "
         "holds for every lead, so the rules below it never get a turn"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_file_line_key_and_what_to_do(folder: Path, text: str, told: str) -> None:
    (folder / "routing.yaml").write_text(text)
    with pytest.raises(CriteriaError) as caught:
        load_criteria(folder)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "licences: {cardiologie: [scheduler]}",
            "cardiologie is no service line with criteria: did you mean card",
        ),
        ("licences: {cardiology: [shceduler]}", "shceduler is no role of any verified_by: did you mean scheduler?"),
        ("complexity: {skin: [{level: 2}]}", "skin is no service line with criteria: correct it, or leave it"),
    ],
)
def test_a_name_nobody_else_uses_is_warned_of(folder: Path, text: str, told: str) -> None:
    (folder / "routing.yaml").write_text(text)
    assert told in "\n".join(map(str, load_criteria(folder).warnings))


def test_points_may_be_asked_for_beside_attributes(folder: Path) -> None:
    (folder / "routing.yaml").write_text(
        "complexity: {cardiology: [{level: 2, when: [{attribute: fit_points, at_least: 30}]}, {level: 1}]}"
    )
    first, second = load_criteria(folder).routing["complexity"]["cardiology"]
    assert first["level"] == "2" and first["when"][0]["at_least"] == 30 and second["when"] is None
