"""Every rule of the criteria language, and every odd history, clock and label, has a story; README.md says which."""

from __future__ import annotations

import re

from tests.golden.harness import STORIES, all_stories
from tests.golden.test_refusals import REFUSALS

# What refuses a file is told by the refusals.
TOLD_BY_A_RUN = set(range(1, 11)) - {9}
ODDITIES = (
    "skipped", "backward", "repeated", "out_of_order", "no_evidence", "opportunity", "merge", "unmerge",
    "label_corrected", "appointment_corrected", "work_corrected", "late_row", "holiday", "holiday_hours",
    "missing_hour", "doubled_hour", "past_midnight", "lead_moved", "no_calendar", "labelled_too_early",
    "labelled_too_late", "labelled_without_evidence", "missed", "unauthorised_role", "mere_interest", "review_queue",
    "agreement",
)  # fmt: skip
INDEX = (STORIES / "README.md").read_text(encoding="utf-8")


def test_every_rule_is_told_by_a_story() -> None:
    told = {rule for story in all_stories() for rule in story.rules}
    assert told >= TOLD_BY_A_RUN
    for rule in range(1, 11):
        assert re.search(rf"^\| {rule}\. ", INDEX, re.MULTILINE), f"README.md says nothing of rule {rule}"


def test_the_index_names_every_story_beside_its_rules() -> None:
    rows = {int(row[1]): row[0] for row in re.finditer(r"^\| (\d+)\. .*$", INDEX, re.MULTILINE)}
    absent = [f"{each.name}: {rule}" for each in all_stories() for rule in each.rules if each.name not in rows[rule]]
    absent += [story.name for story in all_stories() if f"[{story.name}]({story.name}/story.md)" not in INDEX]
    absent += [folder.name for folder in REFUSALS if f"[{folder.name}](refusals/{folder.name}/story.md)" not in INDEX]
    assert not absent


def test_every_oddity_is_told_by_a_story_and_the_index_says_which() -> None:
    told: dict[str, set[str]] = {}
    for story in all_stories():
        for oddity in story.run.get("tells", []):
            told.setdefault(oddity, set()).add(story.name)
    assert set(told) == set(ODDITIES)
    for oddity, names in told.items():
        row = re.search(rf"^\| `{oddity}` \| .*$", INDEX, re.MULTILINE)
        assert row, f"README.md says nothing of {oddity}"
        assert set(re.findall(r"\[(\w+)\]", row[0])) == names, oddity
