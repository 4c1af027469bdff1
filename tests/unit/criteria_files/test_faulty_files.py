"""Every fault of a criteria folder is refused with its file, its path and its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.criteria_files import CriteriaError, load_criteria

GOOD = """\
service_line: orthopaedics
owners: {marketing: "Marketing", intake: "Intake"}
versions:
  - version: 1
    effective_from: 2026-03-01T00:00:00-06:00
    mql:
      require: fit_and_behaviour
      fit:
        threshold: 20
        rules:
          - {id: in_area, attribute: postal_area, in: ["787"], points: 20}
      behaviour:
        threshold: 30
        rules:
          - {id: guide, signal: content_download, points: 15, at_most: 2}
          - {id: asked, signal: appointment_request, points: 40}
    sql:
      eligibility:
        - {id: in_state, attribute: state, in: [TX], unknown: hold}
      ready_when_any:
        - {id: screened, work_event: screening, outcome: [qualified]}
        - {id: done, all: [{signal: support_request}, {attribute: form, in: [complete]}]}
"""
SECOND = """\
  - version: 2
    effective_from: "2026-04-01T00:00:00-06:00"
    mql: {require: fit_or_behaviour, behaviour: {threshold: 1, rules: [{id: a, signal: asked, points: 1}]}}
"""
CATALOGUE = """\
signals: [content_download, appointment_request, support_request]
attributes: {state: "two letters", form: {meaning: "intake form", comes_from: "portal"}}
channels: [email]
offers: []
"""


def write(folder: Path, **files: str) -> Path:
    """Writes files by stem into the folder."""
    for stem, text in files.items():
        (folder / f"{stem}.yaml").write_text(text)
    return folder


def refused(folder: Path) -> list[tuple[str, int, str]]:
    """(file, line, message) of every fault."""
    with pytest.raises(CriteriaError) as caught:
        load_criteria(folder)
    return [(fault.file, fault.line, fault.message) for fault in caught.value.faults]


FAULTS = [
    # what is replaced, by what, line of the fault, a word of the message
    ("owners:", "ovners:", 2, "unknown key"),
    ("      require: fit_and_behaviour", "      require: fit", 7, "fit_and_behaviour"),
    ("        threshold: 20", "        treshold: 20", 9, "unknown key"),
    ('in: ["787"]', "in: [787]", 11, "a number: put it in quotes"),
    ("in: [TX]", "in: [yes]", 19, "true or false: put it in quotes"),
    ("in: [TX]", "in: [2026-01-01]", 19, "a date or time: put it in quotes"),
    ("points: 20", "points: -20", 11, "greater than 0"),
    ("points: 20", "points: 0", 11, "greater than 0"),
    ("points: 20", 'points: "20"', 11, "must be a number"),
    ("id: asked", "id: guide", 16, "duplicate rule id"),
    ("id: done", "id: in_state", 22, "duplicate rule id"),
    ("        threshold: 20", "        threshold: 21", 9, "can never be reached"),
    ("at_most: 2}\n          - {id: asked, signal: appointment_request, points: 40}", "at_most: 1}", 13, "can never be reached"),  # noqa: E501
    ("at_most: 2", "at_most: 1.5", 15, "whole number"),
    ("at_most: 2", "within_days: 0", 15, "greater than 0"),
    ("signal: content_download,", "signal: content_download, wher: {topic: [a]},", 15, "unknown key"),
    ("signal: content_download,", "signal: content_download, where: {colour: [a]},", 15, "unknown key"),
    ("attribute: state, in: [TX]", "attribute: state", 19, "says nothing of the attribute"),
    ("unknown: hold", "unknown: maybe", 19, "hold"),
    ("work_event: screening", "work_event: chat", 21, "screening"),
    ("outcome: [qualified]", "channels: [email]", 21, "says nothing beside"),
    ("{signal: support_request}", "{signal: support_request, attribute: form}", 22, "exactly one of"),
    ("effective_from: 2026-03-01T00:00:00-06:00", "effective_from: 2026-03-01", 5, "offset"),
    ("effective_from: 2026-03-01T00:00:00-06:00", "effective_from: soon", 5, "must be a time"),
    ("    mql:\n      require: fit_and_behaviour\n", "    mql:\n", 6, "required"),
    ("service_line: orthopaedics\n", "service_line:\n", 1, "must be text"),
    ("      fit:\n        threshold: 20\n", "      fit:\n", 8, "needs a threshold"),
    ("      require: fit_and_behaviour\n", "      require: fit_and_behaviour\n      threshold: 5\n", 8, "only read with total_points"),  # noqa: E501
    ("      require: fit_and_behaviour\n", "      require: total_points\n", 6, "needs a threshold"),
    ("service_line: orthopaedics\n", "service_line: orthopaedics\nservice_line: knees\n", 2, "written twice"),
    ("service_line: orthopaedics\n", "service_line: [\n", 3, "is not YAML"),
    ("service_line: orthopaedics\n", "service_line: default\n", 1, "name of default.yaml"),
    ('in: ["787"]', 'at_least: 5, at_most: 4', 11, "no value satisfies"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "word"), FAULTS)
def test_a_fault_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, word: str) -> None:
    assert old in GOOD
    faults = refused(write(tmp_path, orthopaedics=GOOD.replace(old, new, 1)))
    assert any(f[:2] == ("orthopaedics.yaml", line) and word in f[2] for f in faults), faults


def test_the_good_file_is_good(tmp_path: Path) -> None:
    criteria = load_criteria(
        write(tmp_path, orthopaedics=GOOD + SECOND, catalogue=CATALOGUE.replace("[con", "[asked, con"))
    )
    assert list(criteria.hashes()) == ["orthopaedics@1", "orthopaedics@2"]


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ("version: 2", "version: 1", 23, "out of order"),
        ("2026-04-01", "2026-03-01", 24, "out of order"),
        ("2026-04-01T00:00:00-06:00", "2026-03-01T01:00:00-05:00", 24, "out of order"),
    ],
)
def test_versions_must_be_in_order(tmp_path: Path, old: str, new: str, line: int, word: str) -> None:
    faults = refused(write(tmp_path, orthopaedics=GOOD + SECOND.replace(old, new)))
    assert [(f[1], word in f[2]) for f in faults] == [(line, True)]


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace("points: 20", "points: 0").replace("unknown: hold", "unknown: maybe")
    files = {
        name for name, _, _ in refused(write(tmp_path, a=bad, b=GOOD.replace("owners", "x"), policy="protected: [a]"))
    }
    assert files == {"a.yaml", "b.yaml", "policy.yaml"}


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("signal: content_download", "signal: content_downlaod", 15),
        ("attribute: state", "attribute: stat", 19),
        ("{signal: support_request}", "{signal: suport_request}", 22),
        ("signal: content_download,", "signal: content_download, channels: [email, fax],", 15),
        ("signal: content_download,", "signal: content_download, where: {offer_id: [gone]},", 15),
    ],
)
def test_a_name_that_is_not_in_the_catalogue_could_never_fire(tmp_path: Path, old: str, new: str, line: int) -> None:
    faults = refused(write(tmp_path, orthopaedics=GOOD.replace(old, new), catalogue=CATALOGUE))
    assert [(f[0], f[1], "could never count" in f[2]) for f in faults] == [("orthopaedics.yaml", line, True)]


def test_without_a_catalogue_unknown_names_are_warned_of(tmp_path: Path) -> None:
    warnings = load_criteria(write(tmp_path, orthopaedics=GOOD)).warnings
    assert {warning.line for warning in warnings} >= {15, 16, 19}


def test_a_protected_attribute_needs_a_clinical_reason(tmp_path: Path) -> None:
    policy = "protected_attributes: [state]\n"
    assert [(f[1], "clinical_reason" in f[2]) for f in refused(write(tmp_path, o=GOOD, policy=policy))] == [(19, True)]
    reasoned = GOOD.replace("attribute: state,", 'attribute: state, clinical_reason: "licensed there only",')
    load_criteria(write(tmp_path, o=reasoned, policy=policy))


def test_one_service_line_has_one_file(tmp_path: Path) -> None:
    faults = refused(write(tmp_path, a=GOOD, b=GOOD))
    assert faults[0][0] == "b.yaml" and "a.yaml" in faults[0][2]


def test_rules_of_one_attribute_that_exclude_each_other_do_not_add_up(tmp_path: Path) -> None:
    first = '{id: in_area, attribute: postal_area, in: ["787"], points: 10}'
    other = f"{first}\n          - " + first.replace("in_area", "far").replace("787", "100")
    text = GOOD.replace('{id: in_area, attribute: postal_area, in: ["787"], points: 20}', other)
    assert [(f[1], "give 10" in f[2]) for f in refused(write(tmp_path, o=text))] == [(9, True)]


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        # Everybody would have to live in both states.
        ("      ready", "        - {id: b, attribute: state, in: [GA]}\n      ready", 20, "together with in_state"),
        ("at_most: 2", "at_most: 2, where: {service_line: [cardiology]}", 15, "only touches of orthopaedics"),
    ],
)
def test_what_lets_nobody_through_is_warned_of(tmp_path: Path, old: str, new: str, line: int, word: str) -> None:
    warnings = load_criteria(write(tmp_path, o=GOOD.replace(old, new, 1), catalogue=CATALOGUE)).warnings
    assert [(warning.line, word in warning.message) for warning in warnings] == [(line, True)]


def test_topics_are_checked_where_the_catalogue_lists_them(tmp_path: Path) -> None:
    text = GOOD.replace("signal: content_download,", "signal: content_download, where: {topic: [knee_pian]},")
    assert not load_criteria(write(tmp_path, o=text, catalogue=CATALOGUE)).warnings
    faults = refused(write(tmp_path, o=text, catalogue=CATALOGUE + "topics: [knee_pain]\n"))
    assert [(line, "did you mean knee_pain?" in message) for _, line, message in faults] == [(15, True)]
