"""What the catalogue keeps from a model's sight: protected names, their stand-ins, and what only staff enter."""

from __future__ import annotations

from pathlib import Path

from orchestration.criteria_files import load_criteria
from tests.unit.criteria_files.test_faulty_files import GOOD, refused, write

ATTRIBUTES = """\
attributes:
  state: {meaning: "two letters", protected: true}
  form: {comes_from: "portal", entered_by: lead}
  postal_area:
    proxy_for: [ethnicity, state]
  note: {entered_by: staff}
"""
POLICY = "protected_attributes: {ethnicity: by law}\n"


def test_no_model_sees_what_is_protected_stands_in_for_it_or_is_entered_by_staff(tmp_path: Path) -> None:
    criteria = load_criteria(write(tmp_path, catalogue=ATTRIBUTES, policy=POLICY))
    assert criteria.barred_from_models == {
        "ethnicity": "protected",
        "state": "protected",
        "postal_area": "stands in for ethnicity, state",
        "note": "entered by staff",
    }


def test_what_the_catalogue_protects_needs_a_clinical_reason_in_rules_and_a_stand_in_does_not(tmp_path: Path) -> None:
    signals = "signals: [content_download, appointment_request, support_request]\n"
    faults = refused(write(tmp_path, catalogue=signals + ATTRIBUTES, policy=POLICY, orthopaedics=GOOD))
    assert [(file, line) for file, line, _ in faults] == [("orthopaedics.yaml", 19)]
    assert "state is protected by catalogue.yaml (two letters): add clinical_reason" in faults[0][2]


def test_a_stand_in_for_something_nobody_protects_is_refused(tmp_path: Path) -> None:
    faults = refused(write(tmp_path, catalogue=ATTRIBUTES))
    assert [(file, line) for file, line, _ in faults] == [("catalogue.yaml", 5)]
    assert "ethnicity is not protected: name it in policy.yaml" in faults[0][2]


def test_tags_of_another_kind_are_refused(tmp_path: Path) -> None:
    faults = refused(write(tmp_path, catalogue="attributes: {a: {protected: perhaps}, b: {entered_by: nobody}}\n"))
    assert len(faults) == 2


def test_the_shipped_catalogue_bars_protected_attributes_and_the_postal_area() -> None:
    barred = load_criteria(Path("criteria")).barred_from_models
    assert {"age_band", "language", "urgency", "race", "postal_area"} <= set(barred)
    assert not {"payer_type", "state", "referral_status", "channel"} & set(barred)
