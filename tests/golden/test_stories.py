"""Every golden story comes out as told. How a story is written: `harness.py`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from orchestration.criteria_files.one_file import load_one
from orchestration.dbt_compiled import qualification_sql
from orchestration.replay.compare import differing_rows
from orchestration.replay.compiled import QualificationSql
from orchestration.replay.scratch import DECISIONS
from orchestration.settings import Settings
from tests.golden.builds import DbtBuilds, query
from tests.golden.harness import Story, all_stories, build_stories
from tests.golden.lake_rows import parse_time
from tests.golden.replays import replayed

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


@pytest.fixture(scope="module")
def sql() -> QualificationSql:
    return qualification_sql(Settings())


def test_the_criteria_in_force_give_back_every_decision(homes: dict[datetime, Path], sql: QualificationSql) -> None:
    for as_of in {story.as_of for story, table in CASES if table == "fct_qualification_evidence"}:
        with replayed(homes[as_of], sql) as scratch:
            assert len(scratch.rows(f"select * from {DECISIONS}")) > 0
            assert differing_rows(scratch) == 0


TRIED = [story for story in all_stories() if "tried" in story.run]


@pytest.mark.parametrize("story", TRIED, ids=[story.name for story in TRIED])
def test_a_changed_file_decides_as_told(homes: dict[datetime, Path], sql: QualificationSql, story: Story) -> None:
    asked = story.run["tried"]
    folder = story.folder / "tried"
    criteria, line = load_one(folder / asked["file"], folder)
    with replayed(homes[story.as_of], sql, criteria, line, parse_time(str(asked["since"]))) as scratch:
        found = scratch.connection.execute(
            f"select *, record_key as lead_id, behaviour_micro_points / 1000000 as behaviour_points from {DECISIONS}"
        ).df()
    found = found[found["lead_id"].isin(list(story.keys))]
    assert not (wrong := story.compared(found, folder / "decisions.csv")), wrong


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
