"""Due instants and open minutes of the SQL agree with independent walks minute by minute, clock changes included.

One walk is short and asks for the instant of each local time, the other goes over ten years and asks for none.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration.lake.zones import load_zone, offset_spans
from tests.golden.compiled_models import CompiledProject, World, needed_for
from tests.golden.lake_rows import ScratchLake, record_key
from tests.oracles.business_minutes import Doorman, furthest_readings
from tests.oracles.business_time import Calendar, due_instant, open_minutes, open_time
from tests.unit.handoff import decade
from tests.unit.handoff.decade import Handoff

BEGINNING, AS_OF = datetime(2026, 1, 1), datetime(2026, 11, 30)
ZONES = ("America/Chicago", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata")
MINUTES = (1, 45, 240, 900)
# Around the nights the clocks change, in either half of the year.
SEASONS = (datetime(2026, 3, 5), datetime(2026, 3, 27), datetime(2026, 10, 1), datetime(2026, 10, 23))
SEEN_DAYS = 30


@pytest.fixture(scope="module")
def handoff_models(derived_models: CompiledProject) -> CompiledProject:
    """Everything a handoff's clock is made of."""
    return needed_for(derived_models, ["int_handoffs__timed"])


def clocks() -> st.SearchStrategy[str]:
    """Local times, on the quarter of an hour."""
    return st.integers(0, 96).map(lambda quarter: f"{quarter // 4:02d}:{quarter % 4 * 15:02d}")


def spans() -> st.SearchStrategy[tuple[str, str]]:
    """An opening's two times; not after the first means past midnight."""
    return st.tuples(clocks().filter(lambda clock: clock != "24:00"), clocks())


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Openings on some weekdays, one at each time they begin, and a few holidays, with hours of their own or none."""
    weekly = draw(
        st.dictionaries(
            st.tuples(st.integers(1, 7), clocks().filter(lambda clock: clock != "24:00")),
            clocks(),
            min_size=1,
            max_size=9,
        )
    )
    days = st.builds(
        lambda season, day: (season + timedelta(days=day)).date(), st.sampled_from(SEASONS), st.integers(0, 20)
    )
    holidays = draw(st.dictionaries(days, st.lists(spans(), max_size=1), max_size=4))
    return Calendar(
        draw(st.sampled_from(ZONES)),
        [(weekday, opens, closes) for (weekday, opens), closes in weekly.items()],
        holidays,
    )


@st.composite
def handoffs(draw: st.DrawFn) -> Handoff:
    """A handoff within twelve days of a season's begin, to the second."""
    at = draw(st.sampled_from(SEASONS)) + timedelta(seconds=draw(st.integers(0, 12 * 86_400)))
    waited = draw(st.none() | st.integers(-86_400, 6 * 86_400))
    return Handoff(
        draw(st.integers(0, 2)),
        at,
        draw(st.sampled_from(MINUTES)),
        None if waited is None else at + timedelta(seconds=waited),
    )


@settings(
    max_examples=8, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(st.lists(calendars(), min_size=3, max_size=3), st.lists(handoffs(), min_size=12, max_size=12))
def test_due_instants_and_open_minutes_agree_with_a_walk_by_minutes(
    handoff_models: CompiledProject, drawn_calendars: list[Calendar], drawn_handoffs: list[Handoff]
) -> None:
    found = timed(handoff_models, drawn_calendars, drawn_handoffs)
    for number, handoff in enumerate(drawn_handoffs):
        row = found.loc[record_key("crm", f"L{number}")]
        latest = handoff.at + timedelta(days=SEEN_DAYS)
        minutes = open_minutes(
            drawn_calendars[handoff.calendar],
            (handoff.at - timedelta(days=3)).date(),
            (latest + timedelta(days=2)).date(),
        )
        due = due_instant(minutes, handoff.at, timedelta(minutes=handoff.minutes), latest)
        assert moment(row["sla_due_at"], before=latest) == due, handoff
        if handoff.contacted_at is not None:
            waited = open_time(minutes, handoff.at, handoff.contacted_at)
            assert row["open_micros_to_contact"] == waited / timedelta(microseconds=1), handoff


def test_ten_years_agree_with_a_doorman_who_counts_minutes(handoff_models: CompiledProject) -> None:
    rng = random.Random(13)
    calendars = decade.draw_calendars(rng, each=4)
    handoffs = decade.draw_handoffs(rng, calendars, 3000)
    as_of = decade.END + timedelta(days=30)
    found = timed(handoff_models, calendars, handoffs, began=decade.BEGIN - timedelta(days=10), as_of=as_of)
    first, last = (decade.BEGIN - timedelta(days=12)).date(), (as_of + timedelta(days=400)).date()
    readings = {zone: furthest_readings(load_zone(zone), first, (last - first).days + 3) for zone in decade.ZONES}
    assert found["sla_due_at"].notna().mean() > 0.95
    wrong = []
    for place, calendar in enumerate(calendars):
        doorman = Doorman(calendar, readings[calendar.timezone], first, last)
        for number, handoff in enumerate(handoffs):
            if handoff.calendar == place:
                wrong += decade.differences(found.loc[record_key("crm", f"L{number}")], handoff, doorman)
    assert not wrong, (len(wrong), wrong[:5])


def moment(value: Any, *, before: datetime) -> datetime | None:
    """A moment as Python has it; None where there is none or the walk did not go as far."""
    if pd.isna(value):
        return None
    found = pd.Timestamp(value).to_pydatetime()
    return found if found <= before else None


def timed(
    project: CompiledProject,
    drawn_calendars: Sequence[Calendar],
    drawn_handoffs: Sequence[Handoff],
    *,
    began: datetime = BEGINNING,
    as_of: datetime = AS_OF,
) -> pd.DataFrame:
    """Rows of int_handoffs__timed by lead key; leads and criteria are there from the beginning."""
    world = World(project)
    world.replace("run", [{"as_of": as_of, "run_no": 1, "seed": 7}])
    world.replace("sources", [{"source": "crm", "id_space": "crm", "connector": "contract_files", "timezone": "UTC"}])
    world.replace("source_stages", [{"source": "crm", "stage": "mql", "is_crm_authority": True}])
    world.replace(
        "timezone_offsets",
        [
            {"timezone": zone, **asdict(span)}
            for zone in {each.timezone for each in drawn_calendars}
            for span in offset_spans(zone, 2010, 2028, 7)
        ],
    )
    world.replace(
        "criteria_versions",
        [
            {
                "criteria_version": f"sla{minutes}@1",
                "service_line": f"sla{minutes}",
                "version": 1,
                "is_default": False,
                "first_contact_business_minutes": minutes,
                "effective_from": began,
            }
            for minutes in {each.minutes for each in drawn_handoffs}
        ],
    )
    lake = ScratchLake(Path("unused"))
    for entity, rows in {**calendar_rows(drawn_calendars), **handoff_rows(drawn_handoffs, began)}.items():
        landed = lake.landed_rows(entity, rows, source="crm")
        world.add(entity, [{**row, "record_key": record_key("crm", str(row.get("lead_id")))} for row in landed])
    world.build(full=True)
    found = world.read("select lead_key, sla_due_at, open_micros_to_contact from intermediate.int_handoffs__timed")
    world.close()
    return found.set_index("lead_key")


def calendar_rows(drawn: Sequence[Calendar]) -> dict[str, list[Mapping[str, str | None]]]:
    """The contract's rows of calendars, holidays and a location for each."""
    numbered = list(enumerate(drawn))
    return {
        "locations": [{"location_id": f"N{number}", "calendar_id": f"C{number}"} for number, _ in numbered],
        "calendars": [
            {
                "calendar_id": f"C{number}",
                "timezone": each.timezone,
                "iso_weekday": str(weekday),
                "opens_at": opens,
                "closes_at": closes,
            }
            for number, each in numbered
            for weekday, opens, closes in each.openings
        ],
        "holidays": [
            {"calendar_id": f"C{number}", "holiday_date": str(day), "opens_at": opens, "closes_at": closes}
            for number, each in numbered
            for day, hours in each.holidays.items()
            for opens, closes in (hours or [(None, None)])
        ],
    }


def handoff_rows(drawn: Sequence[Handoff], began: datetime) -> dict[str, list[Mapping[str, str | None]]]:
    """The contract's rows of leads, their label and their contact."""
    numbered = list(enumerate(drawn))
    return {
        "leads": [
            {
                "lead_id": f"L{number}",
                "created_at": began.isoformat(),
                "service_line": f"sla{each.minutes}",
                "location_id": f"N{each.calendar}",
            }
            for number, each in numbered
        ],
        "stage_events": [
            {
                "event_id": f"S{number}",
                "lead_id": f"L{number}",
                "stage_raw": "q",
                "stage": "mql",
                "entered_at": each.at.isoformat(),
            }
            for number, each in numbered
        ],
        "work_events": [
            {
                "event_id": f"W{number}",
                "lead_id": f"L{number}",
                "kind": "contact_made",
                "occurred_at": each.contacted_at.isoformat(),
            }
            for number, each in numbered
            if each.contacted_at is not None
        ],
    }
