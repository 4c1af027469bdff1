"""GA4 events that wait: settled by what a later reading of their day made of them, never flattened alone."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.sources.registry import Registry, load_registry
from tests.contract.connectors.ga4_events import Event, event, write_events
from tests.contract.connectors.homes import Runs, counts

AT = datetime(2026, 3, 1, 18)
DAY = "events_20260301.ndjson"
VIEW = {"event": "page_view", "signal": "view"}


class Web:
    """A GA4 export; its registry may know what the export writes for no date."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "ga4").mkdir(parents=True)

    def put(self, *events: Event, name: str = DAY) -> None:
        """A file of events."""
        write_events(self.place / "ga4" / name, events)

    def registry(self, **settings: Any) -> Registry:
        """The registry with one source."""
        entry = {"connector": "ga4_export", "path": "ga4", "timezone": "America/Chicago", "signals": [VIEW], **settings}
        file = self.place / "sources.yaml"
        file.write_text(json.dumps({"sources": {"web": entry}}), encoding="utf-8")
        return load_registry(file, environ={})


def page(visitor: str, **columns: Any) -> Event:
    """A view of the second page of a visit."""
    return event(visitor, AT + timedelta(minutes=1), page="https://clinic.example/second", **columns)


def start(visitor: str) -> Event:
    """The page a visit began with."""
    return event(visitor, AT, page="https://clinic.example/first?gclid=x")


MENDED = {"null_tokens": ["(not set)"]}
UNDATED = {"event_date": "(not set)"}
EVENTS = "event_name, landing_page, channel, event_date, coalesce(is_deleted, false)"


@pytest.fixture
def web(tmp_path: Path) -> Web:
    """An empty export."""
    return Web(tmp_path / "web")


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """A home that reads the registry of `web`."""
    return Runs(tmp_path / "web")


@pytest.mark.parametrize("name", [DAY, "history.ndjson"])
def test_an_event_lands_with_its_session_when_its_day_is_read_anew(web: Web, runs: Runs, name: str) -> None:
    web.put(start("1.1"), page("1.1", **UNDATED), name=name)
    assert counts(runs.land(web.registry())) == (2, 1, 0, 1)
    (waits,) = runs.replay()
    assert waits.result is not None and waits.result.still == {"not_a_date:event_date": 1}
    assert "read with all of their day" in str(waits) and "delivered again" in str(waits)
    known = web.registry(**MENDED)
    (waits,) = runs.replay()
    assert waits.result is not None and waits.result.rows_landed == 0
    assert counts(runs.land(known)) == (2, 1, 1, 0)
    assert runs.rows("ga4_export", "events", EVENTS) == [
        ("page_view", "/first", "paid_search", date(2026, 3, 1), False),
        ("page_view", "/first", "paid_search", None, False),
    ]
    (settled,) = runs.replay()
    assert settled.result is not None and (settled.result.rows_duplicate, settled.result.still) == (1, {})
    assert runs.totals() == (4, 2, 2, 0) and runs.reasons() == [] and runs.replay() == []


def test_an_event_its_day_no_longer_holds_stays_away(web: Web, runs: Runs) -> None:
    web.put(start("1.1"), page("1.1", **UNDATED), start("2.2"))
    runs.land(web.registry())
    web.put(start("1.1"), start("2.2"))
    runs.land(web.registry())
    web.registry(**MENDED)
    (settled,) = runs.replay()
    assert settled.result is not None and settled.result.still == {"superseded": 1}
    assert len(runs.rows("ga4_export", "events", EVENTS)) == 2
    assert runs.totals() == (5, 2, 2, 1) and runs.reasons() == [("superseded", 1)]


def test_an_event_that_was_overtaken_is_settled_when_its_day_goes_back_and_can_be_read(web: Web, runs: Runs) -> None:
    first, second = [start("1.1"), page("1.1", **UNDATED)], [start("1.1")]
    for events in (first, second):
        web.put(*events)
        runs.land(web.registry())
    (overtaken,) = runs.replay()
    assert overtaken.result is not None and overtaken.result.still == {"superseded": 1}
    web.put(*first)
    assert counts(runs.land(web.registry(**MENDED))) == (2, 1, 1, 0)
    (settled,) = runs.replay()
    assert settled.result is not None and (settled.result.rows_duplicate, settled.result.still) == (1, {})
    assert runs.totals() == (5, 2, 3, 0) and runs.reasons() == []


def test_an_event_its_day_says_better_now_is_overtaken_by_it(web: Web, runs: Runs) -> None:
    web.put(start("1.1"), page("1.1", **UNDATED))
    runs.land(web.registry())
    web.put(start("1.1"), page("1.1"))
    runs.land(web.registry())
    (settled,) = runs.replay()
    assert settled.result is not None and settled.result.still == {"superseded": 1}
    assert len(runs.rows("ga4_export", "events", EVENTS)) == 2 and runs.totals() == (4, 2, 1, 1)


def test_an_event_another_day_says_nothing_of_waits_on(web: Web, runs: Runs) -> None:
    web.put(start("1.1"), page("1.1", **UNDATED))
    runs.land(web.registry())
    web.put(event("3.3", AT + timedelta(days=1)), name="events_20260302.ndjson")
    runs.land(web.registry())
    (waits,) = runs.replay()
    assert waits.result is not None and waits.result.still == {"not_a_date:event_date": 1}
    assert runs.reasons() == [("not_a_date", 1)]


def test_a_line_that_is_no_event_waits_through_every_reading_of_its_day(web: Web, runs: Runs) -> None:
    web.put(start("1.1"))
    with (web.place / "ga4" / DAY).open("ab") as file:
        file.write(b"not json\n")
    runs.land(web.registry())
    runs.land(web.registry(signals=[]))
    (waits,) = runs.replay()
    assert waits.result is not None and waits.result.still == {"not_json": 1}
    assert runs.totals() == (4, 2, 1, 1)


def test_an_event_lands_when_its_day_is_read_anew_together_with_others(web: Web, runs: Runs) -> None:
    for number in range(3):
        at = AT + timedelta(days=number)
        web.put(
            event("1.1", at), event("2.2", at, **(UNDATED if number < 2 else {})), name=f"events_{at:%Y%m%d}.ndjson"
        )
    assert counts(runs.land(web.registry())) == (6, 4, 0, 2)
    landed = runs.land(web.registry(**MENDED))
    assert counts(landed) == (6, 2, 4, 0) and len(landed.results) == 1
    assert [each.result and (each.result.rows_duplicate, each.result.still) for each in runs.replay()] == [(1, {})] * 2
    assert runs.totals() == (12, 6, 6, 0) and runs.reasons() == []
