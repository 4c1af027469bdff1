"""History in pieces, as_of moving along, derives the same tables as history at once; the future changes nothing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.integration.harness import Home, different_tables
from tests.integration.worlds import feed, moment, small_world


def days_before_end(*days: int) -> list[pd.Timestamp]:
    """Moments that many days before the small world's end."""
    return [small_world().as_of - pd.Timedelta(days=count) for count in days]


def test_two_months_then_three_days_end_as_one_run(undisturbed: Home, tmp_path: Path) -> None:
    fed = feed(tmp_path, days_before_end(63, 33, 3, 2, 1, 0))
    assert different_tables(undisturbed, fed) == []


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_every_month_then_every_day_of_the_last_end_as_one_run(undisturbed: Home, tmp_path: Path) -> None:
    fed = feed(tmp_path, days_before_end(150, 120, 90, 60, *range(30, -1, -1)))
    assert different_tables(undisturbed, fed) == []


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
