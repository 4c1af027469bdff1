"""What every connector that delivers by the day must do with days: late, empty, missing, doubled, anew, damaged."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from tests.contract.connectors.days import ALL_SHAPES, DAY_SHAPES, PART_SHAPES, DayShape, Touch
from tests.contract.connectors.homes import LandingHome, counts

FIRST, SECOND, FOURTH = date(2026, 3, 7), date(2026, 3, 8), date(2026, 3, 10)
# Chicago's clocks go forward on 8 March at two.
EVENING = Touch("v1", datetime(2026, 3, 8, 5, 59, 59, 123456), "evening")
NIGHT = Touch("v2", datetime(2026, 3, 8, 7, 59, 59), "night")
MORNING = Touch("v3", datetime(2026, 3, 8, 8, 0), "morning")
LATER = Touch("v4", datetime(2026, 3, 10, 18), "later")


@pytest.fixture(params=ALL_SHAPES)
def days(request: pytest.FixtureRequest, tmp_path: Path) -> DayShape:
    """An empty source in each shape."""
    return ALL_SHAPES[request.param](tmp_path / "source")


def _told(*touches: Touch) -> list[tuple[str, datetime]]:
    return sorted((each.topic, each.at) for each in touches)


@pytest.mark.parametrize("days", DAY_SHAPES, indirect=True)  # a report knows the day alone
def test_every_row_lands_at_its_instant_also_in_the_night_of_the_clocks(days: DayShape, home: LandingHome) -> None:
    days.put(FIRST, [EVENING])
    days.put(SECOND, [NIGHT, MORNING])
    assert counts(home.land(days.source())) == (3, 3, 0, 0)
    assert days.held(home) == _told(EVENING, NIGHT, MORNING)


def test_a_day_seen_before_is_no_news(days: DayShape, home: LandingHome) -> None:
    days.put(FIRST, [EVENING])
    home.land(days.source())
    landed = home.land(days.source())
    assert counts(landed) == (0, 0, 0, 0) and not landed.has_failed


@pytest.mark.parametrize("days", [*DAY_SHAPES, *PART_SHAPES], indirect=True)  # else a report is all of its days
def test_a_row_in_two_files_of_a_day_is_one(days: DayShape, home: LandingHome) -> None:
    days.put(SECOND, [NIGHT, MORNING], part=1)
    days.put(SECOND, [MORNING], part=2)
    assert counts(home.land(days.source())) == (3, 2, 1, 0)
    assert days.held(home) == _told(NIGHT, MORNING)


def test_a_day_said_anew_replaces_the_day_where_the_connector_restates(days: DayShape, home: LandingHome) -> None:
    days.put(FIRST, [EVENING])
    days.put(SECOND, [NIGHT, MORNING])
    home.land(days.source())
    days.put(SECOND, [MORNING])
    landed = home.land(days.source())
    assert sum(result.accounting.rows_withdrawn for result in landed.results) == (1 if days.restates else 0)
    assert days.held(home) == (_told(EVENING, MORNING) if days.restates else _told(EVENING, NIGHT, MORNING))


def test_a_day_may_go_back_to_what_it_said_first(days: DayShape, home: LandingHome) -> None:
    for touches in ([NIGHT, MORNING], [MORNING], [NIGHT, MORNING]):
        days.put(SECOND, touches)
        home.land(days.source())
    assert days.held(home) == _told(NIGHT, MORNING)


def test_a_row_said_anew_is_a_version_of_itself(days: DayShape, home: LandingHome) -> None:
    corrected = Touch(NIGHT.who, NIGHT.at, "corrected")
    days.put(SECOND, [NIGHT, MORNING])
    home.land(days.source())
    days.put(SECOND, [corrected, MORNING])
    assert counts(home.land(days.source())) == (2, 1, 1, 0)
    assert days.held(home) == _told(corrected, MORNING)


@pytest.mark.parametrize("days", [name for name in ALL_SHAPES if name != "meta_ndjson"], indirect=True)
def test_an_empty_day_is_a_day_without_rows(days: DayShape, home: LandingHome) -> None:
    days.put(FIRST, [EVENING])
    days.put(SECOND, [NIGHT])
    home.land(days.source())
    days.put(SECOND, [])
    landed = home.land(days.source())
    assert not landed.has_failed and counts(landed) == (0, 0, 0, 0)
    assert days.held(home) == (_told(EVENING) if days.names_days else _told(EVENING, NIGHT))


@pytest.mark.parametrize("days", ["meta_ndjson"], indirect=True)
def test_a_report_of_lines_that_holds_no_byte_is_refused_and_ends_nothing(days: DayShape, home: LandingHome) -> None:
    days.put(FIRST, [EVENING])
    home.land(days.source())
    days.put(FIRST, [])
    (failed,) = home.land(days.source()).faults
    assert "empty_file" in str(failed) and days.path(FIRST, None).name in str(failed)
    assert days.held(home) == _told(EVENING)


def test_days_between_that_are_missing_lose_nothing_and_are_told_where_days_are_known(
    days: DayShape, home: LandingHome
) -> None:
    days.put(FIRST, [EVENING])
    days.put(FOURTH, [LATER])
    landed = home.land(days.source())
    assert counts(landed) == (2, 2, 0, 0) and not landed.has_failed
    told = "".join(map(str, landed.faults))
    assert ("2026-03-08, 2026-03-09" in told) == days.names_days


def test_a_late_day_lands_beside_the_others(days: DayShape, home: LandingHome) -> None:
    days.put(FOURTH, [LATER])
    home.land(days.source())
    days.put(FIRST, [EVENING])
    assert counts(home.land(days.source())) == (1, 1, 0, 0)
    assert days.held(home) == _told(EVENING, LATER)


@pytest.mark.parametrize(
    "content", [b"<!DOCTYPE html>\n<html></html>", b"version https://git-lfs.github.com/spec/v1\n"]
)
def test_a_garbage_file_is_refused_by_name_and_takes_nothing_with_it(
    days: DayShape, home: LandingHome, content: bytes
) -> None:
    days.put(FIRST, [EVENING])
    days.put(SECOND, [NIGHT])
    home.land(days.source())
    days.path(SECOND, None).write_bytes(content)
    days.put(FOURTH, [LATER])
    landed = home.land(days.source())
    failed = [fault for fault in landed.faults if not fault.is_notice]
    assert [days.path(SECOND, None).name in str(fault) for fault in failed] == [True]
    assert days.held(home) == _told(EVENING, NIGHT, LATER)


def test_a_new_column_is_named_and_kept_in_the_vault(days: DayShape, home: LandingHome) -> None:
    days.put(SECOND, [NIGHT, MORNING], remark="Zanzibarovna")
    landed = home.land(days.source())
    assert counts(landed) == (2, 2, 0, 0)
    assert {name for result in landed.results for name in result.accounting.unknown_columns} == {"remark"}
    assert b"Zanzibarovna" not in home.bytes_outside_vault()
    assert b"Zanzibarovna" in home.paths.vault.read_bytes()


def test_a_column_that_may_be_missing_is_null(days: DayShape, home: LandingHome) -> None:
    days.put(SECOND, [NIGHT], drop=("topic",))
    landed = home.land(days.source())
    assert not landed.has_failed
    assert home.rows(days.folder, days.object, f"{days.topic}, {days.at}") == [(None, NIGHT.at)]


def test_a_column_every_row_needs_is_missed_by_name(days: DayShape, home: LandingHome) -> None:
    days.put(FIRST, [EVENING])
    days.put(SECOND, [NIGHT], drop=("occurred_at",))
    landed = home.land(days.source())
    (failed,) = (fault for fault in landed.faults if not fault.is_notice)
    assert days.required in str(failed) and days.path(SECOND, None).name in str(failed)
    assert days.held(home) == _told(EVENING)


def test_a_column_of_another_type_is_never_misread(days: DayShape, home: LandingHome) -> None:
    days.put(FIRST, [EVENING])
    days.put(SECOND, [NIGHT], occurred_at="08.03.2026 02:00")
    landed = home.land(days.source())
    (failed,) = (fault for fault in landed.faults if not fault.is_notice)
    assert days.moment in str(failed) and "08.03" not in str(failed)
    assert days.held(home) == _told(EVENING)


# A Parquet column has one type: a row of another cannot be among the rest; nor does a packed header come off.
_IN_ONE_FILE = [name for name in ALL_SHAPES if name not in ("ga4_parquet", "google_parquet", "meta_packed")]


@pytest.mark.parametrize("days", _IN_ONE_FILE, indirect=True)
def test_only_a_row_that_cannot_be_read_is_set_aside(days: DayShape, home: LandingHome) -> None:
    days.put(SECOND, [NIGHT], part=1)
    days.put(SECOND, [MORNING], part=2, occurred_at="noon")
    days.path(SECOND, 1).write_bytes(_without_header(days, SECOND))
    landed = home.land(days.source())
    assert counts(landed) == (2, 1, 0, 1) and not landed.has_failed
    assert days.held(home) == _told(NIGHT)


def _without_header(days: DayShape, day: date) -> bytes:
    """The rows of both parts in one file; the second part is removed."""
    first, second = days.path(day, 1).read_bytes(), days.path(day, 2).read_bytes()
    days.path(day, 2).unlink()
    return first + (second.split(b"\n", 1)[1] if days.has_header else second)
