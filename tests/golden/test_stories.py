"""Every golden story comes out as told. How a story is written: `harness.py`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.golden.builds import DbtBuilds, query
from tests.golden.harness import Story, all_stories, build_stories

CASES = [(story, table) for story in all_stories() for table in story.expected_tables]


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[datetime, Path]:
    """A built home for each as_of a story is told at."""
    scratch = tmp_path_factory.mktemp("stories")
    builds = DbtBuilds(scratch)
    found = {}
    for as_of in sorted({story.as_of for story, _ in CASES}):
        home = scratch / as_of.strftime("%Y%m%dT%H%M%S")
        home.mkdir()
        build_stories([story for story in all_stories() if story.as_of == as_of], home, builds)
        found[as_of] = home
    return found


@pytest.mark.parametrize(("story", "table"), CASES, ids=[f"{story.name}-{table}" for story, table in CASES])
def test_story_comes_out_as_told(homes: dict[datetime, Path], story: Story, table: str) -> None:
    assert not (found := story.differences(homes[story.as_of], table)), found


def test_the_points_of_the_evidence_add_up_to_the_decision(homes: dict[datetime, Path]) -> None:
    sums = """
        select decisions.lead_id, any_value(fit_points + behaviour_points) as decided, coalesce(sum(points), 0) as shown
        from marts.fct_qualification_decisions as decisions
        left join marts.fct_qualification_evidence as evidence
            on decisions.record_key = evidence.record_key and evidence.stage = 'mql'
        where decisions.stage = 'mql'
        group by decisions.record_key, decisions.lead_id
    """
    found = query(homes[max(story.as_of for story, table in CASES if table == "fct_qualification_evidence")], sums)
    assert len(found) > 100
    assert not len(wrong := found[found["decided"] != found["shown"]]), wrong
