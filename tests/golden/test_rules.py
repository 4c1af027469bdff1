"""Every rule of the criteria language has a story, and README.md says which."""

from __future__ import annotations

import re

from tests.golden.harness import STORIES, all_stories
from tests.golden.test_refusals import REFUSALS

# What refuses a file is told by the refusals.
TOLD_BY_A_RUN = set(range(1, 11)) - {9}
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
