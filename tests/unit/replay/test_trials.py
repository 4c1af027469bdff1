"""Which criteria a what-if decides with, and the edits that lead from one version to another."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from pathlib import Path

import pytest

from orchestration.criteria_files import Criteria, load_criteria
from orchestration.replay.edits import edits_between
from orchestration.replay.tried import HALF_A_YEAR, Trial, VersionRows, trial_of, version_rows
from orchestration.settings import CHECKOUT

AS_OF, SINCE = datetime(2026, 6, 1), datetime(2026, 2, 1)
KNEE = """\
service_line: knee
versions:
  - version: 1
    effective_from: 2026-01-01T00:00:00Z
    mql: {{require: fit_or_behaviour, behaviour: {{threshold: {one}, rules: [{{id: a, signal: asked, points: 9}}]}}}}
  - version: 2
    effective_from: 2026-03-01T00:00:00Z
    mql: {{require: fit_or_behaviour, behaviour: {{threshold: {two}, rules: [{{id: a, signal: asked, points: 9}}]}}}}
"""
THIRD = """\
  - version: 3
    effective_from: 2026-12-01T00:00:00Z
    mql: {require: fit_or_behaviour, behaviour: {threshold: 3, rules: [{id: b, signal: called, points: 9}]}}
"""


def read(folder: Path, text: str) -> Criteria:
    folder.mkdir(exist_ok=True)
    (folder / "knee.yaml").write_text(text)
    (folder / "hip.yaml").write_text(KNEE.format(one=1, two=2).replace("knee", "hip"))
    return load_criteria(folder)


def trial(folder: Path, text: str, since: datetime | None = SINCE) -> Trial:
    """The trial of a file over a home that decided with thresholds 1 and 2."""
    parts = read(folder / "home", KNEE.format(one=1, two=2)).tables()
    tried = read(folder / "tried", text)
    line = next(line for line in tried.service_lines if line.name == "knee")
    return trial_of(version_rows(parts["versions"], parts["rules"]), tried, line, since, AS_OF)


def names(found: Trial) -> list[tuple[str, datetime]]:
    return [(each.name, each.version["effective_from"]) for each in found.lines]


def test_what_has_decided_is_replayed_as_it_did(tmp_path: Path) -> None:
    found = trial(tmp_path, KNEE.format(one=1, two=2))
    assert found.is_as_decided and found.tried is None
    assert names(found) == [("knee@1", datetime(2026, 1, 1)), ("knee@2", datetime(2026, 3, 1))]
    assert {each.version["service_line"] for each in found.others} == {"hip"}


def test_a_new_version_decides_alone_from_the_moment_asked_for(tmp_path: Path) -> None:
    found = trial(tmp_path, KNEE.format(one=1, two=2) + THIRD)
    assert names(found) == [("knee@1", datetime(2026, 1, 1)), ("knee@3 (tried)", SINCE)]
    assert found.before is not None and found.before.name == "knee@2" and not found.is_as_decided


def test_a_version_edited_in_place_is_tried_against_what_decided(tmp_path: Path) -> None:
    found = trial(tmp_path, KNEE.format(one=1, two=7), since=datetime(2026, 4, 1))
    assert [name for name, _ in names(found)] == ["knee@1", "knee@2", "knee@2 (tried)"]
    assert found.tried is not None and found.before is not None
    [edit] = edits_between(found.before, found.tried)
    assert (edit.section, edit.what) == ("mql", "behaviour threshold 2 → 7")


def test_a_version_moved_to_a_later_beginning_leaves_the_one_before_in_force(tmp_path: Path) -> None:
    moved = KNEE.format(one=1, two=2).replace("2026-03-01", "2026-05-01")
    found = trial(tmp_path, moved, since=None)
    assert names(found) == [("knee@1", datetime(2026, 1, 1)), ("knee@2 (tried)", datetime(2026, 5, 1))]


def test_a_version_that_is_still_to_come_is_tried_though_the_home_knows_it(tmp_path: Path) -> None:
    coming = KNEE.format(one=1, two=2).replace("2026-03-01", "2026-09-01")
    parts = read(tmp_path / "home", coming).tables()
    criteria = read(tmp_path / "home", coming)
    line = next(line for line in criteria.service_lines if line.name == "knee")
    found = trial_of(version_rows(parts["versions"], parts["rules"]), criteria, line, None, AS_OF)
    assert names(found) == [("knee@2 (tried)", AS_OF - HALF_A_YEAR)] and not found.is_as_decided


def test_what_else_the_file_changes_is_named(tmp_path: Path) -> None:
    assert trial(tmp_path, KNEE.format(one=5, two=2) + THIRD).untried == ("knee@1",)
    assert trial(tmp_path, KNEE.format(one=1, two=2) + THIRD).untried == ()


def test_edited_older_versions_decide_all_of_history(tmp_path: Path) -> None:
    found = trial(tmp_path, KNEE.format(one=5, two=2), since=None)
    assert found.since == datetime(2026, 1, 1), "from the earliest change on"
    assert not found.is_as_decided and found.tried is None
    assert [each.version["behaviour_threshold_micro_points"] for each in found.lines] == [5_000_000, 2_000_000]


def shipped(line: str) -> list[VersionRows]:
    parts = load_criteria(CHECKOUT / "criteria").tables()
    return [each for each in version_rows(parts["versions"], parts["rules"]) if each.name.startswith(f"{line}@")]


def meaning(version: VersionRows) -> tuple[object, ...]:
    """What decides, whatever the version is called and in whatever order its rules stand."""
    named = version.named("same", datetime(2026, 1, 1))
    kept = {
        k: v
        for k, v in named.version.items()
        if k.startswith("has_") or "threshold" in k or k in ("requirement", "verified_by")
    }
    return kept, sorted(map(repr, named.rules))


@pytest.mark.parametrize("line", ["orthopaedics", "physical_therapy"])
def test_all_edits_together_make_one_version_the_other(line: str) -> None:
    before, after = shipped(line)
    edits = edits_between(before, after)
    assert len(edits) > 2 and edits_between(before, before) == []
    assert meaning(reduce(lambda made, edit: edit.take(made, after), edits, before)) == meaning(after)
    assert meaning(reduce(lambda made, edit: edit.take(made, before), edits, after)) == meaning(before)


def test_the_order_of_an_items_parts_is_no_edit() -> None:
    [_, version] = shipped("orthopaedics")
    turned = VersionRows(version.version, tuple(reversed(version.rules)))
    assert edits_between(version, turned) == []


def test_edits_say_what_changed_in_the_words_of_the_file() -> None:
    said = {edit.rule_id or edit.section: edit.what for edit in edits_between(*shipped("orthopaedics"))}
    assert said["guide"] == "points 15 → 12; half_life_days 60 → 30"
    assert said["prices"] == "added" and said["referral"] == "added"
    assert said["insured"].startswith("in commercial, medicare, medicaid → none; not_in none → unknown")


def test_the_other_channels_count_too_in_a_general_rule() -> None:
    [_, version] = shipped("orthopaedics")
    general = version.in_every_channel("attended")
    assert [rule["rule_id"] for rule in general.rules if rule["channels"]] == []
    assert [rule["rule_id"] for rule in version.rules if rule["channels"]] == ["attended"]
