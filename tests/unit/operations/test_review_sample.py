"""What was drawn for a week is what a later run draws for it, whatever is told since; only deleted leads leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestration.lake.zones import offset_spans
from tests.golden.compiled_models import CompiledProject, World, needed_for
from tests.golden.lake_rows import ScratchLake, record_key

# Monday, midnight in Chicago.
BEGIN = datetime(2026, 2, 2, 6)
# One team answers in both zones; the islands end their week four hours after Chicago.
ZONES = {"crm": "America/Chicago", "islands": "Pacific/Honolulu"}
LEADS = 120
Rows = list[Mapping[str, str | None]]


@pytest.fixture(scope="module")
def sample_models(derived_models: CompiledProject) -> CompiledProject:
    """Everything the sample is drawn from."""
    return needed_for(derived_models, ["fct_review_sample"])


def told(moment: datetime) -> str:
    return moment.isoformat() + "Z"


def random_rows(seed: int) -> dict[str, Rows]:
    """Screenings of five weeks, some told late, corrected or taken back; leads of which some are deleted or merged."""
    chance = np.random.default_rng(seed)

    def later(moment: datetime, days: float) -> datetime:
        return moment + timedelta(seconds=int(chance.uniform(0, days * 86_400)))

    leads: Rows = []
    events: Rows = []
    for number in range(LEADS):
        lead = {"lead_id": f"L{number}", "created_at": told(BEGIN), "known_at": told(BEGIN)}
        leads.append(lead)
        kind = chance.random()
        if kind < 0.15:
            leads.append({**lead, "is_deleted": "true", "known_at": told(later(BEGIN, 35))})
        elif kind < 0.3:
            survivor = f"L{int(chance.integers(0, LEADS // 2)) * 2 + number % 2}"
            leads.append({**lead, "merged_into_lead_id": survivor, "known_at": told(later(BEGIN, 35))})
        for part in range(int(chance.integers(1, 4))):
            happened = later(BEGIN, 35)
            known = happened if chance.random() < 0.7 else later(happened, 12)
            event = {
                "event_id": f"W{number}_{part}",
                "lead_id": f"L{number}",
                "occurred_at": told(happened),
                "kind": "screening",
                "outcome": str(chance.choice(["qualified", "not_qualified", "no_answer"])),
                "team_id": str(chance.choice(["north", "south"])),
                "known_at": told(known),
            }
            events.append(event)
            if chance.random() < 0.4:
                change = {"outcome": "qualified"} if chance.random() < 0.7 else {"is_deleted": "true"}
                events.append({**event, **change, "known_at": told(later(known, 20) + timedelta(seconds=1))})
    return {"leads": leads, "work_events": events}


def drawn(world: World, as_of: datetime) -> pd.DataFrame:
    """The sample as of a moment, by its grain."""
    world.replace("run", [{"as_of": as_of, "run_no": 1, "seed": 7}])
    world.build(full=True)
    columns = "week_date, team_id, place, record_key, outcome, screened_at"
    found = world.read(f"select {columns} from marts.fct_review_sample")
    return found.set_index(["week_date", "team_id", "place"]).sort_index()


@pytest.mark.parametrize("seed", range(3))
def test_a_later_run_changes_nothing_of_a_past_week_but_who_was_deleted(
    sample_models: CompiledProject, seed: int
) -> None:
    world = World(sample_models)
    rows = random_rows(seed)
    add_rows(world, rows)
    over_in_chicago = drawn(world, datetime(2026, 2, 23, 6))
    assert over_in_chicago.index.get_level_values("week_date").max() == pd.Timestamp("2026-02-09")
    over_everywhere = drawn(world, datetime(2026, 2, 23, 12))
    assert over_everywhere.index.get_level_values("week_date").max() == pd.Timestamp("2026-02-16")
    after = drawn(world, datetime(2026, 3, 20))
    world.close()
    gone = {key_of(str(row["lead_id"])) for row in rows["leads"] if row.get("is_deleted")}
    for before in (over_in_chicago, over_everywhere):
        past = after.loc[after.index.get_level_values("week_date") <= before.index.get_level_values("week_date").max()]
        left = before.index.difference(past.index)
        assert len(after) > len(past) > 10
        pd.testing.assert_frame_equal(past, before.drop(left))
        assert set(before.loc[left, "record_key"]) <= survivors_of(gone, rows["leads"])


def add_rows(world: World, rows: dict[str, Rows]) -> None:
    """Every other lead is of the islands' source."""
    sources = [
        {"source": name, "id_space": name, "connector": "contract_files", "timezone": zone}
        for name, zone in ZONES.items()
    ]
    world.replace("sources", sources)
    for zone in ZONES.values():
        spans = offset_spans(zone, 2025, 2028, 7)
        world.add("timezone_offsets", [{"timezone": zone, **asdict(span)} for span in spans])
    lake = ScratchLake(Path("unused"))
    for entity, given in rows.items():
        for source in ZONES:
            own = [row for row in given if source_of(str(row["lead_id"])) == source]
            landed = lake.landed_rows(entity, own, source=source)
            world.add(entity, [{**row, "record_key": key_of(str(row["lead_id"]))} for row in landed])


def source_of(lead_id: str) -> str:
    return list(ZONES)[int(lead_id[1:]) % 2]


def key_of(lead_id: str) -> str:
    return record_key(source_of(lead_id), lead_id)


def survivors_of(gone: set[str], leads: Rows) -> set[str]:
    """Records whose lead is deleted: themselves, or what they were merged into."""
    into = {
        key_of(str(row["lead_id"])): key_of(str(row["merged_into_lead_id"]))
        for row in leads
        if row.get("merged_into_lead_id")
    }
    found = set(gone)
    for _ in range(LEADS):
        found |= {record for record, survivor in into.items() if survivor in found}
    return found
