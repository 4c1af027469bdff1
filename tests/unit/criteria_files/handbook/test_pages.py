"""The handbook of the shipped criteria says all they hold, and of any criteria only what is in force when."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.criteria_files import Criteria, ServiceLine, load_criteria
from orchestration.criteria_files.handbook import handbook_texts, words
from orchestration.criteria_files.handbook.in_force import standings
from orchestration.criteria_files.handbook.rules_json import KEYS
from orchestration.criteria_files.shapes import Version
from tests.unit.criteria_files.handbook.test_writers import HOSTILE, Reader
from tests.unit.criteria_files.test_faulty_files import GOOD, SECOND, write

SHIPPED = Path(__file__).parents[4] / "criteria"
CRITERIA = load_criteria(SHIPPED)
LATE = datetime(2026, 7, 1)
TEXTS = handbook_texts(CRITERIA, LATE)


def rules_of(version: Version) -> list[Any]:
    halves = [half.rules for half in (version.mql.fit, version.mql.behaviour) if half is not None]
    stage = [version.sql.eligibility, version.sql.ready_when_any] if version.sql else []
    return [rule for rules in [*halves, *stage] for rule in rules]


def said(text: str) -> str:
    """What an HTML page says, without its markup."""
    return " ".join(" ".join(Reader(text).said["main"]).split())


@pytest.mark.parametrize("line", CRITERIA.service_lines, ids=lambda line: line.name)
def test_a_page_holds_all_that_is_in_force(line: ServiceLine) -> None:
    version = line.versions[-1]
    page, markdown = (TEXTS[f"service_lines/{line.name}.{ending}"] for ending in ("html", "md"))
    shown = said(page)
    assert f"Version {version.version} is in force since {words.moment(version.effective_from)}" in shown
    for rule in rules_of(version):
        assert f"<code>{rule.id}</code>" in page and f"`{rule.id}`" in markdown
    halves = [half for half in (version.mql.fit, version.mql.behaviour) if half is not None]
    for threshold in [version.mql.threshold, *(half.threshold for half in halves)]:
        assert threshold is None or re.search(rf"(at least|reach) {words.number(threshold)} point", shown)
    wanted = [value for rule in rules_of(version) for value in getattr(rule, "in_", None) or []]
    wanted += [item.text for item in version.checklist] + version.script + list(line.owners.values())
    wanted += [text for each in line.versions for text in (each.note or "", *(each.agreed or {}).values())]
    wanted += version.sql.verified_by or [] if version.sql else []
    wanted += [text for example in version.examples for text in (words.sentence(example.why or ""), example.title[1:])]
    assert not [text for text in wanted if text not in shown]
    if version.sla:
        assert f"within {version.sla.first_contact_business_minutes} business minutes" in shown


def test_examples_say_lead_expectation_and_reason() -> None:
    shown = TEXTS["service_lines/orthopaedics.md"]
    assert "- Attributes: postal area 787, payer type commercial\n" in shown
    did = "content download, topic knee pain (the same day); content download, topic hip pain (1 day before)"
    assert f"- What the lead did: {did}\n" in shown
    staff = "screening, outcome qualified, contact channel call, role intake specialist (the same day)"
    assert f"- What staff did: {staff}\n" in shown and "- Appointments: booked by lead (the same day)\n" in shown
    assert (
        "- **Expected:** MQL: no; SQL: no\n- **Why:** Reading alone is interest, not a wish to be treated.\n" in shown
    )


def test_same_criteria_same_bytes_until_a_version_comes_into_force(tmp_path: Path) -> None:
    copied = load_criteria(shutil.copytree(SHIPPED, tmp_path / "criteria"))
    assert list(handbook_texts(copied, LATE).items()) == list(TEXTS.items())
    for begins in (datetime(2024, 1, 1, 6), datetime(2026, 1, 12, 6), datetime(2026, 2, 2, 6)):
        before, at, after = (
            handbook_texts(CRITERIA, begins + timedelta(microseconds=step)) for step in (-1, 0, 86_399_999_999)
        )
        assert at == after and at != before


def test_as_of_chooses_the_version_in_force() -> None:
    early = handbook_texts(CRITERIA, datetime(2026, 1, 1))["service_lines/orthopaedics.md"]
    assert "**Version 1 is in force** since 1 January 2024" in early
    assert "Version 2 follows on 12 January 2026" in early and "What version 2 will change against version 1" in early
    late = TEXTS["service_lines/orthopaedics.md"]
    assert "**Version 2 is in force**" in late and "What version 2 changed against version 1" in late
    assert "follows on" not in late


def test_before_its_first_version_a_service_line_says_what_decides(tmp_path: Path) -> None:
    default = GOOD.replace("service_line: orthopaedics\n", "").replace("2026-03-01", "2026-01-01")
    criteria = load_criteria(write(tmp_path, orthopaedics=GOOD, default=default))
    for moment, decides in ((datetime(2025, 1, 1), None), (datetime(2026, 2, 1), "default@1")):
        texts = handbook_texts(criteria, moment)
        shown = texts["service_lines/orthopaedics.md"]
        assert "**Not yet in force.** Version 1 comes into force on 1 March 2026, 06:00 UTC." in shown
        assert ("[every other service line](default.md)" in shown) is (decides is not None)
        entry = json.loads(texts["rules.json"])["service_lines"][0]
        assert (entry["criteria_version"], entry["next_effective_from"]) == (decides, "2026-03-01T06:00:00Z")
        assert (entry["mql"] is None) is (decides is None)


def test_no_criteria_make_a_handbook_too() -> None:
    texts = handbook_texts(Criteria(), LATE)
    assert "No criteria are written" in texts["index.md"]
    assert "No criteria name a way of becoming SQL." in texts["questions.md"]
    assert json.loads(texts["rules.json"]) == {"format": 1, "service_lines": [], "exclusions": []}


def test_every_link_leads_to_a_file_of_the_handbook() -> None:
    for name, text in TEXTS.items():
        links = re.findall(r'href="([^"#]+)"' if name.endswith(".html") else r"\]\(([^)]+)\)", text)
        there = {posixpath.normpath(posixpath.join(posixpath.dirname(name), each)) for each in links}
        assert there <= set(TEXTS), name


def test_names_of_service_lines_become_names_of_files(tmp_path: Path) -> None:
    names = {"a": "../Knees & Hips", "b": "knees-hips", "c": "¿?", "d": "Default"}
    files = {stem: GOOD.replace("orthopaedics", f'"{name}"', 1) for stem, name in names.items()}
    default = GOOD.replace("service_line: orthopaedics\n", "")
    texts = handbook_texts(load_criteria(write(tmp_path, **files, default=default)), LATE)
    assert sorted(name for name in texts if name.startswith("service_lines/") and name.endswith(".md")) == [
        "service_lines/default-2.md", "service_lines/default.md", "service_lines/knees-hips-2.md",
        "service_lines/knees-hips.md", "service_lines/service-line.md",
    ]  # fmt: skip
    assert not [name for name in texts if ".." in name]


def test_what_yaml_holds_is_never_markup(tmp_path: Path) -> None:
    quoted = json.dumps(HOSTILE)
    more = f"note: {quoted}\n    script: [{quoted}]\n    checklist: [{{id: a, text: {quoted}}}]\n    mql:"
    text = GOOD.replace('"Intake"', quoted).replace("[qualified]", f"[{quoted}]").replace("mql:", more, 1)
    texts = handbook_texts(load_criteria(write(tmp_path, orthopaedics=text)), LATE)
    for name, page in texts.items():
        if name.endswith(".html"):
            assert {"script", "img"}.isdisjoint(tag for tag, _ in Reader(page).tags), name
    assert said(texts["service_lines/orthopaedics.html"]).count(HOSTILE) == 6


def keys(value: Any) -> set[str]:
    if isinstance(value, list):
        return {key for item in value for key in keys(item)}
    if not isinstance(value, dict):
        return set()
    return set(value) | {key for name, item in value.items() if name != "where" for key in keys(item)}


def test_every_key_of_the_json_is_documented(tmp_path: Path) -> None:
    total = GOOD.replace("require: fit_and_behaviour", "require: total_points\n      threshold: 5")
    texts = [TEXTS["rules.json"], handbook_texts(load_criteria(write(tmp_path, a=total)), LATE)["rules.json"]]
    documented = {re.split(r"[.…\]]", key)[-1] for key, _ in KEYS}
    assert {key for text in texts for key in keys(json.loads(text))} == documented
    assert all(f"`{key}`" in TEXTS["marketing_automation.md"] for key, _ in KEYS)


def test_the_json_holds_the_rules_that_decide() -> None:
    lines = {line["service_line"]: line for line in json.loads(TEXTS["rules.json"])["service_lines"]}
    assert set(lines) == {None if line.is_default else line.name for line in CRITERIA.service_lines}
    ortho = lines["orthopaedics"]
    assert (ortho["criteria_version"], ortho["effective_from"]) == ("orthopaedics@2", "2026-01-12T06:00:00Z")
    guide = ortho["mql"]["behaviour"]["rules"][0]
    assert {key: guide[key] for key in ("id", "points", "at_most", "within_days", "half_life_days", "where")} == {
        "id": "guide", "points": 12, "at_most": 2, "within_days": 90, "half_life_days": 30,
        "where": {"topic": ["knee_pain", "hip_pain", "shoulder_pain"]},
    }  # fmt: skip
    for line in CRITERIA.service_lines:
        text = json.dumps(lines[None if line.is_default else line.name])
        assert not [rule.id for rule in rules_of(line.versions[-1]) if f'"id": "{rule.id}"' not in text]


def test_crm_admins_find_stages_roles_and_bases() -> None:
    page = TEXTS["crm_stages.md"]
    stages = ("lead", "mql", "sql", "opportunity", "appointment", "consult", "disqualified", "recycled")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)[: len(stages)] == list(stages)
    assert "| Dermatology | any member of staff |" in page
    assert "| Dermatology | `sql` | `booked` | staff_confirmed or self_scheduled |" in page
    assert "| Orthopaedics | `sql` | `intake_complete` | criteria |" in page
    for basis in ("criteria", "staff_confirmed", "self_scheduled", "crm_label", "appointment_record"):
        assert f"| `{basis}` |" in page


def test_questions_are_answered_from_the_criteria(tmp_path: Path) -> None:
    page = TEXTS["questions.md"]
    for question in ("Is an MQL an SQL?", "Who owns SQL?", "Can there be an SQL without a call?", "Is an opportunity"):
        assert f"## {question}" in page
    assert "| Cardiology | `screened`, `self_booked`, `booked_by_staff` | none |" in page
    assert "In Diabetes education, Orthopaedics and Physical therapy what the lead itself gave or did" in page
    only_calls = GOOD.replace("outcome: [qualified]", "contact_channel: [call]")
    only_calls = re.sub(r"\n.*id: done.*", "", only_calls)
    answered = handbook_texts(load_criteria(write(tmp_path, orthopaedics=only_calls)), LATE)["questions.md"]
    assert "**No.** Every way of being ready that is written needs a call." in answered
    assert "| Orthopaedics | none | `screened` |" in answered
    without = handbook_texts(load_criteria(write(tmp_path, orthopaedics=GOOD + SECOND)), LATE)["questions.md"]
    assert "nobody: the criteria name no SQL" in without


@given(st.lists(st.integers(0, 50), min_size=1, max_size=5, unique=True).map(sorted), st.integers(-1, 51))
def test_the_version_shown_is_the_latest_begun_or_the_first(days: list[int], at: int) -> None:
    base = CRITERIA.service_lines[0]
    start = datetime(2026, 1, 1)
    versions = tuple(
        base.versions[0].model_copy(update={"version": number, "effective_from": start + timedelta(days=day)})
        for number, day in enumerate(days, 1)
    )
    line = ServiceLine(base.name, base.file, base.owners, versions)
    (standing,) = standings(Criteria((line,)), start + timedelta(days=at))
    begun = [day for day in days if day <= at]
    assert standing.is_in_force is bool(begun)
    assert standing.version.effective_from == start + timedelta(days=max(begun, default=days[0]))
    assert (*standing.before, standing.version, *standing.coming) == versions
    later = [start + timedelta(days=day) for day in days if day > at]
    assert standing.deciding_until == (later[0] if later else None)
