"""Days of GA4's export that land as one batch come to what they would come to one after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestration.lake.landing import LandingResult
from orchestration.sources.connectors import SourceLanding
from tests.contract.connectors.ga4_events import event, lines
from tests.contract.connectors.homes import LandingHome, counts
from tests.contract.connectors.test_ga4_export import VIEW, Export

FIRST = date(2026, 3, 1)
SAID = (
    "event_name, occurred_at, export_date, page, landing_page, channel, is_deleted, known_at, _known_at_basis, "
    "_is_repeat"
)
# Of each day: events by number, or what is no day of events at all. The same session goes on from day to day.
EVENTS = st.lists(st.integers(0, 4), max_size=4)
DAYS = st.one_of(EVENTS, EVENTS, EVENTS, st.sampled_from(["garbage", "a bad line", "a bad time"]))
ROUNDS = st.lists(st.lists(st.none() | DAYS, min_size=4, max_size=4), min_size=1, max_size=3)


def _bytes_of(day: date, told: list[int] | str) -> bytes:
    noon = datetime(day.year, day.month, day.day, 18)
    if told == "garbage":
        return b"PK\x03\x04 no lines at all"
    numbers = told if isinstance(told, list) else [0, 1]
    found = [
        event("1.1", noon + timedelta(hours=number), page=f"https://clinic.example/{day:%d}/{number}", session=5)
        for number in numbers
    ]
    if told == "a bad time":
        found[0]["event_timestamp"] = "soon"
    return lines(found) + (b"{no event}\n" if told == "a bad line" else b"")


@contextmanager
def _export() -> Iterator[Export]:
    with tempfile.TemporaryDirectory() as place:
        home = LandingHome.open(Path(place) / "home")
        try:
            yield Export(Path(place), home)
        finally:
            home.vault.close()


def _landed(export: Export) -> list[tuple[Any, ...]]:
    return export.rows(SAID) if any(export.home.paths.landed.rglob("*.parquet")) else []


def _fault_lines(landed: SourceLanding[LandingResult]) -> list[str]:
    return [str(fault) for fault in landed.faults]


@settings(max_examples=4, deadline=None)
@given(rounds=ROUNDS)
@example(rounds=[[[0, 1], [0], [], [1, 1]], [[1], None, [2], [1]]])
@example(rounds=[[[0, 1], "garbage", [2], [3]]])
@example(rounds=[[[0, 1], [3, 4], [2], [3]], ["a bad line", [3], [2], [3]]])
def test_joined_days_land_as_days_do_one_by_one(rounds: list[list[list[int] | str | None]]) -> None:
    with _export() as joined, _export() as single:
        for told in rounds:
            landings = []
            for export, joins in ((joined, True), (single, False)):
                for number, of_day in enumerate(told):
                    if of_day is not None:
                        day = FIRST + timedelta(days=number)
                        (export.folder / f"events_{day:%Y%m%d}.ndjson").write_bytes(_bytes_of(day, of_day))
                landings.append(export.home.land(export.source(), joins=joins))
            assert counts(landings[0]) == counts(landings[1])
            assert _fault_lines(landings[0]) == _fault_lines(landings[1])
            assert _landed(joined) == _landed(single)


def test_a_first_load_is_one_batch_and_a_restated_day_one_of_its_own(tmp_path: Path, home: LandingHome) -> None:
    export = Export(tmp_path, home)
    for number in range(40):
        day = FIRST + timedelta(days=number)
        (export.folder / f"events_{day:%Y%m%d}.ndjson").write_bytes(_bytes_of(day, [0, 1]))
    (first,) = export.land().results
    assert first.status == "landed" and first.accounting.rows_landed == 80
    (export.folder / f"events_{FIRST:%Y%m%d}.ndjson").write_bytes(_bytes_of(FIRST, [0]))
    again = [result for result in export.land().results if result.status == "landed"]
    assert [(each.accounting.rows_duplicate, each.accounting.rows_withdrawn) for each in again] == [(1, 1)]
    assert {result.status for result in export.land().results} == {"already_landed"}


def test_of_joined_days_the_one_that_cannot_be_read_is_refused_alone(tmp_path: Path, home: LandingHome) -> None:
    export = Export(tmp_path, home)
    for number in range(5):
        told: list[int] | str = "garbage" if number == 2 else [0, 1]
        day = FIRST + timedelta(days=number)
        (export.folder / f"events_{day:%Y%m%d}.ndjson").write_bytes(_bytes_of(day, told))
    landed = home.land(export.source(signals=[VIEW]))
    assert counts(landed) == (8, 8, 0, 0)
    (fault,) = [fault for fault in landed.faults if not fault.is_notice]
    assert "events_20260303.ndjson" in str(fault)
