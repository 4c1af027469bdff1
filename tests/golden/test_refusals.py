"""Every file that must be refused is refused with exactly the words its story shows.

tests/golden/refusals/<name>/
    story.md         what is wrong with the criteria, and why they are refused
    criteria/        the criteria folder, with decided.lock where it has one
    before/          what the criteria were when they decided (optional)
    recorded.yaml    published_as_of: up to when the home has published under `before/` (optional)
    refused.txt      what the person who wrote the criteria is told
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orchestration.criteria_files import CriteriaError, Recorded, load_criteria
from orchestration.example_check import refuse_unless_examples_hold
from orchestration.settings import Settings
from tests.golden.harness import STORIES
from tests.golden.lake_rows import parse_time

REFUSALS = sorted(path.parent for path in (STORIES / "refusals").glob("*/story.md"))


def refusal(folder: Path) -> str:
    """What is said of a story's criteria."""
    recorded = folder / "recorded.yaml"
    try:
        criteria = load_criteria(folder / "criteria")
        refuse_unless_examples_hold(criteria, Settings())
        if recorded.exists():
            published = parse_time(str(yaml.safe_load(recorded.read_text())["published_as_of"]))
            decided = load_criteria(folder / "before").hashes(by=published)
            criteria.refuse_unless_kept(Recorded(decided, published))
    except CriteriaError as error:
        return f"{error}\n"
    return "nothing is wrong\n"


@pytest.mark.parametrize("folder", REFUSALS, ids=lambda folder: folder.name)
def test_it_is_refused_in_these_words(folder: Path) -> None:
    assert refusal(folder) == (folder / "refused.txt").read_text(encoding="utf-8")


def test_the_lock_is_what_the_criteria_were() -> None:
    story = STORIES / "refusals" / "lock_does_not_agree"
    decided = load_criteria(story / "before").lock_text(by=parse_time("2026-03-15T00:00:00Z"))
    assert (story / "criteria" / "decided.lock").read_text() == decided
