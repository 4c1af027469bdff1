"""History in pieces, as_of moving along, derives the same tables as history at once; the future changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from models_ml.world import build_world
from models_ml.world.scenario import SCENARIOS
from orchestration.demo.write import write_demo
from tests.integration.harness import Home, different_tables
from tests.integration.reading import Reader, reading
from tests.integration.worlds import feed, moment, small_world


def days_before_end(*days: int) -> list[pd.Timestamp]:
    """Moments that many days before the small world's end."""
    return [small_world().as_of - pd.Timedelta(days=count) for count in days]


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Reader]:
    """A home fed day by day, and who read what it published meanwhile."""
    readers: list[Reader] = []

    @contextmanager
    def watched(home: Home) -> Iterator[None]:
        with reading(home) as reader:
            readers.append(reader)
            yield

    return feed(tmp_path_factory.mktemp("two_days"), days_before_end(2, 1, 0), watched_by=watched), readers[0]


def test_two_days_one_by_one_end_as_one_run(undisturbed: Home, two_days: tuple[Home, Reader]) -> None:
    assert different_tables(undisturbed, two_days[0]) == []


def test_a_reader_sees_no_error_and_no_mixed_version(two_days: tuple[Home, Reader]) -> None:
    reader = two_days[1]
    assert reader.faults == [] and len(set(reader.seen)) >= 2


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
def test_sixty_days_one_by_one_end_as_one_run(undisturbed: Home, tmp_path: Path) -> None:
    fed = feed(tmp_path, days_before_end(*range(60, -1, -1)))
    assert different_tables(undisturbed, fed) == []


def test_platform_exports_in_pieces_end_as_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for touches withdrawn or changed, of which an export has only the last word."""
    monkeypatch.setitem(SCENARIOS, "uncorrected", replace(SCENARIOS["real"], touch_corrections=0.0))
    world = build_world(leads=300, seed=23, months=3, scenario="uncorrected")
    moments = [world.as_of - pd.Timedelta(days=days) for days in (1, 0)]
    for place in ("once", "fed"):  # an event's id is a token, and tokens are each key's own
        (tmp_path / place / "home").mkdir(parents=True)
        (tmp_path / place / "home" / "vault.key").write_text("5a" * 32)
    once = Home(tmp_path / "once" / "home", write_demo(world, tmp_path / "once" / "demo"))
    once.run(moment(world.as_of))
    fed = feed(tmp_path / "fed", moments, world=world, exports="platforms")
    assert different_tables(once, fed) == []
    assert (
        once.one("select count(*) from fct_touches") > 500 and once.one("select sum(cost) from fct_campaign_spend") > 0
    )


def test_rows_known_later_change_no_derived_table(tmp_path: Path) -> None:
    (now,) = days_before_end(40)
    truncated = Home(tmp_path / "home", export(tmp_path / "truncated", until=now, beyond=None))
    with_future = Home(tmp_path / "home2", export(tmp_path / "future", until=small_world().as_of, beyond=now))
    truncated.run(moment(now))
    with_future.run(moment(now))
    assert different_tables(truncated, with_future) == []


def export(directory: Path, *, until: pd.Timestamp, beyond: pd.Timestamp | None) -> Path:
    """Every table of the world as a contract file; with `beyond`, each reference row also changes after that moment."""
    directory.mkdir()
    for name, frame in small_world().known_between(None, until).items():
        rows = frame
        if beyond is not None and "known_at" not in frame:
            later = frame.assign(known_at=beyond + pd.Timedelta(days=1), **changed(name))
            rows = pd.concat([frame.assign(known_at=pd.NaT), later], ignore_index=True)
        rows.to_csv(directory / f"{name}.csv", index=False)
    registry = directory / "sources.yaml"
    registry.write_text("sources:\n  clinic: {connector: contract_files, path: ., timezone: America/Chicago}\n")
    return registry


def changed(name: str) -> dict[str, str]:
    """A column of a reference table with what it will say later."""
    later = {
        "service_lines": {"name": "Renamed"},
        "locations": {"name": "Moved", "calendar_id": "nowhere"},
        "teams": {"service_lines": "none_of_these"},
        "calendars": {"closes_at": "09:30"},
        "holidays": {"opens_at": "", "closes_at": ""},
    }
    return later[name]
