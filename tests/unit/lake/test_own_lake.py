"""A run for an older as_of reads the home's lake and leaves nothing in it."""

from __future__ import annotations

from pathlib import Path

from orchestration.lake.own_lake import ESTIMATES, lake_of_its_own
from orchestration.lake.paths import HomePaths


def touched(place: Path, text: str) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    return place


def test_what_landed_is_shared_and_what_a_run_replaces_is_its_own(tmp_path):
    paths = HomePaths(tmp_path / "home").make()
    touched(paths.landed / "contract_files" / "leads" / "crm" / "1.parquet", "leads")
    touched(paths.landed / "handoff" / "scores" / "1.parquet", "scores")
    touched(paths.run / "timezone_offsets" / "current.parquet", "zones")
    kept = [touched(paths.landed / "handoff" / name / "current.parquet", "the home's") for name in ESTIMATES]

    own = lake_of_its_own(paths)
    assert (own.landed / "contract_files" / "leads" / "crm" / "1.parquet").read_text() == "leads"
    assert (own.landed / "handoff" / "scores" / "1.parquet").read_text() == "scores"
    for name in ESTIMATES:
        place = own.landed / "handoff" / name / "current.parquet"
        assert not place.exists()
        touched(place, "of the older as_of")
    touched(own.run / "timezone_offsets" / "current.parquet", "of the older as_of")

    assert [each.read_text() for each in kept] == ["the home's"] * len(ESTIMATES)
    assert (paths.run / "timezone_offsets" / "current.parquet").read_text() == "zones"


def test_a_home_that_has_scored_nothing_yet_has_a_lake_too(tmp_path):
    own = lake_of_its_own(HomePaths(tmp_path / "home").make())
    assert list((own.landed / "handoff").iterdir()) == []
